"""What do the session files of Claude Code tell, and the transcripts of `claude -p --output-format stream-json`?

An answer stands on a line for each of its content blocks, in parallel with the results of its tools, and once more in every
session that was resumed or forked from it: its message id makes it one call. Agents' answers may stand in `progress` lines
of their caller alone. Source: CATALOGUE 14.1; the rules agree with ccusage 20.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from tokaudit.readers.agents.claude_answers import NAME, Answer, answer_of_line
from tokaudit.readers.agents.claude_lines import Line, identify, line_of
from tokaudit.readers.agents.claude_results import Rest, Spent, settle, usage_of_rest
from tokaudit.readers.agents.folders import folder_name
from tokaudit.readers.agents.turns import Turns
from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.exchange.parts import add_message
from tokaudit.readers.values.labels import begins, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Part, Record

MOST_OPEN = 1_000
"""Answers that wait for further lines, or for the result of their run."""

_SYNTHETIC = "<synthetic>"
"""The model of what Claude Code itself says in place of an answer."""
_NO_ID = f"{NAME}:"
"""Begins the name of an answer whose message has no id."""
_STATUS = re.compile(r"API Error: ([1-5]\d\d)\b")

_KINDS: Mapping[str, str] = {
    "system": "system notice",
    "summary": "summary",
    "attachment": "attachment",
    "progress": "progress",
    "stream_event": "stream event",
    "file-history-snapshot": "file snapshot",
}
_COSTS = ("total_cost_usd", "total_cost", "cost_usd")
_OTHER = "session note"

Told = tuple[Spot, Outcome]
Held = TypeVar("Held")


class _Session:
    """The lines of one file."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._turns = Turns()
        self._open: dict[str, Answer] = {}
        self._streamed: dict[str, str] = {}
        self._settled: dict[str, dict[str | None, Spent]] = {}
        self._last: dict[str, str] = {}
        self._is_tree = False
        self._folder: str | None = None
        self._model: str | None = None

    def add(self, record: Record, spot: Spot) -> Iterable[Told]:
        line = self._linked(line_of(record))
        self._folder = self._folder or folder_name(record.get("cwd"))
        if line.kind == "assistant" and type(line.message) is dict:
            return self._assistant(line, line.message, spot)
        if line.kind == "user" and type(line.message) is dict:
            return [(spot, self._user(line, line.message))]
        if line.kind == "result":
            return self._result(line, spot)
        if line.kind == "stream_event":
            self._event(line)
        elif line.fields.get("subtype") == "api_error":
            return [(spot, self._failed(line, line.fields.get("error") or line.fields.get("cause"), spot))]
        elif line.fields.get("subtype") == "compact_boundary":
            self._turns.begin(line.place)
        else:
            self._model = label(line.fields.get("model")) or self._model
            self._turns.note(line.place, line.parent)
        return [(spot, Aside(_KINDS.get(line.kind, _OTHER)))]

    def end(self) -> Iterable[Told]:
        return self._close(tuple(self._open))

    def _linked(self, line: Line) -> Line:
        """Let a line that should follow another, but names none, follow the one before it in its thread."""
        self._is_tree = self._is_tree or line.names_parent
        if line.parent is None and (line.kind == "assistant" or not self._is_tree):
            line = line._replace(parent=self._last.get(line.thread))
        if not line.is_copy:
            _keep(self._last, line.thread, line.place)
        return line

    def _close(self, keys: Iterable[str]) -> list[Told]:
        closed = [self._open.pop(key) for key in keys if key in self._open]
        return [(answer.spot, answer.told()) for answer in closed]

    def _user(self, line: Line, message: Mapping[str, Json]) -> Aside:
        if line.is_copy:
            return Aside("progress")
        parts: list[Part] = []
        if not line.fields.get("isVisibleInTranscriptOnly") or line.fields.get("isCompactSummary"):
            add_message(parts, message, 0)
        if parts:
            self._turns.send(line.place, line.parent, tuple(parts))
        else:
            self._turns.note(line.place, line.parent)
        return Aside("tool result" if any(part.role == "tool" for part in parts) else "user message")

    def _assistant(self, line: Line, message: Mapping[str, Json], spot: Spot) -> list[Told]:
        if message.get("model") == _SYNTHETIC or line.fields.get("isApiErrorMessage") is True:
            return [(spot, self._said_by_the_tool(line, message, spot))]
        if not (type(message.get("usage")) is dict or message.get("model") or "costUSD" in line.fields):
            return [(spot, Aside("answer without model and usage"))]
        key = label(message.get("id")) or f"{_NO_ID}{line.request_id or line.uuid or spot.offset}"
        known = self._open.get(key)
        if known is not None and line.uuid in known.lines:
            return [(spot, Aside("repeated line"))]
        found = answer_of_line(message, line.fields, spot, self._options)
        found.lines = {line.uuid} if line.uuid else set()
        if known is not None:
            told: list[Told] = [(known.spot, Aside("part of an answer"))]
            known.add(found)
        else:
            told = self._begin(key, found, line, message)
        if not line.is_copy:
            self._turns.reply(line.place, key)
        return told

    def _begin(self, key: str, found: Answer, line: Line, message: Mapping[str, Json]) -> list[Told]:
        call = self._placed(found.call, line)
        told: list[Told] = []
        if line.is_copy:
            found.is_copy = True
        else:
            said = self._turns.said(line.parent)
            previous = None if begins(said.previous, _NO_ID) else said.previous
            call = replace(call, prompt=said.parts, previous_response_id=previous, operation_id=said.failed_try)
            if not line.is_stream:
                told = self._close((said.previous,) if said.previous else ())
        if not label(message.get("id")):
            call = replace(call, response_id=None, call_id=f"{_NO_ID}{line.request_id}" if line.request_id else None)
        # A result that stands alone repeats these calls: it is the parent of all that its session made with the model.
        found.call = replace(call, span_id=f"{NAME}:{key}", parent_span_id=_whole(line, call.response_model))
        found.run = line.session if line.is_stream else None
        self._open[key] = found
        if len(self._open) > MOST_OPEN:
            told += self._close((next(iter(self._open)),))
        return told

    def _placed(self, call: Call, line: Line) -> Call:
        """Add what the line says around its message."""
        duration, cost = line.fields.get("durationMs"), amount(line.fields.get("costUSD"))
        return replace(
            call,
            reader=NAME,
            log_id=line.uuid,
            started_at=micros(line.time, self._options.timezone),
            latency_ms=duration if type(duration) is int and duration >= 0 else None,
            conversation_id=line.session,
            feature=self._folder,
            feature_from="cwd" if self._folder else None,
            logged_cost=None if cost is None else decimal_text(cost),
        )

    def _said_by_the_tool(self, line: Line, message: Mapping[str, Json], spot: Spot) -> Outcome:
        """Read an error that ended an answer: a failed call, if a request was made at all."""
        status = line.fields.get("apiErrorStatus")
        content = message.get("content")
        first = content[0] if type(content) is list and content else None
        text = first.get("text") if type(first) is dict else content
        shown = _STATUS.match(text) if type(text) is str else None
        if type(status) is int or shown:
            return self._failed(line, {"code": line.fields.get("error"), "status": shown[1] if shown else status}, spot)
        self._turns.note(line.place, line.parent)
        return Aside("message of the tool itself")

    def _failed(self, line: Line, error: Json, spot: Spot) -> Call:
        """A try that failed: further tries of the same request follow it."""
        http_status, _ = status_of(error.get("status") if type(error) is dict else None)
        error_type = failure(http_status, error_code(_inner(error))) or "error"
        first = self._turns.fail(line.place, line.parent, line.uuid or f"{NAME}:{line.session}:{spot.offset}")
        usage = unreported_usage(http_status, error_type)
        return replace(
            self._placed(Call(NAME), line),
            http_status=http_status, error_type=error_type, operation_id=first, usage=usage, logged_cost=None,
        )  # fmt: skip

    def _event(self, line: Line) -> None:
        """Take the counts from an event of the stream behind the messages."""
        event = line.fields.get("event")
        if type(event) is not dict:
            return
        message, usage = event.get("message"), event.get("usage")
        if event.get("type") == "message_start" and type(message) is dict and label(message.get("id")):
            _keep(self._streamed, line.place, str(label(message["id"])))
        elif event.get("type") == "message_delta" and type(usage) is dict:
            answer = self._open.get(self._streamed.get(line.place, ""))
            delta = event.get("delta")
            if answer is not None:
                answer.count(usage, label(delta.get("stop_reason")) if type(delta) is dict else None)

    def _result(self, line: Line, spot: Spot) -> list[Told]:
        session = line.session or ""
        own = {key: answer for key, answer in self._open.items() if answer.run == line.session}
        models = {answer.call.response_model for answer in own.values()}
        main = models.pop() if len(models) == 1 else self._model
        settled = self._settled.get(session, {})
        _keep(self._settled, session, settled)
        rests = settle(line.fields, tuple(own.values()), settled, main)
        told: list[Told] = [(spot, self._rest(rest, line, spot)) for rest in rests]
        return [*self._close(own), *(told or [(spot, Aside("result"))])]

    def _rest(self, rest: Rest, line: Line, spot: Spot) -> Call:
        models = line.fields.get("modelUsage")
        block = models.get(rest.model) if type(models) is dict else None
        block = block if type(block) is dict else {}
        model = label(rest.model)
        cost = amount(block.get("costUSD", _stated_cost(line.fields))) if rest.is_all else None
        call = replace(self._placed(Call(NAME), line), log_id=None)
        return replace(
            call,
            call_id=f"{NAME}:{line.session}:{rest.model}:{line.uuid or spot.offset}",
            span_id=_whole(line, model) if rest.is_all else None,
            provider_name=_provider(block.get("provider"), model),
            response_model=model.partition("[")[0] if model else None,
            usage=usage_of_rest(rest, line.fields),
            latency_ms=None,
            logged_cost=None if cost is None else decimal_text(cost),
        )


