"""What does a row of a Databricks inference table, or of its table of endpoint usage, say?

Request and response are JSON text; a batch stands in one row. Endpoints that sample log only a share of their calls. Both
tables name a request alike. Source: Databricks' documentation; CATALOGUE 13.8.
"""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import Kept, kept_body, without_cut_texts
from tokaudit.readers.exchange.outcome import failure, status_of
from tokaudit.readers.gateways.counted import usage_of_gateway
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Record

NAME = "databricks_inference_table"
_PRODUCER = Producer("Databricks", cache="as the provider", reasoning="as the provider")
_OTHER_MODEL = Aside("request to a model that is no language model")
_TABLES_OF_INPUTS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def identify(record: Record) -> bool:
    """Say whether the record is a row of one of the two tables."""
    return "databricks_request_id" in record and (
        "response" in record or "request" in record or "input_token_count" in record
    )


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the row into a call, if it is one to a language model. Raises RejectRecordError."""
    request, response = kept_body(record.get("request")), kept_body(record.get("response"))
    http_status, _ = status_of(record.get("status_code"))
    metadata = open_object(record.get("request_metadata"))
    model = label(metadata.get("model_name"))
    around = {"status_code": http_status, "model": model}
    told = call_of_bodies(request.body, response.body, options, around)
    call = told or call_of_bodies(request.body, None, options, around)
    if call is None and "input_token_count" not in record and (_has_table(request) or http_status in (None, 200)):
        return _OTHER_MODEL
    call = without_cut_texts(call or Call(NAME, error_type=failure(http_status)), request, response)
    context = open_object(request.body).get("usage_context", record.get("usage_context"))
    for_whom = attribution(record, options, [("usage_context.", open_object(context))])
    counts = Counts(*(first_count(record, name) for name in ("input_token_count", "output_token_count")))
    key = label(record.get("databricks_request_id"))
    return replace(
        call,
        reader=NAME,
        call_id=f"databricks:{key}" if key else None,
        log_id=key,
        started_at=_started_at(record) or call.started_at,
        latency_ms=milliseconds(record.get("execution_duration_ms", record.get("execution_time_ms"))),
        request_model=call.request_model or model,
        http_status=http_status,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id or call.user_id or label(record.get("requester")),
        conversation_id=for_whom.conversation_id or call.conversation_id,
        usage=usage_of_gateway(call, counts, _PRODUCER),
    )


def _has_table(request: Kept) -> bool:
    """Tell classical models, whose inputs are tables of features."""
    body = open_object(request.body)
    return any(name in body for name in _TABLES_OF_INPUTS)


def _started_at(record: Record) -> int | None:
    times = (record.get(name) for name in ("request_time", "timestamp_ms"))
    return next((found for value in times if (found := micros(value, "UTC")) is not None), None)


READER = Reader(
    name=NAME,
    title="Databricks inference tables and endpoint usage",
    sign="databricks_request_id beside request and response",
    how_to_export="Export the endpoint's inference table, or system.serving.endpoint_usage, as JSON lines or CSV.",
    identify=identify,
    keys=frozenset({"databricks_request_id"}),
    read=read,
    switch_on={
        "money": "Log all calls: an endpoint with a sampling fraction below 1 logs only that share of them.",
        "cache split": "Export the inference table, whose answers hold the cached tokens, beside the table of usage.",
        "content": "Turn on inference tables for the endpoint.",
        "features": "Send a usage_context with requests, with a key such as feature.",
        "conversations": "Send a usage_context with requests, with a key session_id.",
    },
    limits={"retries": "The endpoint logs each request it got, and ties none together."},
)
