"""What does a row of LiteLLM's table of spend logs say?

Columns that hold JSON are text, prompts are there only where LiteLLM was told to store them, and long texts are cut in the
middle. Times are UTC without saying so. Source: LiteLLM's database schema; CATALOGUE 8.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.parts import compact_json
from tokaudit.readers.gateways.litellm_fields import (
    Outcome,
    aside_of,
    feature_named,
    is_cache_hit,
    operation_of,
    outcome_of,
    provider_of,
    tried_before,
    usage_of_counts,
    user_of,
    without_usage,
)
from tokaudit.readers.values.durations import elapsed_ms
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Record, RejectRecordError, Usage

NAME = "litellm_spend_logs"
_UNTRUE = ("litellm_truncated", "redacted-by-litellm", "REDACTED_BY_LITELM")
"""What LiteLLM writes in place of what it cut or hid: such a text is not the one that was billed."""


def identify(record: Record) -> bool:
    """Say whether the record is a row of LiteLLM_SpendLogs, whole or with chosen columns."""
    return "spend" in record and "call_type" in record and "request_id" in record


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the row into a call, if it is one to a model. Raises RejectRecordError."""
    aside = aside_of(record)
    return aside if aside is not None else _call(record, options)


def _call(record: Record, options: ReadOptions) -> Call:
    metadata = open_object(record.get("metadata"))
    started_at, ended_at = (micros(record.get(name), "UTC") for name in ("startTime", "endTime"))
    outcome = outcome_of(record, open_object(metadata.get("error_information")))
    is_cached = is_cache_hit(record)
    request_id = label(record.get("request_id"))
    is_answer = outcome.error_type is None and not is_cached  # else the id is LiteLLM's own
    feature, feature_from = feature_named(record, metadata)
    told, tried = _call_of_texts(record, options), tried_before(record, metadata)
    return replace(
        told,
        reader=NAME,
        response_id=request_id if is_answer else None,
        log_id=None if is_answer else request_id,
        started_at=started_at,
        latency_ms=elapsed_ms(started_at, ended_at),
        provider_name=provider_of(record),
        request_model=first_label(record, "model_group", "model"),
        response_model=told.response_model or label(record.get("model")),
        operation_name=operation_of(record.get("call_type")),
        http_status=outcome.http_status,
        error_type=outcome.error_type,
        feature=feature,
        feature_from=feature_from,
        user_id=user_of(record, metadata),
        conversation_id=label(record.get("session_id")),
        operation_id=None,
        gateway_retries=tried.retries,
        gateway_tried=tried.names,
        gateway_cache_hit=is_cached,
        usage=_usage(record, metadata, started_at, outcome),
        logged_cost="0" if is_cached else _cost(record),
    )


def _call_of_texts(record: Record, options: ReadOptions) -> Call:
    """Read the stored request and answer for what they say; a call without texts where none are stored."""
    request = _stored(record.get("proxy_server_request")) or {}
    messages = _stored(record.get("messages"))
    if messages and "messages" not in request:
        request = {**request, "messages": messages} if type(messages) is list else messages
    around = {"model": label(record.get("model"))}
    answer = without_usage(_stored(record.get("response")))
    told = call_of_bodies(request, answer, options, around) if request else None
    told = told or call_of_bodies(None, answer, options, around)
    return told or Call(NAME)


def _stored(cell: Json) -> Json:
    """Open a cell; None where LiteLLM stored nothing, or not the whole of it."""
    if type(cell) is str:
        return None if any(word in cell for word in _UNTRUE) else _filled(open_text(cell))
    return None if type(cell) in (dict, list) and _is_untrue(cell) else _filled(cell)


def _is_untrue(cell: Json) -> bool:
    try:
        written = compact_json(cell)
    except RejectRecordError:  # nested deeper than any request
        return True
    return any(word in written for word in _UNTRUE)


def _filled(value: Json) -> Json:
    return value if value and (type(value) is dict or type(value) is list) else None


def _usage(record: Record, metadata: Mapping[str, Json], started_at: int | None, outcome: Outcome) -> Usage:
    """Read the counts with the cache details of the usage object, in older rows beside it, else of the stored answer."""
    answer = open_object(record.get("response"))
    places = (metadata.get("usage_object"), metadata.get("additional_usage_values"), answer.get("usage"))
    details = next((found for place in places if (found := open_object(place))), {})
    return usage_of_counts(record, details, started_at, outcome)


def _cost(record: Record) -> str | None:
    cost = amount(record.get("spend"))
    return None if cost is None else decimal_text(cost)


READER = Reader(
    name=NAME,
    title="LiteLLM spend logs (table LiteLLM_SpendLogs)",
    sign="request_id, call_type and spend beside each other",
    how_to_export='Copy the table: psql -c "\\copy \\"LiteLLM_SpendLogs\\" TO spend.csv CSV HEADER".',
    identify=identify,
    keys=frozenset({"spend"}),
    read=read,
    switch_on={
        "cache split": "Export the `metadata` column: the cache details stand in it.",
        "content": "Set store_prompts_in_spend_logs, and raise MAX_STRING_LENGTH_PROMPT_IN_DB so that no text is cut.",
        "features": "Send tags with requests, or give each application a key with an alias.",
        "conversations": "Send a session id with requests; LiteLLM makes one up for each request without.",
    },
    limits={"retries": "LiteLLM books a request once, with the number of its tries: what they cost is in no row."},
)
