"""Is the price-page example exact, and does the sum behave as a sum of costs must?"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.errors import UsageError
from tokaudit.estimate import Assumptions, Estimate, estimate, history_tokens
from tokaudit.result import plain

rates = st.decimals(0, 100, places=4)
tokens = st.integers(0, 20_000)
assumptions = st.builds(
    Assumptions,
    queries_per_day=st.integers(0, 10**6),
    days=st.integers(1, 31),
    input_tokens=tokens,
    output_tokens=tokens,
    system_tokens=tokens,
    documents=st.integers(0, 20),
    document_tokens=tokens,
    retry_share=st.decimals(0, 1, places=3),
    turns=st.decimals(1, 20, places=1),
    lengths=st.sampled_from(["equal", "geometric"]),
    input_usd_per_million=rates,
    output_usd_per_million=rates,
)


def costs(result: Estimate) -> dict[str, Decimal]:
    return {line.line: line.usd_per_month for line in result.lines}


def test_the_example_is_exact() -> None:
    result = estimate(Assumptions())
    assert costs(result) == {
        "naive": Decimal(330),
        "system_prompt": Decimal(150),
        "rag_context": Decimal(360),
        "retries": Decimal(42),
        "history": Decimal("112.5"),
    }
    assert result.total_usd_per_month == Decimal("994.5")
    assert result.multiplier == pytest.approx(994.5 / 330)


def test_the_example_without_conversations_is_882() -> None:
    assert estimate(Assumptions(turns=Decimal(1))).total_usd_per_month == Decimal(882)


@pytest.mark.parametrize(("turns", "usd"), [(1, 0), (2, 75), (3, 150), (5, 300), (8, 525)])
def test_history_by_turns(turns: int, usd: int) -> None:
    assert costs(estimate(Assumptions(turns=Decimal(turns))))["history"] == usd


def test_geometric_lengths_send_twice_as_much_again() -> None:
    equal = Assumptions(turns=Decimal("2.5"))
    assert history_tokens(replace(equal, lengths="geometric")) == 2 * history_tokens(equal) == 750


def test_the_table_by_month_and_year() -> None:
    rows = {row.queries_per_day: row for row in estimate(Assumptions(turns=Decimal(1))).volumes}
    assert list(rows) == [1_000, 10_000, 100_000, 1_000_000]
    assert rows[1_000].naive_usd_per_month == 33
    assert rows[10_000].total_usd_per_month == 882
    assert rows[10_000].naive_usd_per_year == 4015
    assert rows[1_000_000].total_usd_per_year == Decimal(1_073_100)


def test_nothing_asked_costs_nothing_and_has_no_multiplier() -> None:
    result = estimate(Assumptions(queries_per_day=0))
    assert result.total_usd_per_month == 0
    assert result.multiplier is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry_share", Decimal("-0.1")),
        ("documents", -1),
        ("turns", Decimal("0.5")),
        ("input_usd_per_million", Decimal("NaN")),
    ],
)
def test_an_impossible_assumption_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=name):
        replace(Assumptions(), **{name: value})


def test_it_can_be_written_as_json_with_exact_money() -> None:
    written = json.loads(json.dumps(plain(estimate(Assumptions()))))
    assert written["total_usd_per_month"] == "994.5"
    assert written["lines"][1] == {"line": "system_prompt", "tokens_per_query": "500", "usd_per_month": "150"}
    assert set(written["assumptions"]) == {field.name for field in fields(Assumptions)}


@given(assumptions)
def test_the_lines_add_up_to_the_total(given_assumptions: Assumptions) -> None:
    result = estimate(given_assumptions)
    assert sum(costs(result).values()) == result.total_usd_per_month
    assert costs(result)["naive"] == result.naive_usd_per_month
    assert min(costs(result).values()) >= 0


@given(
    assumptions,
    st.sampled_from(["system_tokens", "documents", "retry_share", "turns", "input_tokens", "output_tokens"]),
)
def test_more_of_anything_never_costs_less(given_assumptions: Assumptions, name: str) -> None:
    more = replace(given_assumptions, **{name: getattr(given_assumptions, name) + 1})
    assert estimate(more).total_usd_per_month >= estimate(given_assumptions).total_usd_per_month


@given(assumptions, st.integers(0, 50))
def test_the_bill_grows_with_the_queries(given_assumptions: Assumptions, factor: int) -> None:
    times = replace(given_assumptions, queries_per_day=given_assumptions.queries_per_day * factor)
    assert estimate(times).total_usd_per_month == factor * estimate(given_assumptions).total_usd_per_month


@given(assumptions)
def test_the_table_holds_the_estimates_of_its_volumes(given_assumptions: Assumptions) -> None:
    for row in estimate(given_assumptions).volumes:
        same = estimate(replace(given_assumptions, queries_per_day=row.queries_per_day))
        assert (row.naive_usd_per_month, row.total_usd_per_month) == (
            same.naive_usd_per_month,
            same.total_usd_per_month,
        )
