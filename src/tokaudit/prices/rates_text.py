"""What does a TOML file say, and on which line does each of it stand?

The standard library's parser reads the values but keeps no places; a second pass over the text it accepted finds them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tokaudit.errors import ConfigError

Place = tuple[str | int, ...]
"""Where a value stands: keys, and numbers of elements from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? """ "{0,2}   # a text of several lines may end in quotes of its own
    | \'{3} .*? \'{3} \'{0,2}
    | " (?: \\. | [^"\\] )* "
    | \' [^\']* \'
    ''',
    re.DOTALL | re.VERBOSE,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")
_LONG_NUMBER = re.compile(r"[0-9_]{4300}")
"""Python refuses to read whole numbers of more digits, and not as an error of TOML."""
_PARSER_PLACE = re.compile(r" \((?:at line (\d+), column \d+|at end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: its values, and the line (from 1) of each key and element."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place, or of what holds it where the place itself is not written."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def error(self, what: str, place: Place, hint: str) -> ConfigError:
        """Say what is wrong at a place."""
        return ConfigError(what, where=f"{self.path}:{self.line(place)}", hint=hint)


class _Places:
    """Walks a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Place, int] = {}
        self.last: dict[Place, int] = {}

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        found = match[0] if match else ""
        self.at += len(found)
        self.line += found.count("\n")
        return found

    def takes(self, sign: str) -> bool:
        """Step over a sign, if it comes next."""
        self.skip(_BLANK)
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def key(self) -> list[str]:
        parts = [self.key_part()]
        while self.takes("."):
            parts.append(self.key_part())
        return parts

    def key_part(self) -> str:
        self.skip(_BLANK)
        quoted = self.skip(_STRING)
        if not quoted:
            return self.skip(_BARE_KEY)
        name: str = tomllib.loads(f"key = {quoted}")["key"]
        return name

    def placed(self, above: Place, key: list[str], line: int) -> Place:
        """Note where a key stands, in the last element of each list of tables that it leads through."""
        for number, part in enumerate(key, start=1):
            above = (*above, part)
            self.lines.setdefault(above, line)
            if number < len(key) and above in self.last:
                above = (*above, self.last[above])
        return above

    def pair(self, above: Place) -> None:
        self.skip(_BLANK)
        line = self.line
        place = self.placed(above, self.key(), line)
        self.takes("=")
        self.value(place)

    def value(self, place: Place) -> None:
        self.skip(_BLANK)
        self.lines.setdefault(place, self.line)
        if self.takes("["):
            number = 0
            while not self.takes("]"):
                self.value((*place, number))
                number += 1
                self.takes(",")
        elif self.takes("{"):
            while not self.takes("}"):
                self.pair(place)
                self.takes(",")
        elif not self.skip(_STRING):
            self.skip(_BARE_VALUE)

    def header(self) -> Place:
        line, is_list = self.line, self.takes("[")
        place = self.placed((), self.key(), line)
        self.takes("]")
        if not is_list:
            return (*place, self.last[place]) if place in self.last else place
        self.takes("]")
        self.last[place] = self.last.get(place, -1) + 1
        place = (*place, self.last[place])
        self.lines[place] = line
        return place

    def walk(self) -> dict[Place, int]:
        table: Place = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.takes("["):
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.lines


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return Decimal("NaN")


def _decoded(path: Path) -> str:
    try:
        written = path.read_bytes()
    except OSError as error:
        raise ConfigError("the rates file cannot be read", where=str(path), hint=error.strerror) from error
    try:
        return written.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8"
        raise ConfigError("the rates file is not UTF-8 text", where=f"{path}:{line}", hint=hint) from error


def _line_of(text: str, error: ValueError) -> tuple[int, str]:
    """Find where the parser stopped, and why."""
    last = max(1, text.count("\n") + (not text.endswith("\n")))
    if not isinstance(error, tomllib.TOMLDecodeError):
        number = _LONG_NUMBER.search(text)
        return (text.count("\n", 0, number.start()) + 1 if number else last), "a number is too long"
    place = _PARSER_PLACE.search(str(error))
    line = min(int(place[1]), last) if place and place[1] else last
    return line, _PARSER_PLACE.sub("", str(error))


def read_document(path: Path, hint: str) -> Document:
    """Read a TOML file with the place of everything in it; numbers with a point are exact decimals.

    hint: what to write instead. Raises ConfigError naming file and line.
    """
    text = _decoded(path)
    try:
        return Document(path, tomllib.loads(text, parse_float=_number), _Places(text).walk())
    except RecursionError as error:
        raise ConfigError("the rates file is nested too deeply", where=f"{path}:1", hint=hint) from error
    except ValueError as error:
        line, said = _line_of(text, error)
        raise ConfigError(f"the rates file is not TOML: {said}", where=f"{path}:{line}", hint=hint) from error
