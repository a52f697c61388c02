"""Do models, days and shapes of a period say what the partial sums hold?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tokaudit.config import Settings
from tokaudit.periods import choose_period
from tokaudit.prices.rates import MONEY
from tokaudit.result import Period
from tokaudit.summary.period import NO_USAGE, days_of, models_of
from tokaudit.summary.shapes import shapes_of


def model_row(**changes: Any) -> dict[str, Any]:
    return {
        "feature": "chat",
        "provider_name": "openai",
        "model": "gpt-4o",
        "price_source": "a price page",
        "price_effective_from": date(2024, 10, 2),
        "matched_by": "exact id",
        "price_rules": None,
        "input_rate": Decimal("0.0000025"),
        "cache_rate": Decimal("0.00000125"),
        "output_rate": Decimal("0.00001"),
        "is_priced": True,
        "calls": 1,
        "input_tokens": 10,
        "output_tokens": 2,
        "list_cost": Decimal(1),
        "contracted_cost": Decimal(1),
        "logged_cost": Decimal(0),
        "logged_calls": 0,
        **changes,
    }


def models(*rows: dict[str, Any]) -> list[Any]:
    money = dict.fromkeys(
        ("input_rate", "cache_rate", "output_rate", "list_cost", "contracted_cost", "logged_cost"), MONEY
    )
    table = pl.DataFrame(
        list(rows),
        schema_overrides={
            **money,
            "price_effective_from": pl.Date,
            "price_source": pl.String,
            "price_rules": pl.String,
        },
    )
    return list(models_of({"models": table}))


UNPRICED = {
    "price_source": "nobody knows it", "price_effective_from": None, "input_rate": None, "cache_rate": None, "output_rate": None,
    "is_priced": False, "list_cost": Decimal(0),
}  # fmt: skip


def test_a_model_is_added_up_over_its_features() -> None:
    (found,) = models(model_row(), model_row(feature="mail", calls=2, list_cost=Decimal(3)))
    assert (found.calls, found.list_cost, found.price_effective_from) == (3, Decimal(4), "2024-10-02")
    assert (found.input_usd_per_million, found.cache_read_usd_per_million) == (Decimal("2.5"), Decimal("1.25"))


def test_each_rate_of_a_model_is_a_line_of_its_own_the_dearest_first() -> None:
    dearer = model_row(input_rate=Decimal("0.000005"), list_cost=Decimal(9))
    assert [found.list_cost for found in models(model_row(), dearer)] == [9, 1]


def test_unpriced_models_come_last_and_say_why() -> None:
    found = models(
        model_row(model="in-house", **UNPRICED),
        model_row(model="gpt-4o-mini", is_priced=False, list_cost=Decimal(0)),
        model_row(),
    )
    assert [(spend.model, spend.list_cost, spend.price_source) for spend in found] == [
        ("gpt-4o", 1, "a price page"), ("gpt-4o-mini", None, NO_USAGE), ("in-house", None, "nobody knows it"),
    ]  # fmt: skip


def test_days_are_in_order_and_calls_without_a_time_have_none() -> None:
    table = pl.DataFrame(
        {
            "date": [date(2026, 9, 2), None, date(2026, 9, 1)],
            "calls": [2, 7, 1],
            "list_cost": [Decimal(5), Decimal(0), Decimal(3)],
        }
    )
    assert [(day.date, day.calls, day.list_cost) for day in days_of({"days": table})] == [
        ("2026-09-01", 1, 3), ("2026-09-02", 2, 5),
    ]  # fmt: skip


def shape_row(answer_shape: str, calls: int, feature: str = "chat") -> dict[str, Any]:
    return {
        "feature": feature, "answer_shape": answer_shape, "calls": calls, "with_content": calls, "media": 1, "with_tools": 2,
    }  # fmt: skip


SEPTEMBER = choose_period(Settings(month=date(2026, 9, 1)), [])[0]
UNDATED = choose_period(Settings(), [])[0]
WEEK = choose_period(Settings(since=date(2026, 9, 1), until=date(2026, 9, 8)), [])[0]


def test_only_answers_that_came_whole_are_good_examples() -> None:
    rows = [shape_row("whole", 5), shape_row("truncated", 3), shape_row("failed", 2), shape_row("whole", 4, "mail")]
    found = shapes_of({"answers": pl.DataFrame(rows)}, SEPTEMBER)
    assert found["chat"] == {"good_examples": 5, "media": 3, "with_tools": 6, "month": "2026-09"}
    assert found["mail"]["good_examples"] == 4


@pytest.mark.parametrize(("period", "month"), [(SEPTEMBER, "2026-09"), (UNDATED, None), (WEEK, None)])
def test_a_shape_names_a_month_only_where_the_period_is_one(period: Period, month: str | None) -> None:
    found = shapes_of({"answers": pl.DataFrame([shape_row("whole", 1)])}, period)
    assert found["chat"]["month"] == month


def test_periods_are_what_they_seem() -> None:
    assert SEPTEMBER.start == datetime(2026, 9, 1, tzinfo=UTC)
