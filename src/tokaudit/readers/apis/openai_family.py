"""What do all of OpenAI's APIs share: who answered, how many tokens, at what cost, in which schema?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from tokaudit.readers.apis.logged import usage_beside
from tokaudit.readers.exchange.pair import Pair
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.labels import begins
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import is_openai_model, provider_of_model
from tokaudit.schema import MISSING_USAGE, Json, Usage

_USD_PER_TICK = Decimal("1e-10")
_OPENAI_IDS = ("chatcmpl-", "cmpl-", "resp_", "run_")


class Block(NamedTuple):
    """A usage block: the API it is of, for the rule that is shown, and the counts of which it has one at least."""

    api: str
    counts: tuple[str, ...]


CHAT = Block("OpenAI chat", ("prompt_tokens", "completion_tokens"))
COMPLETIONS = Block("OpenAI completions", ("prompt_tokens", "completion_tokens"))
RESPONSES = Block("OpenAI Responses", ("input_tokens", "output_tokens"))
ASSISTANTS = Block("OpenAI Assistants", ("prompt_tokens", "completion_tokens"))


def reported_usage(
    pair: Pair, body: Mapping[str, Json], started_at: int | None, provider: str | None, block: Block
) -> Usage | None:
    """Read the answer's usage, else what the logger itself noted beside the bodies. Raises RejectRecordError."""
    noted = (place for _, layer in pair.around for place in (layer.get("usage"), layer))
    for place in (body.get("usage"), *noted):
        if type(place) is dict and any(key in place for key in block.counts):
            usage = chat_usage(place, started_at, is_openai=provider in ("openai", "azure"), api=block.api)
            if usage is not MISSING_USAGE:
                return usage
    return usage_beside(pair)


def asked_in(pair: Pair, *keys: str) -> Mapping[str, Json]:
    """Return the request, which has one of the keys; some loggers merge it into the record around the answer."""
    if any(key in pair.request for key in keys):
        return pair.request
    merged = (layer for _, layer in pair.around if any(type(layer.get(key)) in (str, list) for key in keys))
    return next(merged, pair.request)


def provider_of(body: Mapping[str, Json], request: Mapping[str, Json], around: str | None) -> str | None:
    """Name who billed the call; around is what the log beside the bodies says."""
    return _router(body) or around or _maker(body) or provider_of_model(request.get("model"))


def _router(body: Mapping[str, Json]) -> str | None:
    """OpenRouter's `provider` names whom it asked; it is OpenRouter that bills."""
    return "openrouter" if "provider" in body and begins(body.get("id"), "gen-") else None


def _maker(body: Mapping[str, Json]) -> str | None:
    """Name the provider where a field that only it sends, or id and model together, make it certain."""
    usage = body.get("usage")
    usage = usage if type(usage) is dict else {}
    if "prompt_filter_results" in body or "content_filters" in body:
        return "azure"
    if "x_groq" in body:
        return "groq"
    if "cost_in_usd_ticks" in usage:
        return "x-ai"
    if "prompt_cache_hit_tokens" in usage:
        return "deepseek"
    return "openai" if begins(body.get("id"), _OPENAI_IDS) and is_openai_model(body.get("model")) else None


def stated_cost(body: Mapping[str, Json]) -> str | None:
    """Read the cost inside the usage block: OpenRouter's credits and Perplexity's are USD, xAI counts in 1e-10 USD."""
    usage = body.get("usage")
    if type(usage) is not dict:
        return None
    cost = usage.get("cost")
    cost = amount(cost.get("total_cost") if type(cost) is dict else cost)
    ticks = amount(usage.get("cost_in_usd_ticks"))
    if cost is None and ticks is not None:
        cost = ticks * _USD_PER_TICK
    return None if cost is None else decimal_text(cost)


def schema_of(response_format: Json) -> Json:
    """Keep the response format only when it carries a schema: `{"type": "json_object"}` sends no tokens."""
    if type(response_format) is dict and any(key in response_format for key in ("json_schema", "schema")):
        return response_format
    return None
