"""What do the events that `codex exec --json` prints tell?

A turn is the least they tell of: its usage is the sum over all its calls, and a running total over the turns of its thread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.agents.codex_counts import Tally, tally_of, usage_of_tally
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record

MOST_THREADS = 1_000
SUM_OF_TURN = "Codex: sum over the calls of a turn"
_EVENT = re.compile(r"thread\.started|turn\.(started|completed|failed)|item\.(started|updated|completed)")


def is_event(kind: str, record: Record) -> bool:
    """Say whether a record is such an event."""
    if _EVENT.fullmatch(kind):
        return len(record) == 1 or any(key in record for key in ("thread_id", "usage", "item", "error"))
    return kind == "error" and set(record) == {"type", "message"}


class ExecEvents:
    """The events of one file."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._totals: dict[str | None, Tally] = {}
        self._thread: str | None = None
        self._answer: list[Part] = []
        self._turns = 0

    def take(self, kind: str, record: Record) -> Outcome:
        """Take an event. Raises RejectRecordError."""
        self._thread = label(record.get("thread_id")) or self._thread
        item = record.get("item")
        if kind == "item.completed" and type(item) is dict and item.get("type") == "agent_message":
            add_content(self._answer, "assistant", item.get("text"), 0)
        if kind not in ("turn.completed", "turn.failed"):
            return Aside("event")
        answer, self._answer = tuple(self._answer), []
        usage = unreported_usage(None, "error", begun=bool(answer))
        if kind == "turn.completed":
            tally = self._of_turn(tally_of(record.get("usage")))
            usage = replace(usage_of_tally(tally), rule=SUM_OF_TURN) if tally else MISSING_USAGE
        self._turns += 1
        return self._turn(record, answer, usage=usage, error_type=None if kind == "turn.completed" else "error")

    def _of_turn(self, total: Tally | None) -> Tally | None:
        if total is None:
            return None
        before = self._totals.get(self._thread, Tally())
        self._totals[self._thread] = total
        if len(self._totals) > MOST_THREADS:
            del self._totals[next(iter(self._totals))]
        since = total.less(before)
        return total if min(since) < 0 else since

    def _turn(self, record: Mapping[str, Json], answer: tuple[Part, ...], **more: object) -> Call:
        call = replace(
            self._call,
            log_id=f"{self._thread}:{self._turns}" if self._thread else None,
            conversation_id=self._thread,
            request_model=label(record.get("model")),
            started_at=micros(record.get("timestamp")),
            answer=answer,
        )
        return replace(call, **more)  # type: ignore[arg-type]
