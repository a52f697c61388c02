"""What do the messages of opencode tell: its storage files, rows of its database, and `opencode export`?

Input is the uncached rest, the cache stands beside it. Reasoning stands beside the output since late 2025 and inside it
before, as the provider had it; a stated total decides. Source: CATALOGUE 14.5 and opencode's `getUsage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tokaudit.readers.agents.folders import folder_name
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.exchange.parts import tool_call_part
from tokaudit.readers.usage.counts import Counts, Producer, Side, first_count, usage_of
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import exact, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record, Usage

NAME = "opencode"
_ROLES = ("user", "assistant")


def identify(record: Record) -> bool:
    """Say whether the record is a message, a part of one, a session, a row that holds one of them, or an export."""
    if "sessionID" in record:
        return (record.get("role") in _ROLES and type(record.get("time")) is dict) or (
            "messageID" in record and "type" in record
        )
    if "session_id" in record and "time_created" in record and "data" in record:
        return _row(record) is not None
    if type(record.get("messages")) is list:
        return type(record.get("info")) is dict and any(map(_is_exported, record["messages"][:2]))
    return type(record.get("time")) is dict and "projectID" in record and "title" in record


def _is_exported(message: Json) -> bool:
    return type(message) is dict and type(message.get("info")) is dict and type(message.get("parts")) is list


def read(record: Record, options: ReadOptions) -> Outcome | Sequence[Outcome]:
    """Tell what the record is. Raises RejectRecordError."""
    if "sessionID" not in record and type(record.get("messages")) is list:
        return _export(record["messages"])
    found = _row(record) if "data" in record and "session_id" in record else record
    if found is None or "sessionID" not in found:
        return Aside("session")
    if "messageID" in found:
        return _step(found) if found.get("type") == "step-finish" else Aside("message part")
    return _message(found) if found.get("role") == "assistant" else Aside("user message")


def _row(record: Record) -> Record | None:
    """Read a row of the database, whose `data` leaves out what has a column of its own."""
    data = record["data"]
    data = open_text(data) if type(data) is str else data
    if type(data) is not dict or not (data.get("role") in _ROLES or ("message_id" in record and "type" in data)):
        return None
    columns = {"id": record.get("id"), "sessionID": record["session_id"]}
    return {**data, **columns, **({"messageID": record["message_id"]} if "message_id" in record else {})}


def _message(message: Mapping[str, Json]) -> list[Outcome]:
    """Read an answer.

    Earlier versions, which do not say how it finished, kept several steps in one message with the tokens of the last: its
    parts then tell the steps, and the message what they have in common.
    """
    call, name = _call(message), label(message.get("id"))
    if name is None:
        return [call]
    link = f"{NAME}:{name}"
    if "finish" in message or "path" not in message:
        return [replace(call, span_id=link)]
    return [
        replace(call, span_id=link),
        replace(call, usage=MISSING_USAGE, response_id=None, is_fragment=True, link_id=link),
    ]


def _step(part: Mapping[str, Json]) -> Call:
    """Read a step of an answer: the message it is of repeats the last one's tokens."""
    of_message = f"{NAME}:{label(part.get('messageID'))}"
    return replace(
        _call({**part, "time": None, "id": part.get("id")}),
        finish_reason=label(part.get("reason")),
        link_id=of_message,
        span_id=f"{NAME}:{label(part.get('id'))}",
        parent_span_id=of_message,
    )


def _call(message: Mapping[str, Json]) -> Call:
    name, model = label(message.get("id")), label(message.get("modelID"))
    started_at, ended_at = (micros(_of(message.get("time"), key)) for key in ("created", "completed"))
    http_status, error_type = _failure(message.get("error"))
    usage = _usage(message.get("tokens"), model)
    provider = message.get("providerID")
    folder = folder_name(_of(message.get("path"), "root")) or folder_name(_of(message.get("path"), "cwd"))
    cost = amount(message.get("cost"))
    return Call(
        NAME,
        response_id=f"{NAME}:{name}" if name else None,
        started_at=started_at,
        latency_ms=_elapsed(started_at, ended_at),
        provider_name=provider_of_name(provider) if type(provider) is str else None,
        request_model=model,
        http_status=http_status,
        error_type=error_type,
        finish_reason=label(message.get("finish")),
        feature=folder,
        feature_from="path" if folder else None,
        conversation_id=label(message.get("sessionID")),
        usage=usage or unreported_usage(http_status, error_type),
        logged_cost=decimal_text(cost) if cost else None,  # 0 also stands for a plan, or a model without a price
    )


