"""How well does a story explain the bill's amounts? In bits: what it takes to write the bill down, given the story.

An amount that the story predicts to within the bill's own rounding is cheap to write, any other costs what an arbitrary
amount costs. So a few cells that fit exactly speak for a story, and single cells that are far off do not speak against it;
a story pays for each cause and each number it needs. The story with the fewest bits is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

OUTLIERS = 0.25
"""The share of cells that may be off for a reason of their own before a story is doubted."""
EXACT_SHARE = 1e-6
"""Amounts closer than this are the same: providers and their exports compute in floats, and cut after some decimals."""
EXACT_USD = 1e-9
NICE_STEP = 0.005
"""Discounts and price changes are agreed in half percents."""
NICE_BITS = 8.0
FREE_BITS = 6.0
"""What any other ratio costs beside its digits."""
LOWEST_RATIO, HIGHEST_RATIO = 0.02, 20.0
SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Billed:
    """Amounts of the cells, and how exact they are.

    amounts  USD
    bound    USD by which rounding can move a cell at most: its rows x half the rounding unit
    spread   standard deviation of that
    """

    amounts: Floats
    bound: Floats
    spread: Floats

    def of(self, chosen: Flags | int) -> Billed:
        """Return some of the cells."""
        return Billed(self.amounts[chosen], self.bound[chosen], self.spread[chosen])


def billed_cells(amounts: Floats, rows: Floats, unit: Floats | float) -> Billed:
    """Describe amounts that were each summed from rows rounded to a unit (0 = not rounded)."""
    slack = EXACT_SHARE * np.abs(amounts) + EXACT_USD
    return Billed(amounts, rows * unit / 2 + slack, np.sqrt(rows / 12) * unit + slack / 2)


def _scale(billed: Billed, predicted: Floats) -> Floats:
    return np.maximum(np.maximum(np.abs(billed.amounts), np.abs(predicted)), billed.bound)


def _densities(billed: Billed, predicted: Floats) -> tuple[Floats, Floats]:
    off = np.abs(billed.amounts - predicted)
    bell = np.exp(-0.5 * np.minimum(off / billed.spread, 38.0) ** 2) / (billed.spread * np.sqrt(2 * np.pi))
    within = np.where(off <= billed.bound, bell, 0.0)
    return (1 - OUTLIERS) * within, OUTLIERS / (2 * _scale(billed, predicted))


def cell_bits(billed: Billed, predicted: Floats) -> Floats:
    """Return the bits of each cell under a prediction."""
    within, broad = _densities(billed, predicted)
    bits: Floats = -np.log2(within + broad)
    return bits


def fitting(billed: Billed, predicted: Floats) -> Flags:
    """Say which cells the prediction explains to within the rounding."""
    within, broad = _densities(billed, predicted)
    flags: Flags = within >= broad
    return flags


def gain(billed: Billed, predicted: Floats) -> Floats:
    """Return by how many bits each cell speaks for the prediction: 0 for one that is off or too small to tell."""
    _, broad = _densities(billed, predicted)
    saved: Floats = np.maximum(0.0, -np.log2(broad) - cell_bits(billed, predicted))
    return saved


@dataclass(frozen=True, slots=True)
class Ratio:
    """One number by which a cost is multiplied, and what it costs to say it."""

    value: float
    bits: float
    is_nice: bool


def _densest(ratios: Floats, halves: Floats, weights: Floats) -> float:
    """Return the ratio inside the intervals (ratio ± half) of the greatest weight together."""
    edges = np.concatenate((ratios - halves, ratios + halves))
    steps = np.concatenate((weights, -weights))
    order = np.lexsort((-steps, edges))
    covered = np.cumsum(steps[order])
    best = int(np.argmax(covered))
    left = edges[order[best]]
    right = edges[order[min(best + 1, len(edges) - 1)]]
    return float((left + right) / 2)


def ratios(billed: Billed, cost: Floats, rest: Floats | float = 0.0) -> list[Ratio]:
    """Find the ratio by which `cost` must be multiplied so that cost x ratio + rest is billed in as many cells as can be.

    Returns the ratio itself and, where it lies within its own error, the nearest half percent; [] when no cell tells.
    """
    billed, cost, rest = _telling(billed, cost, rest)
    if not len(cost):
        return []
    wanted = billed.amounts - rest
    halves = np.minimum(billed.bound, SIGMAS * billed.spread) / cost
    values = wanted / cost
    weights = np.log2(1 + 1 / np.maximum(halves, 1e-12))
    densest = _densest(values, halves, weights)
    near = np.abs(values - densest) <= halves * 1.01
    # Least squares over the cells that agree: sums, because the rounding errors of many cells cancel.
    certainty = cost[near] / np.maximum(billed.spread[near], EXACT_USD) ** 2
    value = float(np.sum(certainty * wanted[near]) / np.sum(certainty * cost[near]))
    error = float(1 / np.sqrt(np.sum(certainty * cost[near])))
    return _spelled(value, error)


def _telling(billed: Billed, cost: Floats, rest: Floats | float) -> tuple[Billed, Floats, Floats]:
    others = np.broadcast_to(np.asarray(rest, dtype=np.float64), cost.shape)
    total = cost + others
    telling = (billed.amounts > 0) & (cost > 2 * billed.spread) & (cost > 0.01 * total)
    ratio = np.divide(billed.amounts - others, cost, out=np.zeros_like(cost), where=telling)
    telling &= (ratio >= LOWEST_RATIO) & (ratio <= HIGHEST_RATIO)
    return billed.of(telling), cost[telling], others[telling]


def _spelled(value: float, error: float) -> list[Ratio]:
    nice = round(round(value / NICE_STEP) * NICE_STEP, 6)
    digits = float(np.log2(max(value, 1e-3) / max(error, EXACT_SHARE * value)))
    found = [Ratio(value, FREE_BITS + max(digits, 0.0), is_nice=False)]
    if nice > 0 and abs(nice - value) <= max(SIGMAS * error, 2 * EXACT_SHARE * value):
        found.insert(0, Ratio(nice, NICE_BITS, is_nice=True))
    return found
