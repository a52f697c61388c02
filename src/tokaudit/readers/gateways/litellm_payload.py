"""What does a LiteLLM StandardLoggingPayload say?

LiteLLM counts every provider's cache inside `prompt_tokens`, repeats the details in `response.usage` or in
`metadata.usage_object`, and writes one payload for each try.
Source: LiteLLM docs, proxy/logging_spec; CATALOGUE 8.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.parts import add_content, choice_parts, definitions, message_parts
from tokaudit.readers.gateways.litellm_fields import (
    Outcome,
    aside_of,
    feature_named,
    is_cache_hit,
    operation_of,
    outcome_of,
    provider_of,
    session_of,
    usage_of_counts,
    user_of,
)
from tokaudit.readers.values.durations import elapsed_ms
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Part, Record, Usage

NAME = "litellm_payload"


def identify(record: Record) -> bool:
    """Say whether the record is a payload: the keys beside each other are LiteLLM's own."""
    return "call_type" in record and "response_cost" in record and "startTime" in record


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the record into a call, if it is one to a model. Raises RejectRecordError."""
    aside = aside_of(record)
    return aside if aside is not None else _call(record, options)


def _call(record: Record, options: ReadOptions) -> Call:
    metadata, parameters, body = (open_object(record.get(key)) for key in ("metadata", "model_parameters", "response"))
    started_at, ended_at = (micros(record.get(key), options.timezone) for key in ("startTime", "endTime"))
    outcome = outcome_of(record, open_object(record.get("error_information")))
    is_cached = is_cache_hit(record)
    response_id, log_id = label(body.get("id")), label(record.get("id"))
    feature, feature_from = feature_named(record, metadata)
    # The caller's session id if there is one, else an id made up for the request and its retries: one of the two.
    session_id, trace_id = session_of(metadata), label(record.get("trace_id"))
    return Call(
        reader=NAME,
        response_id=None if is_cached else response_id,  # a cached answer carries the id of the call that paid for it
        log_id=log_id if is_cached or log_id != response_id else None,
        started_at=started_at,
        latency_ms=elapsed_ms(started_at, ended_at),
        provider_name=provider_of(record),
        request_model=label(record.get("model_group")) or label(record.get("model")),
        response_model=label(body.get("model")) or label(record.get("model")),
        operation_name=operation_of(record.get("call_type")),
        http_status=outcome.http_status,
        error_type=outcome.error_type,
        finish_reason=_finish_reason(body),
        feature=feature,
        feature_from=feature_from,
        user_id=user_of(record, metadata),
        conversation_id=session_id or trace_id,
        operation_id=trace_id if session_id else None,
        service_tier=label(body.get("service_tier")),
        gateway_cache_hit=is_cached,
        usage=_usage(record, body, started_at, outcome),
        logged_cost="0" if is_cached else _cost(record),
        prompt=_prompt(record),
        answer=_answer(body),
        tools=definitions(parameters.get("tools"), parameters.get("functions")),
        response_schema=_response_schema(parameters.get("response_format")),
    )


def _finish_reason(body: Mapping[str, Json]) -> str | None:
    choices = body.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    return label(first.get("finish_reason")) if type(first) is dict else label(body.get("stop_reason"))


def _usage(record: Record, body: Mapping[str, Json], started_at: int | None, outcome: Outcome) -> Usage:
    """Read the counts of the payload with the cache details beside them."""
    noted = (body.get("usage"), open_object(record.get("metadata")).get("usage_object"))
    details = next((found for found in noted if type(found) is dict), {})
    return usage_of_counts(record, details, started_at, outcome)


def _cost(record: Record) -> str | None:
    cost = amount(record.get("response_cost"))
    return None if cost is None else decimal_text(cost)


def _prompt(record: Record) -> tuple[Part, ...]:
    """Read the messages; payloads with redacted content hold a text in their place, which is not the prompt."""
    messages = record.get("messages")
    return tuple(message_parts(open_text(messages) if type(messages) is str else messages))


def _answer(body: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the choices of a chat answer, or the content blocks of an Anthropic one."""
    parts = choice_parts(body.get("choices"))
    if not parts and body.get("type") == "message":
        add_content(parts, "assistant", body.get("content"), 0)
    return tuple(parts)


def _response_schema(response_format: Json) -> Json:
    return response_format if type(response_format) is dict and "json_schema" in response_format else None


READER = Reader(
    name=NAME,
    title="LiteLLM logging payload (S3, GCS, Pub/Sub, callbacks)",
    how_to_export="Set LiteLLM's success_callback and failure_callback to s3_v2 or gcs_bucket and copy the files.",
    identify=identify,
    read=read,
    sign="call_type, response_cost and startTime beside each other",
    switch_on={
        "cache split": "Keep `response` or `metadata.usage_object` in the payload: the cache details stand there.",
        "content": "Leave turn_off_message_logging at false.",
        "features": 'Send `metadata: {"tags": ["feature:..."]}` with requests, or give each feature a key of its own.',
        "conversations": "Send a `session_id` in the metadata of requests.",
    },
)
