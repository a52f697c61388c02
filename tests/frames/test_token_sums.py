"""Do sums of tokens keep apart what is priced apart, and only that?"""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl

from frames.literal import frame, rows
from tokaudit.frames.token_sums import token_sums
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES, UNIT_CLASSES

FAR = 2**62


def sums(bounds: tuple[int, ...] = (100, 200), **columns: list[Any]) -> pl.LazyFrame:
    count = len(next(iter(columns.values())))
    names = ("provider_name", "request_model", "response_model", "service_tier", "region", "moment", "priced_provider")
    given: dict[str, list[Any]] = {
        **{name: [None] * count for name in names},
        "feature": ["chat"] * count,
        "priced_model": ["m"] * count,
        "input_tokens": [10] * count,
        "output_tokens": [1] * count,
        "is_free": [False] * count,
        "tokeniser_ratio": [1.0] * count,
        "encoding_is_exact": [True] * count,
        "list_cost": [Decimal(1)] * count,
        "contracted_cost": [Decimal(1)] * count,
        **{f"tokens_{name}": [0] * count for name in TOKEN_CLASSES},
        **{f"units_{name}": [0] * count for name in UNIT_CLASSES},
    }
    table = frame(**{**given, **columns})
    text = pl.col("priced_model", "priced_provider").cast(pl.String)
    return token_sums(table.with_columns(pl.col("list_cost", "contracted_cost").cast(MONEY), text), bounds)


def test_a_prompt_as_long_as_a_bound_lies_below_it() -> None:
    found = sums(input_tokens=[0, 100, 101, 200, 201])
    assert rows(found, "prompt_above", "prompt_up_to", "calls") == [(-1, 100, 2), (100, 200, 2), (200, FAR, 1)]


def test_calls_that_agree_in_all_that_prices_depend_on_are_added_up() -> None:
    found = sums(tokens_output=[3, 4], tokens_cache_read=[5, 6], units_web_search=[1, 0])
    assert rows(found, "calls", "tokens_output", "tokens_cache_read", "units_web_search", "list_cost") == [
        (2, 7, 11, 1, Decimal(2))
    ]


def test_tiers_and_times_of_day_stay_apart() -> None:
    found = sums(
        service_tier=["batch", None, None],
        moment=[
            datetime(2026, 3, 1, tzinfo=UTC),
            datetime(2026, 3, 2, tzinfo=UTC),
            datetime(2026, 3, 2, 16, 30, tzinfo=UTC),
        ],
    )
    assert rows(found, "service_tier", "clock", by=["service_tier", "clock"]) == [
        ("batch", time(0)), (None, time(0)), (None, time(16, 30)),
    ]  # fmt: skip


def test_free_calls_and_calls_of_unknown_usage_are_left_out() -> None:
    found = sums(is_free=[True, False, False], input_tokens=[10, None, 10], tokens_output=[1, 1, 1])
    assert rows(found, "calls", "tokens_output") == [(1, 1)]


def test_only_a_learnt_ratio_of_the_tokeniser_is_kept() -> None:
    found = sums(tokeniser_ratio=[1.0, 1.2345678, 0.5, 2.0, 1.0], encoding_is_exact=[True, False, False, False, False])
    assert rows(found, "billed_per_10000_own", "calls") == [(12346, 1), (None, 4)]
