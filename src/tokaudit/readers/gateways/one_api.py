"""What does a row of the `logs` table of one-api, new-api and their forks say?

`quota` is a resale price, made of the operator's own ratios: it is no cost. new-api notes the cache in a JSON text `other`,
in the input for OpenAI's models and beside it for Anthropic's. Source: both projects' `model/log.go`; CATALOGUE 13.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.gateways.operations import operation_of_url, with_cache_of
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.usage.media import first_part
from tokaudit.readers.values.attempts import before_the_last
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Record, Usage

NAME = "one_api"
_CALLS = ("2", "5")
"""Consumption; and in new-api errors, in one-api the tests of channels."""
_ASIDES = {"1": Aside("top-up"), "3": Aside("management"), "4": Aside("system message"), "6": Aside("refund")}
_OTHER = Aside("other record")
_PRODUCER = Producer("one-api", cache="as the provider")
_CLAUDE = Producer("one-api", cache="outside")
_INCLUSIVE = Producer("one-api")
_TASK = Aside("billing of a task")
_PER_CALL = replace(MISSING_USAGE, rule="one-api: billed by the call, not by tokens")


def identify(record: Record) -> bool:
    """Say whether the record is a row of the table."""
    return (
        "quota" in record
        and "model_name" in record
        and "prompt_tokens" in record
        and ("token_name" in record or "channel" in record or "channel_id" in record)
    )


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the row into a call, if it is one. Raises RejectRecordError."""
    kind = label(record.get("type")) or "2"
    if kind not in _CALLS:
        return _ASIDES.get(kind, _OTHER)
    other = open_object(record.get("other"))
    if "task_id" in other:
        return _TASK
    for_whom = attribution(record, options, (), [("token_name", record.get("token_name"))])
    outcome = _failure(record, other) if kind == "5" else (None, None)
    model = label(record.get("model_name"))
    served = label(other.get("upstream_model_name"))
    operation_name = operation_of_url(other.get("request_path")) or "chat"
    return Call(
        reader=NAME,
        log_id=first_label(record, "request_id", "id"),
        started_at=micros(record.get("created_at"), "UTC"),
        latency_ms=_latency(record),
        request_model=model,
        response_model=served,
        operation_name=operation_name,
        http_status=outcome[0],
        error_type=outcome[1],
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=label(record.get("username")) or for_whom.user_id,
        conversation_id=for_whom.conversation_id,
        operation_id=label(record.get("request_id")),  # shared with the errors that new-api may log of tries before
        gateway_retries=before_the_last(open_object(other.get("admin_info")).get("use_channel")).retries,
        usage=with_cache_of(operation_name, _usage(record, other, served or model, outcome)),
    )


def _failure(record: Record, other: Mapping[str, Json]) -> tuple[int | None, str | None]:
    """Read an error; a test that used tokens succeeded."""
    if first_count(record, "completion_tokens"):
        return None, None
    http_status, _ = status_of(other.get("status_code"))
    return http_status, failure(http_status, error_code(other.get("error_code")), "error")


def _latency(record: Record) -> int | None:
    """one-api logs milliseconds, new-api whole seconds."""
    milliseconds, seconds = amount(record.get("elapsed_time")), amount(record.get("use_time"))
    if milliseconds is None and seconds is not None:
        milliseconds = seconds * 1000
    return None if milliseconds is None else round(milliseconds)


def _usage(
    record: Record, other: Mapping[str, Json], model: str | None, outcome: tuple[int | None, str | None]
) -> Usage:
    prompt, completion = first_count(record, "prompt_tokens"), first_count(record, "completion_tokens")
    if not prompt and not completion:
        return unreported_usage(*outcome) if outcome[1] is not None else _PER_CALL
    counts = Counts(
        prompt,
        completion,
        cache_read=first_count(other, "cache_tokens"),
        cache_write=first_count(other, "cache_creation_tokens", "cache_write_tokens"),
        cache_write_5m=first_count(other, "cache_creation_tokens_5m"),
        cache_write_1h=first_count(other, "cache_creation_tokens_1h"),
        input_audio=first_part(other, "audio_input", "audio_input_token_count"),
        output_audio=first_part(other, "audio_output"),
        media={
            "web_searches": first_part(other, "web_search_call_count"),
            "file_searches": first_part(other, "file_search_call_count"),
        },
    )
    if other.get("claude") is True or other.get("usage_semantic") == "anthropic":
        return usage_of(counts, _CLAUDE, model)
    if (total := first_count(other, "input_tokens_total")) is not None:
        return usage_of(replace(counts, input=total), _INCLUSIVE, model)
    return usage_of(counts, _PRODUCER, model)


READER = Reader(
    name=NAME,
    title="one-api and new-api logs",
    sign="quota beside token_name, model_name and channel",
    how_to_export="Export the table `logs` of the gateway's database as CSV or JSON lines.",
    identify=identify,
    keys=frozenset({"quota"}),
    read=read,
    switch_on={
        "cache split": "Export the column `other`, where new-api notes cached tokens.",
        "features": "Give each application a token of its own, with its name.",
    },
    limits={
        "content": "The gateway stores no texts.",
        "conversations": "The gateway stores no session id and no texts.",
        "retries": "The gateway logs the try that succeeded; new-api also tells through how many channels it went before.",
    },
)
