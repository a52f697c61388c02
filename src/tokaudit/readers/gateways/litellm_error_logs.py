"""What does a row of LiteLLM's table of errors say? Each is a call that failed. Source: LiteLLM's database schema."""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.values.durations import elapsed_ms
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.providers import provider_of_model, provider_of_url
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Record

NAME = "litellm_error_logs"


def identify(record: Record) -> bool:
    """Say whether the record is a row of LiteLLM_ErrorLogs."""
    return "exception_type" in record and "litellm_model_name" in record and "startTime" in record


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the row into a failed call. Raises RejectRecordError."""
    started_at, ended_at = (micros(record.get(name), "UTC") for name in ("startTime", "endTime"))
    http_status, _ = status_of(record.get("status_code"))
    error_type = failure(http_status, error_code(record.get("exception_type")), "error")
    model, base = label(record.get("litellm_model_name")), label(record.get("api_base"))
    asked = call_of_bodies(open_object(record.get("request_kwargs")), None, options, {"model": model})
    return replace(
        asked or Call(NAME),
        reader=NAME,
        log_id=label(record.get("request_id")),
        started_at=started_at,
        latency_ms=elapsed_ms(started_at, ended_at),
        provider_name=(provider_of_url(base) if base else None) or provider_of_model(model),
        request_model=first_label(record, "model_group", "litellm_model_name"),
        response_model=model,
        http_status=http_status,
        error_type=error_type,
        usage=unreported_usage(http_status, error_type),
    )


READER = Reader(
    name=NAME,
    title="LiteLLM error logs (table LiteLLM_ErrorLogs)",
    sign="exception_type and litellm_model_name beside each other",
    how_to_export='Copy the table: psql -c "\\copy \\"LiteLLM_ErrorLogs\\" TO errors.csv CSV HEADER".',
    identify=identify,
    keys=frozenset({"litellm_model_name"}),
    read=read,
    limits={
        "money": "Failed calls are not billed, or for what came before a timeout, which is not logged.",
        "cache split": "Failed calls report no tokens.",
        "conversations": "The table of errors holds no session id.",
    },
)
