"""Which value does a text hold, if it is JSON or an event stream?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tokaudit.readers.values.json_text import decode_json
from tokaudit.readers.values.server_sent_events import decode_events, is_event_stream
from tokaudit.schema import Json

_OPENINGS = 3
_LONGEST_PREFIX = 500
"""Characters before the object of a log line: a time, a level, the name of a logger."""


def open_text(text: str) -> Json:
    """Decode a text that is JSON (up to three times over), JSON lines or an event stream; other text stays as it is."""
    head = text[:64].lstrip()
    if not head or (head[0] not in '{["' and not is_event_stream(head)):
        return text
    opened = _decode(text)
    return opened if type(opened) is dict or type(opened) is list else text


def open_object(value: Json) -> Mapping[str, Json]:
    """Return an object, also one written as JSON text; {} for anything else."""
    opened = open_text(value) if type(value) is str else value
    return opened if type(opened) is dict else {}


def record_in(text: str) -> Mapping[str, Json] | None:
    """Return the object that a text is, or that ends it behind a time, a level or a name: `INFO:app:{…}`."""
    opened = open_text(text)
    if type(opened) is str and opened.rstrip().endswith("}"):
        start = opened.find("{", 1, _LONGEST_PREFIX)
        opened = open_text(opened[start:]) if start > 0 else opened
    return opened if type(opened) is dict else None


@lru_cache(maxsize=8)
def _decode(text: str) -> Json:
    """Remembered for a few texts: every reader that is asked about a record opens the same ones."""
    value: Json = text
    for _ in range(_OPENINGS):
        if type(value) is not str:
            return value
        stripped = value.lstrip()
        if is_event_stream(stripped):
            return decode_events(stripped)
        try:
            value = decode_json(value)
        except ValueError:
            return _decode_lines(stripped)
    return value


def _decode_lines(text: str) -> list[Json] | None:
    """Decode a text of JSON lines, as some servers stream them; None for any other."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [decode_json(line) for line in lines]
    except ValueError:
        return None
