"""Which operation of a model does a gateway's URL ask for?"""

from __future__ import annotations

import re
from dataclasses import replace

from tokaudit.readers.exchange.api_urls import api_of_url
from tokaudit.schema import Json, Usage

_OF_API = {"openai_embeddings": "embeddings", "openai_completions": "completion"}
_PATHS = (
    (re.compile(r"/images?/(generations|edits|variations)\b"), "image"),
    (re.compile(r"/audio/(transcriptions|translations)\b"), "transcription"),
    (re.compile(r"/audio/speech\b"), "speech"),
    (re.compile(r"/moderations\b"), "moderation"),
    (re.compile(r"/(embed|rerank)\b"), "embeddings"),
    (re.compile(r":(batch)?embedcontents?\b", re.IGNORECASE), "embeddings"),
)
_EMBEDDINGS_RULE = "all tokens of embeddings are input, uncached"


def operation_of_url(url: Json) -> str | None:
    """Name the operation; None for a URL of no known API of a model."""
    if type(url) is not str:
        return None
    named = next((operation for path, operation in _PATHS if path.search(url[:500])), None)
    api = api_of_url(url)
    return named or (None if api is None else _OF_API.get(api, "chat"))


def with_cache_of(operation_name: str, usage: Usage) -> Usage:
    """Say that nothing was cached where nothing ever is: embeddings."""
    if operation_name != "embeddings" or usage.state != "cache_split_unknown":
        return usage
    return replace(usage, cache_read_input_tokens=0, state="exact", rule=_EMBEDDINGS_RULE)
