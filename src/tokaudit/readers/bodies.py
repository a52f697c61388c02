"""What is the body inside an HTTP message, a cassette, a text or a stream?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson

from tokaudit.readers.server_sent_events import decode_events, is_event_stream
from tokaudit.schema import Json

_BODY_KEYS = ("parsed_body", "body", "json", "data", "postData", "string", "text", "content", "chunks", "events")
_LIST_BODIES = frozenset(("parsed_body", "body", "json", "chunks", "events"))
_OPENINGS = 3
_WRAPPERS = 4


def open_body(value: Json) -> Json:
    """Open wrappers and texts until the body itself: an object, a list of objects, plain text, or None."""
    for _ in range(_WRAPPERS):
        if type(value) is str:
            value = open_text(value)
        if type(value) is list:
            return _open_list(value)
        if type(value) is not dict or "messages" in value or "choices" in value:
            break
        key = _body_key(value)
        if key is None:
            break
        value = value[key]
    return value if (type(value) is str and value) or type(value) is dict else None


def _body_key(wrapper: Mapping[str, Json]) -> str | None:
    """Name the entry that holds the body; None when the object is no wrapper but the body itself."""
    for key in _BODY_KEYS:
        value = wrapper.get(key)
        if type(value) is str and key != "content":
            opened = open_text(value)
            if type(opened) is dict or type(opened) is list:
                return key
        elif type(value) is dict or (type(value) is list and key in _LIST_BODIES):
            return key
    return "body" if "body" in wrapper else None


def _open_list(items: list[Json]) -> Json:
    """Read a list of stream events, decoded or as text, or a list of messages."""
    if items and type(items[0]) is str:
        opened = open_text("\n".join(item for item in items if type(item) is str))
        items = opened if type(opened) is list else []
    return [item for item in items if type(item) is dict]


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
