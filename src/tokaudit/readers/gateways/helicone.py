"""What does a request logged by Helicone say: from its API, its export script, or its ClickHouse tables?

Bodies are often replaced by a note that they stand behind a signed URL. The export script escapes the quotes of JSON cells
twice. Source: Helicone's request type and export scripts; CATALOGUE 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.kept_bodies import first_whole
from tokaudit.readers.exchange.outcome import failure, status_of, unreported_usage
from tokaudit.readers.gateways.helicone_usage import row_counts_usage
from tokaudit.readers.gateways.operations import operation_of_url, with_cache_of
from tokaudit.readers.values.durations import elapsed_ms, milliseconds
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import begins, first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name, provider_of_url
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Record

NAME = "helicone"
_MARKS = ("request_properties", "properties", "cache_reference_id", "helicone_user", "signed_body_url", "delay_ms")
_NOTE = "helicone_message"
_OWN_STATUS = {"-1": "timeout", "-3": "cancelled", "-4": "blocked_as_threat"}
"""Helicone's codes for requests that got no answer; -2 is one still under way."""
_OTHER_KINDS = {"vector_db": Aside("vector store request"), "tool": Aside("tool call")}
_NO_REFERENCE = "00000000-0000-0000-0000-000000000000"
_SESSION, _SESSION_NAME = "helicone-session-id", "helicone-session-name"


def identify(record: Record) -> bool:
    """Say whether the record is one of Helicone's requests."""
    return (
        "request_created_at" in record
        and ("response_status" in record or "status" in record)
        and any(name in record for name in _MARKS)
    )


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the record into a call, if it is one to a model. Raises RejectRecordError."""
    request, response = _body(record, "request"), _body(record, "response")
    kind = request.get("_type") if type(request) is dict else None
    if type(kind) is str and kind in _OTHER_KINDS:
        return _OTHER_KINDS[kind]
    url = first_label(record, "target_url", "request_path")
    http_status, error_type = _outcome(record)
    call = _call_of_bodies(request, response, {"url": url, "status_code": http_status}, options)
    error_type = call.error_type or error_type
    model = call.response_model or first_label(record, "response_model", "model", "model_override", "request_model")
    counted = call.usage if call.usage.state != "missing" else row_counts_usage(record, model)
    usage = with_cache_of(call.operation_name, counted)
    if error_type is not None and not usage.input_tokens and not usage.output_tokens:
        usage = unreported_usage(http_status, error_type)
    started_at = micros(record.get("request_created_at"), "UTC")
    for_whom = _for_whom(record, options)
    is_hit = _is_cache_hit(record)
    return replace(
        call,
        reader=NAME,
        response_id=None if is_hit else call.response_id,  # a cached answer carries the id of the call that paid for it
        log_id=first_label(record, "request_id", "response_id"),
        started_at=started_at or call.started_at,
        latency_ms=_latency(record, started_at),
        provider_name=_provider(record, url) or call.provider_name,
        request_model=first_label(record, "request_model") or call.request_model or label(record.get("model")),
        response_model=model,
        http_status=http_status,
        error_type=error_type,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=first_label(record, "request_user_id", "user_id") or for_whom.user_id or call.user_id,
        conversation_id=for_whom.conversation_id,
        gateway_cache_hit=is_hit,
        usage=usage,
        logged_cost="0" if is_hit else _cost(record),
    )


def _body(record: Record, side: str) -> Json:
    """Open a body, if it is there: not the note in its place."""
    signed = open_object(record.get("signed_body_content")).get(side)
    kept = first_whole(signed, _opened(record.get(f"{side}_body")))
    body = kept.body
    if type(body) is dict and "streamed_data" in body:  # the events, beside what Helicone made of them
        events = body["streamed_data"]
        body = open_text(events) if type(events) is str else events or body
    return None if kept.is_cut or (type(body) is dict and _NOTE in body) else body


def _opened(cell: Json) -> Json:
    """Undo the second escaping of quotes."""
    return cell.replace('""', '"') if begins(cell, ('{""', '[{""')) else cell


def _call_of_bodies(request: Json, response: Json, around: Mapping[str, Json], options: ReadOptions) -> Call:
    """Read both bodies, else the request alone; a call without texts where neither is there."""
    whole = call_of_bodies(request, response, options, around)
    asked = whole or call_of_bodies(request, None, options, around)
    return asked or Call(NAME, operation_name=operation_of_url(around.get("url")) or "chat")


def _outcome(record: Record) -> tuple[int | None, str | None]:
    value = record.get("response_status", record.get("status"))
    http_status, _ = status_of(value)
    return http_status, failure(http_status, _OWN_STATUS.get(str(value)) if type(value) in (int, str) else None)


def _for_whom(record: Record, options: ReadOptions) -> Attribution:
    """Read the properties: the team's own keys, and those of sessions, which Helicone names."""
    places = (open_object(_opened(record.get(name))) for name in ("request_properties", "properties"))
    properties = next((found for found in places if found), {})
    own = {key.lower(): value for key, value in properties.items()}
    named = (("properties.Helicone-Session-Name", own.get(_SESSION_NAME)), ("prompt_id", record.get("prompt_id")))
    for_whom = attribution(record, options, [("properties.", properties)], named)
    return for_whom._replace(conversation_id=label(own.get(_SESSION)) or for_whom.conversation_id)


def _provider(record: Record, url: str | None) -> str | None:
    named = record.get("provider")
    return (provider_of_url(url) if url else None) or (provider_of_name(named) if type(named) is str else None)


def _latency(record: Record, started_at: int | None) -> int | None:
    stated = milliseconds(record.get("delay_ms"), record.get("latency"))
    return elapsed_ms(started_at, micros(record.get("response_created_at"), "UTC")) if stated is None else stated


def _is_cache_hit(record: Record) -> bool:
    """Helicone's cache answered where the row refers to the request that it answered before."""
    return label(record.get("cache_reference_id")) not in (None, _NO_REFERENCE)


def _cost(record: Record) -> str | None:
    """Read the cost in USD; its tables hold whole billionths."""
    stated = (amount(record.get(name)) for name in ("costUSD", "cost"))
    cost = next((number for number in stated if number is not None), None)
    if cost is None:
        return None
    return decimal_text(cost.scaleb(-9) if "organization_id" in record and "response_status" not in record else cost)


READER = Reader(
    name=NAME,
    title="Helicone requests (API, export script, ClickHouse)",
    sign="request_created_at beside request_properties, delay_ms or signed_body_url",
    how_to_export="Run Helicone's export script: npx @helicone/export --format jsonl --include-body.",
    identify=identify,
    keys=frozenset({"request_created_at"}),
    read=read,
    switch_on={
        "cache split": "Export JSON lines with bodies, not CSV: the CSV holds no cached tokens.",
        "content": "Export with --include-body, before the signed URLs of the bodies run out.",
        "features": "Send a header Helicone-Property-Feature with each request.",
        "conversations": "Send a header Helicone-Session-Id with each request.",
    },
    limits={"retries": "Helicone logs the answer to a request, not how often its gateway tried."},
)
