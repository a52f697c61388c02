"""Which JSON objects does a logged event stream hold?"""

from __future__ import annotations

from collections.abc import Iterator

from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json

_STARTS = ("data:", "event:", "id:", "retry:", ":")


def is_event_stream(text: str) -> bool:
    """Say whether a text begins like an event stream."""
    return text.startswith(_STARTS)


def decode_events(text: str) -> list[dict[str, Json]]:
    """Decode the data of each event; `[DONE]`, comments and torn events are left out."""
    return [event for data in _data_of_events(text) if (event := _decode(data)) is not None]


def _data_of_events(text: str) -> Iterator[str]:
    """Join the data lines of each event; an empty line ends it. Loggers that drop empty lines get one event a line."""
    lines: list[str] = []
    for raw in text.split("\n"):
        line = raw.rstrip("\r")
        if line.startswith("data:"):
            if lines and _is_whole("\n".join(lines)):
                yield "\n".join(lines)
                lines = []
            lines.append(line[5:].strip())
        elif not line and lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _is_whole(data: str) -> bool:
    return data.endswith(("}", "]")) and data.startswith(("{", "["))


def _decode(data: str) -> dict[str, Json] | None:
    try:
        event = decode_json(data)
    except ValueError:
        return None
    return event if type(event) is dict else None
