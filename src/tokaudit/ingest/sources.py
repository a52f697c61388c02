"""Which files did the user name?

A path is a file, a folder (read whole, hidden files left out), a glob, or `-` for standard input.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokaudit.errors import InputError

STDIN = "-"
STDIN_NAME = "<stdin>"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read. named: the user named it himself, so an unreadable one is an error, not a skipped file."""

    path: Path
    name: str
    size: int
    named: bool

    @property
    def place(self) -> str:
        """Where the file stands, however it was named; standard input has no other name."""
        return self.name if self.name == STDIN_NAME else _printable(self.path.resolve())


def _printable(path: Path) -> str:
    # A name need not be UTF-8; what cannot be written anywhere else stands for itself as U+FFFD.
    return os.fsencode(path).decode("utf-8", "replace")


def _source(path: Path, *, named: bool) -> Source:
    name = _printable(path)
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):  # before it is opened: a pipe would wait for its writer
            raise InputError("not a regular file", where=name, hint="give a file, a folder, or - for standard input")
        if named:
            path.open("rb").close()
    except OSError as error:
        raise InputError(f"cannot read the file: {error.strerror}", where=name, hint="check the path") from error
    return Source(path, name, info.st_size, named)


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _expand(text: str) -> list[Source]:
    path = Path(text)
    if path.is_dir():
        found = [_source(file, named=False) for file in _files_below(path)]
        if not found:
            raise InputError("the folder holds no files", where=text, hint="export logs into it, or name a file")
        return found
    if path.exists():  # before any glob: a file may be called x[1].jsonl
        return [_source(path, named=True)]
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    if not matches:
        hint = (
            "no file matches the pattern" if glob.has_magic(text) else "check the spelling; relative paths start here"
        )
        raise InputError("no such file or folder", where=text, hint=hint)
    return [source for match in matches for source in _expand(match)]


def find_sources(paths: Sequence[str]) -> list[Source]:
    """Expand the user's paths into files, each once, in a fixed order. Raises InputError naming the path."""
    found: dict[Path, Source] = {}
    for text in paths:
        for source in _expand(text):
            found.setdefault(source.path.resolve(), source)
    return list(found.values())
