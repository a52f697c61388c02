"""Is what must be paid anyway set against what was used of it?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import polars as pl
import pytest

from tokaudit.prices.rates import MONEY
from tokaudit.prices.terms import Commitment, ModelName, Scope, UserPrices
from tokaudit.result import CommitmentUse, Period
from tokaudit.stages import PARTIAL_KEYS
from tokaudit.summary.commitments import commitments_of, committed

APRIL = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), "UTC", "2026-04")


def terms(
    usd: str = "300", covers: Literal["usage", "calls"] = "usage", name: str = "a contract", **scope: Any
) -> Commitment:
    return Commitment(name, Scope(**scope), Decimal(usd), covers, "rates.toml")


def day(
    number: int, list_cost: str, contracted_cost: str | None = None, model: str = "gpt-4o", **given: Any
) -> dict[str, Any]:
    row = dict.fromkeys(PARTIAL_KEYS["contract_days"])
    return {
        **row, "provider_name": "openai", "request_model": model, "priced_provider": "openai", "priced_model": model,
        "day": date(2026, 4, number), "calls": 1, "list_cost": Decimal(list_cost),
        "contracted_cost": Decimal(contracted_cost or list_cost), **given,
    }  # fmt: skip


def use(*rows: dict[str, Any], prices: UserPrices, period: Period = APRIL) -> tuple[CommitmentUse, ...]:
    money = {"list_cost": MONEY, "contracted_cost": MONEY, "day": pl.Date}
    return commitments_of({"contract_days": pl.DataFrame(rows, schema_overrides=money)}, period, prices)


def test_usage_counts_against_the_amount_and_what_is_left_is_paid_for_nothing() -> None:
    (found,) = use(day(1, "120", "100"), day(2, "60", "50"), prices=UserPrices(commitments=(terms(),)))
    assert (found.committed_usd, found.used_usd, found.shortfall_usd) == (Decimal(300), Decimal(150), Decimal(150))
    assert (found.calls, found.covers) == (2, "usage")


def test_more_use_than_agreed_leaves_no_shortfall() -> None:
    (found,) = use(day(1, "500"), prices=UserPrices(commitments=(terms(),)))
    assert found.shortfall_usd == 0


def test_calls_that_are_paid_for_are_worth_their_list_price() -> None:
    (found,) = use(day(1, "120", "0"), prices=UserPrices(commitments=(terms(covers="calls", model="gpt-4o"),)))
    assert (found.used_usd, found.shortfall_usd) == (Decimal(120), Decimal(180))


def test_only_calls_in_scope_and_in_time_count() -> None:
    agreed = terms(model="gpt-4o", start=date(2026, 4, 16))
    (found,) = use(day(15, "1"), day(16, "2"), day(17, "4", model="gpt-5"), prices=UserPrices(commitments=(agreed,)))
    assert (found.used_usd, found.calls) == (Decimal(2), 1)
    assert found.committed_usd == Decimal(150)


def test_an_alias_counts_as_what_it_stands_for() -> None:
    prices = UserPrices(commitments=(terms(provider_name="openai"),), aliases={"my-gpt": ModelName("openai", "gpt-4o")})
    (found,) = use(day(1, "7", request_model="my-gpt", provider_name="somewhere"), prices=prices)
    assert found.used_usd == Decimal(7)


def test_usage_counts_against_every_contract_in_whose_scope_it_is() -> None:
    both = (terms(name="all"), terms(name="one", model="gpt-4o"))
    found = use(day(1, "7"), prices=UserPrices(commitments=both))
    assert [(one.name, one.used_usd) for one in found] == [("all", Decimal(7)), ("one", Decimal(7))]


def test_a_period_without_dates_has_no_amount() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    undated = Period(epoch, epoch, "UTC", "undated")
    (found,) = use(day(1, "7", day=None), prices=UserPrices(commitments=(terms(),)), period=undated)
    assert (found.committed_usd, found.used_usd, found.shortfall_usd) == (None, Decimal(7), None)


def test_without_commitments_there_is_nothing_to_say() -> None:
    assert use(day(1, "7"), prices=UserPrices()) == ()


@pytest.mark.parametrize(
    ("first", "end", "usd"),
    [
        (date(2026, 4, 1), date(2026, 5, 1), "310"),
        (date(2026, 4, 1), date(2026, 4, 4), "31"),
        (date(2026, 4, 28), date(2026, 5, 2), "41"),
        (date(2026, 1, 1), date(2027, 1, 1), "3720"),
    ],
)
def test_an_amount_is_prorated_by_the_days_of_each_month(first: date, end: date, usd: str) -> None:
    assert committed(terms("310"), first, end) == Decimal(usd)


def test_an_amount_before_it_is_in_force_is_nothing() -> None:
    assert committed(terms(start=date(2027, 1, 1)), date(2026, 1, 1), date(2026, 2, 1)) == 0
    assert committed(terms(end=date(2026, 1, 1)), date(2026, 1, 1), date(2026, 2, 1)) == 0
