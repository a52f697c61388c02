"""Are laws of growth told from one another, and are the longest conversations and the counterfactuals added up exactly?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.frames.counterfactuals import POLICIES
from tokaudit.prices.rates import MONEY
from tokaudit.summary.growth import counterfactuals_of, longest_of
from tokaudit.summary.growth_laws import Point, law_of


def points(*means: float, calls: int = 20) -> list[Point]:
    return [Point(turn, calls, mean) for turn, mean in enumerate(means, start=1)]


@pytest.mark.parametrize(
    ("means", "shape"),
    [
        ([100, 101, 99, 100, 100], "constant"),
        ([1000, 1500, 2000, 2500], "linear"),
        ([1000, 1480, 2030, 2490, 3010, 3480], "linear"),
        ([1000, 1500, 2000, 2500, 2500, 2500, 2500], "saturating"),
        ([1000, 1500, 2010, 2480, 2520, 2490, 2510, 2500], "saturating"),
        ([3000, 1000, 1000, 1000, 1000], "saturating"),
    ],
)
def test_the_law_is_told_from_the_means(means: list[float], shape: str) -> None:
    law = law_of(points(*means))
    assert law is not None
    assert law.shape == shape


def test_a_plateau_has_its_turn_and_level() -> None:
    law = law_of(points(1000, 1500, 2000, 2500, 2500, 2500, 2500))
    assert law is not None
    assert (round(law.base), round(law.per_turn), law.plateau_turn, round(law.plateau or 0)) == (1000, 500, 4, 2500)
    assert (law.turns, law.calls, round(law.mean_miss_share, 6), round(law.r_squared or 0, 6)) == (7, 140, 0, 1)


def test_turns_that_few_conversations_reach_are_left_out() -> None:
    law = law_of([*points(100, 100, 100, 100, calls=100), Point(5, 1, 9000)])
    assert law is not None
    assert (law.shape, law.turns, law.base) == ("constant", 4, 100)


def test_too_little_has_no_law() -> None:
    assert law_of([]) is None
    assert law_of(points(100, 200, calls=500)) is None
    assert law_of(points(100, 200, 300, calls=3)) is None
    assert law_of(points(0, 0, 0, 0)) is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(50, 5000), st.floats(0.1, 2), st.integers(4, 15), st.integers(3, 200))
def test_an_exact_line_is_found_again(base: int, growth: float, turns: int, calls: int) -> None:
    law = law_of(points(*(base * (1 + growth * n) for n in range(turns)), calls=calls))
    assert law is not None
    assert law.shape == "linear"
    assert law.base == pytest.approx(base)
    assert law.per_turn == pytest.approx(base * growth)


def conversation(
    key: int | None, turns: int, cost: int, *, feature: str = "chat", conversations: int = 1
) -> dict[str, Any]:
    return {
        "feature": feature, "conversation_key": key, "first_at": None if key is None else key * 1_000_000,
        "conversations": conversations, "turns": turns,
        "calls": turns, "input_tokens": turns * 100, "list_cost": Decimal(cost),
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema_overrides={"conversation_key": pl.UInt64, "first_at": pl.Int64, "list_cost": MONEY}
    )


def test_one_conversation_in_a_hundred_is_among_the_longest() -> None:
    rows = [conversation(key, 4 if key < 3 else 2, 10 + key) for key in range(20)]
    found = longest_of(table(*rows, conversation(None, 130, 130, conversations=130)), Decimal(500))
    assert found is not None
    # Of 150, two: of the three with four turns, the dearer ones.
    assert (found.conversations, found.of_conversations, found.turns_least, found.turns_most) == (2, 150, 4, 4)
    assert [one.first_call_at for one in found.top] == [f"1970-01-01T00:00:0{key}+00:00" for key in (2, 1)]
    assert (found.list_cost, found.cost_share, found.calls, found.calls_share) == (23, 0.046, 8, 8 / 176)


def test_a_conversation_of_two_features_is_one() -> None:
    found = longest_of(
        table(conversation(1, 1, 5), conversation(1, 2, 7, feature="title"), conversation(2, 2, 9)), Decimal(21)
    )
    assert found is not None
    assert (found.of_conversations, found.turns_most, found.list_cost) == (2, 3, 12)


def test_single_turns_have_no_longest_conversation() -> None:
    assert longest_of(table(conversation(None, 9, 9, conversations=9)), Decimal(9)) is None
    assert longest_of(table(conversation(None, 9, 9)).clear(), Decimal(0)) is None


amounts = st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-12))


def change_row(policy: int, saving: Decimal) -> dict[str, Any]:
    counts = dict.fromkeys(("calls", "dropped_tokens", "added_tokens", "lost_cached_tokens", "summary_calls",
                            "summary_input_tokens", "summary_output_tokens"), 3)  # fmt: skip
    return {"change": POLICIES[policy].change, "turns": POLICIES[policy].turns, **counts, "saving": saving}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(POLICIES) - 1), amounts), max_size=9), st.decimals(0, 1000, places=12))
def test_cost_then_and_saving_are_the_cost_now(rows: list[tuple[int, Decimal]], cost: Decimal) -> None:
    found = counterfactuals_of([change_row(*row) for row in rows], cost)
    assert [(one.change, one.turns or 0) for one in found] == [(policy.change, policy.turns) for policy in POLICIES]
    assert all(one.cost_then + one.saving == one.cost_now == cost for one in found)
    assert sum((one.saving for one in found), Decimal(0)) == sum((saving for _, saving in rows), Decimal(0))
    assert all((one.summary_tokens is None) == (one.change != "summarise") for one in found)
