"""Which files did the user name?

A path is a file, a folder (read whole, hidden files left out), a glob, an address in an object store, or `-` for standard
input. A zip archive stands for the files in it.
"""

from __future__ import annotations

import glob
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import walk
from pathlib import Path

from tokaudit.errors import InputError
from tokaudit.ingest.storage.archives import members_of
from tokaudit.ingest.storage.listing import find_objects
from tokaudit.ingest.storage.place import LocalFile, Place, printable
from tokaudit.ingest.storage.remote import ADDRESS, SCHEMES

STDIN = "-"
STDIN_NAME = "<stdin>"

_OTHER_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    name: in the user's words. size: its bytes as they stand. named: the user named it himself, so an unreadable one is an
    error, not a skipped file.
    """

    place: Place
    name: str
    size: int
    named: bool


def _source(path: Path, *, named: bool) -> Source:
    name = printable(path)
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):  # before it is opened: a pipe would wait for its writer
            raise InputError("not a regular file", where=name, hint="give a file, a folder, or - for standard input")
        if named:
            path.open("rb").close()
        return Source(LocalFile(path.resolve()), name, info.st_size, named)
    except OSError as error:
        raise InputError(f"cannot read the file: {error.strerror}", where=name, hint="check the path") from error


def _sources_below(folder: Path) -> Iterator[Source]:
    """Yield the files of a folder; what cannot be listed or is gone is one too, so that reading it says so."""
    denied: list[OSError] = []
    seen = {folder.resolve(), *folder.resolve().parents}  # a link may lead back
    for root, folders, names in walk(folder, onerror=denied.append, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and _is_new(Path(root, name), seen))
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith("."):
                continue
            if path.is_file():
                yield _source(path, named=False)
            elif not path.exists():  # a link to what is gone
                yield _unreadable(path)
    yield from (_unreadable(Path(error.filename)) for error in denied)


def _unreadable(path: Path) -> Source:
    return Source(LocalFile(path.absolute()), printable(path), 0, named=False)


def _is_new(folder: Path, seen: set[Path]) -> bool:
    if not folder.is_symlink():
        return True
    place = folder.resolve()
    is_new = place not in seen
    seen.add(place)
    return is_new


def _expand(text: str) -> list[Source]:
    path = Path(text)
    if path.is_dir():
        found = list(_sources_below(path))
        if not found:
            raise InputError("the folder holds no files", where=text, hint="export logs into it, or name a file")
        return found
    if path.exists():  # before any glob: a file may be called x[1].jsonl
        return [_source(path, named=True)]
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    if not matches:
        raise InputError("no such file or folder", where=text, hint=_hint_on(text))
    return [source for match in matches for source in _matched(Path(match))]


def _matched(path: Path) -> list[Source]:
    """Expand what a pattern found: as in a folder, pipes are left out, and what is gone is said when it is read."""
    if path.is_dir() or path.is_file():
        return _expand(str(path))
    return [] if path.exists() else [_unreadable(path)]


def _hint_on(text: str) -> str:
    if _OTHER_ADDRESS.match(text):
        return f"of addresses, {', '.join(f'{scheme}://' for scheme in SCHEMES)} are read; download other files first"
    if glob.has_magic(text):
        return "no file matches the pattern"
    return "check the spelling; relative paths start here"


def _expand_address(text: str) -> list[Source]:
    found = find_objects(text)
    return [Source(each, each.address, each.size, named=each.address == text) for each in found]


def find_sources(paths: Sequence[str]) -> list[Source]:
    """Expand the user's paths into files, each once, in a fixed order. Raises InputError naming the path."""
    found: dict[Place, Source] = {}
    for text in paths:
        for source in _expand_address(text) if ADDRESS.match(text) else _expand(text):
            found.setdefault(source.place, source)
    return list(found.values())


def parts_of(source: Source) -> list[Source]:
    """Return an archive's files as sources, any other file as it is. Raises OSError or UnreadableError."""
    members = members_of(source.place)
    if members is None:
        return [source]
    return [Source(member, f"{source.name}/{member.name}", member.size, named=False) for member in members]
