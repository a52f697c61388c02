"""Which recorded HTTP exchanges are calls of no model?

A recording of a program's traffic (HAR, cassettes, a proxy's log) holds more than its calls: requests to count tokens, to
begin a batch or to list models, and those to other services. An exchange with a provider of models that no reader knows is
not among them: it may have been billed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.api_urls import asks_no_model, counts_tokens
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.pair import find_pair
from tokaudit.readers.values.labels import begins
from tokaudit.readers.values.providers import provider_of_url
from tokaudit.schema import Aside, Json, Record

NAME = "http_exchange"
_URL_KEYS = ("url", "uri", "request_url", "requestUrl", "path")
_COUNT, _NO_MODEL, _MODERATION = Aside("count of tokens"), Aside("request that asks no model"), Aside("moderation")
_ELSEWHERE = Aside("request to another service")
_CLOUDS = {"aws": re.compile(r"bedrock"), "google": re.compile(r"aiplatform|generativelanguage|cloudcode")}
"""Hosts of clouds whose names say what they serve: most of what a cloud serves is no model."""
_ASKS_NOTHING = ("OPTIONS", "HEAD")


def identify(record: Record) -> bool:
    """Say whether the record is a recorded exchange that is certainly a call of no model."""
    return _kind(record) is not None


def read(record: Record, options: ReadOptions) -> Aside:
    """Tell what the exchange is for."""
    return _kind(record) or _NO_MODEL


def _kind(record: Record) -> Aside | None:
    request = record.get("request")
    sent: Mapping[str, Json] = request if type(request) is dict else {}
    pair = find_pair(record)
    if pair is not None and dialect(pair) is not None:
        return None
    if pair is not None and type(pair.response) is dict and begins(pair.response.get("id"), "modr-"):
        return _MODERATION
    url = next(_urls(record, sent), None)
    if url is None:
        return None
    if counts_tokens(url):
        return _COUNT
    if asks_no_model(url):
        return _MODERATION if "/moderations" in url else _NO_MODEL
    if not _is_recording(record, sent):
        return None
    if sent.get("method") in _ASKS_NOTHING:
        return _NO_MODEL
    return None if _serves_models(url) else _ELSEWHERE


def _urls(record: Record, sent: Mapping[str, Json]) -> Iterator[str]:
    return (place[key] for place in (sent, record) for key in _URL_KEYS if type(place.get(key)) is str)


def _is_recording(record: Record, sent: Mapping[str, Json]) -> bool:
    """Tell an entry of a HAR file or of a cassette from what teams log of their own requests."""
    answered = record.get("response")
    return "method" in sent and type(answered) is dict and any(key in answered for key in ("status", "status_code"))


def _serves_models(url: str) -> bool:
    provider = provider_of_url(url)
    if provider is None:
        return not begins(url, ("http://", "https://"))  # a path alone does not say whose it is
    return provider not in _CLOUDS or _CLOUDS[provider].search(url[:300]) is not None


READER = Reader(
    name=NAME,
    title="HTTP recordings: requests that are calls of no model",
    sign="a recorded exchange that counts tokens, lists models, begins a batch or goes to another service",
    how_to_export="Record the program's traffic as HAR or as a cassette; the calls in it are read by their APIs.",
    identify=identify,
    read=read,
    keys=frozenset(("request", *_URL_KEYS)),
    limits={"money": "Requests that ask no model bill no tokens."},
)
