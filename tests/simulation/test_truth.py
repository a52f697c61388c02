"""Do the planted lines hit the price-page example, and do they add up?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from simulation.logs import month_of, simulated
from tokaudit.estimate import Assumptions, estimate, history_tokens
from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import SUPPORT_BOT
from tokaudit.simulation.truth import Truth

EXAMPLE = {"naive": Decimal("3.30"), "system_prompt": Decimal("1.50"), "rag_context": Decimal("3.60")}


def costs(truth: Truth) -> dict[str, Decimal]:
    return {line.line: line.cost for line in truth.bridge}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_default_month_is_the_example_at_a_hundredth(seed: int) -> None:
    truth = month_of("support-bot", seed=seed).truth
    lines = costs(truth)
    assert {name: lines[name] for name in EXAMPLE} == EXAMPLE
    assert lines["retries"] == pytest.approx(Decimal("0.42"), rel=Decimal("0.01"))
    assert lines["history"] > 1
    assert truth.naive_cost == Decimal("3.30")


def test_the_scale_scales() -> None:
    lines = costs(month_of("support-bot", Fraction(1, 1000)).truth)
    assert {name: 10 * lines[name] for name in EXAMPLE} == EXAMPLE
    assert 10 * lines["retries"] == pytest.approx(Decimal("0.42"), rel=Decimal("0.02"))


@pytest.mark.parametrize("name", ["support-bot", "mixed"])
def test_the_lines_add_up_to_what_the_log_bills(name: str) -> None:
    month = month_of(name)
    usages = [record["response"].get("usage") for record in month.records]
    rates = {feature.model: feature for feature in month.scenario.features}
    billed = Decimal(0)
    for record, usage in zip(month.records, usages, strict=True):
        if usage is None:
            continue
        rate, cached = rates[record["request"]["model"]], usage["prompt_tokens_details"]["cached_tokens"]
        billed += (usage["prompt_tokens"] - cached) * rate.input_usd_per_million
        billed += (
            cached * (rate.cache_read_usd_per_million or 0) + usage["completion_tokens"] * rate.output_usd_per_million
        )
    assert month.truth.list_cost == billed / 1_000_000
    assert sum(costs(month.truth).values()) == month.truth.list_cost
    assert sum(line.tokens for line in month.truth.bridge) == month.truth.input_tokens + month.truth.output_tokens
    assert month.truth.input_tokens == sum(usage["prompt_tokens"] for usage in usages if usage)
    assert month.truth.calls == len(month.records)


def test_the_features_add_up_to_the_month() -> None:
    truth = month_of("mixed").truth
    assert len(truth.features) == 5
    assert sum(feature.list_cost for feature in truth.features) == truth.list_cost
    assert sum(line.cost for feature in truth.features for line in feature.bridge) == truth.list_cost


def test_retries_and_errors_have_their_shares() -> None:
    (feature,) = month_of("support-bot").truth.features
    assert (feature.kept_calls, feature.superseded_calls, feature.failed_calls) == (3000, 150, 30)


@pytest.mark.parametrize("turns", [1, 2, 3, 5])
def test_history_is_what_the_estimate_says_when_conversations_are_equal(turns: int) -> None:
    feature = replace(SUPPORT_BOT, mean_turns=Decimal(turns), most_turns=turns, length_spread=0.0)
    truth = simulated(Scenario(seed=1, month="2026-09", features=(feature,), scale=Fraction(1, 1000))).truth
    history = estimate(Assumptions(queries_per_day=10, turns=Decimal(turns))).lines[-1].usd_per_month
    assert costs(truth).get("history", Decimal(0)) == history


def test_history_of_the_default_month_lies_between_equal_and_geometric_lengths() -> None:
    month = month_of("support-bot")
    (feature,) = month.truth.features
    mean = Decimal(feature.kept_calls) / feature.conversations
    equal, geometric = (3000 * history_tokens(Assumptions(turns=mean, lengths=law)) for law in ("equal", "geometric"))
    history = next(line.tokens for line in month.truth.bridge if line.line == "history")
    assert equal < history < geometric
