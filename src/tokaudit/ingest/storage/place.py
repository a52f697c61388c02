"""Where do a file's bytes stand?

A place is a small value that can be handed to another process, which then reads the bytes itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from errno import EACCES
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, Protocol


class Version(NamedTuple):
    """What tells a file's bytes from all others without reading them: their number, and the tag their store gave them."""

    size: int
    tag: str


class Place(Protocol):
    """Where a file's bytes stand."""

    @property
    def identity(self) -> str:
        """Name the place, however the user named it: the ledger knows the file by it."""
        ...

    @property
    def version(self) -> Version | None:
        """Tell the bytes apart without reading them; None = only reading tells whether they have changed."""
        ...

    @property
    def is_seekable(self) -> bool:
        """Tell whether reading may begin anywhere at little cost, so that several may read at once."""
        ...

    def open(self) -> BufferedReader:
        """Open the file at its first byte. Raises OSError or UnreadableError, and so may the reading."""
        ...


def printable(path: Path) -> str:
    """Write a path so that it can be written anywhere: a name need not be UTF-8, what cannot be said is U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine. called: its identity where the path tells nothing, as with a copy of standard input."""

    path: Path
    called: str | None = None

    @property
    def identity(self) -> str:
        """Return the path."""
        return self.called or printable(self.path)

    @property
    def version(self) -> Version | None:
        """Return nothing: a file's time proves nothing."""
        return None

    @property
    def is_seekable(self) -> bool:
        """Say yes."""
        return True

    def open(self) -> BufferedReader:
        """Open the file. Raises OSError."""
        if self.path.is_dir():
            raise PermissionError(EACCES, "it is a folder that may not be listed")
        return self.path.open("rb")
