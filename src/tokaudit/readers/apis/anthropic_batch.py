"""What do the files of an Anthropic message batch say: its results, and the requests that were sent?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies, calls_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import NOT_ANSWERED, error_code
from tokaudit.readers.values.labels import label
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, RejectRecordError

NAME = "anthropic_batch"
_TIER = "batch"
_SUCCEEDED = "succeeded"
_FAILURES = ("errored", "canceled", "cancelled", "expired")
NO_MESSAGE = "a result that succeeded holds no message"


def identify(record: Record) -> bool:
    """Say whether the record is a result of a batch, a request of one, or the batch itself."""
    if "custom_id" in record:
        return _is_result(record) or _is_request(record) or _is_message(record.get("response"))
    return record.get("type") == "message_batch" and "request_counts" in record


def _is_result(record: Record) -> bool:
    result = record.get("result")
    return type(result) is dict and result.get("type") in (_SUCCEEDED, *_FAILURES)


def _is_request(record: Record) -> bool:
    params = record.get("params")
    return type(params) is dict and "messages" in params and "result" not in record


def _is_message(value: Json) -> bool:
    return type(value) is dict and value.get("type") == "message" and type(value.get("content")) is list


def read(record: Record, options: ReadOptions) -> Outcome | Sequence[Outcome]:
    """Tell what the line is: a call, or a request that tells more of one. Raises RejectRecordError."""
    if "custom_id" not in record:
        return Aside("batch job")
    request = record.get("params", record.get("request"))
    if _is_request(record):
        return _asked(record, request, options)
    result = record.get("result")
    if type(result) is dict and result.get("type") != _SUCCEEDED:
        return _of_batch(record, _failed(result))
    message = result.get("message") if type(result) is dict else record.get("response")
    calls = calls_of_bodies(request, message, options) if _is_message(message) else ()
    if not calls:
        raise RejectRecordError(NO_MESSAGE)
    call, *others = calls
    told = _of_batch(record, call)
    return (told, *(replace(other, reader=NAME, service_tier=_TIER) for other in others)) if others else told


def _asked(record: Record, request: Json, options: ReadOptions) -> Outcome:
    call = call_of_bodies(request, None, options, {"url": "https://api.anthropic.com/v1/messages"})
    if call is None:
        return Aside("batch request of an unknown API")
    return _of_batch(record, replace(call, is_fragment=True, usage=MISSING_USAGE))


def _failed(result: Record) -> Call:
    """A request that was canceled, expired or refused was never answered."""
    error_type = error_code(result.get("error")) or label(result.get("type"))
    return Call(NAME, provider_name="anthropic", error_type=error_type, usage=NOT_ANSWERED)


def _of_batch(record: Record, call: Call) -> Call:
    custom_id = label(record.get("custom_id"))
    return replace(call, reader=NAME, service_tier=_TIER, link_id=f"{NAME}:{custom_id}" if custom_id else None)


READER = Reader(
    name=NAME,
    title="Anthropic message batches (results and requests)",
    sign="`custom_id` beside a `result` that succeeded, errored, expired or was canceled, or beside `params`",
    how_to_export="Download the batch's results file, and keep the requests that were sent beside it.",
    switch_on={
        "content": "Put the requests of the batch beside its results: only they have the prompts.",
        "conversations": "Keep the requests, which have the whole messages.",
    },
    limits={
        "features": "A batch names no use case: they are told apart by their prompts.",
        "retries": "A batch makes each request once.",
    },
    identify=identify,
    keys=frozenset({"custom_id", "request_counts"}),
    read=read,
)
