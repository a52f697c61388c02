"""What would our cells cost if they held the tokens that the bill counts?

Where a bill counts tokens, nothing need be inferred from amounts: its counts are priced at our rates. What that changes is
calls that one side lacks, calls of another tier, or tokens that one side counts as cached and the other does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokaudit.reconcile.fit import Flags, Floats
from tokaudit.reconcile.grid import Cells, added, predicted, tier_column
from tokaudit.reconcile.slots import AS_LOGGED, CLASSES, COSTS, READ_AS_INPUT, TIERS, WRITE_AS_INPUT, cost_name

INPUTS = tuple(name for name in CLASSES if name != "output")
RateOf = Callable[[int, str, str, str], float]
"""(model, basis, tier, name of COSTS) -> published USD a token; 0 = unknown."""
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Counts:
    """The bill's counts, arrays models x buckets.

    tokens    (tier, class) -> tokens; tier None = the bill does not tell tiers apart
    requests  NaN = not stated
    known     cells for which the bill counts tokens at all
    """

    tokens: Mapping[tuple[str | None, str], Floats]
    requests: Floats
    known: Flags

    @property
    def tells_tiers(self) -> bool:
        """Say whether the bill tells batch, flex and priority apart."""
        return any(tier is not None for tier, _ in self.tokens)


@dataclass(frozen=True, slots=True)
class Counted:
    """Our cells with the bill's tokens, and what each difference in counts adds to our cost (arrays of USD)."""

    cells: Cells
    missing: Floats
    extra: Floats
    tier: Floats
    cache: Floats
    differs: Flags


def _own(cells: Cells, tier: str | None, name: str) -> Floats:
    return cells[name if tier is None else tier_column(tier, name)]


def _class_of(cost: str) -> tuple[str, ...]:
    """Return the classes whose tokens a cost of COSTS is for."""
    return {READ_AS_INPUT: ("cache_read",), WRITE_AS_INPUT: ("cache_write_5m", "cache_write_1h")}.get(cost, (cost,))


def _scaled(own_cost: Floats, own_tokens: Floats, billed_tokens: Floats, rate: Floats) -> Floats:
    """Price the bill's tokens at the cell's own mean rate; where we have none in the cell, at the model's."""
    mean = np.divide(own_cost, own_tokens, out=np.broadcast_to(rate, own_cost.shape).copy(), where=own_tokens > 0)
    priced: Floats = billed_tokens * mean
    return np.where(billed_tokens == own_tokens, own_cost, priced)


def _model_rate(cells: Cells, tier: str | None, basis: str, priced_as: str, cost: str, rate_of: RateOf) -> Floats:
    """Return USD a token of each model over all its cells; the published rate where we have no such tokens."""
    names = _class_of(cost)
    tokens = added(_own(cells, tier, f"tokens_{name}") for name in names).sum(axis=-1)
    spent = _own(cells, tier, cost_name(basis, priced_as, cost)).sum(axis=-1)
    asked = (tier or TIERS[0]) if priced_as == AS_LOGGED else priced_as
    published = [rate_of(model, basis, asked, cost) if not tokens[model] else 0.0 for model in range(len(tokens))]
    rates: Floats = np.divide(spent, tokens, out=np.array(published), where=tokens > 0)
    return rates[:, None]


def _adjusted(cells: Cells, counts: Counts, ways: Sequence[tuple[str, str]], rate_of: RateOf) -> Cells:
    """Put the bill's tokens in place of ours. ways: the (basis, tier) that the cells are priced at."""
    values = cells.values.copy()
    groups: tuple[str | None, ...] = TIERS if counts.tells_tiers else (None,)
    for basis, priced_as in ways:
        for cost in COSTS:
            names = _class_of(cost)
            total = np.zeros_like(counts.requests)
            for tier in groups:
                own_tokens = added(_own(cells, tier, f"tokens_{name}") for name in names)
                billed = added(counts.tokens.get((tier, name), np.zeros_like(total)) for name in names)
                own_cost = _own(cells, tier, cost_name(basis, priced_as, cost))
                rate = _model_rate(cells, tier, basis, priced_as, cost, rate_of)
                scaled = _scaled(own_cost, own_tokens, billed, rate)
                total = total + scaled
                if tier is not None:
                    at = cells.columns[tier_column(tier, cost_name(basis, priced_as, cost))]
                    values[..., at] = np.where(counts.known, scaled, values[..., at])
            at = cells.columns[cost_name(basis, priced_as, cost)]
            if not counts.tells_tiers:
                _scale_tiers(
                    cells, values, cost_name(basis, priced_as, cost), np.where(counts.known, total, values[..., at])
                )
            values[..., at] = np.where(counts.known, total, values[..., at])
    return Cells(cells.columns, values)


