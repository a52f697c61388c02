"""What does a logged Anthropic message say? Also from Bedrock and Vertex, which take the same body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.anthropic_stream import assemble_message
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, definitions, message_parts
from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "anthropic_messages"
_CLOUD_OF_ID = {"msg_bdrk_": "aws", "msg_vrtx_": "google"}


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with the Messages API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


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
        finish_reason=label(body.get("stop_reason")),
        service_tier=call.service_tier or _service_tier(body.get("usage")),
        usage=usage if ended else _cut_off(usage),
        prompt=_prompt(request),
        answer=_answer(body, response),
        tools=definitions(request.get("tools")),
        response_schema=_response_schema(request),
    )


def _usage(pair: Pair, body: Mapping[str, Json], http_status: int | None, error_type: str | None) -> Usage:
    """Read the answer's usage, else what the logger itself noted beside the bodies."""
    usage = messages_usage(body.get("usage"), body.get("model"))
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
    return label(usage.get("service_tier")) if type(usage) is dict else None


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
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    identify=identify,
    read=read,
)
