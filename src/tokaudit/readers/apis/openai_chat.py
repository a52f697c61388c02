"""What does a logged OpenAI chat completion say? Also Azure's and every server that copies the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.openai_stream import assemble_chat
from tokaudit.readers.exchange.outcome import CUT_OFF, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, choice_parts, definitions, message_parts
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.labels import begins, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import is_openai_model, provider_of_model
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "openai_chat"
_USD_PER_TICK = Decimal("1e-10")


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with a chat completions API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response = assemble_chat(pair.response) if type(pair.response) is list else pair.response
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    started_at = call.started_at if call.started_at is not None else micros(body.get("created"))
    choices = body.get("choices")
    provider = _router(body) or call.provider_name or _maker(body) or provider_of_model(request.get("model"))
    return replace(
        call,
        started_at=started_at,
        provider_name=provider,
        finish_reason=_finish_reason(choices if type(choices) is list else []),
        service_tier=call.service_tier or label(body.get("service_tier")),
        usage=_reported_usage(pair, body, started_at, is_openai=provider in ("openai", "azure"))
        or _unreported_usage(pair, body, call.http_status, call.error_type),
        logged_cost=call.logged_cost or _stated_cost(body),
        prompt=tuple(message_parts(request.get("messages"))),
        answer=_answer(choices, None if call.error_type else response),
        tools=definitions(request.get("tools"), request.get("functions")),
        response_schema=_response_schema(request.get("response_format")),
    )


def _reported_usage(pair: Pair, body: Mapping[str, Json], started_at: int | None, *, is_openai: bool) -> Usage | None:
    """Read the answer's usage, else what the logger itself noted beside the bodies."""
    noted = (place for _, layer in pair.around for place in (layer.get("usage"), layer))
    for place in (body.get("usage"), *noted):
        if type(place) is dict and ("prompt_tokens" in place or "completion_tokens" in place):
            usage = chat_usage(place, started_at, is_openai=is_openai)
            if usage is not MISSING_USAGE:
                return usage
    return usage_beside(pair)


def _unreported_usage(pair: Pair, body: Mapping[str, Json], http_status: int | None, error_type: str | None) -> Usage:
    if error_type is not None and body.get("choices") and type(pair.response) is list:
        return CUT_OFF  # a stream that broke after it had begun
    return unreported_usage(http_status, error_type)


def _router(body: Mapping[str, Json]) -> str | None:
    """OpenRouter's `provider` names whom it asked; it is OpenRouter that bills."""
    return "openrouter" if "provider" in body and begins(body.get("id"), "gen-") else None


def _maker(body: Mapping[str, Json]) -> str | None:
    """Name the provider where a field that only it sends, or id and model together, make it certain."""
    usage = body.get("usage")
    usage = usage if type(usage) is dict else {}
    if "prompt_filter_results" in body:
        return "azure"
    if "x_groq" in body:
        return "groq"
    if "cost_in_usd_ticks" in usage:
        return "x-ai"
    if "prompt_cache_hit_tokens" in usage:
        return "deepseek"
    return "openai" if begins(body.get("id"), "chatcmpl-") and is_openai_model(body.get("model")) else None


def _finish_reason(choices: list[Json]) -> str | None:
    stated = (choice.get("finish_reason") for choice in choices if type(choice) is dict)
    return next((reason for reason in map(label, stated) if reason), None)


def _stated_cost(body: Mapping[str, Json]) -> str | None:
    """Read the cost inside the usage block: OpenRouter's credits are USD, xAI counts in 1e-10 USD."""
    usage = body.get("usage")
    if type(usage) is not dict:
        return None
    cost, ticks = amount(usage.get("cost")), amount(usage.get("cost_in_usd_ticks"))
    if cost is None and ticks is not None:
        cost = ticks * _USD_PER_TICK
    return None if cost is None else decimal_text(cost)


def _answer(choices: Json, response: Json) -> tuple[Part, ...]:
    """Read the messages of all choices; a logger may have kept the text alone."""
    parts = choice_parts(choices)
    if type(response) is str:
        add_content(parts, "assistant", response, 0)
    return tuple(parts)


def _response_schema(response_format: Json) -> Json:
    """Keep the response format only when it carries a schema: `{"type": "json_object"}` sends no tokens."""
    if type(response_format) is dict and any(key in response_format for key in ("json_schema", "schema")):
        return response_format
    return None


READER = Reader(
    name=NAME,
    title="OpenAI chat completions (also Azure OpenAI and compatible servers)",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    identify=identify,
    read=read,
)
