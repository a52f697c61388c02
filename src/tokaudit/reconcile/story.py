"""How can a bill's amounts come about from our tokens? A story, and what it predicts stage by stage.

A story prices one model's cells: at another tier, with cached input in full, at a ratio, or with one class at another rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tokaudit.reconcile.fit import Floats
from tokaudit.reconcile.grid import Cells, added, class_parts, of_tier
from tokaudit.reconcile.slots import AS_LOGGED, CLASSES, CONTRACTED, LIST

EVERY = "all"
CACHED = ("cache_read", "cache_write_5m", "cache_write_1h")
FACTORED = {
    EVERY: tuple(CLASSES),
    "input": ("input",),
    "cache_read": ("cache_read",),
    "cache_write": ("cache_write_5m", "cache_write_1h"),
    "output": ("output",),
    "whole_input": ("input", *CACHED),
}
"""What one changed rate can stand behind -> the classes that it changes."""


@dataclass(frozen=True, slots=True)
class Story:
    """How the bill prices the tokens of one model, or of all.

    basis      LIST, or CONTRACTED = the user's rates
    tier       AS_LOGGED, or the tier at which every call is billed
    cache      AS_LOGGED, or which cached tokens are billed as uncached input
    ratio      a discount on all models
    factor     what the rate of the classes `of` is multiplied by, in buckets from `since` to before `until`
    has_units  the amounts of tokens include fees (web search and the like)
    """

    basis: str = LIST
    tier: str = AS_LOGGED
    cache: str = AS_LOGGED
    ratio: float = 1.0
    factor: float = 1.0
    of: str = EVERY
    since: int = 0
    until: int | None = None
    has_units: bool = False

    @property
    def is_dated(self) -> bool:
        """Say whether the factor holds on some days only."""
        return self.since > 0 or self.until is not None

    @property
    def is_discount(self) -> bool:
        """Say whether the factor makes another discount for the whole model, rather than another rate."""
        return self.of == EVERY and self.factor * min(self.ratio, 1.0) < 1 and not self.is_dated

    @property
    def changes_cache_rate(self) -> bool:
        """Say whether the factor is on what cached input costs."""
        return self.of in ("cache_read", "cache_write")

    def causes(self) -> tuple[str, ...]:
        """Return what the story needs, for telling two stories apart."""
        found = []
        if self.tier != AS_LOGGED:
            found.append("tier")
        if self.cache != AS_LOGGED or (self.factor != 1 and self.changes_cache_rate):
            found.append("cache_semantics")
        if self.factor != 1 and not self.changes_cache_rate:
            found.append("discount" if self.is_discount else "rate")
        if self.ratio != 1 or self.basis == CONTRACTED:
            found.append("discount" if self.ratio <= 1 else "rate")
        return tuple(dict.fromkeys(found))


PLAIN = Story()


def _factors(story: Story, buckets: int) -> Floats:
    factor = np.ones(buckets)
    factor[story.since : story.until] = story.factor
    return factor


def predict(cells: Cells, story: Story) -> Floats:
    """Return what a story makes of the cells (buckets on the last axis)."""
    parts = class_parts(cells, story.basis, story.tier, story.cache)
    total = added(parts.values())
    if story.factor != 1:
        changed = added(parts[name] for name in FACTORED[story.of])
        total = total + changed * (_factors(story, total.shape[-1]) - 1)
    total = total * story.ratio
    return total + cells["unit_cost"] if story.has_units else total


@dataclass(frozen=True, slots=True)
class Lines:
    """How a bill makes lines of a cell: each of `kinds` (tier or None, classes) is rounded to `unit` by itself.

    A line of less than half a cent is nothing on a bill in cents, so that many small lines come to less than they cost.
    """

    kinds: tuple[tuple[str | None, tuple[str, ...]], ...] = ()
    unit: float = 0.0

    def as_printed(self, cells: Cells, story: Story) -> Floats:
        """Return what a story makes of the cells once the bill has rounded its lines."""
        if self.unit == 0 or len(self.kinds) < 2:
            return predict(cells, story)
        total = np.zeros(cells["unit_cost"].shape)
        for tier in dict.fromkeys(tier for tier, _ in self.kinds):
            own = cells if tier is None else of_tier(cells, tier)
            parts = _told_parts(own, story)
            for _, names in (kind for kind in self.kinds if kind[0] == tier):
                exact = added(parts[name] for name in names)
                total = total + np.floor(exact / self.unit + _HALF_UP) * self.unit
        return total + cells["unit_cost"] if story.has_units else total


_HALF_UP = 0.5 + 1e-9
UNROUNDED = Lines()


def _told_parts(cells: Cells, story: Story) -> dict[str, Floats]:
    parts = class_parts(cells, story.basis, story.tier, story.cache)
    factors = _factors(story, cells["unit_cost"].shape[-1])
    changed = FACTORED[story.of]
    return {name: part * story.ratio * (factors if name in changed else 1.0) for name, part in parts.items()}


def stages(cells: Cells, story: Story) -> dict[str, Floats]:
    """Return the cells' cost after each cause, in the order of the bridge; units left out."""
    told = replace(story, has_units=False)
    tier = replace(PLAIN, tier=story.tier)
    cache = replace(tier, cache=story.cache)
    if story.changes_cache_rate:
        cache = replace(cache, factor=story.factor, of=story.of, since=story.since, until=story.until)
    rate = cache
    if story.factor != 1 and not story.changes_cache_rate and not story.is_discount:
        rate = replace(cache, factor=story.factor, of=story.of, since=story.since, until=story.until)
    if story.ratio > 1:
        rate = replace(rate, ratio=story.ratio)
    return {
        "tier": predict(cells, tier),
        "cache_semantics": predict(cells, cache),
        "rate": predict(cells, rate),
        "discount": predict(cells, told),
    }
