"""What must an audit be?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tokaudit.result import Feature, Finding, Input, ModelSpend, Range, Totals


@dataclass(frozen=True, slots=True)
class LoggedSpend:
    """Calls of one model whose logged costs have the same causes (`frames.logged_cost.CAUSES`, the simplest first).

    causes None = not compared: the log states no cost, or we have none; then all amounts are 0. cost_as_stated: our list cost
    by the usage that the log states; list_cost: with the cache reads that the logged cost implies. difference: the sum of
    the calls' own differences |logged - as stated|. implied_in_blocks: calls whose implied reads are whole blocks of 64.
    """

    provider_name: str | None
    model: str
    causes: tuple[str, ...] | None
    calls: int
    logged_calls: int
    logged_cost: Decimal
    list_cost: Decimal
    cost_as_stated: Decimal
    difference: Decimal
    implied_calls: int
    implied_cached_tokens: int
    implied_in_blocks: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What audits may look at. month_factor: the period's amounts times this are a month's."""

    input: Input
    totals: Totals
    models: tuple[ModelSpend, ...]
    features: tuple[Feature, ...]
    month_factor: Decimal
    logged: tuple[LoggedSpend, ...] = ()

    def per_month(self, low: Decimal, expected: Decimal, high: Decimal) -> Range:
        """Scale three amounts of the period to a month."""
        return Range(low * self.month_factor, expected * self.month_factor, high * self.month_factor)


@dataclass(frozen=True, slots=True)
class Audit:
    """id is the file's name; title, description and why are for the reader of the report.

    run returns one finding for the period or one for each feature. An exception in it becomes an error finding.
    """

    id: str
    title: str
    description: str
    why: str
    run: Callable[[Facts], Iterable[Finding]]


def has_texts(feature: Feature) -> bool:
    """Say whether the logs show what the feature sends: without texts nothing can be said of repeats and histories."""
    return feature.input_tokens > feature.components["unexplained"].tokens


def smallest_worth_naming(facts: Facts) -> Decimal:
    """Return the amount below which a saving is not worth a reader's minute: 0.5 % of the period's list cost."""
    return facts.totals.list_cost * Decimal("0.005")
