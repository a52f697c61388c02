"""What does a logged OpenAI chat completion say? Also Azure's and every server that copies the API."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.envelope import context_layers, envelope, gather
from tokaudit.readers.exchange.openai_stream import assemble_chat
from tokaudit.readers.exchange.outcome import CUT_OFF, error_code, failure, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, choice_parts, definitions, message_parts
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.usage.table import noted_usage
from tokaudit.readers.values.labels import begins, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import is_openai_model, provider_of_model
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, RejectRecordError, Usage

NAME = "openai_chat"
_USD_PER_TICK = Decimal("1e-10")


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with a chat completions API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    pair = find_pair(record)
    if pair is None or not pair.alone:
        raise RejectRecordError("two calls in one record" if pair else "no call in the record")
    request = pair.request
    response = assemble_chat(pair.response) if type(pair.response) is list else pair.response
    body: Mapping[str, Json] = response if type(response) is dict else {}
    layers = context_layers((*pair.around, ("request.", {"metadata": request.get("metadata")})))
    around = envelope(gather(layers, options.columns), options.timezone)
    started_at = around.started_at if around.started_at is not None else micros(body.get("created"))
    error_type = failure(around.http_status, error_code(body.get("error")), around.error_type)
    response_id = label(body.get("id"))
    choices = body.get("choices")
    provider = _router(body) or around.provider_name or _maker(body) or provider_of_model(request.get("model"))
    is_bare = any(layer is body for _, layer in pair.around)  # then `model` is the answer's
    return Call(
        reader=NAME,
        response_id=response_id,
        log_id=around.log_id if around.log_id != response_id else None,
        started_at=started_at,
        latency_ms=around.latency_ms,
        provider_name=provider,
        request_model=label(request.get("model")) or (None if is_bare else around.request_model),
        response_model=label(body.get("model")) or around.response_model,
        http_status=around.http_status,
        error_type=error_type,
        finish_reason=_finish_reason(choices if type(choices) is list else []),
        feature=around.feature,
        feature_from=around.feature_from,
        user_id=around.user_id or label(request.get("user")) or label(request.get("safety_identifier")),
        conversation_id=around.conversation_id,
        operation_id=around.operation_id,
        service_tier=_batch_tier(pair) or label(body.get("service_tier")),
        gateway_cache_hit=around.gateway_cache_hit,
        usage=_reported_usage(pair, body, started_at, is_openai=provider in ("openai", "azure"))
        or _unreported_usage(pair, body, around.http_status, error_type),
        logged_cost=around.logged_cost or _stated_cost(body),
        prompt=tuple(message_parts(request.get("messages"))),
        answer=_answer(choices, None if error_type else response),
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
    found = (noted_usage(layer) for _, layer in pair.around)
    return next((usage for usage in found if usage is not MISSING_USAGE), None)


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


def _batch_tier(pair: Pair) -> str | None:
    """A batch output line is known by its shape alone: `custom_id` beside an HTTP response."""
    outer = pair.around[0][1]
    return "batch" if "custom_id" in outer and "response" in outer else None


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
