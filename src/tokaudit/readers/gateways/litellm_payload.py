"""What does a LiteLLM StandardLoggingPayload say?

LiteLLM counts every provider's cache inside `prompt_tokens`, repeats the details in `response.usage` or in
`metadata.usage_object`, and writes one payload for each try.
Source: LiteLLM docs, proxy/logging_spec; CATALOGUE 8.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.apis.openai_family import schema_of
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.gateways.litellm_fields import (
    Outcome,
    aside_of,
    feature_named,
    is_cache_hit,
    operation_of,
    outcome_of,
    provider_of,
    region_of,
    session_of,
    usage_of_counts,
    user_of,
    without_usage,
)
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.searches import searches_in
from tokaudit.readers.values.durations import elapsed_ms
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Part, Record, Usage

NAME = "litellm_payload"
_REDACTED = "redacted-by-litellm"
_CUT = "truncated by litellm"
"""In texts that were too long for where the payload was sent."""


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
    told = _call_of_texts(record, parameters, options)
    # The caller's session id if there is one, else an id made up for the request and its retries: one of the two.
    session_id, trace_id = session_of(metadata), label(record.get("trace_id"))
    return replace(
        told,
        reader=NAME,
        call_id=None,
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
        feature=feature,
        feature_from=feature_from,
        user_id=user_of(record, metadata),
        conversation_id=session_id or trace_id,
        operation_id=trace_id if session_id else None,
        service_tier=told.service_tier or label(body.get("service_tier")),
        region=region_of(record),
        gateway_cache_hit=is_cached,
        usage=_usage(record, body, started_at, outcome),
        logged_cost="0" if is_cached else _cost(record),
        prompt=_told(told.prompt),
        answer=_told(told.answer),
    )


def _call_of_texts(record: Record, parameters: Mapping[str, Json], options: ReadOptions) -> Call:
    """Read the request, which LiteLLM takes apart into messages and parameters, and the answer for what they say."""
    request = {"model": label(record.get("model")), **parameters, **_asked(record)}
    answer = without_usage(_whole(record.get("response")))
    told = call_of_bodies(request, answer, options) or call_of_bodies(request, None, options) or Call(NAME)
    schema = told.response_schema or schema_of(parameters.get("response_format"))  # LiteLLM translates it for each API
    return replace(told, response_schema=schema)


def _asked(record: Record) -> Mapping[str, Json]:
    """Name what was asked as the API that was called does: LiteLLM calls it `messages` for all of them."""
    asked = _whole(record.get("messages"))
    asked = open_text(asked) if type(asked) is str else asked
    if type(asked) is dict:
        return asked if "messages" in asked or "input" in asked else {"messages": [asked]}
    call_type = record.get("call_type")
    words = call_type if type(call_type) is str else ""
    key = next((key for word, key in _ASKED if word in words), "messages")
    if key == "messages" and type(asked) is str:
        asked = [{"role": "user", "content": asked}] if asked else None
    return {key: asked} if asked else {}


_ASKED = (("responses", "input"), ("embedding", "input"), ("text_completion", "prompt"), ("image", "prompt"))
"""By a word of the call type: where the API takes its texts. All others take messages."""


def _whole(cell: Json) -> Json:
    """Return a cell that was not cut off."""
    return None if type(cell) is str and _CUT in cell else cell


def _told(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Leave out texts that LiteLLM was told to hide: it writes a word in their place."""
    return () if any(part.text == _REDACTED for part in parts) else parts


def _usage(record: Record, body: Mapping[str, Json], started_at: int | None, outcome: Outcome) -> Usage:
    """Read the counts of the payload with the cache details beside them."""
    noted = (body.get("usage"), open_object(record.get("metadata")).get("usage_object"))
    details = next((found for found in noted if type(found) is dict), {})
    usage = usage_of_counts(record, details, started_at, outcome)
    if usage.web_searches is None and usage.input_tokens and "output" in body:
        usage = with_media(usage, searches_in(body["output"]))
    return usage


def _cost(record: Record) -> str | None:
    cost = amount(record.get("response_cost"))
    return None if cost is None else decimal_text(cost)


READER = Reader(
    name=NAME,
    title="LiteLLM logging payload (S3, GCS, Pub/Sub, callbacks)",
    how_to_export="Set LiteLLM's success_callback and failure_callback to s3_v2 or gcs_bucket and copy the files.",
    identify=identify,
    keys=frozenset({"response_cost"}),
    read=read,
    sign="call_type, response_cost and startTime beside each other",
    switch_on={
        "cache split": "Keep `response` or `metadata.usage_object` in the payload: the cache details stand there.",
        "content": "Leave turn_off_message_logging at false.",
        "features": 'Send `metadata: {"tags": ["feature:..."]}` with requests, or give each feature a key of its own.',
        "conversations": "Send a `session_id` in the metadata of requests.",
    },
)
