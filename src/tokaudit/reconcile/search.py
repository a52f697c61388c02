"""Which story explains the bill with the fewest bits?

All models share a story until one speaks against it. Every cause a story needs costs bits, so that a story with fewer causes
is told unless another explains much more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from tokaudit.reconcile.fit import Billed, Floats, Ratio, cell_bits, fitting, ratios
from tokaudit.reconcile.grid import Cells, added, class_parts
from tokaudit.reconcile.slots import AS_LOGGED, CONTRACTED, LIST, READ_AS_INPUT, STANDARD, WRITE_AS_INPUT
from tokaudit.reconcile.story import EVERY, FACTORED, UNROUNDED, Lines, Story, predict

CAUSE_BITS = 8.0
"""What a cause costs: one that is a priori as likely as 1 in 256. A handful of exact cells outweighs it."""
ZONE_BITS = 10.0
OWN_BITS = 3.0
"""What it costs a model to have a story of its own."""
UNSEEN_TIER_BITS = 6.0
"""What it costs that every call is of a tier of which the logs show no call."""
KNOWN_BITS = 2.0
"""What the user's own rates cost, and fees inside the amounts: both are to be expected."""
AS_GOOD_BITS = 6.0
"""Stories that differ by less explain the bill equally well."""
FEWEST_FITTING, FEWEST_FITTING_OWN, FEWEST_FITTING_ROUNDED = 0.2, 0.34, 0.6
"""A story must explain at least this share of the cells that it could: two cells that agree by chance are no discount. More of
one model's cells than of all, and more where rounding lets more cells agree."""
ROUNDED = 0.001
CLASS_BITS = 6.0
MOST_ZONES = 4
_FEWEST_DATED = 4
_CACHES = (AS_LOGGED, READ_AS_INPUT, WRITE_AS_INPUT)


@dataclass(frozen=True, slots=True)
class Told:
    """The best story.

    zone      in which the bill cuts its days
    stories   one a model
    as_good   other stories of all models, or of single models (by index), that explain as much
    """

    zone: str
    bits: float
    stories: tuple[Story, ...]
    as_good: tuple[tuple[int | None, Story], ...] = ()


@dataclass(frozen=True, slots=True)
class _Scored:
    story: Story
    bits: float


@dataclass(frozen=True, slots=True)
class Space:
    """What stories may say. tiers, bases: those the cells are priced at; may_have_units: fees may be in the amounts."""

    bases: Sequence[str] = (LIST,)
    tiers: Sequence[str] = ()
    seen_tiers: frozenset[str] = frozenset()
    may_have_units: bool = False
    lines: Lines = UNROUNDED

    def bits(self, cells: Cells, billed: Billed, story: Story) -> Floats:
        """Return the bits of each cell under a story."""
        return cell_bits(billed, self.lines.as_printed(cells, story))

    def holds(self, cells: Cells, billed: Billed, story: Story) -> bool:
        """Say whether a story fits enough of the cells on which both sides have something."""
        least = FEWEST_FITTING if billed.amounts.ndim > 1 else FEWEST_FITTING_OWN
        least = FEWEST_FITTING_ROUNDED if self.lines.unit >= ROUNDED else least
        told = self.lines.as_printed(cells, story)
        both = (billed.amounts > billed.bound) & (told > billed.bound)
        return bool((fitting(billed, told) & both).sum() >= least * both.sum())


def _ways(cells: Cells, space: Space) -> Iterator[_Scored]:
    """Return every way of pricing that makes a difference, with what it costs to say so."""
    has_units = (False, True) if space.may_have_units and np.any(cells["unit_cost"] > 0) else (False,)
    seen: list[Floats] = []
    for basis, tier, cache, units in product(space.bases, (AS_LOGGED, *space.tiers), _CACHES, has_units):
        story = Story(basis=basis, tier=tier, cache=cache, has_units=units)
        cost = predict(cells, story)
        if any(np.allclose(cost, other, rtol=1e-9, atol=1e-12) for other in seen):
            continue
        seen.append(cost)
        bits = CAUSE_BITS * ((tier != AS_LOGGED) + (cache != AS_LOGGED))
        bits += KNOWN_BITS * ((basis == CONTRACTED) + units)
        if tier not in (AS_LOGGED, STANDARD) and tier not in space.seen_tiers:
            bits += UNSEEN_TIER_BITS
        yield _Scored(story, bits)


def _units(cells: Cells, story: Story) -> Floats | float:
    return cells["unit_cost"] if story.has_units else 0.0


def _global_stories(cells: Cells, billed: Billed, space: Space) -> Iterator[_Scored]:
    for way in _ways(cells, space):
        if not way.story.causes() or space.holds(cells, billed, way.story):
            yield way
        cost = predict(cells, replace(way.story, has_units=False))
        for ratio in ratios(_flat(billed), cost.ravel(), _raveled(_units(cells, way.story))):
            told = replace(way.story, ratio=ratio.value)
            if ratio.value != 1 and space.holds(cells, billed, told):
                yield _Scored(told, way.bits + CAUSE_BITS + ratio.bits)


def _raveled(value: Floats | float) -> Floats | float:
    return value.ravel() if isinstance(value, np.ndarray) else value


def _flat(billed: Billed) -> Billed:
    return Billed(billed.amounts.ravel(), billed.bound.ravel(), billed.spread.ravel())


