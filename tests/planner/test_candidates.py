"""Which features are candidates, in which order, and what speaks against each?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from audits.facts import a_feature, facts
from tokaudit.frames.use_cases import UNATTRIBUTED
from tokaudit.planner.candidates import (
    FEWEST_EXAMPLES,
    LONGEST_ANSWER,
    MOST_TURNS,
    SHORT_ANSWER,
    SMALLEST_SPEND,
    make_plan,
    task_type,
)
from tokaudit.result import Candidate, Feature, Plan, Range, SavingOfFinding, Savings

NOTHING = Range(*[Decimal(0)] * 3)
GOOD: Mapping[str, Any] = {"good_examples": FEWEST_EXAMPLES, "media": 0, "with_tools": 0, "month": "2026-09"}


def candidate_feature(name: str = "triage", usd: Decimal = SMALLEST_SPEND, **changes: Any) -> Feature:
    """Make a feature that passes every gate."""
    calls = {"calls": 1000, "operations": 1000, "conversations": 1000, "output_tokens": 20_000}
    return a_feature(name, tokens={"user_input": 100_000}, **{**calls, "list_cost": usd, **changes})


def planned(
    *features: Feature, shape: Mapping[str, Any] = GOOD, savings: Savings | None = None, factor: int = 1
) -> Plan:
    period = facts(*features, month_factor=Decimal(factor))
    return make_plan(period, savings or Savings(NOTHING, ()), {feature.feature: shape for feature in features})


def only(plan: Plan) -> Candidate:
    (candidate,) = plan.candidates
    return candidate


def failed(candidate: Candidate) -> list[str]:
    return [gate.id for gate in candidate.gates if not gate.passed]


def test_a_feature_that_passes_every_gate_should_be_tested() -> None:
    plan = planned(candidate_feature())
    candidate = only(plan)
    assert (candidate.verdict, candidate.reasons, failed(candidate)) == ("test it", (), [])
    assert candidate.next_test == {"command": "tokaudit plan --month 2026-09"}
    assert plan.none_reason is None
    assert plan.portfolio == {"candidates_to_test": 1, "spend_usd_per_month": SMALLEST_SPEND}


GATES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("spend_usd_per_month", {"usd": SMALLEST_SPEND - Decimal("0.01")}, {}, "not now"),
    ("good_examples", {}, {"good_examples": FEWEST_EXAMPLES - 1}, "not now"),
    ("mean_turns", {"conversations": 499}, {}, "no"),
    ("no_tools", {}, {"with_tools": 501}, "no"),
    ("text_only", {}, {"media": 1}, "no"),
    ("mean_output_tokens", {"output_tokens": 600_001}, {}, "no"),
    ("has_an_owner", {"name": UNATTRIBUTED}, {}, "no"),
]


@pytest.mark.parametrize(("gate", "changes", "shape", "verdict"), GATES, ids=[gate for gate, *_ in GATES])
def test_each_gate_alone_decides(gate: str, changes: dict[str, Any], shape: dict[str, Any], verdict: str) -> None:
    plan = planned(candidate_feature(**changes), shape={**GOOD, **shape})
    candidate = only(plan)
    assert failed(candidate) == [gate]
    assert candidate.verdict == verdict
    assert len(candidate.reasons) == 1
    assert candidate.next_test == {}
    assert plan.none_reason
    assert plan.portfolio["candidates_to_test"] == 0


def test_the_gates_hold_at_their_thresholds() -> None:
    edge = candidate_feature(conversations=int(1000 / MOST_TURNS), output_tokens=int(1000 * LONGEST_ANSWER))
    assert failed(only(planned(edge, shape={**GOOD, "with_tools": 500}))) == []


def test_gates_show_their_value_and_threshold() -> None:
    gates = {gate.id: (gate.value, gate.threshold) for gate in only(planned(candidate_feature())).gates}
    assert gates["spend_usd_per_month"] == (SMALLEST_SPEND, SMALLEST_SPEND)
    assert gates["good_examples"] == (FEWEST_EXAMPLES, FEWEST_EXAMPLES)
    assert list(gates) == [gate for gate, *_ in GATES]


def saving(feature: str, usd: int) -> SavingOfFinding:
    return SavingOfFinding("prompt_overhead", feature, Range(Decimal(0), Decimal(usd), Decimal(usd)))


def test_features_are_ranked_by_what_is_left_after_the_cheaper_fixes() -> None:
    savings = Savings(NOTHING, (saving("large", 900), saving("large", 50)))
    plan = planned(candidate_feature("large", Decimal(1000)), candidate_feature("small", Decimal(400)), savings=savings)
    assert [(candidate.rank, candidate.feature) for candidate in plan.candidates] == [(1, "small"), (2, "large")]
    large = plan.candidates[1]
    assert large.cost_usd_per_month["as_is"] == 1000
    assert large.cost_usd_per_month["after_first_moves"] == 50
    assert large.verdict == "not now"
    assert plan.portfolio["spend_usd_per_month"] == 400


def test_equal_features_are_ranked_by_name_and_none_without_calls() -> None:
    plan = planned(candidate_feature("b"), candidate_feature("a"), candidate_feature("c", calls=0))
    assert [candidate.feature for candidate in plan.candidates] == ["a", "b"]


def test_costs_are_those_of_a_month() -> None:
    assert only(planned(candidate_feature(), factor=3)).cost_usd_per_month["as_is"] == 3 * SMALLEST_SPEND


def test_a_feature_without_any_price_has_no_cost() -> None:
    unpriced = only(planned(candidate_feature(usd=Decimal(0), unpriced_calls=1000)))
    assert set(unpriced.cost_usd_per_month.values()) == {None}
    assert only(planned(candidate_feature(unpriced_calls=999))).cost_usd_per_month["as_is"] == SMALLEST_SPEND


def test_a_plan_for_no_calls_says_so() -> None:
    assert planned() == Plan(
        (), {"candidates_to_test": 0, "spend_usd_per_month": Decimal(0)}, "There are no calls to plan for"
    )


def test_without_a_month_the_command_names_none() -> None:
    assert only(planned(candidate_feature(), shape={**GOOD, "month": None})).next_test == {"command": "tokaudit plan"}


@pytest.mark.parametrize(
    ("expected", "feature", "tools"),
    [
        ("agent", candidate_feature(output_tokens=10), 501),
        ("extraction", a_feature(tokens={"response_schema": 1}, calls=1000, output_tokens=10), 500),
        ("classification", candidate_feature(output_tokens=int(SHORT_ANSWER * 1000), conversations=10), 0),
        ("chat", candidate_feature(conversations=400), 0),
        ("question answering", a_feature(tokens={"rag_context": 11, "user_input": 89}, output_tokens=1000), 0),
        ("generation", a_feature(tokens={"rag_context": 10, "user_input": 90}, output_tokens=1000), 0),
    ],
)
def test_the_first_rule_that_fits_names_the_task(expected: str, feature: Feature, tools: int) -> None:
    task = task_type(feature, {**GOOD, "with_tools": tools})
    assert task.type == expected
    assert task.rule
    assert set(task.evidence) == {
        "mean_output_tokens", "calls_with_tools_share", "response_schema_tokens", "documents_share_of_input", "mean_turns",
    }  # fmt: skip


def test_a_feature_without_calls_or_tokens_has_a_task_too() -> None:
    assert (
        task_type(a_feature(tokens={}, calls=0, operations=0, conversations=0, output_tokens=0), GOOD).type
        == "classification"
    )
