"""Does the bridge that a person reads add up, and tell what there is to tell?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from reconcile.analysed import analysed
from reconcile.planted import bill, by_day_and_model, plain
from tokaudit.reconcile.documents import render_markdown
from tokaudit.reconcile.reconcile import Asked, reconcile
from tokaudit.reconcile.result import Cause, Cell, Reconciliation
from tokaudit.reconcile.terminal import bridge_lines, days, in_places, told, worst_cells
from tokaudit.result import Period

D = Decimal
START = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def found() -> Reconciliation:
    case = plain(1, None)
    lines = by_day_and_model(case).filter(pl.col("start").dt.day() != 12)
    return reconcile(analysed(case.logs), [bill(lines)], Asked())


def test_the_bridge_adds_up_to_the_eye(found: Reconciliation) -> None:
    *parts, whole = (D(text.replace("−", "-").replace("$", "").replace(",", "")) for _, text, _ in bridge_lines(found))
    assert len({amount.as_tuple().exponent for amount in (*parts, whole)}) == 1
    assert abs(sum(parts) - whole) <= D("0.0002")


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [
        ("0.00005", 4, "<$0.0001"),
        ("0.00006", 4, "$0.0001"),
        ("0.00004", 4, "<$0.0001"),
        ("-0.004", 2, ">−$0.01"),
        ("-1234567.891", 2, "−$1,234,567.89"),
    ],
)
def test_an_amount_too_small_to_show_is_not_nothing(amount: str, places: int, text: str) -> None:
    assert in_places(D(amount), places) == text


def cell(model: str | None, calls: int, cost: str, billed: str) -> Cell:
    fees = D(billed) - D(cost)
    return Cell(
        "anthropic", model, START, START + timedelta(1), calls, None, D(cost), {"unit_charges": fees}, D(0), D(billed)
    )


def test_searches_that_only_stand_in_other_cells_are_nothing_to_do(found: Reconciliation) -> None:
    cells = (cell("Claude Haiku 4.5", 3, "0.23", "0"), cell(None, 0, "0", "0.23"))
    both = replace(found, cells=cells, causes=(Cause("unit_charges", D(0), "counted", {}),))
    assert told(both) == []
    assert worst_cells(both) == []
    assert "Charges beside tokens" not in render_markdown(both)
    only_ours = replace(found, cells=cells[:1], causes=(Cause("unit_charges", D("-0.23"), "counted", {}),))
    assert [cause.cause for cause in told(only_ours)] == ["unit_charges"]
    assert worst_cells(only_ours) == [cells[0]]


def test_a_period_that_cuts_days_shows_its_times(found: Reconciliation) -> None:
    assert days(found) == "2026-09-01 to 2026-10-01 (exclusive)"
    cut = Period(START.replace(hour=17), datetime(2026, 10, 1, 17, tzinfo=UTC), "UTC", "x")
    assert days(replace(found, period=cut)) == "2026-09-01 17:00 to 2026-10-01 17:00 (exclusive), UTC"
