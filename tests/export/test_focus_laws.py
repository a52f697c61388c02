"""Which laws hold for every FOCUS file? Rows add up to the calls, by day in any zone, at the rates of each call's moment."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from export.focus_spec import faults
from export.test_focus import analysed, call, priced, written

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe")
CHANGE = datetime(2026, 10, 19, tzinfo=UTC)
BEFORE = {"uncached_input": "0.000003", "cache_read": "0.0000003", "output": "0.000015"}
AFTER = {"uncached_input": "0.000001237", "cache_read": "0.000000000000000001", "output": "0.000009"}
START, HOURS = datetime(2026, 9, 30, 6, tzinfo=UTC), 33 * 24


def quoted(moments: set[datetime]) -> pl.DataFrame:
    """The rates of model m at each moment; they change in the middle of the month."""
    instant = pl.Datetime("us", "UTC")
    rows = [
        priced(BEFORE if moment < CHANGE else AFTER).with_columns(moment=pl.lit(moment).cast(instant))
        for moment in sorted(moments)
    ]
    return pl.concat(rows)


@st.composite
def months(draw: st.DrawFn) -> list[dict[str, Any]]:
    seconds = draw(st.lists(st.integers(0, HOURS * 3600), min_size=1, max_size=25))
    tokens = st.integers(0, 10**7)
    calls = []
    for second in seconds:
        at = START + timedelta(seconds=second)
        calls.append(
            call(
                at,
                moment=at.replace(hour=0, minute=0, second=0, microsecond=0),
                feature=draw(st.sampled_from(["search", "draft"])),
                waste=draw(st.sampled_from([None, None, "failed"])),
                usage_state=draw(st.sampled_from(["exact", "estimated"])),
                tokens_uncached_input=draw(tokens),
                tokens_cache_read=draw(tokens),
                tokens_output=draw(tokens),
            )
        )
    return calls


def cost(made: dict[str, Any]) -> Decimal:
    rates = BEFORE if made["moment"] < CHANGE else AFTER
    return sum((made[f"tokens_{name}"] * Decimal(usd) for name, usd in rates.items()), Decimal(0))


def local_day(made: dict[str, Any], zone: str) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=made["started_at"])
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def summed(pairs: list[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for key, amount in pairs:
        found[key] = found.get(key, Decimal(0)) + amount
    return {key: amount for key, amount in found.items() if amount}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(months(), st.sampled_from(ZONES), st.randoms(use_true_random=False))
def test_days_add_up_to_the_calls_in_any_zone(calls: list[dict[str, Any]], zone: str, draw: random.Random) -> None:
    rates = quoted({made["moment"] for made in calls})
    table = written(analysed(*calls), rates, zone)
    rows = list(table.iter_rows(named=True))
    assert faults(rows) == []
    own = ZoneInfo(zone)
    days = summed([(row["ChargePeriodStart"].astimezone(own).date().isoformat(), row["ListCost"]) for row in rows])
    assert days == summed([(local_day(made, zone), cost(made)) for made in calls])
    features = summed([(row["x_FeatureName"], row["ListCost"]) for row in rows])
    assert features == summed([(made["feature"], cost(made)) for made in calls])
    assert sum(row["ListCost"] for row in rows) == sum(map(cost, calls))
    assert written(analysed(*draw.sample(calls, len(calls))), rates, zone).equals(table)


def test_a_price_change_inside_a_day_of_the_zone_splits_it() -> None:
    """The change is at midnight UTC, which is two hours into Berlin's day."""
    calls = [
        call(CHANGE - timedelta(minutes=30), moment=CHANGE - timedelta(days=1), tokens_output=10),
        call(CHANGE + timedelta(minutes=30), moment=CHANGE, tokens_output=10),
    ]
    found = written(analysed(*calls), quoted({made["moment"] for made in calls}), "Europe/Berlin")
    assert found["ChargePeriodStart"].n_unique() == 1
    assert sorted(found["ListUnitPrice"].to_list()) == [9, 15]
    assert found["SkuPriceId"].n_unique() == 1
