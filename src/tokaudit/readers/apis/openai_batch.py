"""What do the files of an OpenAI batch say? Also of the servers that copy them: Azure, Mistral, Groq, Together, vLLM.

The output file and the error file have a line for each request that was made, in no order, without the request; the input
file has the requests. Nothing in a line says that a batch costs half: the file's shape does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies, calls_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import NOT_ANSWERED, error_code, failure, status_of
from tokaudit.readers.exchange.shapes import api_of_answer, is_request, may_be_request
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record

NAME = "openai_batch"
_TIER = "batch"


def identify(record: Record) -> bool:
    """Say whether the record is a line of a batch file, or the batch itself."""
    if "custom_id" in record:
        return _is_output(record) or _is_input(record)
    return record.get("object") == "batch" and "request_counts" in record


def _is_output(record: Record) -> bool:
    response = record.get("response")
    if type(response) is dict:
        if "body" in response or "status_code" in response:
            return True
        return "error" in record and api_of_answer(response) not in (None, "anthropic_messages")
    return response is None and "response" in record and "error" in record


def _is_input(record: Record) -> bool:
    body = record.get("body")
    return (
        type(body) is dict
        and not ("response" in record or "result" in record)
        and ("url" in record or is_request(body) or may_be_request(body))
    )


def read(record: Record, options: ReadOptions) -> Outcome | Sequence[Outcome]:
    """Tell what the line is: a call, or a request that tells more of one. Raises RejectRecordError."""
    if "custom_id" not in record:
        return Aside("batch job")
    if _is_input(record):
        return _asked(record, options)
    call, *others = _answered(record, options)
    if _is_moderation(call):
        return Aside("moderation")
    told = _of_batch(record, call)
    return (told, *(replace(other, reader=NAME, service_tier=_TIER) for other in others)) if others else told


def _asked(record: Record, options: ReadOptions) -> Outcome:
    body, url = record["body"], record.get("url")
    if url is None and is_request(body):
        url = "/v1/chat/completions"
    call = call_of_bodies(body, None, options, {"url": url})
    if call is None:
        return Aside("batch request of an unknown API")
    return _of_batch(record, replace(call, is_fragment=True, usage=MISSING_USAGE))


def _answered(record: Record, options: ReadOptions) -> tuple[Call, ...]:
    response = record.get("response")
    response = response if type(response) is dict else {}
    body = response.get("body", response)
    http_status, _ = status_of(response.get("status_code"))
    error_type = failure(http_status, error_code(_error(body)), error_code(record.get("error")))
    if error_type is not None or not response:
        failed = Call(NAME, http_status=http_status, error_type=error_type or "error", usage=NOT_ANSWERED)
        return (replace(failed, request_model=_model(record)),)
    calls = calls_of_bodies(record.get("body", record.get("request")), body, options, {"status_code": http_status})
    return calls or (_of_unknown_api(body, http_status),)


def _error(body: Json) -> Json:
    return body.get("error") if type(body) is dict else None


def _model(record: Record) -> str | None:
    body = record.get("body")
    return label(body.get("model")) if type(body) is dict else None


def _of_unknown_api(body: Json, http_status: int | None) -> Call:
    """Keep what every answer has: images come in batches too."""
    known: Mapping[str, Json] = body if type(body) is dict else {}
    usage = chat_usage(known.get("usage"), None, api="OpenAI batch")
    return Call(
        NAME,
        response_id=label(known.get("id")),
        response_model=label(known.get("model")),
        operation_name="other",
        http_status=http_status,
        usage=usage,
    )


def _is_moderation(call: Call) -> bool:
    """Moderations cost nothing and are no calls of a model."""
    return begins(call.response_model, ("omni-moderation", "text-moderation"))


def _of_batch(record: Record, call: Call) -> Call:
    """Add what the line says of the call. Its custom id is the team's own, and unique within one batch alone."""
    request_id, custom_id = label(record.get("id")), label(record.get("custom_id"))
    is_known = call.call_id or call.response_id or not request_id
    return replace(
        call,
        reader=NAME,
        call_id=call.call_id if is_known else f"{NAME}:{request_id}",
        log_id=request_id or call.log_id,
        service_tier=_TIER,
        link_id=f"{NAME}:{custom_id}" if custom_id else None,
    )


READER = Reader(
    name=NAME,
    title="OpenAI batch files (input, output and errors; also Azure, Mistral, Groq, vLLM)",
    sign="`custom_id` beside a `response` with `status_code` and `body`, or beside `method`, `url` and `body`",
    how_to_export="Download the batch's output file and error file, and keep the input file beside them.",
    switch_on={
        "content": "Put the batch's input file beside its output file: only it has the prompts.",
        "features": 'Send `metadata: {"feature": "..."}` in the body of each request, and keep the input file.',
        "conversations": "Keep the input file, which has the whole messages.",
        "cache split": "Use a server that reports `usage.prompt_tokens_details`.",
    },
    limits={"retries": "A batch makes each request once; failed ones stand in its error file."},
    identify=identify,
    keys=frozenset({"custom_id", "request_counts"}),
    read=read,
)
