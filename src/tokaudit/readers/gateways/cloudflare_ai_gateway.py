"""What does a log of Cloudflare's AI Gateway say: from its API, or from Logpush?

The API lists counts and costs that know nothing of a provider's cache; the heads of the bodies are in single logs only, and
cut unless it says they are complete. Logpush encrypts the bodies and counts nothing. Source: Cloudflare's API types;
CATALOGUE 13.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import Kept, kept_body, without_cut_texts
from tokaudit.readers.exchange.outcome import failure, status_of
from tokaudit.readers.gateways.counted import usage_of_gateway
from tokaudit.readers.gateways.operations import operation_of_url
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Record, RejectRecordError

NAME = "cloudflare_ai_gateway"
ENCRYPTED = "encrypted by Cloudflare Logpush: decrypt the file first"
_PRODUCER = Producer("Cloudflare AI Gateway", cache="as the provider", reasoning="as the provider")
_ENCRYPTED_KEYS = frozenset(("key", "iv", "data"))
_PUSHED = ("Gateway", "RequestType", "Cached", "StatusCode")
_API_NAMES = {
    "created_at": "CreatedAt", "provider": "Provider", "model": "Model", "path": "Endpoint", "status_code": "StatusCode",
    "cached": "Cached", "metadata": "Metadata", "request_head": "RequestBody", "response_head": "ResponseBody",
}  # fmt: skip
"""Field of the API -> the same in Logpush."""


def identify(record: Record) -> bool:
    """Say whether the record is a log of the gateway."""
    if "tokens_in" in record and "tokens_out" in record and "cached" in record:
        return "provider" in record and ("step" in record or "path" in record or "duration" in record)
    return all(name in record for name in _PUSHED)


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError, also for bodies that Logpush encrypted."""
    is_pushed = "tokens_in" not in record
    if is_pushed and any(_is_encrypted(record.get(name)) for name in ("RequestBody", "ResponseBody", "Metadata")):
        raise RejectRecordError(ENCRYPTED)
    row = {ours: record.get(theirs) for ours, theirs in _API_NAMES.items()} if is_pushed else record
    http_status, _ = status_of(row.get("status_code"))
    path, model = label(row.get("path")), label(row.get("model"))
    request, response = (_body(row, side, is_pushed=is_pushed) for side in ("request", "response"))
    around = {"url": f"/{path}", "status_code": http_status, "model": model}
    told = call_of_bodies(request.body, response.body, options, around)
    call = without_cut_texts(told or Call(NAME, error_type=failure(http_status)), request, response)
    failed = row.get("success") in (False, "false", "False")
    error_type = call.error_type or (failure(http_status, "error") if failed else None)
    call = replace(
        call,
        operation_name=operation_of_url(f"/{path}") or call.operation_name,
        request_model=call.request_model or model,
        response_model=call.response_model or model,
        http_status=http_status,
        error_type=error_type,
    )
    counts = Counts(*(first_count(row, name) for name in ("tokens_in", "tokens_out")))
    for_whom = attribution(record, options, [("metadata.", open_object(row.get("metadata")))])
    is_hit = row.get("cached") in (True, "true", "True")
    return replace(
        call,
        reader=NAME,
        response_id=None if is_hit else call.response_id,  # a cached answer carries the id of the call that paid for it
        log_id=label(row.get("id")),
        started_at=micros(row.get("created_at"), "UTC") or call.started_at,
        latency_ms=milliseconds(row.get("duration")),
        provider_name=_provider(row) or call.provider_name,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id or call.user_id,
        conversation_id=for_whom.conversation_id,
        gateway_cache_hit=is_hit,
        usage=usage_of_gateway(call, counts, _PRODUCER),
        logged_cost="0" if is_hit else _cost(row),
    )


def _is_encrypted(value: Json) -> bool:
    return open_object(value).keys() >= _ENCRYPTED_KEYS


def _body(row: Mapping[str, Json], side: str, *, is_pushed: bool) -> Kept:
    """Open a body; a head that is not complete is none."""
    head = row.get(f"{side}_head")
    if not head:
        return Kept(None, is_cut=False)
    complete = is_pushed or row.get(f"{side}_head_complete") in (True, "true", "True")
    return kept_body(head) if complete else Kept(None, is_cut=True)


def _provider(row: Mapping[str, Json]) -> str | None:
    named = row.get("provider")
    return provider_of_name(named) if type(named) is str else None


def _cost(row: Mapping[str, Json]) -> str | None:
    cost = amount(row.get("cost"))
    return None if cost is None else decimal_text(cost)


READER = Reader(
    name=NAME,
    title="Cloudflare AI Gateway logs",
    sign="tokens_in, tokens_out and cached beside provider, or Logpush's Gateway and RequestType",
    how_to_export="Page through the gateway's logs in Cloudflare's API, or push them with Logpush and decrypt them.",
    identify=identify,
    keys=frozenset({"tokens_in", "RequestType"}),
    read=read,
    switch_on={
        "cache split": "Fetch each log by its id: where its response is complete, its usage holds the cached tokens.",
        "content": "Let the gateway store payloads, and fetch each log by its id.",
        "features": "Send a header cf-aig-metadata with a key such as feature.",
        "conversations": "Send a session_id in the header cf-aig-metadata.",
    },
    limits={"retries": "The gateway numbers the steps of a fallback, but ties no rows together."},
)
