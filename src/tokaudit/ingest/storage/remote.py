"""How is an object in a store read without holding it?

In ranges, each a request of its own: a reader that is slow to take the bytes keeps no connection waiting, reading may begin
anywhere, and an object that is replaced in between is noticed.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader
from typing import TYPE_CHECKING

from tokaudit.ingest.storage.place import Version
from tokaudit.ingest.storage.stores import KINDS, StoreError, explained, store_of
from tokaudit.ingest.unpacking.streams import UnreadableError

if TYPE_CHECKING:
    from obstore import ObjectMeta

SCHEMES = tuple(KINDS)
ADDRESS = re.compile(rf"({'|'.join(SCHEMES)})://", re.IGNORECASE)

FIRST_RANGE = 256 << 10
"""Bytes of the first request: often no more than the beginning is wanted."""
LARGEST_RANGE = 8 << 20
"""Bytes. Each range is twice the one before, up to this: at 100 ms a request, nearly all the time goes into the transfer."""

REPLACED = "the object was replaced while it was read"
_OF_CONTENT = re.compile(r"[0-9a-f]{32}(-\d+)?")
"""A tag that is made from the bytes (MD5, or the MD5 of the parts' MD5): it is the same wherever they stand."""


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object in a store. address: in the user's words; host: the server or account, if not the provider's own.

    tag: what the store calls this version of the object.
    """

    scheme: str
    bucket: str
    key: str
    host: str
    size: int
    tag: str

    @property
    def address(self) -> str:
        """Return the address that names the object."""
        return f"{self.scheme}://{self.bucket}/{self.key}"

    @property
    def identity(self) -> str:
        """Return the address and the host."""
        return f"{self.address} at {self.host}" if self.host else self.address

    @property
    def version(self) -> Version:
        """Return size and tag; a tag that is not made from the bytes tells nothing of another place."""
        return Version(self.size, self.tag if _OF_CONTENT.fullmatch(self.tag) else f"{self.tag} of {self.identity}")

    @property
    def is_seekable(self) -> bool:
        """Say yes: a range is read as fast as the beginning."""
        return True

    def open(self) -> BufferedReader:
        """Open the object; nothing is fetched before it is read. Reading raises UnreadableError."""
        return BufferedReader(_RemoteFile(self), buffer_size=FIRST_RANGE)

    def fetch(self, start: int, end: int) -> memoryview:
        """Fetch the bytes [start, end). Raises UnreadableError."""
        try:
            with explained(self.scheme):
                result = store_of(self.scheme, self.bucket).get(self.key, options={"range": (start, end)})
                data = memoryview(result.bytes())
        except StoreError as error:
            raise UnreadableError(f"the object cannot be read: {error.what}") from error
        if tag_of(result.meta) != self.tag or len(data) != end - start:
            raise UnreadableError(REPLACED)
        return data


def tag_of(meta: ObjectMeta) -> str:
    """Return what tells this version of an object from others: its ETag, else the time it was written."""
    # Some stores quote it in one answer and not in the next.
    return (meta["e_tag"] or "").removeprefix("W/").strip('"') or meta["last_modified"].isoformat()


class _RemoteFile(io.RawIOBase):
    """A file whose bytes are fetched when they are read. Holds one range."""

    def __init__(self, place: RemoteObject) -> None:
        self._place = place
        self._position = self._start = 0
        self._held = memoryview(b"")
        self._length = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._place.size}[whence]
        if base + offset < 0:
            raise OSError("negative seek position")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._position >= self._place.size:
            return 0
        if not self._start <= self._position < self._start + len(self._held):
            self._fetch()
        at = self._position - self._start
        data = self._held[at : at + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _fetch(self) -> None:
        goes_on = self._position == self._start + len(self._held)
        self._length = min(2 * self._length, LARGEST_RANGE) if goes_on and self._length else FIRST_RANGE
        self._held = memoryview(b"")  # let go of it before the next comes
        self._start = self._position
        self._held = self._place.fetch(self._start, min(self._start + self._length, self._place.size))
