"""Which API is a request to, by its URL, and does it ask a model at all?"""

from __future__ import annotations

import re

from tokaudit.readers.exchange.shapes import Api
from tokaudit.readers.values.providers import provider_of_url
from tokaudit.schema import Json

_PATHS: tuple[tuple[str, Api], ...] = (
    (r"/chat/completions\b", "openai_chat"),
    (r"/v\d[a-z0-9]*/messages\b|/anthropic/.*messages|:(stream)?rawpredict\b", "anthropic_messages"),
    (r"/responses\b", "openai_responses"),
    (r"/embeddings\b", "openai_embeddings"),
    (r"/audio/(transcriptions|translations)\b", "openai_transcriptions"),
    (r"/images/(generations|edits|variations)\b|/audio/speech\b", "openai_media"),
    (r"/threads/\w+/runs\b|/threads/runs\b", "openai_assistants"),
    (r"/completions\b", "openai_completions"),
    (r":(stream)?generatecontent\b|:(batch)?embedcontents?\b", "gemini"),
    (r"/interactions\b", "gemini_interactions"),
    (r"/converse(-stream)?\b", "bedrock_converse"),
    (r"/model/.+/invoke(-with-response-stream)?\b", "bedrock_invoke"),
    (r"/api/(chat|generate|embed)\b", "ollama"),
    (r"cohere\.\w+/v\d/(chat|embed|rerank|generate)\b", "cohere"),
    (r"/rerank\b", "openai_embeddings"),
)  # fmt: skip


def api_of_url(url: Json) -> Api | None:
    """Name the API that a URL or a path is of."""
    if type(url) is not str:
        return None
    return next((api for pattern, api in _PATHS if re.search(pattern, url[:500], re.IGNORECASE)), None)


_COUNTS_TOKENS = re.compile(r"/count_tokens\b|:counttokens\b|/responses/input_tokens\b|/count-tokens\b", re.IGNORECASE)
_ASKS_NO_MODEL = re.compile(
    r"/v\d[a-z0-9]*/(openai/)?(models(/[^/:]+)?/?(\?.*)?$|(messages/)?batch(es)?\b(?!:)|moderations|files|uploads|vector_stores"
    r"|fine[_-]tun(ing|es)|cachedcontents|conversations|containers|assistants|threads(/[^/]+(/messages.*)?)?$|responses/[^/]+/input_items)\b"
    r"|:batchgeneratecontent\b|/api/(tags|show|pull|ps|version)\b",
    re.IGNORECASE,
)


def counts_tokens(url: Json) -> bool:
    """Say whether a URL or a path is of a request to count tokens: no model runs."""
    return type(url) is str and _COUNTS_TOKENS.search(url[:500]) is not None


def asks_no_model(url: Json) -> bool:
    """Say whether a provider's URL is of a request that asks no model: to count tokens, to begin a batch, to list things."""
    if type(url) is not str:
        return False
    return counts_tokens(url) or (provider_of_url(url) is not None and _ASKS_NO_MODEL.search(url[:500]) is not None)
