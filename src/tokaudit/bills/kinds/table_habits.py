"""How does a table write its numbers and days, as only its rows together show?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tokaudit.bills.buckets import day_of, has_clock, is_whole_hour, moment, states_zone
from tokaudit.bills.cells import comma_of, counted, decimals, money, signs_of
from tokaudit.bills.kinds.table_columns import FIELDS, columns_of
from tokaudit.bills.reading import CENT
from tokaudit.readers.values.columns import flat
from tokaudit.readers.values.labels import is_missing
from tokaudit.schema import Json, Record, RejectRecordError

_MONTHS = re.compile(r"month|period|monat|mois|mes\b", re.IGNORECASE)
_TELLING_ROWS = 3
"""Amounts with the same number of decimals that show a format, not chance."""
_FINEST = 6
"""More decimals are no format of amounts for people."""
_NUMBERS = tuple(field for field in FIELDS if field.endswith(("tokens", "amount")))
_CACHED = ("cache_read_tokens", "cache_write_tokens")


@dataclass(frozen=True, slots=True)
class Habits:
    """What only the rows of a file together show.

    comma         decimals are written with one
    bucket        what a row without an end sums up: `day`, `hour`, `month`
    is_inclusive  the end is the last day, not the first one after
    is_exclusive  input tokens are stated without cached ones, since these are more than they in some row
    rounding      the unit to which the amounts are rounded
    states_zone   its times say of which zone they are
    has_calls     its rows are of times of day: it is a log of calls
    """

    comma: bool | None = False
    bucket: str = "day"
    is_inclusive: bool = False
    is_exclusive: bool = False
    rounding: Decimal | None = None
    states_zone: bool = False
    has_calls: bool = False


class Observer:
    """Sees the rows of a file before they are read."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = tuple(sorted(given.items()))
        self._signs: set[bool] = set()
        self._is_exclusive = False
        self._decimals: set[int] = set()
        self._amounts = 0
        self._all_text = True
        self._starts: set[str] = set()
        self._spans: set[tuple[str, str]] = set()
        self._sees_clock = self._sees_odd_minutes = self._counts_requests = self._zones = self._naive = False
        self._is_month = False

    def see(self, record: Record) -> None:
        """Take a row into account."""
        row = flat(record)
        columns = columns_of(tuple(row), self._given)
        signs = signs_of(row.get(columns[field]) for field in _NUMBERS if field in columns)
        comma = comma_of(signs)
        self._signs |= signs
        self._see_counts([row.get(columns.get(field, "")) for field in ("input_tokens", *_CACHED)], comma=comma)
        self._see_amount(row.get(columns.get("amount", "")), comma=comma)
        self._see_time(columns, row)

    def _see_counts(self, cells: list[Json], *, comma: bool | None) -> None:
        try:
            sent, *cached = (counted(cell, comma=comma) for cell in cells)
        except RejectRecordError:
            return
        self._is_exclusive |= sent is not None and sum(count or 0 for count in cached) > sent

    def _see_amount(self, cell: Json, *, comma: bool | None) -> None:
        if is_missing(cell):
            return
        self._all_text &= type(cell) is str
        try:
            found = money(cell, comma=comma)
        except RejectRecordError:
            return
        if found is not None:
            self._amounts += 1
            self._decimals.add(decimals(found.amount))

    def _see_time(self, columns: Mapping[str, str], row: Record) -> None:
        start = row.get(columns.get("start", ""))
        if is_missing(start):
            return
        self._counts_requests |= "requests" in columns or "end" in columns
        self._is_month |= bool(_MONTHS.search(columns["start"]))
        try:
            moment(start, "UTC")
        except RejectRecordError:
            return
        self._zones |= states_zone(start)
        self._naive |= not states_zone(start)
        self._sees_clock |= has_clock(start)
        self._sees_odd_minutes |= has_clock(start) and not is_whole_hour(start)
        if type(start) is str:
            self._starts.add(start.strip())
            end = row.get(columns.get("end", ""))
            if type(end) is str:
                self._spans.add((start.strip(), end.strip()))

    def habits(self) -> Habits:
        """Return what the rows show."""
        bucket = "hour" if self._sees_clock and not self._sees_odd_minutes else "month" if self._is_monthly() else "day"
        return Habits(
            comma_of(self._signs), bucket, self._is_inclusive(), self._is_exclusive, self._rounding(),
            states_zone=self._zones and not self._naive,
            has_calls=self._sees_odd_minutes and not self._counts_requests,
        )  # fmt: skip

    def _is_monthly(self) -> bool:
        firsts = {month_begun(text) for text in self._starts}
        return None not in firsts and (self._is_month or len(firsts) > 1)

    def _is_inclusive(self) -> bool:
        plain = [(start, end) for start, end in self._spans if ":" not in start and ":" not in end]
        if not plain or any(end in self._starts for start, end in plain if start != end):
            return False
        return all(start == end or _ends_month(end) for start, end in plain)

    def _rounding(self) -> Decimal | None:
        """Tell a format such as `0.10` from amounts that happen to be short."""
        finest = max(self._decimals, default=0)
        is_format = self._all_text and len(self._decimals) == 1 and self._amounts >= _TELLING_ROWS
        if finest == 2 and (is_format or self._amounts > _TELLING_ROWS):
            return CENT
        return Decimal(1).scaleb(-finest) if is_format and 2 < finest <= _FINEST else None


def month_begun(text: str) -> str | None:
    """Return the month that a time begins; None for any other time."""
    try:
        found = moment(text, "UTC")
    except RejectRecordError:
        return None
    return f"{found:%Y-%m}" if (found.day, found.hour) == (1, 0) else None


def _ends_month(text: str) -> bool:
    try:
        last = day_of(text, "UTC")
    except RejectRecordError:
        return False
    return last.end.day == 1