def _of(value: Json, key: str) -> Json:
    return value.get(key) if type(value) is dict else None


def _elapsed(started_at: int | None, ended_at: int | None) -> int | None:
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return (ended_at - started_at) // 1000


def _failure(error: Json) -> tuple[int | None, str | None]:
    if type(error) is not dict:
        return None, None
    http_status, _ = status_of(_of(error.get("data"), "statusCode"))
    return http_status, failure(http_status, error_code({"name": error.get("name")}))


def _usage(tokens: Json, model: str | None) -> Usage | None:
    """Read the counts; None where they are zeros all over, as in an answer under way. Raises RejectRecordError."""
    if type(tokens) is not dict:
        return None
    cache = tokens.get("cache")
    cache = cache if type(cache) is dict else {}
    counts = Counts(
        input=first_count(tokens, "input"),
        output=first_count(tokens, "output"),
        total=first_count(tokens, "total"),
        cache_read=first_count(cache, "read"),
        cache_write=first_count(cache, "write"),
        reasoning=first_count(tokens, "reasoning"),
    )
    stated = (counts.input, counts.output, counts.cache_read, counts.cache_write, counts.reasoning)
    if not any(stated):
        return None
    producer = Producer("opencode", cache="outside", reasoning=_reasoning_side(counts), always_states_cache=True)
    return usage_of(counts, producer, model)


def _reasoning_side(counts: Counts) -> Side:
    parts = (counts.input, counts.output, counts.cache_read, counts.cache_write)
    without = sum(part or 0 for part in parts)
    if counts.total == without + (counts.reasoning or 0):
        return "outside"
    return "inside" if counts.total == without else "as the provider"


def _export(messages: Iterable[Json]) -> list[Outcome]:
    """Read a whole session: what was said before an answer is its prompt."""
    told: list[Outcome] = []
    asked: list[Part] = []
    previous: str | None = None
    for number, message in enumerate(item for item in messages if type(item) is dict):
        info, parts = message.get("info"), message.get("parts")
        blocks = [part for part in parts if type(part) is dict] if type(parts) is list else []
        if type(info) is not dict or info.get("role") != "assistant":
            asked += _texts(blocks, "user", number)
            told.append(Aside("user message"))
            continue
        call = replace(_call(info), prompt=tuple(asked), answer=tuple(_texts(blocks, "assistant", 0)))
        told.append(replace(call, previous_response_id=previous))
        previous, asked = call.response_id, _results(blocks, number)
    return told


def _texts(blocks: Iterable[Mapping[str, Json]], role: str, message: int) -> list[Part]:
    """Read the texts and tool calls of a message. Raises RejectRecordError."""
    found = []
    for block in blocks:
        if block.get("type") == "text" and type(block.get("text")) is str and block["text"]:
            found.append(Part("assistant" if role == "assistant" else "user", "text", exact(block["text"]), message))
        elif block.get("type") == "tool" and role == "assistant":
            found.append(tool_call_part(block.get("tool"), _of(block.get("state"), "input"), message))
    return found


def _results(blocks: Iterable[Mapping[str, Json]], message: int) -> list[Part]:
    outputs = (_of(block.get("state"), "output") for block in blocks if block.get("type") == "tool")
    return [Part("tool", "text", exact(output), message) for output in outputs if type(output) is str and output]


READER = Reader(
    name=NAME,
    title="opencode messages (storage files, database rows, `opencode export`)",
    sign="`sessionID` beside `role` and `tokens.cache`",
    how_to_export="Run `opencode export SESSION`, or copy ~/.local/share/opencode/storage with its message and part folders.",
    switch_on={"content": "Export sessions with `opencode export`: the message files hold no texts."},
    limits={
        "money": "With a plan of a provider a cost is what the same calls cost at API prices.",
        "content": "The system prompt and the tool definitions are not in the files: their tokens show as unexplained.",
        "features": "Nothing names a use case: the project's folder stands for it.",
        "retries": "Tries that a later one replaced are not in the files.",
    },
    identify=identify,
    keys=frozenset({"sessionID", "time_created", "info", "projectID"}),
    read=read,
)