def _ranked_zones(by_zone: Mapping[str, Cells], billed: Billed, space: Space) -> list[str]:
    """Return the most likely zones; the first of `by_zone` is the one assumed and stays in."""
    assumed = next(iter(by_zone))
    best = {
        zone: min(s.bits + float(space.bits(cells, billed, s.story).sum())
                  for s in _global_stories(cells, billed, space))
        for zone, cells in by_zone.items()
    }  # fmt: skip
    ranked = sorted(best, key=lambda zone: best[zone])[:MOST_ZONES]
    return [assumed, *(zone for zone in ranked if zone != assumed)]


def _dated(cells: Cells, billed: Billed, space: Space, story: Story, whole: float) -> Iterator[_Scored]:
    """Let the factor hold only from a bucket on, or only before it."""
    buckets = billed.amounts.shape[-1]
    if buckets < _FEWEST_DATED:
        return
    without = space.bits(cells, billed, replace(story, factor=1.0))
    changed = space.bits(cells, billed, story)
    before, after = np.cumsum(without), np.cumsum(changed[::-1])[::-1]
    at = int(np.argmin(before[:-1] + after[1:])) + 1
    cost = whole + float(np.log2(buckets)) + CAUSE_BITS
    yield _Scored(replace(story, since=at), cost + float(before[at - 1] + after[at]))
    before, after = np.cumsum(changed), np.cumsum(without[::-1])[::-1]
    at = int(np.argmin(before[:-1] + after[1:])) + 1
    yield _Scored(replace(story, until=at), cost + float(before[at - 1] + after[at]))


def _own_stories(cells: Cells, billed: Billed, space: Space, ratio: float) -> Iterator[_Scored]:
    """Return the stories of one model, scored with its cells. ratio: the discount on all models."""
    for way in _ways(cells, space):
        base = replace(way.story, ratio=ratio)
        said = way.bits + OWN_BITS
        if way.story.causes() and not space.holds(cells, billed, base):
            continue
        yield _Scored(base, said + float(space.bits(cells, billed, base).sum()))
        parts = class_parts(cells, base.basis, base.tier, base.cache)
        whole = added(parts.values())
        for of, names in FACTORED.items():
            part = added(parts[name] for name in names)
            if of != EVERY and (not np.any(part > 0) or np.allclose(part, whole, rtol=1e-9)):
                continue
            rest = (whole - part) * ratio + _units(cells, base)
            for found in ratios(billed, part * ratio, rest):
                yield from _factored(cells, billed, space, replace(base, factor=found.value, of=of), said, found)


def _factored(cells: Cells, billed: Billed, space: Space, story: Story, said: float, found: Ratio) -> Iterator[_Scored]:
    if found.value == 1:
        return
    dated = list(_dated(cells, billed, space, story, said + CAUSE_BITS + found.bits))
    yield from (scored for scored in dated if space.holds(cells, billed, scored.story))
    if not space.holds(cells, billed, story):
        return
    # That a model has another rate is one cause; that only one class of it has, says which of them.
    said += CAUSE_BITS + found.bits + (0.0 if story.of == EVERY else CLASS_BITS)
    yield _Scored(story, said + float(space.bits(cells, billed, story).sum()))


def _of_model(cells: Cells, index: int) -> Cells:
    return Cells(cells.columns, cells.values[index])


def _told(zone: str, cells: Cells, billed: Billed, space: Space, said: float) -> Told:
    models = range(billed.amounts.shape[0])
    shared = [(s, space.bits(cells, billed, s.story).sum(axis=-1)) for s in _global_stories(cells, billed, space)]
    own: dict[float, list[list[_Scored]]] = {}

    def own_of(ratio: float) -> list[list[_Scored]]:
        if ratio not in own:
            own[ratio] = [
                sorted(_own_stories(_of_model(cells, m), billed.of(m), space, ratio), key=lambda s: s.bits)
                for m in models
            ]
        return own[ratio]

    plain = np.array([own_of(1.0)[m][0].bits for m in models])
    shared.sort(key=lambda pair: pair[0].bits + float(np.minimum(pair[1], plain).sum()))
    told: list[Told] = []
    for scored, bits in shared[:6]:
        bests = [own_of(scored.story.ratio)[m][0] for m in models]
        stories = tuple(b.story if b.bits < bits[m] else scored.story for m, b in zip(models, bests, strict=True))
        total = said + scored.bits + float(sum(min(b.bits, bits[m]) for m, b in zip(models, bests, strict=True)))
        told.append(Told(zone, total, stories))
    told.sort(key=lambda t: t.bits)
    best = told[0]
    as_good = [
        (None, other.stories[0])
        for other in told[1:]
        if other.bits < best.bits + AS_GOOD_BITS and _differ(other.stories, best.stories)
    ]
    return replace(best, as_good=tuple(as_good))


def _differ(first: Sequence[Story], second: Sequence[Story]) -> bool:
    return any(a.causes() != b.causes() for a, b in zip(first, second, strict=True))


def tell(by_zone: Mapping[str, Cells], billed: Billed, space: Space) -> Told:
    """Find the best story. by_zone: the cells as each zone cuts them, the assumed zone first."""
    assumed = next(iter(by_zone))
    zones = _ranked_zones(by_zone, billed, space) if len(by_zone) > 1 else [assumed]
    return min(
        (_told(zone, by_zone[zone], billed, space, 0.0 if zone == assumed else ZONE_BITS) for zone in zones),
        key=lambda told: told.bits,
    )
