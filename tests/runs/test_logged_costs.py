"""Does a run say why the cost that a log states is not ours, and bill the cache hits that only the cost reveals?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

import pytest

from runs.logs import START, analysed, audited
from tokaudit.result import AuditRun, Finding

CALLS = 300
MODEL = "gpt-4o-2024-08-06"
INPUT, READ, OUTPUT = Decimal("0.0000025"), Decimal("0.00000125"), Decimal("0.00001")


class Tokens(NamedTuple):
    """One call of the log; hits = tokens that were read from the provider's cache."""

    input: int
    hits: int
    output: int
    reasoning: int


def tokens(number: int) -> Tokens:
    """Return the tokens of a call: all lengths differ, every tenth call hits no cache."""
    length = 1200 + number * 7919 % 90_000
    hits = 0 if number % 10 == 0 else (length * (30 + number % 65) // 100) // 128 * 128
    output = 1 + number * 104_729 % 1500
    return Tokens(length, hits, output, output // 3)


def usual(call: Tokens) -> Decimal:
    return (call.input - call.hits) * INPUT + call.hits * READ + call.output * OUTPUT


def full_price(call: Tokens) -> Decimal:
    return call.input * INPUT + call.output * OUTPUT


def log(
    cost: Callable[[Tokens], Decimal | float | None], *, says_hits: bool = True, model: str = MODEL
) -> list[dict[str, Any]]:
    """Return a log of calls with the costs that its own price list led to."""
    rows = []
    for number in range(CALLS):
        call = tokens(number)
        amount = cost(call)
        row = {
            "timestamp": (START + timedelta(minutes=number)).isoformat(), "request_id": f"r{number}", "model": model,
            "provider": "openai", "prompt_tokens": call.input, "completion_tokens": call.output,
            "reasoning_tokens": call.reasoning,
        }  # fmt: skip
        if says_hits:
            row["cached_tokens"] = call.hits
        if amount is not None:
            row["cost"] = amount if isinstance(amount, float) else format(amount, "f")
        rows.append(row)
    return rows


def of_logged_cost(run: AuditRun) -> list[Finding]:
    return [finding for finding in run.findings if finding.id == "logged_cost"]


def total(cost: Callable[[Tokens], Decimal]) -> Decimal:
    return sum((cost(tokens(number)) for number in range(CALLS)), Decimal(0))


CAUSES: dict[str, Callable[[Tokens], Decimal]] = {
    "cache_not_discounted": full_price,
    "cache_charged_apart": lambda call: full_price(call) + call.hits * READ,
    "cache_left_out": lambda call: (call.input - call.hits) * INPUT + call.output * OUTPUT,
    "reasoning_left_out": lambda call: usual(call) - call.reasoning * OUTPUT,
    "reasoning_counted_twice": lambda call: usual(call) + call.reasoning * OUTPUT,
    "unknown_model_at_0": lambda _: Decimal(0),
    "batch": lambda call: usual(call) / 2,
    "unit_slip": lambda call: usual(call) * 100,
    "one_ratio": lambda call: usual(call) * Decimal("0.83"),
    "other_rates": lambda call: call.input * Decimal("0.0000031") + call.output * Decimal("0.0000077"),
    "cut_off": lambda call: usual(call).quantize(Decimal("0.01"), ROUND_DOWN),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_planted_cause_is_named_with_its_amounts(cause: str) -> None:
    says_hits = cause != "other_rates"
    ours = usual if says_hits else full_price
    run = audited(log(CAUSES[cause], says_hits=says_hits))
    (finding,) = of_logged_cost(run)
    found = finding.evidence
    assert (finding.state, found["model"], found["provider"]) == ("informative", "gpt-4o", "openai")
    assert found["cause"] == cause
    assert found["share_explained"] > 0.9
    assert found["logged_cost_usd"] == total(CAUSES[cause])
    assert found["list_cost_usd"] == total(ours) == run.totals.list_cost
    assert found["difference_usd"] == total(CAUSES[cause]) - total(ours)
    assert (found["calls"], found["calls_not_compared"]) == (CALLS, 0)


def at(call: Tokens, *rates: str) -> Decimal:
    """Price a call at rates of input, cache reads and output in USD a million tokens."""
    uncached, read, output = (Decimal(rate) / 10**6 for rate in rates)
    return (call.input - call.hits) * uncached + call.hits * read + call.output * output


@pytest.mark.parametrize(
    ("model", "rates", "cause"),
    [
        ("o3", ("10", "0.5", "40"), "price_change"),  # until 2025-06-10; 2 / 0.5 / 8 since
        (MODEL, ("4.25", "2.125", "17"), "tier"),  # priority
        (MODEL, ("1.25", "0.625", "5"), "batch"),
    ],
)
def test_other_published_rates_are_named(model: str, rates: tuple[str, str, str], cause: str) -> None:
    run = audited(log(lambda call: at(call, *rates), model=model))
    (finding,) = of_logged_cost(run)
    assert (finding.evidence["cause"], finding.evidence["share_explained"]) == (cause, 1.0)
    assert finding.evidence["logged_cost_usd"] == total(lambda call: at(call, *rates))


def test_each_model_has_a_cause_of_its_own() -> None:
    mixed = [*log(full_price)[::2], *log(lambda call: at(call, "10", "0.5", "40"), model="o3")[1::2]]
    found = of_logged_cost(audited(mixed))
    assert {f.evidence["model"]: f.evidence["cause"] for f in found} == {
        "gpt-4o": "cache_not_discounted",
        "o3": "price_change",
    }


@pytest.mark.parametrize(
    "cost", [usual, lambda call: usual(call).quantize(Decimal("0.000001")), lambda call: float(usual(call))]
)
def test_costs_that_agree_pass(cost: Callable[[Tokens], Decimal]) -> None:
    (finding,) = of_logged_cost(audited(log(cost)))
    assert (finding.state, finding.evidence["calls"]) == ("passed", CALLS)


def test_without_costs_it_does_not_apply() -> None:
    (finding,) = of_logged_cost(audited(log(lambda _: None)))
    assert finding.state == "not_applicable"


def binary(call: Tokens) -> float:
    """Return a cost as a logger works it out that knows the whole usage."""
    return float(INPUT) * (call.input - call.hits) + float(READ) * call.hits + float(OUTPUT) * call.output


@pytest.mark.parametrize("cost", [usual, binary])
def test_hidden_cache_hits_are_proven_and_billed(cost: Callable[[Tokens], Any]) -> None:
    with analysed(log(cost, says_hits=False)) as (_, calls):
        assert calls["cache_read_input_tokens"].fill_null(0).to_list() == [tokens(n).hits for n in range(CALLS)]
        assert calls["list_cost"].to_list() == [usual(tokens(n)) for n in range(CALLS)]
        assert calls["stated_cost"].to_list() == [full_price(tokens(n)) for n in range(CALLS)]


def test_hidden_cache_hits_are_shown_beside_the_cost_as_stated() -> None:
    run = audited(log(usual, says_hits=False))
    (finding,) = of_logged_cost(run)
    found = finding.evidence
    hits = [tokens(number).hits for number in range(CALLS)]
    assert found["cause"] == "hidden_cache_hits"
    assert found["cost_as_stated_usd"] == total(full_price)
    assert found["list_cost_usd"] == found["logged_cost_usd"] == total(usual) == run.totals.list_cost
    assert found["implied_cached_tokens"] == sum(hits) == run.totals.cache_read_input_tokens
    assert found["calls_with_implied_cache"] == sum(hit > 0 for hit in hits)
    assert found["share_in_blocks_of_64"] == 1.0
    assert found["ratio"] == float(total(full_price) / total(usual))
    assert run.input.usage_rules["cache reads implied by the logged cost"] == found["calls_with_implied_cache"]
    assert run.input.usage_state["cache_split_unknown"] >= found["calls_with_implied_cache"]


def test_a_discount_on_a_log_without_cache_figures_bills_no_hits() -> None:
    run = audited(log(lambda call: full_price(call) * Decimal("0.75"), says_hits=False))
    (finding,) = of_logged_cost(run)
    assert finding.evidence["cause"] == "one_ratio"
    assert run.totals.list_cost == total(full_price)
    assert run.totals.cache_read_input_tokens == 0
