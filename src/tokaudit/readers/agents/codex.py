"""What do the rollout files of Codex tell, and the events of `codex exec --json`?

A session states running totals after each answer, and repeats them whenever its limits are refreshed; newer versions add a
record for each answer, with the provider's id. An answer's items stand before its count or, in earlier versions, after it.
Source: CATALOGUE 14.2 and the protocol of openai/codex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokaudit.readers.agents.codex_counts import Tally, spent, tally_of, usage_of_tally
from tokaudit.readers.agents.codex_exec import ExecEvents, is_event
from tokaudit.readers.agents.codex_origin import Origin
from tokaudit.readers.agents.folders import folder_name
from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.exchange.response_items import item_parts
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.providers import provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Part, Record

NAME = "codex"
_LINES = frozenset(
    (
        *(
            "session_meta",
            "turn_context",
            "response_item",
            "event_msg",
            "compacted",
            "token_usage_record",
            "world_state",
        ),
        *("inter_agent_communication", "inter_agent_communication_metadata", "realtime_item", "session_state"),
    )
)
_SETTINGS = ("session_meta", "turn_context", "session_configured", "thread_settings_applied", "token_count")
_ANSWERED = ("reasoning", "_call")
"""How items that the model wrote are called, where they show no text."""

Told = tuple[Spot, Outcome]


def identify(record: Record) -> bool:
    """Say whether the record is a line of a rollout file, or an event of `codex exec`."""
    kind = record.get("type")
    if type(kind) is not str:
        message = record.get("msg")
        return type(message) is dict and set(record) == {"id", "msg"} and type(message.get("type")) is str
    if kind in _LINES:
        return type(record.get("payload")) is dict
    return is_event(kind, record)


class _Session:
    """The lines of one file.

    asked, then_asked   texts sent since the answer before; those that stand behind the first item of the answer under way
    answer              what the answer under way shows; `answering`: it has begun
    held                a call whose items may still follow its count
    """

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._origin = Origin()
        self._context = Call(NAME)
        self._base: list[Part] = []
        self._instructions: list[Part] = []
        self._asked: list[Part] = []
        self._then_asked: list[Part] = []
        self._answer: list[Part] = []
        self._answering = False
        self._previous: str | None = None
        self._total: Tally | None = None
        self._items = 0
        self._has_records = False
        self._held: tuple[Spot, Call] | None = None
        self._events = ExecEvents(self._context)

    def add(self, record: Record, spot: Spot) -> Iterable[Told]:
        kind = record.get("type")
        payload = record.get("payload")
        if type(kind) is str and type(payload) is dict:
            return self._line(kind, payload, record, spot)
        message = record.get("msg")
        if type(message) is dict:
            return self._line("event_msg", message, record, spot)
        return [(spot, self._events.take(kind if type(kind) is str else "", record))]

    def end(self) -> Iterable[Told]:
        held, self._held = self._held, None
        return [] if held is None else [held]

    def _line(self, kind: str, payload: Mapping[str, Json], record: Record, spot: Spot) -> list[Told]:
        is_copied = self._origin.is_copied(record)
        if kind in _SETTINGS or payload.get("type") in _SETTINGS:
            self._note_model(payload)
        if kind == "session_meta":
            self._header(payload)
            return [(spot, Aside("session"))]
        if kind == "turn_context":
            return [(spot, Aside("turn context"))]
        if kind == "response_item":
            self._item(payload, is_copied=is_copied)
            return [(spot, Aside("item"))]
        if kind == "compacted":
            self._compact(payload)
            return [(spot, Aside("compaction"))]
        if kind == "token_usage_record":
            return self._record(payload, record, spot, is_copied=is_copied)
        if payload.get("type") == "token_count":
            return self._count(payload, record, spot, is_copied=is_copied)
        return [(spot, Aside("event"))]

    def _header(self, payload: Mapping[str, Json]) -> None:
        if not self._origin.is_header(payload):
            return
        base = payload.get("base_instructions") or payload.get("instructions")
        self._base = []
        add_content(self._base, "system", base.get("text") if type(base) is dict else base, 0)
        provider = payload.get("model_provider")
        folder = folder_name(payload.get("cwd"))
        self._context = replace(
            self._context,
            provider_name=provider_of_name(provider) if type(provider) is str else None,
            conversation_id=self._origin.session,
            feature=folder,
            feature_from="cwd" if folder else None,
        )

    def _note_model(self, payload: Mapping[str, Json]) -> None:
        """Turns, settings and the counts of earlier versions say which model answers from here on."""
        for holder in (payload, payload.get("info"), payload.get("thread_settings")):
            if type(holder) is dict and (model := label(holder.get("model"))):
                tier = label(holder.get("service_tier")) or self._context.service_tier
                self._context = replace(self._context, request_model=model, service_tier=tier)

    def _item(self, item: Mapping[str, Json], *, is_copied: bool) -> None:
        self._items += 1
        parts = item_parts([item], self._items)
        kind = item.get("type")
        if is_copied:
            self._add_asked(self._asked, parts)
        elif any(part.role == "assistant" for part in parts) or (type(kind) is str and kind.endswith(_ANSWERED)):
            if self._held is not None and not self._answering:
                spot, call = self._held
                self._held = spot, replace(call, answer=(*call.answer, *_as_answer(parts)))
                return
            self._answering = True
            self._answer.extend(_as_answer(parts))
        else:
            self._add_asked(self._then_asked if self._answering else self._asked, parts)

    def _add_asked(self, place: list[Part], parts: list[Part]) -> None:
        """Instructions stay in front of every call that follows."""
        self._instructions.extend(part for part in parts if part.role == "system")
        place.extend(part for part in parts if part.role != "system")

    def _compact(self, payload: Mapping[str, Json]) -> None:
        """The conversation begins anew with what the compaction left of it."""
        history = payload.get("replacement_history")
        self._previous = None
        self._asked, self._then_asked, self._answer, self._answering = [], [], [], False
        if type(history) is list:
            self._instructions = []
            self._add_asked(self._asked, item_parts(history, self._items + 1))
            self._items += len(history)
        else:
            add_content(self._asked, "user", payload.get("message"), 0)

    def _record(self, payload: Mapping[str, Json], record: Record, spot: Spot, *, is_copied: bool) -> list[Told]:
        thread = label(payload.get("thread_id"))
        if is_copied or (thread and self._origin.session and thread != self._origin.session):
            return [(spot, Aside("copy from another session"))]
        tally = tally_of(payload.get("usage"))
        self._has_records = True
        response_id = label(payload.get("response_id"))
        if tally is None:
            return [(spot, Aside("answer without usage"))]
        call = self._call(tally, record, response_id)
        if self._held is not None and self._held[1].usage == call.usage and _is_own_name(self._held[1].response_id):
            _, held = self._held  # its count stood before its record
            self._held = spot, replace(held, response_id=response_id or held.response_id)
            self._previous = self._held[1].response_id
            return [(spot, Aside("token count"))]
        return self._hold(call, spot)

    def _count(self, payload: Mapping[str, Json], record: Record, spot: Spot, *, is_copied: bool) -> list[Told]:
        info = payload.get("info")
        if type(info) is not dict:
            return [(spot, Aside("rate limits"))]
        total, last = tally_of(info.get("total_token_usage")), tally_of(info.get("last_token_usage"))
        before, self._total = self._total, total or self._total
        if is_copied:
            return [(spot, Aside("copy from another session"))]
        tally = spent(total, last, before)
        if self._has_records:
            return [(spot, Aside("count of a recorded answer"))]
        if tally is None:
            return [(spot, Aside("repeated token count"))]
        # A running total names a call within its session, wherever the file was copied to.
        name = f"{NAME}:{self._origin.session}:{':'.join(map(str, total))}" if total and self._origin.session else None
        return self._hold(self._call(tally, record, name), spot)

    def _call(self, tally: Tally, record: Record, response_id: str | None) -> Call:
        moment = micros(record.get("timestamp"), self._options.timezone)
        return replace(self._context, usage=usage_of_tally(tally), started_at=moment, response_id=response_id)

    def _hold(self, call: Call, spot: Spot) -> list[Told]:
        told = list(self.end())
        prompt = _numbered([*self._base, *self._instructions, *self._asked])
        call = replace(call, prompt=prompt, answer=tuple(self._answer), previous_response_id=self._previous)
        self._previous = call.response_id
        if self._answering:
            told.append((spot, call))
        else:
            self._held = spot, call
        self._asked, self._then_asked, self._answer, self._answering = self._then_asked, [], [], False
        return told


def _numbered(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Count the messages from 0: an item is one."""
    numbers: dict[int, int] = {}
    return tuple(part._replace(message=numbers.setdefault(part.message, len(numbers))) for part in parts)


def _as_answer(parts: Iterable[Part]) -> list[Part]:
    return [part._replace(message=0) for part in parts if part.role == "assistant"]


def _is_own_name(response_id: str | None) -> bool:
    return response_id is None or response_id.startswith(f"{NAME}:")


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="Codex sessions (rollout files) and `codex exec --json`",
    sign="lines with `type` `session_meta`, `turn_context`, `response_item` or `event_msg` and a `payload`",
    how_to_export="Copy ~/.codex/sessions and ~/.codex/archived_sessions.",
    switch_on={
        "cache split": "Copy the sessions instead of the output of `codex exec --json`, which sums the calls of a turn.",
        "content": "Copy the sessions instead of the output of `codex exec --json`, which has no prompts and no model.",
    },
    limits={
        "money": "Subscriptions are a flat fee: a cost is what the same calls cost at API prices.",
        "content": "The tool definitions are not in the files: their tokens show as unexplained.",
        "features": "Nothing names a use case: the project's folder stands for it.",
        "retries": "Failed tries are not in the files.",
    },
    identify=identify,
    keys=frozenset({"type", "msg"}),
    read=read_alone(open_session),
    open_session=open_session,
)
