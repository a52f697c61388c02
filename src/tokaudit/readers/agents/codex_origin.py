"""Which lines of a Codex session were written by the session itself, and which copied from the one it began with?

A fork and an agent's session begin with all that the first session had said so far, its token counts included.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.times import micros
from tokaudit.schema import Json, Record, RejectRecordError

_BURST = 500_000
"""Microseconds. Copies are written at once; the first answer of a session's own takes longer."""

_PARENTS = ("forked_from_id", "parent_thread_id", "parent_session_id", "history_base")


class Origin:
    """Tells copied lines from own ones, line by line.

    session  the id of the session, by its first header
    """

    def __init__(self) -> None:
        self.session: str | None = None
        self._is_forked = False
        self._in_burst = True
        self._born: int | None = None
        self._latest: int | None = None
        self._first_own: int | None = None

    def is_header(self, payload: Mapping[str, Json]) -> bool:
        """Take a header; say whether it is the session's own (further ones are the first session's, and mark a copy)."""
        name = label(payload.get("id")) or label(payload.get("session_id"))
        if self.session is not None and name != self.session:
            self._is_forked = True
            return False
        if self.session is None:
            self.session = name
            self._born = micros(payload.get("timestamp"))
            source = payload.get("source")
            is_agent = type(source) is dict and "subagent" in source
            self._is_forked = is_agent or any(payload.get(key) for key in _PARENTS)
            self._first_own = _ordinal(payload.get("subagent_history_start_ordinal"))
        return True

    def is_copied(self, record: Record) -> bool:
        """Say whether a line is a copy. To be asked of every line, in their order."""
        moment = micros(record.get("timestamp"))
        if moment is not None:
            gap = self._latest is not None and abs(moment - self._latest) > _BURST
            is_old = self._born is not None and moment < self._born
            self._in_burst = self._in_burst and (not gap or is_old)
            self._latest = moment
        if not self._is_forked:
            return False
        ordinal = _ordinal(record.get("ordinal"))
        if ordinal is not None and self._first_own is not None:
            return ordinal < self._first_own
        return self._in_burst


def _ordinal(value: Json) -> int | None:
    try:
        return count(value)
    except RejectRecordError:
        return None
