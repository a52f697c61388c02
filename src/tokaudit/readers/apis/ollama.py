"""What does a logged call of Ollama's own API say? Chat, generate and embed; its OpenAI-compatible API is another's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, add_message, definitions
from tokaudit.readers.exchange.shapes import is_ollama_piece
from tokaudit.readers.usage.ollama import ollama_usage
from tokaudit.readers.values.labels import exact, label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record, Role, Usage

NAME = "ollama"
_ASKED: tuple[tuple[Role, str], ...] = (("system", "system"), ("user", "prompt"), ("user", "input"))
_NS_PER_US = 1_000
_NS_PER_MS = 1_000_000
_LONGEST_NS = 24 * 3600 * 10**9


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with Ollama, or a line of its stream."""
    pair = find_pair(record)
    return is_ollama_piece(record) if pair is None else dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Outcome:
    """Turn the record into a call. Raises RejectRecordError."""
    if find_pair(record) is None and is_ollama_piece(record):
        return Aside("stream chunk")
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = pair.request
    response = _assembled(pair.response) if type(pair.response) is list else pair.response
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    answer = _answer(body, None if call.error_type else response)
    started_at, latency_ms = _times(body)
    is_embedding = any(key in body for key in ("embeddings", "embedding"))
    return replace(
        call,
        started_at=call.started_at if call.started_at is not None and not _is_bare(pair) else started_at,
        latency_ms=latency_ms if call.latency_ms is None or _is_bare(pair) else call.latency_ms,
        provider_name=call.provider_name or "ollama",
        operation_name="embeddings" if is_embedding else "chat",
        finish_reason=label(body.get("done_reason")),
        usage=_usage(pair, body, call, answer),
        prompt=_prompt(request),
        answer=answer,
        tools=definitions(request.get("tools")),
        response_schema=request.get("format") if type(request.get("format")) is dict else None,
    )


def _is_bare(pair: Pair) -> bool:
    return any(layer is pair.response for _, layer in pair.around)


def _assembled(lines: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Put the lines of a stream together: texts are joined, all else is as the last line has it."""
    body: dict[str, Json] = {}
    content, text, thought = "", "", ""
    calls: list[Json] = []
    for line in lines:
        message = line.get("message")
        message = message if type(message) is dict else {}
        content += _text(message.get("content"))
        text += _text(line.get("response"))
        thought += _text(message.get("thinking")) + _text(line.get("thinking"))
        calls += message["tool_calls"] if type(message.get("tool_calls")) is list else []
        body |= line
    if "message" in body:
        body["message"] = {"role": "assistant", "content": content, "thinking": thought, "tool_calls": calls}
    else:
        body |= {"response": text, "thinking": thought}
    return body


def _text(value: Json) -> str:
    return value if type(value) is str else ""


def _times(body: Mapping[str, Json]) -> tuple[int | None, int | None]:
    """Read start and duration: an answer is dated when it ended, and its duration is in nanoseconds."""
    ended_at, lasted = micros(body.get("created_at")), body.get("total_duration")
    if type(lasted) is not int or not 0 <= lasted <= _LONGEST_NS:
        return ended_at, None
    started_at = None if ended_at is None else ended_at - lasted // _NS_PER_US
    return started_at, round(lasted / _NS_PER_MS)


def _usage(pair: Pair, body: Mapping[str, Json], call: Call, answer: tuple[Part, ...]) -> Usage:
    if body and not call.error_type:
        message = body.get("message")
        thought = body.get("thinking") or (message.get("thinking") if type(message) is dict else None)
        is_load = body.get("done_reason") in ("load", "unload")  # the model was loaded, and nothing asked
        asked = not is_load and (bool(_prompt(pair.request)) or not pair.request)
        usage = ollama_usage(body, asked=asked, answered=bool(answer) or bool(thought))
        if usage is not MISSING_USAGE:
            return usage
    return usage_beside(pair) or unreported_usage(call.http_status, call.error_type)


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the messages of a chat; else the system prompt, the text and the images of a request to generate or embed."""
    parts: list[Part] = []
    messages = request.get("messages")
    for index, message in enumerate(messages if type(messages) is list else ()):
        if type(message) is dict:
            add_message(parts, message, index)
            _add_images(parts, message.get("images"), index)
    for role, key in _ASKED:
        add_content(parts, role, request.get(key), len({part.message for part in parts}))
    _add_images(parts, request.get("images"), max(len({part.message for part in parts}) - 1, 0))
    return tuple(parts)


def _add_images(parts: list[Part], images: Json, index: int) -> None:
    sent = (image for image in (images if type(images) is list else ()) if type(image) is str and image)
    parts.extend(Part("user", "media", exact(image), index) for image in sent)


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read the answer; a logger may have kept the text alone."""
    parts: list[Part] = []
    if type(body.get("message")) is dict:
        add_message(parts, body["message"], 0, "assistant")
    else:
        add_content(parts, "assistant", response if type(response) is str else body.get("response"), 0)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="Ollama chat, generate and embed",
    sign="an answer with `done` and `eval_count` or `prompt_eval_count`, or the lines of its stream",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
    },
    limits={
        "money": "Ollama runs on your own machines and bills no tokens.",
        "cache split": "Ollama does not say what it read from its cache, and it costs nothing.",
        "retries": "Ollama gives its calls no id.",
    },
)
