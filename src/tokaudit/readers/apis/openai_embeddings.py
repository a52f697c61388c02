"""What does a logged call for embeddings or for a ranking say? OpenAI's API, and Mistral's, Voyage's and Jina's after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import asked_in, logged_call, read_pair
from tokaudit.readers.apis.openai_family import provider_of
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.values.labels import begins
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "openai_embeddings"
_TEXTS = ("query", "documents", "input", "inputs")
"""Where requests hold what is to be embedded or ranked."""

_MAKERS = {
    "text-embedding-3-": "openai",
    "text-embedding-ada-": "openai",
    "voyage-": "voyageai",
    "mistral-embed": "mistral",
    "codestral-embed": "mistral",
}


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with an embeddings API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    body: Mapping[str, Json] = pair.response if type(pair.response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    request = asked_in(pair, *_TEXTS)
    return replace(
        call,
        provider_name=provider_of(body, call) or _maker(body.get("model")),
        operation_name="rerank" if _is_ranking(request, body) else "embeddings",
        usage=_usage(pair, body) or unreported_usage(call.http_status, call.error_type),
        prompt=_prompt(request),
    )


def _maker(model: Json) -> str | None:
    """Name the provider of a family that only it serves: these answers have no id that would tell."""
    return next((provider for family, provider in _MAKERS.items() if begins(model, family)), None)


def _usage(pair: Pair, body: Mapping[str, Json]) -> Usage | None:
    """Read the answer's usage, else what the logger noted beside the bodies."""
    noted = (place for _, layer in pair.around for place in (layer.get("usage"), layer))
    found = (embedding_usage(place) for place in (body.get("usage"), *noted))
    return next((usage for usage in found if usage is not MISSING_USAGE), None)


def _is_ranking(request: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    items = body.get("data", body.get("results"))
    first = items[0] if type(items) is list and items else None
    return "documents" in request or (type(first) is dict and "relevance_score" in first)


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the texts, each of them a message; texts given as token numbers are none."""
    asked = [request[key] for key in _TEXTS if key in request]
    texts = [text for value in asked for text in (value if type(value) is list else (value,))]
    parts: list[Part] = []
    for index, text in enumerate(texts):
        add_content(parts, "user", text, index)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="OpenAI embeddings (also Azure, Mistral, Voyage, Jina, vLLM, and rankings)",
    sign="an answer that lists vectors or ranks and has `usage`, beside the request or alone",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Keep `model` and `usage` of the answer; the vectors themselves may be cut.",
        "content": "Log the request body beside the answer, with its texts and not their token numbers.",
        "features": "Log a `feature` beside the bodies.",
        "retries": "Log every attempt with its HTTP status.",
    },
    limits={
        "cache split": "Embeddings are never cached.",
        "conversations": "Embeddings have no turns.",
    },
    identify=identify,
    read=read,
)
