"""What does a log of Portkey say: a row of its export, or a document of a private log store?

Costs are in cents. A stored document holds the HTTP messages, and the row beside them as `metrics` in newer versions.
Source: Portkey's documentation of the export and of logs in private clouds; CATALOGUE 12.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import kept_body
from tokaudit.readers.exchange.outcome import failure, status_of
from tokaudit.readers.exchange.pair import Layer
from tokaudit.readers.gateways.counted import usage_of_gateway
from tokaudit.readers.gateways.operations import operation_of_url
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.values.attempts import attempts
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name, provider_of_url
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Record

NAME = "portkey"
_PRODUCER = Producer("Portkey", cache="as the provider", reasoning="as the provider")
_REDACTED = "...REDACTED..."
_HEADERS = "x-portkey-"


def identify(record: Record) -> bool:
    """Say whether the record is a row of the export or a stored document."""
    if "ai_org" in record and ("req_units" in record or "ai_model" in record):
        return True
    request = record.get("request")
    return type(request) is dict and "portkeyHeaders" in request and "response" in record


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    request, response = open_object(record.get("request")), open_object(record.get("response"))
    if "portkeyHeaders" in request:
        row, headers = _row_of_document(record, request, response)
        return _call(record, row, headers, (_body(request.get("body")), _body(response.get("body"))), options)
    bodies = (
        _body(record.get("request", record.get("request.body"))),
        _body(record.get("response", record.get("response.body"))),
    )
    return _call(record, record, {}, bodies, options)


def _row_of_document(
    record: Record, request: Mapping[str, Json], response: Mapping[str, Json]
) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """Name the document's facts as in the export; headers of both messages go by their lower-case names."""
    sides = (open_object(side) for side in (request.get("portkeyHeaders"), response.get("headers")))
    headers = {key.lower().removeprefix(_HEADERS): value for side in sides for key, value in side.items()}
    facts = {
        "id": record.get("_id"),
        "created_at": record.get("created_at"),
        "request_url": request.get("url"),
        "response_status_code": response.get("status"),
        "response_time": response.get("responseTime"),
        "ai_org": headers.get("provider"),
        "cache_status": headers.get("cache-status"),
        "metadata": headers.get("metadata"),
    }
    return {**open_object(record.get("metrics")), **{key: value for key, value in facts.items() if value}}, headers


def _body(value: Json) -> Json:
    """Open a body; embeddings and logs without content have a word in its place, or none."""
    if value == _REDACTED:
        return None
    return None if (kept := kept_body(value)).is_cut else kept.body


def _call(
    record: Record,
    row: Mapping[str, Json],
    headers: Mapping[str, Json],
    bodies: tuple[Json, Json],
    options: ReadOptions,
) -> Call:
    http_status, _ = status_of(row.get("response_status_code"))
    url, model = label(row.get("request_url")), label(row.get("ai_model"))
    around = {"url": url, "status_code": http_status, "model": model}
    told = call_of_bodies(*bodies, options, around) or call_of_bodies(bodies[0], None, options, around)
    call = told or Call(NAME, operation_name=operation_of_url(url) or "chat", error_type=failure(http_status))
    error_type = call.error_type or (failure(None, "error") if row.get("is_success") in (0, "0", False) else None)
    call = replace(
        call,
        request_model=call.request_model or model,
        response_model=call.response_model or model,
        http_status=http_status,
        error_type=error_type,
    )
    latency_ms = milliseconds(row.get("response_time"))
    counts = Counts(*(first_count(row, name) for name in ("req_units", "res_units", "total_units")))
    is_hit = _is_cache_hit(row.get("cache_status"))
    named = (("prompt_slug", row.get("prompt_slug")), ("prompt-slug", headers.get("prompt-slug")))
    for_whom = attribution(record, options, _own_keys(row), named)
    return replace(
        call,
        reader=NAME,
        response_id=None if is_hit else call.response_id,  # a cached answer carries the id of the call that paid for it
        log_id=first_label(row, "id"),
        started_at=_started_at(row, latency_ms) or call.started_at,
        latency_ms=latency_ms,
        provider_name=_provider(row, url) or call.provider_name,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=_user(row) or for_whom.user_id or call.user_id,
        conversation_id=for_whom.conversation_id,
        # Behind -1 stand retries that all failed, or none that could be waited for.
        gateway_retries=attempts(headers.get("retry-attempt-count")),
        gateway_cache_hit=is_hit,
        usage=usage_of_gateway(call, counts, _PRODUCER),
        logged_cost="0" if is_hit else _cost(row),
    )


def _started_at(row: Mapping[str, Json], latency_ms: int | None) -> int | None:
    """Portkey writes the log when the answer is there."""
    created_at = micros(row.get("created_at"), "UTC")
    return None if created_at is None else created_at - (latency_ms or 0) * 1000


def _is_cache_hit(status: Json) -> bool:
    return type(status) is str and status.strip().upper() in ("HIT", "SEMANTIC HIT", "SEMANTIC_HIT")


def _own_keys(row: Mapping[str, Json]) -> list[Layer]:
    """Read the metadata, an object or two lists of its keys and values."""
    keys, values = (_list(row.get(name)) for name in ("metadata.key", "metadata.value"))
    pairs = {key: value for key, value in zip(keys, values, strict=False) if type(key) is str}
    return [("metadata.", open_object(row.get("metadata")) or pairs)]


def _list(value: Json) -> list[Json]:
    opened = open_text(value.replace("'", '"')) if type(value) is str else value
    return opened if type(opened) is list else []


def _user(row: Mapping[str, Json]) -> str | None:
    """Portkey's own keys begin with an underscore."""
    return label(_own_keys(row)[0][1].get("_user")) or label(row.get("_user"))


def _provider(row: Mapping[str, Json], url: str | None) -> str | None:
    named = row.get("ai_org")
    return (provider_of_url(url) if url else None) or (provider_of_name(named) if type(named) is str else None)


def _cost(row: Mapping[str, Json]) -> str | None:
    """Read the cost, which is in cents."""
    cost = amount(row.get("cost"))
    if cost is None or row.get("cost_currency") not in (None, "", "USD", "usd"):
        return None
    return decimal_text(cost.scaleb(-2))


READER = Reader(
    name=NAME,
    title="Portkey logs (export, private log store)",
    sign="ai_org beside req_units, or `portkeyHeaders` in the request",
    how_to_export="Create an export under Logs in Portkey with all fields, or copy the files of your own log store.",
    identify=identify,
    keys=frozenset({"ai_org", "request"}),
    read=read,
    switch_on={
        "cache split": "Choose `response` among the fields of the export: its usage holds the cached tokens.",
        "content": "Choose `request` and `response` among the fields of the export.",
        "features": "Send metadata with requests, with a key such as feature.",
        "conversations": "Send a session_id in the metadata of requests.",
    },
    limits={
        "retries": "Private log stores tell how often Portkey tried, not what the tries cost; exports do not tell."
    },
)
