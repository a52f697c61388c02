"""What does a row of Vertex' table of requests and responses say, as exported from BigQuery or reshaped by Elastic?

Bodies stand in `full_request` and `full_response` as objects or as texts, or in lists of texts; a streamed answer is a list of
chunks. Calls of Claude stand in the same table. A row is written when the call has ended.
Source: Google Cloud docs, request-response logging; CATALOGUE 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import error_code, status_of, unreported_usage
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount
from tokaudit.readers.values.providers import google_location, google_model
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record

NAME = "vertex_table"
_ELASTIC = ("gcp", "vertexai", "prompt_response_logs")
_BODIES = ("full_request", "full_response", "request_payload", "response_payload")
_OWN = ("api_method", "endpoint", "deployed_model_id", "model_version")
_METHODS = frozenset(("generatecontent", "streamgeneratecontent", "rawpredict", "streamrawpredict"))
_US_PER_MS = 1_000
_LONGEST_MS = 24 * 3600 * 1000


def identify(record: Record) -> bool:
    """Say whether the record is a row of the table."""
    row = _row(record)
    return "logging_time" in row and any(key in row for key in _BODIES) and any(key in row for key in _OWN)


def _row(record: Record) -> Mapping[str, Json]:
    """Take the row out of an Elastic document; columns may also be named by their whole path there."""
    found: Json = record
    for key in _ELASTIC:
        found = found.get(key) if type(found) is dict else None
    return found if type(found) is dict else record


def read(record: Record, options: ReadOptions) -> Outcome:
    """Turn the row into a call. Raises RejectRecordError."""
    row = _row(record)
    request, response = _body(row, "full_request", "request_payload"), _body(row, "full_response", "response_payload")
    model = google_model(label(row.get("model")))
    call = call_of_bodies(request, response, options, {"url": _url(row, model)})
    if call is None and _method(row) not in _METHODS:
        return Aside("prediction of another model")
    call = call or _without_bodies(response)
    logged_at, latency_ms = micros(row.get("logging_time"), "UTC"), _latency(row)
    started_at = logged_at - (latency_ms or 0) * _US_PER_MS if logged_at is not None else None
    request_id = label(row.get("request_id"))
    return replace(
        call,
        reader=NAME,
        call_id=None if call.response_id or not request_id else f"{NAME}:{request_id}",
        log_id=request_id,
        started_at=started_at if call.started_at is None else call.started_at,
        latency_ms=latency_ms,
        provider_name="google",
        request_model=model or google_model(call.request_model),
        region=call.region or google_location(label(row.get("endpoint"))),
    )


def _body(row: Mapping[str, Json], whole: str, pieces: str) -> Json:
    """Find a body: whole, or in pieces, each a chunk of a stream or a cut of one text."""
    body = _opened(row.get(whole))
    if body:
        return body
    listed = _opened(row.get(pieces))
    if type(listed) is not list:
        return listed
    opened = [_opened(piece) for piece in listed]
    if all(type(piece) is dict for piece in opened):
        return opened[0] if len(opened) == 1 else opened
    if len(opened) == 1:
        return opened[0]
    return _opened("".join(piece for piece in listed if type(piece) is str))


def _opened(value: Json) -> Json:
    return open_text(value) if type(value) is str else value


def _method(row: Mapping[str, Json]) -> str:
    method = row.get("api_method")
    return method.rpartition(".")[2].lower() if type(method) is str else ""


def _url(row: Mapping[str, Json], model: str | None) -> str:
    """Write the address that was called: it names model and API where a call has no answer."""
    return f"https://aiplatform.googleapis.com/v1/models/{model or '-'}:{_method(row)}"


def _latency(row: Mapping[str, Json]) -> int | None:
    metadata = _opened(row.get("metadata"))
    stated = amount(metadata.get("request_latency")) if type(metadata) is dict else None
    return round(stated) if stated is not None and stated <= _LONGEST_MS else None


def _without_bodies(response: Json) -> Call:
    """Keep a call whose bodies were not logged, or whose answer is an error alone."""
    answer = response[0] if type(response) is list and response else response
    error = answer.get("error") if type(answer) is dict else None
    http_status, _ = status_of(error.get("code")) if type(error) is dict else (None, None)
    error_type = error_code(error)
    usage = unreported_usage(http_status, error_type) if error_type else MISSING_USAGE
    return Call(NAME, http_status=http_status, error_type=error_type, usage=usage)


READER = Reader(
    name=NAME,
    title="Vertex AI request-response logging table (BigQuery, or Elastic's copy)",
    sign="`logging_time` beside `full_request` and `full_response`, or `request_payload` and `response_payload`",
    how_to_export="Set `request_response_logging_config` on the model and export its BigQuery table as JSONL or CSV.",
    identify=identify,
    keys=frozenset({"logging_time", _ELASTIC[0]}),
    read=read,
    switch_on={
        "content": "Export the columns `full_request` and `full_response`.",
        "features": 'Send `labels: {"feature": "..."}` with each request.',
        "conversations": "Send a `session_id` as a label; without it conversations are told by their texts.",
    },
    limits={
        "money": "A `sampling_rate` below 1 leaves calls out, and no row says so.",
        "retries": "The table does not say which calls repeat one that failed.",
    },
)
