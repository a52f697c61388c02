"""What does a logged response of OpenAI's Responses API say? Also Azure's, compatible servers' and Realtime responses.

A request that goes on from an earlier response (`previous_response_id`, `conversation`) holds the new turn alone, while the
whole conversation is billed: the earlier turns stand in the earlier calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import asked_in, logged_call, read_pair
from tokaudit.readers.apis.openai_family import RESPONSES, provider_of, reported_usage, schema_of, stated_cost
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import failure, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, definitions
from tokaudit.readers.exchange.response_items import item_parts, output_parts
from tokaudit.readers.exchange.responses_stream import assemble_response
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.searches import searches_in
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Part, Record, Usage

NAME = "openai_responses"
_COMPACTION = "response.compaction"
_REALTIME = "realtime.response"
_UNFINISHED = ("queued", "in_progress")
_FINISH_REASONS = {"max_output_tokens": "length"}
"""What the chat API calls the same."""


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with the Responses API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the record is; a copy of a response that still runs has no usage yet. Raises RejectRecordError."""
    call = read_pair(record, options, call_of)
    if not (call.is_fragment and not call.prompt):
        return call
    return Aside("unfinished response")


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    response, ended = assemble_response(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    asked = _asked(asked_in(pair, "input"), body)
    started_at = call.started_at if call.started_at is not None else micros(body.get("created_at"))
    provider = provider_of(body, call)
    error_type = call.error_type or _failure(body, call.http_status)
    answer = _answer(body, None if error_type else response)
    is_unfinished = ended and _still_runs(body) and type(body.get("usage")) is not dict
    return replace(
        call,
        started_at=started_at,
        latency_ms=_latency(call.latency_ms, body),
        provider_name=provider,
        operation_name="compaction" if body.get("object") == _COMPACTION else "chat",
        error_type=error_type,
        finish_reason=_finish_reason(body),
        feature=call.feature or _template(asked),
        feature_from=call.feature_from or ("request.prompt.id" if _template(asked) else None),
        user_id=call.user_id or label(body.get("user")) or label(body.get("safety_identifier")),
        conversation_id=call.conversation_id or _conversation(asked, body),
        service_tier=label(body.get("service_tier")),
        usage=_usage(reported_usage(pair, body, started_at, provider, RESPONSES), body)
        or unreported_usage(call.http_status, error_type, begun=bool(answer)),
        logged_cost=call.logged_cost or stated_cost(body),
        prompt=_prompt(asked),
        answer=answer,
        tools=definitions(asked.get("tools")),
        response_schema=_response_schema(asked),
        previous_response_id=label(asked.get("previous_response_id")) or label(body.get("previous_response_id")),
        link_id=_link(body) if ended else None,
        is_fragment=is_unfinished,
    )


def _usage(usage: Usage | None, body: Mapping[str, Json]) -> Usage | None:
    """Add the searches that the answer shows, unless its usage block counts them itself."""
    if usage is None or usage.input_tokens is None or usage.web_searches is not None:
        return usage
    return with_media(usage, searches_in(body.get("output")))


def _asked(request: Mapping[str, Json], body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the request. What a stored prompt template filled in stands in the answer alone.

    Without a request the answer's echo of its instructions and tools would be but a part of the prompt: it is not used.
    """
    if type(request.get("prompt")) is not dict:
        return request
    return {key: body[key] for key in ("instructions", "tools", "text") if body.get(key)} | dict(request)


def _prompt(asked: Mapping[str, Json]) -> tuple[Part, ...]:
    """The instructions come before the input and count as message 0; a template's are a list of messages."""
    instructions = asked.get("instructions")
    parts: list[Part] = []
    if type(instructions) is str:
        add_content(parts, "system", instructions, 0)
    else:
        parts.extend(item_parts(instructions))
    sent = asked.get("input", asked.get("messages"))
    parts.extend(item_parts(sent, parts[-1].message + 1 if parts else 0))
    return tuple(parts)


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read the output; a logger may have kept the text alone."""
    parts = output_parts(body.get("output"))
    if type(response) is str:
        add_content(parts, "assistant", response, 0)
    return tuple(parts)


def _response_schema(asked: Mapping[str, Json]) -> Json:
    text = asked.get("text")
    return schema_of(text.get("format")) if type(text) is dict else None


def _latency(latency_ms: int | None, body: Mapping[str, Json]) -> int | None:
    """Leave out a duration that is but the answer's own two times, which are whole seconds."""
    start, end = micros(body.get("created_at")), micros(body.get("completed_at"))
    if start is None or end is None or latency_ms != (end - start) // 1000:
        return latency_ms
    return None


def _failure(body: Mapping[str, Json], http_status: int | None) -> str | None:
    """A response that was cancelled or failed says so in its status; in a spoken dialogue, to interrupt is no failure."""
    status = body.get("status")
    if status == "failed" or (status == "cancelled" and body.get("object") != _REALTIME):
        return failure(http_status, label(status))
    return None


def _finish_reason(body: Mapping[str, Json]) -> str | None:
    for key in ("incomplete_details", "status_details"):
        details = body.get(key)
        if type(details) is dict and (reason := label(details.get("reason"))):
            return _FINISH_REASONS.get(reason, reason)
    return None if _still_runs(body) else label(body.get("status"))


def _still_runs(body: Mapping[str, Json]) -> bool:
    return body.get("status") in _UNFINISHED


def _template(asked: Mapping[str, Json]) -> str | None:
    prompt = asked.get("prompt")
    return label(prompt.get("id")) if type(prompt) is dict else None


def _conversation(asked: Mapping[str, Json], body: Mapping[str, Json]) -> str | None:
    for place, key in ((asked, "conversation"), (body, "conversation"), (body, "conversation_id")):
        value = place.get(key)
        if found := label(value.get("id") if type(value) is dict else value):
            return found
    return None


def _link(body: Mapping[str, Json]) -> str | None:
    """A background response is asked for in one exchange and fetched in others: the first has its prompt."""
    response_id = label(body.get("id"))
    is_background = body.get("background") is True or _still_runs(body)
    return f"{NAME}:{response_id}" if response_id and is_background else None


READER = Reader(
    name=NAME,
    title="OpenAI Responses API (also Azure OpenAI, compatible servers, Realtime)",
    sign='an answer with `object: "response"`, or its stream, beside the request or alone',
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Log streams to their last event, and background responses when they are completed.",
        "cache split": "Keep `usage.input_tokens_details` of the answer as it came.",
        "content": "Log the request body beside the answer, from the first turn of a conversation on.",
        "features": 'Send `metadata: {"feature": "..."}` with the request, or log a `feature` beside the bodies.',
        "conversations": "Log every turn: turns are tied by `previous_response_id` or `conversation`.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
    identify=identify,
    read=read,
)
