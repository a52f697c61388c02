"""What does a logged Anthropic message say? Also from Bedrock and Vertex, which take the same body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.anthropic_stream import assemble_message
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, definitions, message_parts
from tokaudit.readers.usage.anthropic import further_steps, inference_region, messages_usage
from tokaudit.readers.values.bedrock_models import billed_model, priced_name
from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "anthropic_messages"
_CLOUD_OF_ID = {"msg_bdrk_": "aws", "msg_vrtx_": "google"}


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with the Messages API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call | Sequence[Call]:
    """Turn the record into a call, or several where other models took part in the answer. Raises RejectRecordError."""
    call = read_pair(record, options, call_of)
    pair = find_pair(record)
    further = further_calls(pair, call) if pair is not None else ()
    return (call, *further) if further else call


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response, ended = assemble_message(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    usage = _usage(pair, body, call.http_status, call.error_type)
    return replace(
        call,
        provider_name=call.provider_name or _provider(body),
        request_model=priced_name(call.request_model),
        response_model=billed_model(call.request_model, call.response_model),
        finish_reason=label(body.get("stop_reason")),
        service_tier=_service_tier(body.get("usage")),
        region=inference_region(body.get("usage")) or call.region,
        usage=usage if ended or type(body.get("usage")) is not dict else _cut_off(usage),
        prompt=_prompt(request),
        answer=_answer(body, response),
        tools=definitions(request.get("tools")),
        response_schema=_response_schema(request),
    )


def further_calls(pair: Pair, call: Call) -> tuple[Call, ...]:
    """Return what other models billed for the answer of a call: calls of their own, whose texts are not told.

    Raises RejectRecordError.
    """
    body = pair.response
    if type(body) is list and any("iterations" in event["usage"] for event in body if type(event.get("usage")) is dict):
        body = assemble_message(body)[0]
    if type(body) is not dict:
        return ()
    rest = replace(
        call, response_id=None, request_model=None, finish_reason=None, latency_ms=None, logged_cost=None,
        prompt=(), answer=(), tools=None, response_schema=None,
    )  # fmt: skip
    steps = further_steps(body.get("usage"), body.get("model"))
    return tuple(
        replace(
            rest,
            call_id=f"{call.response_id}#{step.kind}-{number}" if call.response_id else None,
            response_model=label(step.model),
            usage=step.usage,
        )
        for number, step in enumerate(steps, 1)
    )


def _usage(pair: Pair, body: Mapping[str, Json], http_status: int | None, error_type: str | None) -> Usage:
    """Read the answer's usage, else what the logger itself noted beside the bodies."""
    usage = messages_usage(body.get("usage"), body.get("model"), alone=False)
    if usage is not MISSING_USAGE:
        return usage
    return usage_beside(pair) or unreported_usage(http_status, error_type)


def _cut_off(usage: Usage) -> Usage:
    """A stream without its last event has counted all input but not all output."""
    if usage.state != "exact":
        return usage
    return replace(usage, state="output_lower_bound", rule="Anthropic: stream cut off before its final count")


def _provider(body: Mapping[str, Json]) -> str | None:
    """Name the provider by the id: clouds have prefixes of their own."""
    message_id = body.get("id")
    cloud = next((provider for prefix, provider in _CLOUD_OF_ID.items() if begins(message_id, prefix)), None)
    if cloud is None and begins(message_id, "msg_") and begins(body.get("model"), "claude"):
        return "anthropic"
    return cloud


def _service_tier(usage: Json) -> str | None:
    """Read the tier; the fast mode has rates of its own and is told in a field of its own."""
    if type(usage) is not dict:
        return None
    return "fast" if usage.get("speed") == "fast" else label(usage.get("service_tier"))


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """The system prompt comes before the messages and counts as message 0."""
    parts: list[Part] = []
    add_content(parts, "system", request.get("system"), 0)
    parts.extend(message_parts(request.get("messages"), 1 if parts else 0))
    return tuple(parts)


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    parts: list[Part] = []
    add_content(parts, "assistant", response if type(response) is str else body.get("content"), 0)
    return tuple(parts)


def _response_schema(request: Mapping[str, Json]) -> Json:
    """Find the JSON schema asked for, in its present and its earlier place."""
    config = request.get("output_config")
    chosen = config.get("format") if type(config) is dict else request.get("output_format")
    return chosen if type(chosen) is dict and "schema" in chosen else None


READER = Reader(
    name=NAME,
    title="Anthropic Messages (also its bodies from Bedrock and Vertex)",
    sign='an answer with `type: "message"` and content blocks, or its stream, beside the request or alone',
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Log streams to their last event: it has the final count of the output.",
        "cache split": "Keep the whole `usage` of the answer with `cache_creation` and `iterations`.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies; the API's own `metadata` holds a user id alone.",
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
    identify=identify,
    read=read,
)
