"""Where in a record are the request and the response?

Loggers wrap the two bodies in many ways: side by side under any names, merged into one object, as HTTP messages with a
`body`, as JSON inside a string, as an event stream, or all of it below another object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from tokaudit.readers.exchange.bodies import open_body
from tokaudit.readers.exchange.shapes import (
    ANSWER_KEYS,
    api_of_answer,
    api_of_events,
    is_page,
    is_request,
    may_be_request,
)
from tokaudit.readers.values.embedded import record_in
from tokaudit.schema import Json, Record

Layer: TypeAlias = tuple[str, Mapping[str, Json]]
"""An object around the bodies, with its path in the record: "" or ending in a point."""

REQUEST_KEYS = ("request", "req", "request_body", "requestBody", "kwargs", "input", "inputs", "payload", "params")
RESPONSE_KEYS = (
    "response",
    "resp",
    "res",
    "response_body",
    "responseBody",
    "result",
    "output",
    "outputs",
    "completion",
)

_RECORD_TEXTS = frozenset((
    "message", "@message", "Message", "log", "msg", "event", "payload", "textPayload", "data", "_raw", "line", "body",
    "value", "record",
))  # fmt: skip
"""Where log shippers, queues and databases put a whole record as text."""

_STATUS_KEYS = (
    *("error", "status_code", "status", "http_status", "response_status", "exception", "err", "error_type"),
    *("error_code", "error_message", "success"),
)
_NO_WRAPPERS = frozenset(("messages", "choices", "usage", "metadata", "headers", "tools", "response_format", "error"))
_NO_BODIES = _NO_WRAPPERS - {"messages"}
_SCALARS = frozenset((int, float, bool, type(None)))
_JSON_STARTS = ("{", "[", '"')
_DEPTH = 3
_WIDTH = 64


class Pair(NamedTuple):
    """One exchange found in a record.

    request   the request body; empty when the record has none
    response  the response body: an object, a list of stream events, plain text, or None
    answered  the record has a place for a response or a status, even if it is empty
    around    what surrounds the bodies: the record, wrappers, HTTP messages; outermost first
    alone     no other exchange was found beside it
    """

    request: Mapping[str, Json]
    response: Json
    answered: bool
    around: tuple[Layer, ...]
    alone: bool = True


_last: list[tuple[Record, Pair | None]] = []


def find_pair(record: Record) -> Pair | None:
    """Find the exchange a record tells of; None when it shows none of a known shape.

    The last record's is remembered: every reader of bodies asks for the same one.
    """
    if _last and _last[0][0] is record:
        return _last[0][1]
    found = _find(record) if _may_hold_bodies(record) else None
    _last[:] = [(record, found)]
    return found


_PLACES = ANSWER_KEYS.union(REQUEST_KEYS, RESPONSE_KEYS, _RECORD_TEXTS)


def _may_hold_bodies(record: Record) -> bool:
    """Let rows of plain values go by one look: what is no body itself holds some where bodies stand, or as no plain value."""
    return not _PLACES.isdisjoint(record) or not all(map(_is_plain, record.values()))


def _is_plain(value: Json) -> bool:
    """Say whether a value that stands under any name holds no body: bodies are objects, lists, or their JSON text."""
    return type(value) in _SCALARS or (type(value) is str and not value.startswith(_JSON_STARTS))


def _find(record: Record) -> Pair | None:
    found = _exchange(record, "", ())
    return _search_below(record) if found is None else found


def _search_below(record: Record) -> Pair | None:
    """Search level by level, objects only: a list of exchanges is not one call."""
    level: list[tuple[Mapping[str, Json], str, tuple[Layer, ...]]] = [(record, "", ())]
    for _ in range(_DEPTH):
        level = [
            (inner, f"{path}{key}.", (*outside, (path, holder)))
            for holder, path, outside in level[:_WIDTH]
            for key, inner in _inner_objects(holder)
        ]
        if not level:
            return None
        found = [pair for item in level if (pair := _exchange(*item)) is not None]
        if found:
            return found[0]._replace(alone=len(found) == 1)
    return None


def _inner_objects(holder: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for key, value in holder.items():
        if type(value) is dict:
            if key not in _NO_WRAPPERS:
                yield key, value
        elif type(value) is str and key in _RECORD_TEXTS:
            opened = record_in(value)
            if opened is not None:
                yield key, opened


def _exchange(holder: Mapping[str, Json], path: str, outside: tuple[Layer, ...]) -> Pair | None:
    """Read the two sides of one object; a side may be the object itself."""
    request_key, request = _side(holder, REQUEST_KEYS, is_request)
    response_key, response = _side(holder, RESPONSE_KEYS, speaks)
    if type(request) is list:
        request = {"messages": request}
    if request_key is None and response_key is not None and not is_request(request):
        request_key, request = _request_in_body(holder)
    is_asked = is_request(request) or (request_key is not None and response_key is not None and may_be_request(request))
    if not (is_asked or speaks(response)):
        return None
    wrappers = tuple(
        (f"{path}{key}.", holder[key])
        for key, body in ((request_key, request), (response_key, response))
        if key is not None and type(holder[key]) is dict and holder[key] is not body
    )
    answered = response_key is not None or response is holder or any(key in holder for key in _STATUS_KEYS)
    return Pair(request if type(request) is dict else {}, response, answered, (*outside, (path, holder), *wrappers))


def _request_in_body(holder: Mapping[str, Json]) -> tuple[str | None, Json]:
    """Find what was sent where a client's arguments are logged beside the answer: Bedrock's take it as `body`."""
    body = open_body(holder["body"]) if "body" in holder else None
    return ("body", body) if may_be_request(body) and not speaks(body) else (None, None)


def _side(holder: Mapping[str, Json], keys: tuple[str, ...], fits: Callable[[Json], bool]) -> tuple[str | None, Json]:
    """Find one side: under its usual names, as the object itself, under any name; else what the usual name holds."""
    named = None
    for key in keys:
        if key in holder:
            named = key
            break
    body = None if named is None else open_body(holder[named])
    if type(body) is list and len(body) == 1 and is_page(body):
        body = body[0]
    if fits(body):
        return named, body
    if fits(holder):
        return None, holder
    for key, value in holder.items():
        if _is_plain(value):
            continue
        if key not in _NO_BODIES and key not in RESPONSE_KEYS and fits(other := open_body(value)):
            return key, other
    if named is not None and type(holder[named]) is str and not _is_body(body):
        body = holder[named]  # an answer in JSON, not a body
    return named, body


def _is_body(found: Json) -> bool:
    """Say whether what was read of a text is a body of no known shape: a failure, or a request."""
    if type(found) is list:
        return bool(found) and all(type(event.get("error")) is dict for event in found)
    return type(found) is dict and ("error" in found or may_be_request(found))


def speaks(body: Json) -> bool:
    """Say whether a body, or the first events of a stream, are an answer of a model API, whichever it is."""
    if type(body) is list:
        return bool(body) and not is_page(body) and api_of_events(body) is not None
    return type(body) is dict and api_of_answer(body) is not None
