"""What is the body inside an HTTP message, a cassette, a text or a stream?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.shapes import api_of_answer, is_request, may_be_request
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json

_BODY_KEYS = (
    "parsed_body",
    "body",
    "json",
    "data",
    "postData",
    "string",
    "text",
    "content",
    "chunks",
    "events",
    "stream",
)
_LIST_BODIES = frozenset(("parsed_body", "body", "json", "chunks", "events", "stream"))
_WRAPPERS = 4


def open_body(value: Json) -> Json:
    """Open wrappers and texts until the body itself: an object, a list of objects, plain text, or None."""
    for _ in range(_WRAPPERS):
        if type(value) is str:
            value = open_text(value)
        if type(value) is list:
            return _open_list(value)
        if type(value) is not dict or is_request(value) or may_be_request(value) or api_of_answer(value) is not None:
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
