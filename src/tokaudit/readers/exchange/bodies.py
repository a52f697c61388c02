"""What is the body inside an HTTP message, a cassette, a text or a stream?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.shapes import api_of_answer, is_request, may_be_request
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.packed_text import open_base64, open_chunks, open_packed
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
_HTTP_SIGNS = frozenset(("headers", "status_code", "statusCode", "http_version", "httpVersion", "mimeType", "reason"))
"""Beside them `content` is a body that came over HTTP; elsewhere it may be what an assistant said, in JSON."""
_OF_EVENT = frozenset(("event", "data", "id", "retry", "comment"))
_WRAPPERS = 5


def open_body(value: Json) -> Json:
    """Open wrappers and texts until the body itself: an object, a list of objects, plain text, or None."""
    for _ in range(_WRAPPERS):
        if type(value) is str:
            value = _open(value)
        if type(value) is list:
            return _open_list(value)
        if type(value) is not dict or is_request(value) or may_be_request(value) or api_of_answer(value) is not None:
            break
        packed = _told_packed(value)
        key = _body_key(value) if packed is None else None
        if packed is None and key is None:
            return None if "mimeType" in value else value  # an answer over HTTP without a body
        value = packed if key is None else value[key]
    return value if (type(value) is str and value) or type(value) is dict else None


def _open(text: str) -> Json:
    return open_text(open_packed(text) or text)


def _told_packed(message: Mapping[str, Json]) -> str | None:
    """Unpack the text of an HTTP message that says that it is base64: HAR, API gateways, cassettes of Ruby."""
    names: tuple[str, ...] = ("base64_string",)
    if message.get("encoding") == "base64" or message.get("isBase64Encoded") is True:
        names = ("text", "string", "body", "content", "data", *names)
    packed = next((message[name] for name in names if type(message.get(name)) is str), None)
    return None if packed is None else open_base64(packed)


def _body_key(wrapper: Mapping[str, Json]) -> str | None:
    """Name the entry that holds the body; None when the object is no wrapper but the body itself."""
    for key in _BODY_KEYS:
        value = wrapper.get(key)
        if type(value) is str and (key != "content" or not _HTTP_SIGNS.isdisjoint(wrapper)):
            opened = _open(value)
            if type(opened) is dict or type(opened) is list:
                return key
        elif type(value) is dict or (type(value) is list and key in _LIST_BODIES):
            return key
    if "body" in wrapper:
        return "body"
    for key, beside in (("response", "request"), ("request", "response")):  # what a proxy puts around a provider's body
        if type(wrapper.get(key)) is dict and beside not in wrapper:
            return key
    return None


def _open_list(items: list[Json]) -> Json:
    """Read a list of stream events, decoded or as text, or a list of messages."""
    if items and type(items[0]) is str:
        texts = [item for item in items if type(item) is str]
        opened = open_text(open_chunks(texts) or "\n".join(texts))
        if type(opened) is dict:
            return opened
        items = opened if type(opened) is list else []
    events = [_event_data(item) for item in items if type(item) is dict]
    return [event for event in events if type(event) is dict]


def _event_data(item: dict[str, Json]) -> Json:
    """Take the data out of an event that a client library kept with its name."""
    if "data" not in item or not item.keys() <= _OF_EVENT:
        return item
    return open_text(item["data"]) if type(item["data"]) is str else item["data"]
