"""Has this file been read before, in whole or in part?

A file is known by its bytes, not by its name: a moved file is the same file. A file that begins with all that was read at
its place before has grown. A file in an object store is known by its size and the store's tag, without reading it; when
another stands at its place, that one has been replaced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest, xxh3_128

from tokaudit.ingest.storage.place import Place, Version
from tokaudit.ledger.store import FileRow

_CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """size and hash (or tag) of a file's raw bytes, and the hashes of the beginnings that were asked for."""

    size: int
    content_hash: str
    prefix_hashes: dict[int, str]


def fingerprint(place: Place, prefixes: Iterable[int] = ()) -> Fingerprint:
    """Hash a file, noting the hash at each prefix size on the way; take its version for it if it has one.

    Raises OSError or UnreadableError.
    """
    if place.version:
        return Fingerprint(place.version.size, place.version.tag, {})
    marks = sorted(set(prefixes))
    hashes: dict[int, str] = {}
    digest, position = xxh3_128(), 0
    with place.open() as file:
        while True:
            mark = next((m for m in marks if m > position), None)
            chunk = file.read(_CHUNK if mark is None else min(_CHUNK, mark - position))
            if not chunk:
                return Fingerprint(position, digest.hexdigest(), hashes)
            digest.update(chunk)
            position += len(chunk)
            if position == mark:
                hashes[position] = digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a file that is to be read.

    whole    an earlier reading of (at least) the same bytes with the same options: nothing is left to read
    shorter  an earlier reading of what the file begins with, at the same place: it has grown
    stale    readings of the same bytes with other options, and of an object that was replaced: this one takes their place
    changed  the place was read before, with bytes that the file no longer begins with
    """

    mark: Fingerprint
    whole: FileRow | None
    shorter: FileRow | None
    stale: tuple[FileRow, ...]
    changed: bool


class Manifest:
    """The files that were read before, found by place and by bytes."""

    def __init__(self, files: Iterable[FileRow]) -> None:
        self._by_place: defaultdict[str, list[FileRow]] = defaultdict(list)
        self._by_bytes: defaultdict[tuple[int, str], list[FileRow]] = defaultdict(list)
        self._by_id: dict[int, FileRow] = {}
        for file in files:
            self._by_place[file.path].append(file)
            self._by_bytes[file.raw_size, file.content_hash].append(file)
            self._by_id[file.file_id] = file

    def at_place(self, place: str) -> list[FileRow]:
        """Return the readings of what stood at a place."""
        return self._by_place.get(place, [])

    def holds(self, version: Version) -> bool:
        """Tell whether a file of this version was read before, with whatever options."""
        return (version.size, version.tag) in self._by_bytes

    def of_bytes(self, mark: Fingerprint, file_id: int) -> list[FileRow]:
        """Return the readings of the same bytes. A file that has grown keeps its first id: its earlier state is known by it."""
        found = self._by_bytes.get((mark.size, mark.content_hash), [])
        first = self._by_id.get(file_id)
        return found if first is None or first in found else [*found, first]


def find_known(place: Place, manifest: Manifest, options: str) -> Known:
    """Hash a file and look for earlier readings of it. Raises OSError or UnreadableError."""
    all_here = manifest.at_place(place.identity)
    here = [file for file in all_here if file.options == options]
    mark = fingerprint(place, (file.prefix_size for file in here))
    same_bytes = manifest.of_bytes(mark, file_id_of(mark, options))
    whole = next((file for file in same_bytes if file.options == options), None)
    grown = [
        file
        for file in here
        if mark.prefix_hashes.get(file.prefix_size) == file.prefix_hash and mark.size > file.raw_size
    ]
    shorter = max(grown, key=lambda file: file.prefix_size, default=None)
    stale = {file.file_id: file for file in same_bytes if file.options != options}
    if place.version and whole is None:
        stale |= {file.file_id: file for file in all_here}
    return Known(
        mark=mark,
        whole=whole,
        shorter=None if whole else shorter,
        stale=tuple(stale.values()),
        changed=bool(here) and whole is None and shorter is None and not place.version,
    )


def file_id_of(mark: Fingerprint, options: str) -> int:
    """Identify a file by its bytes and by how it was read."""
    return xxh3_64_intdigest(f"{mark.size}:{mark.content_hash}:{options}".encode())
