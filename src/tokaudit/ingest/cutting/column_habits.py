"""Is 03/04/2026 the third of April, and 1.000 a thousand? The other cells of the column tell.

The dates of a column are in one order, its numbers grouped with one sign. Rows wait until one of them shows it; if none does
they stay as they are: such a call is without a time, or its count is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from tokaudit.ingest.cutting.framing import Frame
from tokaudit.readers.values.names import meaning
from tokaudit.readers.values.numbers import decimal_comma
from tokaudit.readers.values.spelled_times import Order, in_order, order_of
from tokaudit.schema import Json

MOST_HELD = 50_000
"""Rows that wait: a month of calls shows a day after the twelfth before, unless it has far more than these."""
MOST_TEXT = 32 << 20
_TIMES = ("started_at", "ended_at")
_COUNTS = "_tokens"


class _Habit(Protocol):
    """What the cells of a column have in common. waits: an earlier row needs to know."""

    waits: bool

    def see(self, row: dict[str, Json]) -> None: ...

    def write(self, row: dict[str, Json]) -> None: ...


class _Dates:
    """The order of day and month."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._order: Order | None = None
        self._is_mixed = False
        self.waits = False

    def see(self, row: dict[str, Json]) -> None:
        text = row[self._name].strip()
        order = order_of(text) if _may_be_date(text) else None
        if order is None or self._is_mixed:
            return
        if order == "either":
            if self._order is None and decimal_comma(row.values()):  # nobody who writes so begins with the month
                self._order = "day first"
            self.waits = self._order is None
        elif in_order(text, "day first") != in_order(text, "month first"):  # 3/3/2026 shows nothing
            self._is_mixed = self._order not in (None, order)
            self._order = None if self._is_mixed else order
            self.waits = False

    def write(self, row: dict[str, Json]) -> None:
        text = row[self._name].strip()
        if self._order is not None and _may_be_date(text) and order_of(text) == "either":
            row[self._name] = in_order(text, self._order) or text


def _may_be_date(text: str) -> bool:
    return "/" in text[:3] or "-" in text[:3]


class _Counts:
    """Whether a point groups thousands: counts have no fractions, so `1.420` shows it, and `1420.0` shows the contrary."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._groups: bool | None = None
        self.waits = False

    def see(self, row: dict[str, Json]) -> None:
        text = row[self._name]
        if self._groups is not None or "." not in text:
            return
        text = text.strip()
        if _EITHER.fullmatch(text):
            self.waits = True
        elif _GROUPED.fullmatch(text) or _FRACTION.fullmatch(text):
            self._groups, self.waits = _GROUPED.fullmatch(text) is not None, False

    def write(self, row: dict[str, Json]) -> None:
        text = row[self._name]
        if self._groups is not None and "." in text and _EITHER.fullmatch(text.strip()):
            row[self._name] = text.replace(".", "") if self._groups else text.partition(".")[0]


_EITHER = re.compile(r"[1-9]\d{0,2}\.000", re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}(\.\d{3})+", re.ASCII)
_FRACTION = re.compile(r"\d+\.0{1,6}", re.ASCII)


def with_habits(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Write the cells of a table so that each can be read alone, where only its column tells how."""
    habits: list[_Habit] | None = None
    held: list[Frame] = []
    text = 0
    for frame in frames:
        if isinstance(frame.data, dict):
            habits = _habits(frame.data) if habits is None else habits
            for habit in habits:
                habit.see(frame.data)
        waits = any(habit.waits for habit in habits or ())
        if not (held or waits):
            yield _written(frame, habits)
            continue
        held.append(frame)
        text += sum(map(len, frame.data.values())) if isinstance(frame.data, dict) else 0
        if len(held) > MOST_HELD or text > MOST_TEXT or not waits:
            yield from (_written(one, habits) for one in held)
            held, text = [], 0
    yield from (_written(one, habits) for one in held)


def _habits(row: dict[str, Json]) -> list[_Habit]:
    fields = {name: known.field for name in row if (known := meaning(name)) is not None}
    dates: list[_Habit] = [_Dates(name) for name, field in fields.items() if field in _TIMES]
    return [*dates, *(_Counts(name) for name, field in fields.items() if field.endswith(_COUNTS))]


def _written(frame: Frame, habits: list[_Habit] | None) -> Frame:
    if isinstance(frame.data, dict):
        for habit in habits or ():
            habit.write(frame.data)
    return frame
