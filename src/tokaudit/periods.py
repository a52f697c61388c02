"""Which period is audited?

The one asked for; else the latest complete month of the logs (calls on its first and on its last day); else all there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from tokaudit.config import Settings, midnight, next_month
from tokaudit.errors import NoCallsError, UsageError
from tokaudit.result import Period


def _period(first: date, end: date, zone: str) -> Period:
    last = end - timedelta(days=1)
    period = Period(midnight(first, zone), midnight(end, zone), zone, f"{first.isoformat()}_{last.isoformat()}")
    return replace(period, label=first.isoformat()[:7]) if is_month(period) else period


def is_month(period: Period) -> bool:
    """Say whether a period is one whole calendar month."""
    first, end = period.start.date(), period.end.date()
    return first.day == 1 and end > first and end == next_month(first)


def latest_complete_month(days: Iterable[date]) -> date | None:
    """Return the first day of the latest month with calls on its first and its last day."""
    seen = set(days)
    starts = sorted({day.replace(day=1) for day in seen}, reverse=True)
    return next((s for s in starts if s in seen and next_month(s) - timedelta(days=1) in seen), None)


def choose_period(settings: Settings, days: Iterable[date]) -> tuple[Period, bool]:
    """Choose the period. days: the days with calls, in the settings' zone.

    Returns (period, whether it is all there is, so that calls without a time belong to it too). Raises NoCallsError when the
    period asked for has an open end and no call has a time, UsageError when it is empty by itself.
    """
    seen = sorted(set(days))
    zone = settings.timezone
    if settings.month is not None:
        return _period(settings.month, next_month(settings.month), zone), False
    if settings.since is not None or settings.until is not None:
        if not seen and (settings.since is None or settings.until is None):
            raise NoCallsError("no call in the logs has a time", hint="give both --since and --until")
        first = settings.since or seen[0]
        end = settings.until or seen[-1] + timedelta(days=1)
        if first >= end:
            raise UsageError(f"the period {first} to {end} is empty", hint="--until is exclusive and after --since")
        return _period(first, end, zone), False
    month = latest_complete_month(seen)
    if month is not None:
        return _period(month, next_month(month), zone), False
    if not seen:
        epoch = midnight(date(1970, 1, 1), zone)
        return Period(epoch, epoch, zone, "undated"), True
    return _period(seen[0], seen[-1] + timedelta(days=1), zone), True
