"""What do the files of a Gemini batch say, of the Gemini API and of Vertex?

Nothing in a line says that a batch costs half: the file's shape does. The Gemini API joins input and output by a key of the
team's own; Vertex repeats the request in the output.
"""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import error_code
from tokaudit.readers.exchange.shapes import api_of_answer, api_of_request
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, Usage

NAME = "gemini_batch"
_TIER = "batch"
_URL = "https://generativelanguage.googleapis.com/v1beta/batches:generateContent"
_KEYS = frozenset(("key", "request", "response", "error", "status", "metadata"))
_NOT_CHARGED = Usage(0, 0, 0, 0, 0, 0, rule="requests of a batch that failed are not charged")


def identify(record: Record) -> bool:
    """Say whether the record is a line of a batch's input or output."""
    if "processed_time" in record:
        return "status" in record and _is_request(record.get("request"))
    if "key" not in record:
        return record.keys() == {"request"} and _is_request(record["request"])
    if not record.keys() <= _KEYS or ("response" in record and "request" in record):
        return False
    return _is_request(record.get("request")) or _is_answer(record.get("response")) or record.keys() == {"key", "error"}


def _is_request(value: Json) -> bool:
    return type(value) is dict and api_of_request(value) == "gemini"


def _is_answer(value: Json) -> bool:
    return type(value) is dict and api_of_answer(value) == "gemini"


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the line is: a call, or a request that tells more of one. Raises RejectRecordError."""
    key = label(record.get("key"))
    if "response" not in record and "error" not in record and "status" not in record:
        if key is None:
            return Aside("line of a batch's input")
        asked = call_of_bodies(record.get("request"), None, options, {"url": _URL}) or Call(NAME)
        return _of_batch(record, replace(asked, is_fragment=True, usage=MISSING_USAGE))
    response = record.get("response")
    call = call_of_bodies(record.get("request"), response, options, {"url": _URL}) if response else None
    if call is None or call.error_type is not None:
        call = _failed(record, call)
    return _of_batch(record, call)


def _failed(record: Record, call: Call | None) -> Call:
    error_type = error_code(record.get("error") or record.get("status"))
    known = call or Call(NAME, request_model=None)
    return replace(known, error_type=known.error_type or error_type or "error", usage=_NOT_CHARGED)


def _of_batch(record: Record, call: Call) -> Call:
    key = label(record.get("key"))
    return replace(
        call,
        reader=NAME,
        provider_name="google",
        service_tier=_TIER,
        started_at=micros(record.get("processed_time")) if call.started_at is None else call.started_at,
        link_id=f"{NAME}:{key}" if key else None,
    )


READER = Reader(
    name=NAME,
    title="Gemini batch files (Gemini API and Vertex)",
    sign="a `key` beside a `request` or a `response`, or `processed_time` beside both",
    how_to_export="Download the batch's output file, and for the Gemini API keep the input file beside it.",
    identify=identify,
    keys=frozenset({"processed_time", "key", "request"}),
    read=read,
    switch_on={
        "content": "Put the batch's input file beside its output file: of the Gemini API only it has the prompts.",
        "features": 'Send `labels: {"feature": "..."}` with the requests of a Vertex batch.',
        "conversations": "Keep the input file, which has the whole contents.",
    },
    limits={"retries": "A batch makes each request once."},
)