def _stated_cost(result: Mapping[str, Json]) -> Json:
    """Find the cost of a run under the names it has had; with several models it is not the cost of one."""
    names = () if type(result.get("modelUsage")) is dict and result["modelUsage"] else _COSTS
    return next((result[name] for name in names if result.get(name) is not None), None)


def _keep(held: dict[str, Held], key: str, value: Held) -> None:
    """Remember a value; the one that was set first is forgotten when there are too many."""
    held[key] = value
    if len(held) > MOST_OPEN:
        del held[next(iter(held))]


def _whole(line: Line, model: str | None) -> str:
    return f"{NAME}:{line.session}:{model}"


def _inner(error: Json) -> Json:
    """Find the provider's own error in that of the client library."""
    found = (error.get(key) for key in ("error", "cause")) if type(error) is dict else ()
    return next((inner for inner in found if type(inner) is dict), error)


def _provider(named: Json, model: str | None) -> str | None:
    found = provider_of_name(named) if type(named) is str else None
    return found or ("anthropic" if begins(model, "claude") and named in (None, "firstParty") else None)


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="Claude Code sessions and stream-json transcripts",
    sign="lines with `sessionId`, `uuid` and `message`, or messages with `session_id` and a final `result`",
    how_to_export="Copy ~/.claude/projects, or save what `claude -p --output-format stream-json --verbose` prints.",
    switch_on={
        "money": "Save the transcript of `claude -p --output-format stream-json`: its result also counts background calls.",
    },
    limits={
        "money": "Subscriptions are a flat fee: a cost is what the same calls cost at API prices, and session files leave"
        " out background calls and the final count of some answers.",
        "content": "The system prompt and the tool definitions are not in the files: their tokens show as unexplained.",
        "features": "Nothing names a use case: the project's folder stands for it.",
    },
    identify=identify,
    keys=frozenset({"session_id", "sessionId", "uuid", "leafUuid", "snapshot"}),
    read=read_alone(open_session),
    open_session=open_session,
)  # fmt: skip
