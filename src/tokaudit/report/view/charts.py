"""Where do the marks of a chart stand?

Coordinates are texts with one decimal on a stretched canvas; words stand around it, never in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from tokaudit.report.format import counted, dollars, number
from tokaudit.report.view.shapes import Bar, BarKind, Chart, Line, Mark
from tokaudit.result import DaySpend, Turn

MARK_LIMIT = 31
"""Bars of the days chart; a longer period is drawn in groups of equally many days."""

TURN_LIMIT = 60
"""Turns that are drawn; the few conversations that go on longer stand in the table."""

_THINNEST = 0.8
_STEP = 10
_HEIGHT = 100


def bar(start: Decimal, length: Decimal, whole: Decimal, kind: BarKind) -> Bar | None:
    """Place an amount on a row's scale of 0 to `whole`; a negative length runs to the left."""
    if whole <= 0 or length == 0:
        return None
    low, high = sorted((start, start + length))
    left, right = (_within(edge / whole * 100, 100) for edge in (low, high))
    wide = max(right - left, _THINNEST)
    return Bar(_coordinate(min(left, 100 - wide)), _coordinate(wide), kind)


def days_chart(days: Sequence[DaySpend]) -> Chart | None:
    """Draw the spend of each day; None when there are fewer than two."""
    groups = _grouped(_filled(days))
    largest = max((cost for _, cost in groups), default=Decimal(0))
    if len(groups) < 2 or largest == 0:
        return None
    peak = max(groups, key=lambda group: group[1])
    return Chart(
        anchor="chart-days",
        title="List cost by day",
        description=f"{counted(len(groups), 'bar')} from {groups[0][0]} to {groups[-1][0]}, the highest on {peak[0]}.",
        finding=_days_finding(days),
        width=str(len(groups) * _STEP),
        height=str(_HEIGHT),
        top=dollars(largest),
        left=groups[0][0],
        right=groups[-1][0],
        table="days",
        marks=tuple(_day_mark(at, label, cost, largest) for at, (label, cost) in enumerate(groups)),
    )


def turns_chart(anchor: str, subject: str, turns: Sequence[Turn]) -> Chart:
    """Draw mean and 90th percentile of input tokens by turn."""
    drawn = turns[:TURN_LIMIT]
    largest = max(max(turn.input_tokens_p90, turn.input_tokens_mean) for turn in drawn)
    return Chart(
        anchor=anchor,
        title=f"Input tokens a call by turn, {subject}",
        description=f"Mean and 90th percentile for turns {drawn[0].turn} to {drawn[-1].turn}.",
        finding=_growth_finding(drawn),
        width=str((len(drawn) - 1) * _STEP),
        height=str(_HEIGHT),
        top=f"{number(largest)} tokens",
        left=f"turn {drawn[0].turn}",
        right=f"turn {drawn[-1].turn}",
        lines=(
            Line("p90", "90th percentile", _points([turn.input_tokens_p90 for turn in drawn], largest)),
            Line("mean", "mean", _points([turn.input_tokens_mean for turn in drawn], largest)),
        ),
    )


def _days_finding(days: Sequence[DaySpend]) -> str:
    dearest = max(days, key=lambda day: (day.list_cost, day.date))
    return f"The dearest day was {dearest.date} with {dollars(dearest.list_cost)} for {counted(dearest.calls, 'call')}."


def _growth_finding(turns: Sequence[Turn]) -> str:
    first, last = turns[0], turns[-1]
    return (
        f"A mean call grows from {number(round(first.input_tokens_mean))} input tokens in turn {first.turn} "
        f"to {number(round(last.input_tokens_mean))} in turn {last.turn}."
    )


def _filled(days: Sequence[DaySpend]) -> list[tuple[str, Decimal]]:
    """Put the days without a call in between, so that the axis is time."""
    cost = {date.fromisoformat(day.date): day.list_cost for day in days}
    if not cost:
        return []
    first, last = min(cost), max(cost)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day.isoformat(), cost.get(day, Decimal(0))) for day in every]


def _grouped(days: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    width = -(-len(days) // MARK_LIMIT) or 1
    groups = [days[at : at + width] for at in range(0, len(days), width)]
    return [(_span_of(group), sum((cost for _, cost in group), Decimal(0))) for group in groups]


def _span_of(group: Sequence[tuple[str, Decimal]]) -> str:
    first, last = group[0][0], group[-1][0]
    return first if first == last else f"{first} to {last}"


def _day_mark(at: int, label: str, cost: Decimal, largest: Decimal) -> Mark:
    tall = _within(cost / largest * _HEIGHT, _HEIGHT)
    return Mark(
        x=str(at * _STEP + 1),
        y=_coordinate(_HEIGHT - tall),
        width=str(_STEP - 2),
        height=_coordinate(tall),
        title=f"{label}: {dollars(cost)}",
    )


def _points(values: Sequence[float], largest: float) -> str:
    scale = _HEIGHT / largest if largest else 0
    return " ".join(f"{at * _STEP},{_coordinate(_HEIGHT - value * scale)}" for at, value in enumerate(values))


def _within(value: Decimal, limit: int) -> float:
    return float(min(max(value, Decimal(0)), Decimal(limit)))


def _coordinate(value: float) -> str:
    return f"{value:.1f}"
