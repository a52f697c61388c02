"""What do the chat sessions of Gemini CLI tell?

Early versions keep a session as one object; later ones append a line for each message, and the same line again when its
tokens or tool results come in: the last one holds. What was rewound was billed all the same. Source: CATALOGUE 14.3 and
google-gemini/gemini-cli, chatRecordingService.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.agents.gemini_runs import RunEvents, is_event, is_report, usage_of
from tokaudit.readers.agents.turns import Turns
from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.gemini_parts import contents_parts
from tokaudit.readers.exchange.parts import compact_json, tool_call_part
from tokaudit.readers.values.labels import exact, label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record, RejectRecordError, Usage

NAME = "gemini_cli"
_KINDS: Mapping[str, str] = {
    "user": "user message",
    "info": "notice",
    "error": "notice",
    "warning": "notice",
}
_MESSAGE_KEYS = frozenset(("id", "timestamp", "type", "content", "displayContent"))
MOST_MESSAGES = 20_000
"""Messages whose place is remembered: who rewinds further begins anew, as far as the prompt is known."""

Told = tuple[Spot, Outcome]


def identify(record: Record) -> bool:
    """Say whether the record is a session, a line of one, or what a run of `gemini -p` printed."""
    if "projectHash" in record:
        return type(record.get("sessionId")) is str
    if len(record) == 1 and ("$set" in record or "$rewindTo" in record):
        return type(next(iter(record.values()))) in (dict, str)
    kind = record.get("type")
    if type(kind) is not str:
        return is_report(record)
    if kind == "gemini" or (kind in _KINDS and _MESSAGE_KEYS.issuperset(record)):
        return type(record.get("id")) is str and type(record.get("timestamp")) is str and "content" in record
    return is_event(kind, record)


class _Written(NamedTuple):
    """What a message holds: its texts and tool calls, what the tools gave back, its tokens."""

    texts: list[Part]
    results: list[Part]
    usage: Usage


def _written(message: Mapping[str, Json]) -> _Written:
    """Read a message. Raises RejectRecordError."""
    texts = contents_parts(message.get("content"))
    if message.get("type") != "gemini":
        return _Written(texts, [], MISSING_USAGE)
    texts = [part._replace(role="assistant", message=0) for part in texts]
    shown = {part.text for part in texts if part.kind == "tool_call"}
    results: list[Part] = []
    for call in _objects(message.get("toolCalls")):
        asked = tool_call_part(call.get("name"), call.get("args"), 0)
        if asked.text not in shown:
            texts.append(asked)
        results.extend(_given(call.get("result")))
    return _Written(texts, results, usage_of(message.get("tokens")))


class _Session:
    """The lines of one file; held: the answer that may be written once more."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._turns = Turns()
        self._call = Call(NAME, provider_name="google")
        self._runs = RunEvents(self._call)
        self._last: str | None = None
        self._before: dict[str, str | None] = {}
        self._held: tuple[str, Spot, Outcome, list[Part]] | None = None

    def add(self, record: Record, spot: Spot) -> Iterable[Told]:
        if "projectHash" in record:
            return self._header(record, spot)
        if "$rewindTo" in record:
            self._rewind(label(record["$rewindTo"]))
            return [(spot, Aside("rewind"))]
        if "$set" in record:
            return self._update(record["$set"], spot)
        kind = record.get("type")
        if kind == "gemini" or (type(kind) is str and kind in _KINDS and "content" in record):
            return self._message(record, spot)
        return [(spot, outcome) for outcome in self._runs.take(record)]

    def end(self) -> Iterable[Told]:
        held, self._held = self._held, None
        return [] if held is None else [(held[1], held[2])]

    def _header(self, record: Record, spot: Spot) -> list[Told]:
        """Begin a session: in early versions the whole of it stands here."""
        told = list(self.end())
        self._call = replace(self._call, conversation_id=label(record.get("sessionId")))
        self._turns, self._last, self._before = Turns(), None, {}
        messages = _objects(record.get("messages"))
        return [*told, *self._messages(messages, spot)] if messages else [*told, (spot, Aside("session"))]

    def _update(self, changes: Json, spot: Spot) -> list[Told]:
        """Take changes of the session; they may bring messages that stand nowhere else."""
        messages = _objects(changes.get("messages") if type(changes) is dict else None)
        new = [message for message in messages if label(message.get("id")) not in self._before]
        return self._messages(new, spot) if new else [(spot, Aside("session update"))]

    def _messages(self, messages: Iterable[Mapping[str, Json]], spot: Spot) -> list[Told]:
        """Read the messages that one record lists: none of them is written again, and one that is broken spoils no other."""
        told: list[Told] = []
        for message in messages:
            try:
                told += self._message(message, spot)
            except RejectRecordError:
                told.append((spot, Aside("message that cannot be read")))
        return [*told, *self._let_go()]

    def _message(self, message: Mapping[str, Json], spot: Spot) -> list[Told]:
        name = label(message.get("id")) or f"line {spot.offset}"
        written = _written(message)  # first: what is broken changes nothing
        if self._held is not None and self._held[0] == name:
            told: list[Told] = [(self._held[1], Aside("earlier form of an answer"))]
            self._held = None
        else:
            told = list(self._let_go())
        if name not in self._before:
            self._before[name] = self._last
            if len(self._before) > MOST_MESSAGES:
                del self._before[next(iter(self._before))]
        if message.get("type") == "gemini":
            self._hold(name, message, written, spot)
            return told
        if message.get("type") == "user" and written.texts:
            asked = tuple(part._replace(message=1) for part in written.texts if part.role != "tool")
            self._turns.send(name, self._before[name], asked)
            self._last = name
        return [*told, (spot, Aside(_KINDS.get(label(message.get("type")) or "", "notice")))]

    def _hold(self, name: str, message: Mapping[str, Json], written: _Written, spot: Spot) -> None:
        """Hold an answer until the next message shows that it is complete."""
        model = label(message.get("model"))
        if written.usage.state == "missing" and model is None:
            self._held = name, spot, Aside("answer without model and tokens"), written.results
            return
        said = self._turns.said(self._before.get(name))
        key = f"{NAME}:{self._call.conversation_id}:{name}"
        call = replace(
            self._call,
            response_id=key,
            started_at=micros(message.get("timestamp"), self._options.timezone),
            request_model=model,
            usage=written.usage,
            prompt=said.parts,
            answer=tuple(written.texts),
            previous_response_id=said.previous,
        )
        self._turns.reply(name, key)
        self._last = name
        self._held = name, spot, call, written.results

    def _let_go(self) -> Iterable[Told]:
        """Tell the answer that is complete, and begin the next turn with what its tools gave back."""
        if self._held is not None and self._held[3]:
            name, _, _, results = self._held
            self._turns.send(f"{name} results", name, tuple(results))
            if self._last == name:
                self._last = f"{name} results"
        return self.end()

    def _rewind(self, name: str | None) -> None:
        """Go back to before a message."""
        if name is not None:
            self._last = self._before.get(name)


