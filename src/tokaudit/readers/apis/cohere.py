"""What does a logged call of Cohere say? Chat, generate, embed and rerank of both versions, also from Bedrock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.bedrock_http import headers_of
from tokaudit.readers.exchange.cohere_stream import assemble_cohere
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, add_message, compact_json, definitions
from tokaudit.readers.usage.bedrock import header_usage, invocation_metrics, metered_usage
from tokaudit.readers.usage.cohere import cohere_usage
from tokaudit.readers.values.bedrock_models import priced_name
from tokaudit.readers.values.labels import label
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Role, Usage

NAME = "cohere"
_ROLES: Mapping[Json, Role] = {
    "system": "system", "user": "user", "chatbot": "assistant", "assistant": "assistant", "tool": "tool",
}  # fmt: skip


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with Cohere's API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response, ended = assemble_cohere(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    ids = (body.get("id"), body.get("generation_id"), body.get("response_id"))
    response_id = next((found for found in map(label, ids) if found), None)
    return replace(
        call,
        response_id=response_id,
        log_id=call.log_id if call.log_id != response_id else None,
        provider_name=call.provider_name or _provider(pair),
        request_model=priced_name(call.request_model),
        operation_name=_operation(request, body),
        finish_reason=label(body.get("finish_reason")),
        usage=_usage(pair, body, call, ended=ended),
        prompt=_prompt(request),
        answer=_answer(body, None if call.error_type else response),
        tools=definitions(request.get("tools")),
        response_schema=_response_schema(request.get("response_format")),
    )


def _provider(pair: Pair) -> str:
    """Bedrock serves the same bodies, but counts in headers or in the last event of a stream."""
    by_bedrock = bool(invocation_metrics(pair.response)) or header_usage(headers_of(pair)) is not MISSING_USAGE
    return "aws" if by_bedrock else "cohere"


def _usage(pair: Pair, body: Mapping[str, Json], call: Call, *, ended: bool) -> Usage:
    stated = (
        cohere_usage(body.get("usage")),
        cohere_usage(body.get("meta")),
        metered_usage(invocation_metrics(pair.response)),
        header_usage(headers_of(pair)),
    )
    found = next((usage for usage in stated if usage is not MISSING_USAGE), None) or usage_beside(pair)
    return found or unreported_usage(call.http_status, call.error_type, begun=not ended)


def _operation(request: Mapping[str, Json], body: Mapping[str, Json]) -> str:
    if "embeddings" in body or ("texts" in request and "message" not in request):
        return "embeddings"
    if "results" in body or ("query" in request and "documents" in request):
        return "rerank"
    return "chat"


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the prompt in the order Cohere writes it: preamble, history, documents, and what is asked now."""
    parts: list[Part] = []
    index = 0
    for role, sent in _sent(request):
        before = len(parts)
        if type(sent) is dict and "role" in sent:
            _add_message(parts, sent, role, index)
        else:
            add_content(parts, role, sent, index)
        index += len(parts) > before
    return tuple(parts)


def _sent(request: Mapping[str, Json]) -> list[tuple[Role, Json]]:
    turns = [item for key in ("chat_history", "messages") for item in _list(request.get(key)) if type(item) is dict]
    documents = [compact_json(item) if type(item) is dict else item for item in _list(request.get("documents"))]
    results = [compact_json(item) for item in _list(request.get("tool_results"))]
    asked = [request.get(key) for key in ("message", "prompt", "query")]
    texts = _list(request.get("texts"))
    last = turns[-1:] if "messages" in request else []
    earlier = turns[: len(turns) - len(last)]
    return [
        ("system", request.get("preamble")),
        *((_role(turn), turn) for turn in earlier),
        *(("user", item) for item in documents),
        *((_role(turn), turn) for turn in last),
        *(("user", item) for item in (*asked, *texts)),
        *(("tool", item) for item in results),
    ]


def _list(value: Json) -> list[Json]:
    return value if type(value) is list else []


def _role(turn: Mapping[str, Json]) -> Role:
    named = turn.get("role")
    return _ROLES.get(named.lower(), "user") if type(named) is str else "user"


def _add_message(parts: list[Part], turn: Mapping[str, Json], role: Role, index: int) -> None:
    """Append a turn of either version; the plan of an assistant that calls tools is text it wrote."""
    add_content(parts, role, turn.get("tool_plan"), index)
    content = turn.get("content", turn.get("message"))
    if type(content) is list:
        content = [_opened(block) for block in content]
    add_message(parts, {**turn, "content": content}, index, role)


def _opened(block: Json) -> Json:
    """Take the text out of a document that is the result of a tool."""
    document = block.get("document") if type(block) is dict else None
    data = document.get("data") if type(document) is dict else None
    if type(data) is str:
        return data
    return compact_json(data) if type(data) is dict else block


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read the answer; version 1 writes its text beside its tool calls, and a logger may have kept the text alone."""
    parts: list[Part] = []
    if type(body.get("message")) is dict:
        _add_message(parts, body["message"], "assistant", 0)
    elif type(response) is str:
        add_content(parts, "assistant", response, 0)
    else:
        generations = [item.get("text") for item in _list(body.get("generations")) if type(item) is dict]
        for index, text in enumerate((*generations, body.get("text")) if "results" not in body else ()):
            add_content(parts, "assistant", text, index)
        calls = [
            {"function": {**call, "arguments": call.get("parameters")}}
            for call in _list(body.get("tool_calls"))
            if type(call) is dict
        ]
        add_message(parts, {"tool_calls": calls}, 0, "assistant")
    return tuple(parts)


def _response_schema(response_format: Json) -> Json:
    """Keep the response format only when it carries a schema."""
    if type(response_format) is dict and any(key in response_format for key in ("json_schema", "schema")):
        return response_format
    return None


READER = Reader(
    name=NAME,
    title="Cohere chat, embed and rerank (versions 1 and 2)",
    sign="an answer with `billed_units` under `usage` or `meta`, or the events of its stream",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "money": "Keep `usage.billed_units` (version 1: `meta.billed_units`) of the answer, or the last event of a stream.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
    limits={"cache split": "Cohere bills no cached tokens: what it counts as cached is not on the bill."},
)
