"""Do partial sums become figures that add up?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.result import BRIDGE_LINES, COMPONENTS, Template, TemplateVersion
from tokaudit.summary.features import (
    bridge,
    component_table,
    growth_of,
    money,
    percentile_90,
    ratio,
    sums,
    template_of,
    waste_of,
)

INPUT, OUTPUT = Decimal("0.001"), Decimal("0.002")
DAY = date(2026, 9, 1)


def calls_row(waste: str | None = None, *, is_priced: bool = True, **changes: Any) -> dict[str, Any]:
    """Return the sums of 10 calls with 100 tokens in and 30 out, 5 of them reasoning."""
    cost = {
        "input_cost": 100 * INPUT,
        "output_cost": 30 * OUTPUT,
        "unit_cost": Decimal(0),
        "list_cost": 100 * INPUT + 30 * OUTPUT,
        "contracted_cost": Decimal("0.1"),
        "reasoning_cost": 5 * OUTPUT,
    }
    return {
        "waste": waste,
        "is_priced": is_priced,
        "calls": 10,
        "operations": 9,
        "input_tokens": 100,
        "cache_read_input_tokens": 40,
        "cache_write_5m_input_tokens": 7,
        "cache_write_1h_input_tokens": 3,
        "output_tokens": 30,
        "reasoning_output_tokens": 5,
        **(cost if is_priced else dict.fromkeys(cost)),
        "logged_cost": None,
        "logged_calls": 0,
        "hidden_attempts": 0,
        "answers_after_hidden": 0,
        "told_of_hidden": 0,
        **changes,
    }


def component_row(component: str, tokens: int, *, is_kept: bool = True, cached: int = 0) -> dict[str, Any]:
    return {
        "component": component, "tokens": tokens, "cached_tokens": cached, "cost": tokens * INPUT, "is_kept": is_kept,
    }  # fmt: skip


COMPONENT_ROWS = [
    component_row("user_input", 30),
    component_row("history", 50),
    component_row("format_overhead", 20),
    component_row("user_input", 100, is_kept=False),
]


def test_the_bridge_leads_from_the_price_page_sum_to_the_list_cost() -> None:
    steps = bridge([calls_row(), calls_row("superseded")], COMPONENT_ROWS)
    assert [(step.line, step.tokens, step.cost) for step in steps] == [
        ("naive", 30 + 25, 30 * INPUT + 25 * OUTPUT),
        ("history", 50, 50 * INPUT),
        ("format_overhead", 20, 20 * INPUT),
        ("reasoning", 5, 5 * OUTPUT),
        ("retries", 130, 100 * INPUT + 30 * OUTPUT),
    ]
    assert money(step.cost for step in steps) == 2 * (100 * INPUT + 30 * OUTPUT)


_wastes = st.sampled_from([None, "failed", "superseded", "duplicate_content"])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_wastes, st.booleans(), st.permutations(range(11)))))
def test_the_lines_of_every_bridge_add_up_and_stand_in_order(buckets: list[tuple[str | None, bool, list[int]]]) -> None:
    calls, components = [], []
    for waste, is_priced, shares in buckets:
        calls.append(calls_row(waste, is_priced=is_priced, input_tokens=55, input_cost=55 * INPUT if is_priced else None,
                               list_cost=55 * INPUT + 30 * OUTPUT if is_priced else None))  # fmt: skip
        components += [
            {**component_row(name, share, is_kept=waste is None), "cost": share * INPUT if is_priced else None}
            for name, share in zip(COMPONENTS, shares, strict=True)
        ]
    steps = bridge(calls, components)
    assert money(step.cost for step in steps) == money(row["list_cost"] for row in calls)
    assert sum(step.tokens for step in steps) == sum(row["input_tokens"] + row["output_tokens"] for row in calls)
    names = [step.line for step in steps]
    assert names == [name for name in BRIDGE_LINES if name in names]


def test_a_period_of_waste_alone_has_a_naive_line_of_nothing() -> None:
    steps = bridge([calls_row("failed")], [component_row("user_input", 100, is_kept=False)])
    assert [(step.line, step.tokens) for step in steps] == [("naive", 0), ("failed", 130)]


def test_every_component_has_an_entry() -> None:
    table = component_table(COMPONENT_ROWS)
    assert tuple(table) == COMPONENTS
    assert (table["user_input"].tokens, table["user_input"].cost) == (130, 130 * INPUT)
    assert (table["media"].tokens, table["media"].cost) == (0, 0)


def test_waste_is_counted_by_kind_at_its_whole_cost() -> None:
    waste = waste_of(
        [calls_row(), calls_row("failed"), calls_row("superseded"), calls_row("duplicate_content", is_priced=False)]
    )
    cost = 100 * INPUT + 30 * OUTPUT
    assert (waste.failed_calls, waste.retried_calls, waste.duplicate_calls) == (10, 10, 10)
    assert (waste.failed_cost, waste.retried_cost, waste.duplicate_cost, waste.cost) == (cost, cost, 0, 2 * cost)


def test_attempts_of_gateways_are_counted_where_a_log_tells_of_them_and_cost_nothing_known() -> None:
    told = calls_row(hidden_attempts=5, answers_after_hidden=3, told_of_hidden=10)
    silent, none = waste_of([calls_row()]), waste_of([calls_row(told_of_hidden=1)])
    assert (silent.gateway_retries, silent.gateway_retried_calls) == (None, None)
    assert (none.gateway_retries, none.gateway_retried_calls) == (0, 0)
    found = waste_of([calls_row(), told])
    assert (found.gateway_retries, found.gateway_retried_calls, found.gateway_retries_cost) == (5, 3, None)
    assert (found.cost, found.retried_calls) == (0, 0)


def test_unpriced_calls_are_apart_and_cost_nothing_known() -> None:
    found = sums([calls_row(), calls_row(is_priced=False)])
    assert (found["unpriced_calls"], found["unpriced_tokens"]) == (10, 130)
    assert found["list_cost"] == found["input_cost"] + found["output_cost"] == 100 * INPUT + 30 * OUTPUT
    assert (found["cache_creation_input_tokens"], found["input_tokens"]) == (20, 200)


def test_the_logs_own_costs_are_null_when_the_log_has_none() -> None:
    assert sums([calls_row()])["logged_cost"] is None
    assert sums([calls_row(), calls_row(logged_cost=Decimal(0), logged_calls=10)])["logged_cost"] == 0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(7, 1)], 7),
        ([(10, 5), (20, 4), (30, 1)], 20),
        ([(10, 89), (20, 11)], 20),
        ([(10, 90), (20, 10)], 10),
        ([(n, 1) for n in range(1, 12)], 10),
        ([], 0),
    ],
)
def test_the_90th_percentile_by_nearest_rank(counts: list[tuple[int, int]], expected: int) -> None:
    assert percentile_90(counts) == expected


def test_growth_is_described_turn_by_turn() -> None:
    def row(turn: int, input_tokens: int, calls: int, history: int) -> dict[str, Any]:
        return {
            "turn": turn, "input_tokens": input_tokens, "calls": calls, "history_tokens": history, "list_cost": Decimal(calls),
        }  # fmt: skip

    history = component_table(COMPONENT_ROWS)["history"]
    resent = [{"turn": 2, "resent_tokens": 170, "resent_of_answered": 150}]
    growth = growth_of([row(2, 300, 1, 200), row(1, 100, 3, 0), row(1, 200, 1, 0)], resent, Decimal(5), history, 1000)
    assert [(turn.turn, turn.calls, turn.input_tokens_mean, turn.input_tokens_p90) for turn in growth.turns] == [
        (1, 4, 125.0, 200), (2, 1, 300.0, 300),
    ]  # fmt: skip
    assert growth.turns[1].history_tokens_mean == 200.0
    assert [turn.resent_share for turn in growth.turns] == [0.0, 0.5]
    assert (growth.resent_share, growth.linear_cost) == (0.17, 5 - 50 * INPUT)


def test_without_tokens_no_share_is_known() -> None:
    assert growth_of([], [], Decimal(0), component_table([])["history"], 0).resent_share is None
    assert ratio(1, 0) is None


def template_row(name: str, calls: int, static: int = 100, variable: int = 0) -> dict[str, Any]:
    return {
        "template_id": name, "date": DAY, "calls": calls, "static_tokens": calls * static, "variable_tokens": variable
    }  # fmt: skip


def test_the_most_used_template_is_shown_with_its_mean_variable_tokens() -> None:
    rows = [template_row("a", 60, 100, 630), template_row("b", 40, 90, 0)]
    history = (
        TemplateVersion("a", "2026-09-01", "2026-09-01", 60),
        TemplateVersion("b", "2026-09-01", "2026-09-01", 40),
    )
    assert template_of(rows) == Template("a", 100, 10, 2, history)  # 10.5 is rounded to even


def test_a_version_has_the_first_and_the_last_day_it_was_sent() -> None:
    days = [date(2026, 9, day) for day in (3, 9, 9, 21)]
    rows = [{**template_row(name, 5), "date": day} for name, day in zip("aabb", days, strict=True)]
    undated = {**template_row("c", 1), "date": None}
    template = template_of([*rows, undated])
    assert template is not None
    assert [(version.id, version.first_day, version.last_day, version.calls) for version in template.history] == [
        ("a", "2026-09-03", "2026-09-09", 10), ("b", "2026-09-09", "2026-09-21", 10), ("c", None, None, 1),
    ]  # fmt: skip


def test_a_rare_prompt_is_no_version() -> None:
    template = template_of([template_row("a", 981), template_row("b", 19)])
    assert template is not None
    assert template.versions == 1
    template = template_of([template_row("a", 980), template_row("b", 20)])
    assert template is not None
    assert template.versions == 2


def test_without_a_system_prompt_there_is_no_template() -> None:
    assert template_of([]) is None
