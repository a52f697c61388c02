"""Which value does a text hold, if it is JSON or an event stream?"""

from __future__ import annotations

from functools import lru_cache

import orjson

from tokaudit.readers.values.server_sent_events import decode_events, is_event_stream
from tokaudit.schema import Json

_OPENINGS = 3


def open_text(text: str) -> Json:
    """Decode a text that is JSON (up to three times over) or an event stream; other text stays as it is."""
    head = text[:64].lstrip()
    if not head or (head[0] not in '{["' and not is_event_stream(head)):
        return text
    opened = _decode(text)
    return opened if type(opened) is dict or type(opened) is list else text


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
            value = orjson.loads(value)
        except ValueError:
            return None
    return value
