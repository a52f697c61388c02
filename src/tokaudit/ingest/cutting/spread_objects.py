"""Does an object that a program printed over several lines stand between the lines of a text log, and where does it end?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tokaudit.ingest.cutting.pages import TOKEN
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json

LONGEST_PREFIX = 500
"""Bytes before the object on its first line: a time, a level, a few words."""
_LINES_ASKED = 1000
_FEWEST_KEYS = 2
_OPENS = re.compile(rb"[\[{]\Z")
_INNER = re.compile(rb'["{}\[\]]|(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null),?\Z')
"""How lines inside a printed object begin."""


class OpenObject:
    """The lines of one object so far. text: of its first line, from the bracket on."""

    def __init__(self, text: bytes) -> None:
        self._lines = [text]
        self._depth = _depth(text)
        self.size = len(text)

    def goes_on(self, line: bytes) -> bool:
        """Say whether a line may be the next one of the object."""
        return _INNER.match(line) is not None

    def add(self, line: bytes) -> None:
        """Take the next line."""
        self._lines.append(line)
        self._depth += _depth(line)
        self.size += len(line)

    @property
    def is_closed(self) -> bool:
        """Whether its last line was read."""
        return self._depth <= 0

    def value(self) -> Json | None:
        """Return the object; None when it is none."""
        try:
            value = decode_json(b"\n".join(self._lines))
        except ValueError:
            return None
        return value if type(value) is dict else None


def _depth(line: bytes) -> int:
    tokens = [match[0] for match in TOKEN.finditer(line)]
    return sum(token in (b"{", b"[") for token in tokens) - sum(token in (b"}", b"]") for token in tokens)


def object_begins_at(line: bytes) -> int | None:
    """Return where an object begins on a line that it goes on after; None = on this line none does."""
    at = line.find(b"{", 0, LONGEST_PREFIX)
    return at if at >= 0 and _OPENS.search(line) and _depth(line[at:]) > 0 else None


def are_spread(lines: Iterable[bytes]) -> bool:
    """Say whether an object of several keys stands among the first lines, which are no JSON otherwise."""
    found: OpenObject | None = None
    for number, raw in enumerate(lines):
        line = raw.strip()
        if number >= _LINES_ASKED or not line:
            continue
        if found is not None and found.goes_on(line):
            found.add(line)
            if not found.is_closed:
                continue
            value = found.value()
            if value is not None and len(value) >= _FEWEST_KEYS:
                return True
            found = None
            continue
        at = object_begins_at(line)
        found = OpenObject(line[at:]) if at is not None else None
    return False
