"""What is a line of Claude Code: of which kind, after which line, with which message?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tokaudit.readers.values.labels import label
from tokaudit.schema import Json, Record

_SPOKEN = frozenset(("user", "assistant", "system", "progress", "attachment"))
_STREAM_NOTES = frozenset(
    (
        *("rate_limit_event", "tool_progress", "tool_use_summary", "prompt_suggestion", "auth_status"),
        *("control_request", "control_response", "keep_alive"),
    )
)
_TIMES = ("timestamp", "_audit_timestamp")
_NOTE = re.compile(r"[a-z]+(-[a-z]+)+")
_SHORT_NOTES = frozenset(("mode", "tag"))
_SHORT = 4
"""Notes of a session have names with hyphens and come and go with the version; those that have not are short."""


class Line(NamedTuple):
    """A line.

    place, parent  names of this line and of the one it follows; a line that names none follows the one before it
    fields         the object that holds the message
    is_copy        an agent's line as its caller noted it
    is_stream      a message of a transcript that a result ends
    thread         whose lines these are: of the session itself, or of one of its agents
    """

    kind: str
    place: str
    parent: str | None
    session: str | None
    uuid: str | None
    time: Json
    request_id: str | None
    message: Json
    fields: Mapping[str, Json]
    is_copy: bool
    is_stream: bool
    thread: str
    names_parent: bool


def identify(record: Record) -> bool:
    """Say whether the record is a line of a session file or of a transcript."""
    kind = record.get("type")
    if type(kind) is not str:
        return False
    if "session_id" in record:
        return _is_streamed(kind, record)
    if kind in _SPOKEN:
        message = record.get("message")
        if "usageMetadata" in record or "systemPayload" in record or (type(message) is dict and "parts" in message):
            return False  # Qwen Code, whose lines have the same names around Gemini's messages
        return type(record.get("uuid")) is str and (
            "sessionId" in record
            or "parentUuid" in record
            or ("timestamp" in record and type(record.get("message")) is dict)
        )
    if kind == "summary":
        return "leafUuid" in record
    if kind == "file-history-snapshot":
        return "snapshot" in record
    is_note = _NOTE.fullmatch(kind) is not None or (kind in _SHORT_NOTES and len(record) <= _SHORT)
    return is_note and type(record.get("sessionId")) is str and "traceId" not in record


def _is_streamed(kind: str, record: Record) -> bool:
    if kind == "result":
        return type(record.get("subtype")) is str or any(key in record for key in ("modelUsage", "total_cost_usd"))
    if kind == "system":
        return type(record.get("subtype")) is str
    if kind in ("assistant", "user"):
        return type(record.get("message")) is dict and "role" in record["message"]
    return kind in _STREAM_NOTES or (kind == "stream_event" and type(record.get("event")) is dict)


def line_of(record: Record) -> Line:
    """Read what a line says of itself; of an agent's line that its caller noted, read the agent's."""
    data = record.get("data")
    noted = data.get("message") if record.get("type") == "progress" and type(data) is dict else None
    is_copy = type(noted) is dict and type(noted.get("message")) is dict
    fields: Mapping[str, Json] = noted if is_copy and type(noted) is dict else record
    session = label(record.get("sessionId")) or label(record.get("session_id"))
    uuid = label(fields.get("uuid"))
    agent = label(record.get("parent_tool_use_id")) or label(record.get("agentId")) or record.get("isSidechain") is True
    thread = f"{session}:{agent}"
    is_tree = "parentUuid" in record and uuid is not None
    return Line(
        kind=label(fields.get("type")) or "",
        place=uuid if is_tree and uuid else thread,
        parent=label(record.get("parentUuid")) if is_tree else thread,
        session=session,
        uuid=uuid,
        time=next((holder[key] for key in _TIMES for holder in (fields, record) if holder.get(key)), None),
        request_id=label(fields.get("requestId")) or label(fields.get("request_id")),
        message=fields.get("message"),
        fields=fields,
        is_copy=is_copy,
        is_stream="session_id" in record,
        thread=thread,
        names_parent=type(record.get("parentUuid")) is str,
    )
