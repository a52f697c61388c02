"""Which record does a line hold behind what a log shipper or a logging library put in front of it?

Kubernetes writes `<time> stdout F {…}`, exports of CloudWatch `<time> {…}`, Python's logging `INFO:app:{…}`, and programs
`model=gpt-4o usage={…} took 3 s`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tokaudit.ingest.cutting.text_lines import pairs_of
from tokaudit.readers.exchange.pair import REQUEST_KEYS, RESPONSE_KEYS
from tokaudit.readers.values.json_text import decode_json
from tokaudit.readers.values.names import meaning
from tokaudit.schema import Json

LONGEST_PREFIX = 500
"""Bytes before the first object of a line: a time, a level, a container's name."""
_LINES_ASKED = 1000
_MOST_OBJECTS = 8
_FEWEST_KEYS = 2
"""Of an object in the middle of a line; one at its end may have any."""
_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
_NAME_BEFORE = re.compile(r"\b([A-Za-z_]\w*)[=:]\s*$")
_NAMED = frozenset((*REQUEST_KEYS, *RESPONSE_KEYS, "usage", "token_usage"))
"""Names before an object that say which side of a call it is, or that it counts."""

_Piece = tuple[str, Json]
"""An object, and the text before it."""


def record_behind(line: bytes) -> Json:
    """Read the JSON objects of a line that begins with a text such as a time; None when the line is none of that kind.

    >>> record_behind(b'2026-03-02T09:15:12Z stdout F {"a": 1}')
    {'time': '2026-03-02T09:15:12Z', 'message': {'a': 1}}
    >>> record_behind(b'model=gpt-4o usage={"prompt_tokens": 3, "completion_tokens": 1} took 3 s')
    {'model': 'gpt-4o', 'usage': {'prompt_tokens': 3, 'completion_tokens': 1}}
    """
    line = _COLOURS.sub(b"", line) if b"\x1b" in line else line
    start = line.find(b"{", 1, LONGEST_PREFIX)
    if start < 0:
        return None
    if line.rstrip().endswith(b"}"):
        try:
            return _record(line[:start], [(line[:start].decode(), decode_json(line[start:]))])
        except ValueError:
            pass
    found = _objects(line)
    return _record(line[:start], found) if found else None


def _objects(line: bytes) -> list[_Piece]:
    """Read objects that a text stands between or behind; none where one is no object of several keys."""
    try:
        found = list(_pieces(line.decode()))
    except ValueError:
        return []
    is_record = all(type(value) is dict and len(value) >= _FEWEST_KEYS for _, value in found)
    return found if is_record else []


def _pieces(text: str) -> Iterator[_Piece]:
    """Raises ValueError where a bracket begins no value."""
    decoder, position = json.JSONDecoder(), 0
    for _ in range(_MOST_OBJECTS):
        start = text.find("{", position, position + LONGEST_PREFIX)
        if start < 0:
            return
        try:
            _, end = decoder.raw_decode(text, start)
        except RecursionError as error:
            raise ValueError from error
        yield text[position:start], decode_json(text[start:end])
        position = end


def _name_of(before: str) -> str:
    name = _NAME_BEFORE.search(before)
    return name[1] if name is not None and name[1] in _NAMED else "message"


def _record(prefix: bytes, pieces: Sequence[_Piece]) -> Json:
    """Put the objects under the names before them, beside the pairs that mean something; of the same name each is a record."""
    if len({_name_of(before) for before, _ in pieces}) < len(pieces):
        return [with_time(prefix, value) for _, value in pieces]
    record: dict[str, Json] = {}
    for before, value in pieces:
        record |= {key: text for key, text in pairs_of(before) if text and meaning(key) is not None}
        record[_name_of(before)] = value
    if list(record) == ["message"]:
        return with_time(prefix, record["message"])
    time = _TIME.search(prefix)
    return {"time": time[0].decode(), **record} if time else record


def with_time(prefix: bytes, value: Json) -> Json:
    """Add the time that a prefix tells to the value behind it."""
    time = _TIME.search(prefix)
    return {"time": time[0].decode(), "message": value} if time else value


def are_prefixed(lines: list[bytes]) -> bool:
    """Say whether most lines hold an object behind a text."""
    filled = [line for line in lines[:_LINES_ASKED] if line.strip()]
    return bool(filled) and 2 * sum(record_behind(line) is not None for line in filled) > len(filled)
