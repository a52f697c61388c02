"""What do the HTTP messages around Bedrock's bodies tell, as recorded or as AWS' SDKs return them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokaudit.readers.exchange.pair import Pair
from tokaudit.readers.values.labels import label
from tokaudit.schema import Json

_HEADER_KEYS = ("headers", "response_headers", "responseHeaders", "HTTPHeaders")
_REQUEST_ID = "x-amzn-requestid"
_METADATA = (("ResponseMetadata", "RequestId"), ("$metadata", "requestId"))
"""Where the SDKs for Python and for JavaScript note the id."""


def headers_of(pair: Pair) -> Mapping[str, str]:
    """Collect the headers of an exchange, names in lower case; of a repeated one the first value."""
    found: dict[str, str] = {}
    for headers in _all_headers(pair):
        for name, value in headers.items():
            first = value[0] if type(value) is list and value else value
            if type(first) is str or type(first) is int:
                found.setdefault(name.lower(), str(first))
    return found


def request_id(pair: Pair) -> str | None:
    """Find AWS' id of the request, which Bedrock's invocation log gives to the same call."""
    for layer in _layers(pair):
        for key, name in _METADATA:
            metadata = layer.get(key)
            if type(metadata) is dict and (found := label(metadata.get(name))):
                return found
    return label(headers_of(pair).get(_REQUEST_ID))


def _layers(pair: Pair) -> Iterator[Mapping[str, Json]]:
    yield from (layer for _, layer in pair.around)
    if type(pair.response) is dict:
        yield pair.response


def _all_headers(pair: Pair) -> Iterator[Mapping[str, Json]]:
    for layer in _layers(pair):
        metadata = layer.get("ResponseMetadata")
        for holder in (layer, metadata):
            if type(holder) is dict:
                yield from (holder[key] for key in _HEADER_KEYS if type(holder.get(key)) is dict)
