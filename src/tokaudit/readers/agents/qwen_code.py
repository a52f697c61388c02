"""What do the chat sessions of Qwen Code tell?

A tree of lines as Claude Code keeps it, around the messages and the usage blocks of Gemini's API, into which the answers of
other APIs are translated: the total says whether thoughts stand inside the output. Source: QwenLM/qwen-code,
chatRecordingService.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokaudit.readers.agents.folders import folder_name
from tokaudit.readers.agents.turns import Turns
from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.gemini_parts import contents_parts
from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Part, Record

NAME = "qwen_code"
_KINDS = {"user": "user message", "tool_result": "tool result", "system": "system notice"}


def identify(record: Record) -> bool:
    """Say whether the record is a line of a session: Claude Code's are alike, but hold Anthropic's messages."""
    if "parentUuid" not in record or type(record.get("sessionId")) is not str or type(record.get("uuid")) is not str:
        return False
    message = record.get("message")
    if type(message) is dict and "parts" in message:
        return True
    return (
        "usageMetadata" in record
        or record.get("type") == "tool_result"
        or (record.get("type") == "system" and "systemPayload" in record)
    )


class _Session:
    """The lines of one file."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._turns = Turns()
        self._folder: str | None = None

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        place, parent = str(label(record.get("uuid"))), label(record.get("parentUuid"))
        self._folder = self._folder or folder_name(record.get("cwd"))
        kind = label(record.get("type")) or ""
        if kind == "assistant":
            call = self._call(record, place, parent)
            self._turns.reply(place, f"{NAME}:{place}")
            return [(spot, call)]
        parts = contents_parts(record["message"]) if type(record.get("message")) is dict else []
        history = _compressed(record)
        if history:
            self._turns.begin(place)
            self._turns.send(place, place, tuple(history))
        elif parts:
            self._turns.send(place, parent, tuple(part._replace(message=0) for part in parts))
        else:
            self._turns.note(place, parent)
        return [(spot, Aside(_KINDS.get(kind, "session note")))]

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        return []

    def _call(self, record: Record, place: str, parent: str | None) -> Call:
        """Read an answer. Raises RejectRecordError."""
        said = self._turns.said(parent)
        message = record.get("message")
        answer = contents_parts(message) if type(message) is dict else []
        return Call(
            NAME,
            response_id=f"{NAME}:{place}",
            started_at=micros(record.get("timestamp"), self._options.timezone),
            request_model=label(record.get("model")),
            feature=self._folder,
            feature_from="cwd" if self._folder else None,
            conversation_id=label(record.get("sessionId")),
            usage=content_usage(record.get("usageMetadata")),
            prompt=said.parts,
            answer=tuple(part._replace(role="assistant", message=0) for part in answer),
            previous_response_id=said.previous,
        )


def _compressed(record: Record) -> list[Part]:
    """Find the history that a compression left."""
    payload: Json = record.get("systemPayload")
    history = payload.get("compressedHistory") if type(payload) is dict else None
    return contents_parts(history, 1) if record.get("type") == "system" and type(history) is list else []


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="Qwen Code sessions",
    sign="lines with `parentUuid`, `message.parts` and `usageMetadata`",
    how_to_export="Copy ~/.qwen/projects/*/chats (in earlier versions ~/.qwen/tmp/*/chats).",
    limits={
        "money": "With a free or a flat plan a cost is what the same calls cost at API prices.",
        "content": "The system prompt and the tool definitions are not in the files: their tokens show as unexplained.",
        "features": "Nothing names a use case: the project's folder stands for it.",
        "retries": "Failed tries are not in the files.",
    },
    identify=identify,
    keys=frozenset({"parentUuid"}),
    read=read_alone(open_session),
    open_session=open_session,
)
