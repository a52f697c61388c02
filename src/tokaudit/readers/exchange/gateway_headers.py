"""Which headers of an answer tell how often a gateway tried before it came?

Applications behind a gateway log its headers with the answer, as an object or as HAR's list of names and values. Of all
headers only those are looked at. Source: LiteLLM docs, proxy/response_headers; Portkey docs, automatic retries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tokaudit.readers.exchange.pair import Layer
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json

HEADERS = ("x-litellm-attempted-retries", "x-litellm-attempted-fallbacks", "x-portkey-retry-attempt-count")
_PLACES = ("headers", "response_headers", "responseHeaders")
_MOST_HEADERS = 200


def gateway_headers(around: Iterable[Layer]) -> tuple[Layer, ...]:
    """Return those headers as layers for `gather`, by lower-case names. around: what surrounds the bodies."""
    found = ((f"{path}{place}.", _told(layer[place])) for path, layer in around for place in _PLACES if place in layer)
    return tuple((path, headers) for path, headers in found if headers)


def _told(headers: Json) -> Mapping[str, Json]:
    return {name.lower(): value for name, value in _named(headers) if name.lower() in HEADERS}


def _named(headers: Json) -> Iterator[tuple[str, Json]]:
    opened = open_text(headers) if type(headers) is str else headers
    if type(opened) is dict:
        for name, value in opened.items():
            if type(name) is str:
                yield name, value[0] if type(value) is list and value else value
    for item in opened[:_MOST_HEADERS] if type(opened) is list else ():
        if type(item) is dict and type(item.get("name")) is str:
            yield item["name"], item.get("value")
