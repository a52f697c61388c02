"""What does a logged call of Google's Interactions API say?

A call may go on from an interaction that Google kept. Its usage then reports the new turn alone, where OpenAI's Responses
report the whole history: so no history is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.interaction_parts import assemble_interaction, steps_parts
from tokaudit.readers.exchange.outcome import error_code, status_of, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.gemini import interaction_usage
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.providers import google_model
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "gemini_interactions"


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with the Interactions API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response, ended = assemble_interaction(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    _, failed = status_of(body.get("status"))
    error_type = call.error_type or (error_code(body.get("error")) if body.get("error") else failed)
    return replace(
        call,
        started_at=micros(body.get("created")) if call.started_at is None else call.started_at,
        provider_name=call.provider_name or "google",
        request_model=google_model(call.request_model) or label(request.get("agent")),
        response_model=google_model(call.response_model),
        error_type=error_type,
        finish_reason=label(body.get("status")),
        service_tier=call.service_tier or label(body.get("service_tier")),
        usage=_usage(pair, body, call.http_status, error_type, ended=ended),
        prompt=_prompt(request),
        answer=_answer(body, None if error_type else response),
        tools=definitions(request.get("tools")),
        response_schema=_response_schema(request),
    )


def _usage(
    pair: Pair, body: Mapping[str, Json], http_status: int | None, error_type: str | None, *, ended: bool
) -> Usage:
    goes_on = any(side.get("previous_interaction_id") for side in (pair.request, body))
    usage = interaction_usage(body.get("usage"), _model(pair, body), stateful=goes_on)
    if usage is not MISSING_USAGE:
        return usage
    return usage_beside(pair) or unreported_usage(http_status, error_type, begun=not ended)


def _model(pair: Pair, body: Mapping[str, Json]) -> str | None:
    return label(body.get("model")) or label(pair.request.get("model"))


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """The system instruction comes before the input and counts as message 0."""
    parts = steps_parts(request.get("system_instruction"), "system")
    parts = [part._replace(message=0) for part in parts]
    return (*parts, *steps_parts(request.get("input"), "user", 1 if parts else 0))


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read the model's steps as one message; a logger may have kept the text alone."""
    said = response if type(response) is str else body.get("steps", body.get("outputs"))
    if type(said) is list:
        said = [step for step in said if type(step) is dict and step.get("type") != "user_input"]
    return tuple(part._replace(message=0) for part in steps_parts(said, "assistant"))


def _response_schema(request: Mapping[str, Json]) -> Json:
    stated = request.get("response_format")
    return stated if type(stated) is dict or type(stated) is list else None


READER = Reader(
    name=NAME,
    title="Gemini Interactions",
    sign="an answer with `object: interaction` or `usage.total_input_tokens`, or the events of its stream",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "money": "Keep `usage` of the interaction, which streams send with their last event.",
        "cache split": "Keep `usage.total_cached_tokens` as it came.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "conversations": "Log a `session_id` beside the bodies: interactions that go on from one another share no id.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
)
