"""What do all of OpenAI's APIs share: who answered, how many tokens, at what cost, in which schema?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from tokaudit.readers.apis.logged import usage_beside
from tokaudit.readers.exchange.openai_stream import is_cut_off
from tokaudit.readers.exchange.pair import Pair
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.labels import begins
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import is_openai_model, provider_of_model
from tokaudit.schema import MISSING_USAGE, Call, Json, Usage

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
    is_openai, is_gemini = _is_openai(provider, body.get("model")), _is_gemini(provider, body.get("model"))
    for place in (body.get("usage"), *noted):
        if type(place) is dict and any(key in place for key in block.counts):
            usage = chat_usage(place, started_at, is_openai=is_openai, hides_thoughts=is_gemini, api=block.api)
            if usage is not MISSING_USAGE:
                return _so_far(usage, block.api) if place is body.get("usage") and is_cut_off(pair.response) else usage
    return usage_beside(pair)


def _is_openai(provider: str | None, model: Json) -> bool:
    """Azure serves other makers' models too, which count as they do everywhere."""
    return provider == "openai" or (provider == "azure" and is_openai_model(model))


def _is_gemini(provider: str | None, model: Json) -> bool:
    return provider == "google" or (type(model) is str and model.rpartition("/")[2].startswith("gemini"))


def _so_far(usage: Usage, api: str) -> Usage:
    """Some servers count with each piece of a stream: of one that was cut off the last count is no final one."""
    if usage.state not in ("exact", "cache_split_unknown"):
        return usage
    return replace(usage, state="output_lower_bound", rule=f"{api}: stream cut off before its final count")


def provider_of(body: Mapping[str, Json], call: Call) -> str | None:
    """Name who billed the call; call is what the log beside the bodies says."""
    named = (provider_of_model(model) for model in (call.request_model, call.response_model))
    return _router(body) or call.provider_name or _maker(body) or next((name for name in named if name), None)


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
    model = body.get("model")
    if "prompt_cache_hit_tokens" in usage and begins(model, "deepseek-") and not begins(model, "deepseek-ai/"):
        return "deepseek"
    return "openai" if begins(body.get("id"), _OPENAI_IDS) and is_openai_model(model) else None


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
