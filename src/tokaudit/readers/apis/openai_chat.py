"""What does a logged OpenAI chat completion say? Also Azure's and every server that copies the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair
from tokaudit.readers.apis.openai_family import CHAT, provider_of, reported_usage, schema_of, stated_cost
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.openai_stream import assemble_chat
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, choice_parts, definitions, message_parts
from tokaudit.readers.values.labels import exact, label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Part, Record

NAME = "openai_chat"


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
    provider = provider_of(body, call)
    return replace(
        call,
        started_at=started_at,
        provider_name=provider,
        finish_reason=_finish_reason(choices if type(choices) is list else []),
        service_tier=call.service_tier or label(body.get("service_tier")),
        usage=reported_usage(pair, body, started_at, provider, CHAT)
        or unreported_usage(call.http_status, call.error_type, begun=bool(choices) and type(pair.response) is list),
        logged_cost=call.logged_cost or stated_cost(body),
        prompt=tuple(message_parts(request.get("messages"))),
        speakers=_speakers(request.get("messages")),
        answer=_answer(choices, None if call.error_type else response),
        tools=definitions(request.get("tools"), request.get("functions")),
        response_schema=schema_of(request.get("response_format")),
    )


def _speakers(messages: Json) -> tuple[str, ...]:
    """Return the names of those who speak; a result of a tool bears the tool's name."""
    named = (
        message.get("name")
        for message in (messages if type(messages) is list else ())
        if type(message) is dict and "name" in message and message.get("role") not in ("tool", "function")
    )
    return tuple(exact(name) for name in named if type(name) is str and name)


def _finish_reason(choices: list[Json]) -> str | None:
    stated = (choice.get("finish_reason") for choice in choices if type(choice) is dict)
    return next((reason for reason in map(label, stated) if reason), None)


def _answer(choices: Json, response: Json) -> tuple[Part, ...]:
    """Read the messages of all choices; a logger may have kept the text alone."""
    parts = choice_parts(choices)
    if type(response) is str:
        add_content(parts, "assistant", response, 0)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="OpenAI chat completions (also Azure OpenAI and compatible servers)",
    sign="an answer with `choices[].message`, or its stream, beside the request or alone",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": 'Send `stream_options: {"include_usage": true}` with streamed requests: else they report no tokens.',
        "cache split": "Keep `usage.prompt_tokens_details` of the answer as it came.",
        "content": "Log the request body beside the answer.",
        "features": 'Send `metadata: {"feature": "..."}` with the request, or log a `feature` beside the bodies.',
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
    identify=identify,
    read=read,
)
