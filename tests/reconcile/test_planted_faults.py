"""Is each planted fault named, with its amount, whatever kind of bill shows it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import polars as pl
import pytest

from reconcile.analysed import analysed
from reconcile.faults import Fault, expected, faults_of, rounded, unlogged_batch
from reconcile.planted import Case, anthropic_lines, bill, by_day_and_model, openai_lines, plain
from tokaudit.reconcile.reconcile import Asked, reconcile
from tokaudit.reconcile.result import Reconciliation

D = Decimal
Writer = Callable[[Case], pl.DataFrame]


def console(case: Case) -> pl.DataFrame:
    return anthropic_lines(case, with_usage=True)


KINDS: dict[str, tuple[Writer, str | None, str]] = {
    "table": (by_day_and_model, None, "gpt-4o"),
    "openai": (openai_lines, "openai", "gpt-4o"),
    "anthropic": (console, "anthropic", "claude-sonnet-4-5"),
}
"""Kind of bill -> how it is written, whose calls stand on it, and the model that faults on one model are about."""

SHARE = D("0.01")
ALONE = tuple(faults_of("gpt-4o"))
WRITERS = [("table", 1), ("table", 2), ("openai", 1), ("anthropic", 2)]

CLASHING = (
    {"missing_hours", "not_on_the_bill"},  # in one cell they cancel out: only what is left of both can be seen
    {"missing_hours", "missing_day"},
    {"shanghai", "los_angeles"},
    {"discount_15", "discount_8_on_one"},
    {"discount_8_on_one", "dearer_output"},
    {"discount_8_on_one", "dearer_model"},
    {"dearer_output", "dearer_model"},
)
"""Pairs of which one undoes or hides the other."""
PAIRS = [pair for pair in combinations(ALONE, 2) if set(pair) not in CLASHING]


def planted(kind: str, seed: int, *faults: Fault) -> tuple[Case, Reconciliation]:
    writer, provider, _ = KINDS[kind]
    case = plain(seed, provider)
    for fault in faults:
        case = fault(case, seed)
    found = reconcile(analysed(case.logs), [bill(writer(case))], Asked())
    return replace(case, truth=expected(case)), found


def named(found: Reconciliation) -> dict[str, Decimal]:
    """Return the causes but for rounding, which a bill in cents always has."""
    return {cause.cause: cause.amount for cause in found.causes if cause.cause != "rounding"}


def adds_up(found: Reconciliation) -> bool:
    whole = found.list_cost + sum(cause.amount for cause in found.causes) + found.residual
    cells = all(c.list_cost + sum(c.causes.values()) + c.residual == c.billed for c in found.cells)
    return whole == found.billed and cells


@pytest.mark.parametrize(("kind", "seed"), WRITERS)
def test_a_month_without_faults_has_no_cause_and_no_residual(kind: str, seed: int) -> None:
    _, found = planted(kind, seed)
    assert named(found) == {}
    assert found.residual_share is not None
    assert found.residual_share < 0.001
    assert found.period.label == "2026-09"
    assert adds_up(found)


@pytest.mark.parametrize("fault", ALONE)
@pytest.mark.parametrize(("kind", "seed"), WRITERS)
def test_each_fault_alone_is_named_with_its_amount(kind: str, seed: int, fault: str) -> None:
    case, found = planted(kind, seed, faults_of(KINDS[kind][2])[fault])
    assert set(named(found)) == set(case.truth)
    for cause, amount in case.truth.items():
        # A bill in cents tells the rate of one class of tokens only to within its rounding.
        share = D("0.03") if kind == "anthropic" and fault == "dearer_output" else SHARE
        assert abs(found.amount_of(cause) - amount) <= share * abs(amount)
    assert found.residual_share is not None
    assert found.residual_share < 0.001
    assert adds_up(found)


@pytest.mark.parametrize("pair", PAIRS[::4], ids="+".join)
def test_two_faults_at_once_are_both_named(pair: tuple[str, str]) -> None:
    faults = faults_of("gpt-4o")
    case, found = planted("table", 3, *(faults[name] for name in pair))
    assert set(named(found)) == set(case.truth)
    for cause, amount in case.truth.items():
        # Where two faults meet, either may have the dollars that both move: a few percent of the smaller one.
        both = sum((abs(other) for other in case.truth.values()), D(0))
        assert abs(found.amount_of(cause) - amount) <= max(SHARE * both, D("0.08") * abs(amount))
    gap = sum(found.amount_of(cause) for cause in case.truth) - sum(case.truth.values(), D(0))
    assert abs(gap) <= SHARE * both
    assert found.residual_share is not None
    assert found.residual_share < 0.001


def test_batch_calls_that_the_logs_do_not_tell_are_counted() -> None:
    case, found = planted("openai", 1, unlogged_batch)
    assert named(found) == {"tier": pytest.approx(case.truth["tier"], rel=D("1e-6"))}
    assert found.causes[0].basis == "counted"


def test_a_bill_in_cents_is_rounded_and_no_more() -> None:
    case, found = planted("table", 1, rounded)
    assert named(found) == {}
    assert found.residual_share is not None
    assert found.residual_share < 0.001
    rows = by_day_and_model(case).height
    assert 0 < abs(found.amount_of("rounding")) <= rows * D("0.005")


def test_the_bridge_says_how_each_cause_is_known() -> None:
    _, inferred = planted("table", 1, faults_of("gpt-4o")["missing_day"])
    _, counted = planted("openai", 1, faults_of("gpt-4o")["missing_day"])
    assert [cause.basis for cause in inferred.causes] == ["inferred"]
    assert [cause.basis for cause in counted.causes] == ["counted"]
    assert counted.causes[0].evidence["requests"] > 0
    assert counted.causes[0].evidence["days"] == inferred.causes[0].evidence["days"]
