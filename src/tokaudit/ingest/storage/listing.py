"""Which objects does an address in an object store name?

An object, a folder (all that stands below it, with or without a slash at the end), or a pattern; what is hidden (a name that
begins with a point) is left out, as in folders of this machine.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tokaudit.errors import InputError
from tokaudit.ingest.storage.remote import RemoteObject, tag_of
from tokaudit.ingest.storage.stores import DeniedError, ObjectMissingError, StoreError, explained, host_of, store_of

if TYPE_CHECKING:
    from obstore import ObjectMeta

_A_PAGE = 1000
"""Objects that a store tells at once."""
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    bucket: str
    key: str

    def object_of(self, meta: ObjectMeta) -> RemoteObject:
        host = host_of(self.scheme)
        return RemoteObject(self.scheme, self.bucket, meta["path"], host, meta["size"], tag_of(meta))


def _parse(text: str) -> _Address:
    scheme, _, rest = text.partition("://")
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise InputError("the address names no bucket", where=text, hint=f"write {scheme}://BUCKET/NAME")
    if not _BUCKET.fullmatch(bucket):
        raise InputError("no bucket has such a name", where=text, hint="of letters, digits, points and hyphens only")
    return _Address(scheme.lower(), bucket, key)


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Tell whether the parts of a name match those of a pattern, or stand below a folder that does.

    >>> matches(["2026", "03", "a.jsonl"], ["2026*"]), matches(["2026", "a.csv"], ["*", "*.jsonl"])
    (True, False)
    >>> matches(["x", "y", "a.jsonl"], ["**", "*.jsonl"]), matches(["x", ".y"], ["*"])
    (True, False)
    """
    if not patterns:
        return not any(map(_is_hidden, names))
    if patterns[0] == "**":
        rest = patterns[1:]
        return matches(names, rest) or (bool(names) and not _is_hidden(names[0]) and matches(names[1:], patterns))
    if not names or (_is_hidden(names[0]) and not _is_hidden(patterns[0])):
        return False
    return fnmatchcase(names[0], patterns[0]) and matches(names[1:], patterns[1:])


def _listed(address: _Address, folder: str, is_meant: Callable[[Sequence[str]], bool]) -> list[RemoteObject]:
    """List the objects below a folder whose name, from there on, is meant; in the order of their names."""
    parts = len(folder.split("/")) if folder else 0
    found: list[ObjectMeta] = []
    with explained(address.scheme):
        for page in store_of(address.scheme, address.bucket, is_to_list=True).list(folder or None, chunk_size=_A_PAGE):
            found.extend(meta for meta in page if is_meant(meta["path"].split("/")[parts:]))
    return [address.object_of(meta) for meta in _without_folders(sorted(found, key=lambda meta: meta["path"]), folder)]


def _without_folders(found: Sequence[ObjectMeta], folder: str) -> Iterator[ObjectMeta]:
    """Leave out the empty objects by which some tools mark a folder."""
    folders = {folder}
    for meta in found:
        names = meta["path"].split("/")
        folders.update("/".join(names[:end]) for end in range(1, len(names)))
    return (meta for meta in found if meta["size"] or meta["path"] not in folders)


def _named(address: _Address) -> RemoteObject | None:
    try:
        with explained(address.scheme):
            return address.object_of(store_of(address.scheme, address.bucket).head(address.key))
    except ObjectMissingError:
        return None


def _searched(address: _Address) -> list[RemoteObject]:
    names = [name for name in address.key.split("/") if name]
    first = next((number for number, name in enumerate(names) if glob.has_magic(name)), len(names))
    patterns = names[first:]
    return _listed(address, "/".join(names[:first]), lambda rest: matches(rest, patterns))


def _find(address: _Address) -> list[RemoteObject]:
    found = denied = None
    if address.key and not address.key.endswith("/"):
        try:
            found = _named(address)  # before any pattern: an object may be called x[1].jsonl
        except DeniedError as error:  # some may list, and are not told of what is not there
            denied = error
    if found and found.size:  # an empty object may stand for a folder
        return [found]
    below = _searched(address)
    if denied and not below:
        raise denied
    return below or ([found] if found else [])


def find_objects(text: str) -> list[RemoteObject]:
    """Expand an address. Raises InputError naming it."""
    address = _parse(text)
    try:
        found = _find(address)
    except StoreError as error:
        raise InputError(error.what, where=text, hint=error.hint) from None
    if found:
        return found
    if glob.has_magic(address.key):
        raise InputError("no such object", where=text, hint="no object matches the pattern")
    if not address.key or address.key.endswith("/"):
        raise InputError(
            "the folder holds no objects", where=text, hint="check the spelling, and where logs are written"
        )
    hint = "check the spelling; a * at the end finds all whose names begin so"
    raise InputError("no such object or folder", where=text, hint=hint)