def _objects(items: Json) -> list[Mapping[str, Json]]:
    return [item for item in items if type(item) is dict] if type(items) is list else []


def _given(result: Json) -> list[Part]:
    parts = [part for part in contents_parts(result) if part.role == "tool" or part.kind == "media"]
    if not parts and result:
        parts = [Part("tool", "text", exact(result if type(result) is str else compact_json(result)), 0)]
    return [part._replace(role="tool", message=0) for part in parts]


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="Gemini CLI chat sessions, and the JSON output of `gemini -p`",
    sign="`sessionId` beside `projectHash`, lines of type `gemini` with `tokens`, or `stats.models`",
    how_to_export="Copy ~/.gemini/tmp/*/chats.",
    switch_on={
        "content": "Copy the sessions instead of the JSON output of `gemini -p`, which sums the requests of a run."
    },
    limits={
        "money": "Where an account has a free or a flat tier, a cost is what the same calls cost at API prices.",
        "content": "The system prompt and the tool definitions are not in the files: their tokens show as unexplained.",
        "features": "The files name no use case and no folder.",
        "retries": "Failed tries are not in the files.",
    },
    identify=identify,
    keys=frozenset({"projectHash", "$set", "$rewindTo", "content", "stats", "session_id", "tool_id"}),
    read=read_alone(open_session),
    open_session=open_session,
)
