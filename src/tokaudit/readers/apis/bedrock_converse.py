"""What does a logged call of Bedrock's Converse say? Also of InvokeModel with Amazon Nova, which takes the same body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.bedrock_http import headers_of, request_id
from tokaudit.readers.exchange.converse_parts import add_blocks, converse_messages
from tokaudit.readers.exchange.converse_stream import assemble_converse
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import aws_error_code, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.bedrock import converse_usage, header_usage, invocation_metrics, metered_usage
from tokaudit.readers.values.bedrock_models import priced_name
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "bedrock_converse"


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with Converse."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response, ended = assemble_converse(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    error_type = aws_error_code(body) or call.error_type
    metrics = _object(body.get("metrics"))
    aws_id = request_id(pair)
    return replace(
        call,
        call_id=f"bedrock:{aws_id}" if aws_id else None,
        started_at=micros(headers_of(pair).get("date")) if call.started_at is None else call.started_at,
        latency_ms=_milliseconds(metrics.get("latencyMs")) if call.latency_ms is None else call.latency_ms,
        provider_name=call.provider_name or "aws",
        request_model=priced_name(label(request.get("modelId")) or call.request_model),
        error_type=error_type,
        finish_reason=label(body.get("stopReason")),
        service_tier=call.service_tier or label(_object(body.get("serviceTier")).get("type")),
        usage=_usage(pair, body, call.http_status, error_type, ended=ended),
        prompt=_prompt(request),
        answer=_answer(body, None if error_type else response),
        tools=definitions(_object(request.get("toolConfig")).get("tools")),
        response_schema=_object(request.get("outputConfig")).get("textFormat"),
    )


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _milliseconds(value: Json) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _usage(
    pair: Pair, body: Mapping[str, Json], http_status: int | None, error_type: str | None, *, ended: bool
) -> Usage:
    """Read the answer's usage, else what Bedrock or the logger noted beside it."""
    stated = (
        converse_usage(body.get("usage")),
        metered_usage(invocation_metrics(pair.response)),
        header_usage(headers_of(pair)),
    )
    whole = next((usage for usage in stated if usage.state == "exact"), None)
    partly = next((usage for usage in stated if usage is not MISSING_USAGE), None)
    found = whole or partly or usage_beside(pair)
    return found or unreported_usage(http_status, error_type, begun=not ended)


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """The system prompt comes before the messages and counts as message 0."""
    parts: list[Part] = []
    add_blocks(parts, "system", request.get("system"), 0)
    parts.extend(converse_messages(request.get("messages"), 1 if parts else 0))
    return tuple(parts)


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read the answer; a logger may have kept the text alone."""
    parts: list[Part] = []
    message = _object(_object(body.get("output")).get("message"))
    add_blocks(parts, "assistant", response if type(response) is str else message.get("content"), 0)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="Amazon Bedrock Converse (also InvokeModel with Nova)",
    sign="an answer with `output.message`, `stopReason` and `usage.inputTokens`, or its stream",
    how_to_export='Log each request body and response body as one JSON line: {"modelId": ..., "request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "money": "Keep the `metadata` event of a stream, which holds the usage, and log the `modelId`.",
        "cache split": "Keep `usage` as it came: Bedrock states cache reads and writes beside the input.",
        "content": "Log the request body beside the answer.",
        "features": 'Send `requestMetadata: {"feature": "..."}` with the request, or log a `feature` beside the bodies.',
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
)