def _scale_tiers(cells: Cells, values: NDArray[np.float64], name: str, total: Floats) -> None:
    """Let the tiers share what the bill does not tell apart as they share what we have."""
    whole = cells[name]
    grown = np.divide(total, whole, out=np.zeros_like(whole), where=whole > 0)
    for tier in TIERS:
        if tier_column(tier, name) in cells:
            own = cells[tier_column(tier, name)] * grown
            alone = (whole <= 0) & (tier == TIERS[0])
            values[..., cells.columns[tier_column(tier, name)]] = np.where(alone, total, own)


def _totals(cells: Cells, counts: Counts, names: Sequence[str], tier: str | None) -> tuple[Floats, Floats]:
    """Return (billed, ours): tokens of some classes, of one tier or (None) of all."""
    tiers = [tier] if tier is not None else ([*TIERS] if counts.tells_tiers else [None])
    zero = np.zeros_like(counts.requests)
    billed = sum((counts.tokens.get((t, name), zero) for t in tiers for name in names), start=zero)
    ours = sum((_own(cells, tier, f"tokens_{name}") for name in names), start=zero)
    return billed, ours


def _equal(pair: tuple[Floats, Floats]) -> Flags:
    flags: Flags = np.abs(pair[0] - pair[1]) < _HALF
    return flags


def _mean_cost(cells: Cells, names: Sequence[str]) -> Floats:
    """Return USD a token of some classes together, as logged: the cell's own, else the model's."""
    tokens = added(cells[f"tokens_{name}"] for name in names)
    spent = added(cells[cost_name("list", AS_LOGGED, name)] for name in names)
    totals = tokens.sum(axis=-1, keepdims=True)
    whole = np.divide(spent.sum(axis=-1, keepdims=True), totals, out=np.zeros_like(totals), where=totals > 0)
    mean: Floats = np.divide(spent, tokens, out=np.broadcast_to(whole, tokens.shape).copy(), where=tokens > 0)
    return mean


def count(cells: Cells, counts: Counts, ways: Sequence[tuple[str, str]], rate_of: RateOf) -> Counted:
    """Work out what the bill's counts change. cells: with tokens_<class> and costs, by tier where the bill tells tiers."""
    adjusted = _adjusted(cells, counts, ways, rate_of)
    moved = np.where(counts.known, predicted(adjusted) - predicted(cells), 0.0)
    tiers: tuple[str | None, ...] = TIERS if counts.tells_tiers else (None,)
    same_total = _equal(_totals(cells, counts, INPUTS, None)) & _equal(_totals(cells, counts, ("output",), None))
    same_tiers = np.logical_and.reduce(
        [_equal(_totals(cells, counts, names, tier)) for tier in tiers for names in (INPUTS, ("output",))]
    )
    by_class = {name: _totals(cells, counts, (name,), None) for name in CLASSES}
    same_classes = np.logical_and.reduce([_equal(pair) for pair in by_class.values()])
    gaps = np.stack([billed - ours for billed, ours in by_class.values()])
    same_total, differs = same_total & counts.known, ~same_total & counts.known
    opposite = differs & np.any(gaps > _HALF, axis=0) & np.any(gaps < -_HALF, axis=0)
    other_cache = _mostly(same_total & ~same_classes | opposite, same_total | opposite)
    other_tier = _mostly(same_total & ~same_tiers, same_total)
    estimate = _estimated_gap(cells, counts)
    estimate = np.where(other_cache | other_tier, np.where(np.abs(estimate) > 0, estimate, moved), moved)
    gap = np.where(differs, estimate, 0.0)
    rest = moved - gap
    cache = np.where(same_tiers | ~other_tier, rest, np.where(same_classes, 0.0, _class_gap(cells, by_class, gap)))
    return Counted(
        adjusted, np.maximum(gap, 0.0), np.minimum(gap, 0.0), rest - cache, cache, differs & (np.abs(moved) > 0)
    )


def _mostly(cells: Flags, among: Flags) -> Flags:
    """Say of each model whether most of some cells are of a kind."""
    flags: Flags = cells.sum(axis=-1, keepdims=True) * 2 > np.maximum(among.sum(axis=-1, keepdims=True), 1)
    return flags


def _estimated_gap(cells: Cells, counts: Counts) -> Floats:
    """Price the tokens that one side lacks as the cell's other tokens: their classes cannot be told."""
    total = np.zeros_like(counts.requests)
    for names in (INPUTS, ("output",)):
        billed, ours = _totals(cells, counts, names, None)
        total = total + (billed - ours) * _mean_cost(cells, names)
    return np.where(counts.known, total, 0.0)


def _class_gap(cells: Cells, by_class: Mapping[str, tuple[Floats, Floats]], gap: Floats) -> Floats:
    """Price the difference in each class at the cell's own rates: what is left of the move is the tiers'."""
    total = np.zeros_like(gap)
    for name, (billed, ours) in by_class.items():
        total = total + (billed - ours) * _mean_cost(cells, (name,))
    return total - gap
