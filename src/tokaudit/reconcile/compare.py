"""What lies between our cost of one provider's calls and its bill?

Each cell is carried from our list cost to the billed amount, one cause after the other; every step starts from the state that
the step before leaves, so that the steps and the residual add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from tokaudit.reconcile.billed import Raw
from tokaudit.reconcile.counted import Counted, Counts, RateOf, count
from tokaudit.reconcile.fit import Billed, Flags, Floats, billed_cells, cell_bits, fitting, gain, ratios
from tokaudit.reconcile.grid import Cells, Grid, added, cost_columns, make_grid
from tokaudit.reconcile.search import Space, Told, tell
from tokaudit.reconcile.slots import AS_LOGGED, CLASSES, cost_name
from tokaudit.reconcile.story import PLAIN, Lines, Story, predict, stages
from tokaudit.reconcile.zones import Bucket, candidate_zones

PARTLY_BATCH_SHARE = 0.15
"""If a model is billed lower by at least this throughout and never below its batch rate, part of its calls went by batch; calls
that are not on the bill at all would now and then take a cell below it."""
FEWEST_PARTLY_BATCH = 8
ANCHOR_BITS = 24.0
"""Cells that fit must say at least this much together before what is left in others is called missing or extra calls."""
FEWEST_ANCHORS = 2
SAME_RATIO = 0.03
"""Cells of one model that are all off by nearly the same ratio lack no calls: their rate is another."""
SHOWN_UNIT = 0.001
"""Rounding to finer units than this is not worth a line."""
STATED_ZONE_BITS = 20.0
COUNTS = ("calls", "unpriced_calls", "unpriced_tokens")
STEPS = ("tier", "cache_semantics", "rate", "discount")


@dataclass(frozen=True, slots=True)
class Compared:
    """One provider's cells (arrays models x buckets, USD).

    steps      cause -> what it adds
    common     buckets that both sides cover
    own        our cells as the bill's zone cuts them
    fits       cells that the story explains to within the rounding
    counted    what the bill's counts differ in; None = it does not count tokens
    """

    raw: Raw
    told: Told
    cut: tuple[Bucket, ...]
    common: Flags
    assumed: Cells
    own: Cells
    steps: Mapping[str, Floats]
    fits: Flags
    counted: Counted | None


def _shares(cells: Cells, raw: Raw) -> Counts | None:
    """Make the bill's counts exclusive; classes that the bill does not tell apart are split as ours are."""
    if not raw.counted.any():
        return None
    tokens: dict[tuple[str | None, str], Floats] = {}
    for tier in sorted({tier for tier, _ in raw.counts}, key=str):
        tokens |= {(tier, name): value for name, value in _exclusive(cells, raw, tier).items()}
    return Counts(tokens, raw.requests, raw.counted)


def _exclusive(cells: Cells, raw: Raw, tier: str | None) -> dict[str, Floats]:
    def stated(name: str) -> Floats | None:
        return raw.counts.get((tier, name))

    def part(whole: Floats, name: str, among: Sequence[str]) -> Floats:
        own = added(cells[f"tokens_{other}"] for other in among)
        return whole * np.divide(cells[f"tokens_{name}"], own, out=np.zeros_like(own), where=own > 0)

    whole = stated("input_tokens")
    if whole is None:
        whole = np.zeros(raw.amounts.shape)
    inputs = ("input", "cache_read", "cache_write_5m", "cache_write_1h")
    read, write, hour = stated("cache_read_tokens"), stated("cache_write_tokens"), stated("cache_write_1h_tokens")
    output = stated("output_tokens")
    if read is None:
        read = part(whole, "cache_read", inputs)
    if write is None:
        write = part(whole, "cache_write_5m", inputs) + part(whole, "cache_write_1h", inputs)
    if hour is None:
        hour = part(write, "cache_write_1h", ("cache_write_5m", "cache_write_1h"))
    if output is None:
        own = added(cells[f"tokens_{name}"] for name in inputs)
        output = cells["tokens_output"] * np.divide(whole, own, out=np.zeros_like(own), where=own > 0)
    return {
        "input": np.maximum(whole - read - write, 0.0),
        "cache_read": read,
        "cache_write_5m": np.maximum(write - hour, 0.0),
        "cache_write_1h": hour,
        "output": output,
    }


def _grid(rows: pl.DataFrame, raw: Raw, space: Space) -> Grid:
    names = (*COUNTS, "unit_cost", *(f"tokens_{name}" for name in CLASSES), *cost_columns(space.bases, space.tiers))
    return make_grid(rows, raw.models, names, by_tier=any(tier is not None for tier, _ in (*raw.counts, *raw.kinds)))


def _zone_by_counts(cells: Mapping[str, Cells], raw: Raw, said: float) -> str:
    """Return the zone in which our counts fit the bill's best."""
    if raw.counted.any():
        theirs = sum(v for (_, name), v in raw.counts.items() if name in ("input_tokens", "output_tokens"))
        known, names = raw.counted, tuple(f"tokens_{name}" for name in CLASSES)
        if not any(name == "output_tokens" for _, name in raw.counts):
            names = names[:-1]
    else:
        theirs, known, names = raw.requests, ~np.isnan(raw.requests), ("calls",)
    billed = billed_cells(np.where(known, theirs, 0.0), np.ones(known.shape), 1.0)
    assumed = next(iter(cells))

    def bits(zone: str) -> float:
        ours = added(cells[zone][name] for name in names)
        cost = 0.0 if zone == assumed else said
        return cost + float(np.where(known, cell_bits(billed, ours), 0.0).sum())

    return min(cells, key=bits)


def compare(
    raw: Raw,
    rows: pl.DataFrame,
    space: Space,
    *,
    requested: tuple[datetime, datetime] | None,
    covered: tuple[datetime, datetime] | None,
    rate_of: RateOf,
) -> Compared:
    """Carry our cost to the bill's. rows: `slots.slots` of this provider; covered: what the logs cover at all, in whole days."""
    grid = _grid(rows, raw, space)
    zones = candidate_zones(raw.buckets, raw.assumed)
    by_zone = {zone: grid.cells(cut) for zone, cut in zones.items()}
    counts_tell = bool(raw.counted.any() or not np.isnan(raw.requests).all())
    if counts_tell:
        zone = _zone_by_counts(by_zone, raw, STATED_ZONE_BITS if raw.is_stated else 10.0)
        by_zone = {zone: by_zone[zone]}
    target = raw.amounts if raw.listed is None else raw.listed
    billed = billed_cells(target, raw.rows, raw.unit)
    ways = [(basis, tier) for basis in space.bases for tier in (AS_LOGGED, *space.tiers)]
    counted: Counted | None = None
    searched = by_zone
    if counts_tell and raw.counted.any():
        cells = by_zone[zone]
        counts = _shares(cells, raw)
        counted = count(cells, counts, ways, rate_of) if counts else None
        searched = {zone: counted.cells} if counted else by_zone
    lines = Lines(raw.kinds, float(raw.unit.max(initial=0.0)))
    told = tell(searched, billed, replace(space, lines=lines))
    told = told if raw.listed is None else _with_stated_discount(told, searched[told.zone], raw)
    own = by_zone[told.zone]
    cut = zones[told.zone]
    common = _common(raw.buckets, cut, requested, covered)
    at_edge = _reaching_out(cut, covered) if told.zone != raw.assumed else np.zeros(len(cut), dtype=bool)
    steps, fits = _steps(raw, told, own, counted, at_edge, lines)
    assumed = grid.cells(raw.buckets)
    return Compared(raw, told, cut, common, assumed, own, steps, fits, counted)


def _with_stated_discount(told: Told, cells: Cells, raw: Raw) -> Told:
    """Take the discount between the bill's own list and billed amounts: one for all, else one a model."""
    if raw.listed is None or np.allclose(raw.listed, raw.amounts, rtol=0, atol=1e-9):
        return told
    unit = np.maximum(raw.unit, 0.0)
    billed = billed_cells(raw.amounts, raw.rows, unit * np.sqrt(2))
    stories = []
    for model, story in enumerate(told.stories):
        found = ratios(billed.of(model), raw.listed[model])
        ratio = found[0].value if found else 1.0
        stories.append(replace(story, ratio=story.ratio * ratio))
    return replace(told, stories=tuple(stories))


def _common(
    buckets: Sequence[Bucket],
    cut: Sequence[Bucket],
    requested: tuple[datetime, datetime] | None,
    covered: tuple[datetime, datetime] | None,
) -> Flags:
    """Say which buckets are compared: those of the period asked for, else those that the logs reach into."""
    if requested is not None:
        start, end = requested
        return np.array([start <= b.start + (b.end - b.start) / 2 < end for b in buckets], dtype=bool)
    if covered is None:
        return np.zeros(len(cut), dtype=bool)
    return np.array([b.start < covered[1] and b.end > covered[0] for b in cut], dtype=bool)


def _reaching_out(cut: Sequence[Bucket], covered: tuple[datetime, datetime] | None) -> Flags:
    """Say which buckets lie partly outside of what the logs cover."""
    if covered is None:
        return np.zeros(len(cut), dtype=bool)
    first, last = covered
    return np.array([b.start < first < b.end or b.start < last < b.end for b in cut], dtype=bool)


def _predictions(cells: Cells, stories: Sequence[Story]) -> dict[str, Floats]:
    """Return list cost and the cost after each of STEPS, every model by its own story."""
    found = {name: np.zeros(cells["unit_cost"].shape) for name in ("list", *STEPS)}
    for model, story in enumerate(stories):
        own = Cells(cells.columns, cells.values[model])
        found["list"][model] = predict(own, PLAIN)
        for name, value in stages(own, story).items():
            found[name][model] = value
    return found


def _steps(
    raw: Raw, told: Told, own: Cells, counted: Counted | None, at_edge: Flags, lines: Lines
) -> tuple[dict[str, Floats], Flags]:
    cells = counted.cells if counted else own
    states = _predictions(cells, told.stories)
    units = np.stack([own["unit_cost"][m] * story.has_units for m, story in enumerate(told.stories)])
    amounts = raw.amounts - units
    billed = billed_cells(raw.amounts, raw.rows, raw.unit * (np.sqrt(2) if raw.listed is not None else 1.0))
    printed = np.stack(
        [lines.as_printed(Cells(cells.columns, cells.values[m]), story) for m, story in enumerate(told.stories)]
    )
    fits = fitting(billed, printed)
    vanished = printed - units - states["discount"]
    left = amounts - states["discount"] - vanished
    kinds = _leftovers(raw, own, billed, printed, left, fits, counted, at_edge)
    partly = _partly_batch(cells, told.stories, raw, kinds["extra"], printed)
    kinds["extra"] = np.where(partly, 0.0, kinds["extra"])
    named = sum((kinds[name] for name in ("missing", "extra", "edge")), start=np.zeros_like(left))
    ratio = _to_list(states)
    gap = named * ratio
    steps = {
        "time_zone": kinds["edge"] * ratio,
        "calls_missing_from_logs": kinds["missing"] * ratio,
        "calls_not_on_the_bill": kinds["extra"] * ratio,
        "unpriced": kinds["unpriced"],
        "rounding": kinds["rounding"] + vanished,
        "unit_charges": units - own["unit_cost"],
    }
    grown = {name: state + gap * _ratio(states, name) for name, state in states.items()}
    before = grown["list"]
    for name in STEPS:
        steps[name] = grown[name] - before
        before = grown[name]
    steps["tier"] = steps["tier"] + np.where(partly, left, 0.0)
    if counted:
        steps["calls_missing_from_logs"] = steps["calls_missing_from_logs"] + counted.missing
        steps["calls_not_on_the_bill"] = steps["calls_not_on_the_bill"] + counted.extra
        steps["tier"] = steps["tier"] + counted.tier
        steps["cache_semantics"] = steps["cache_semantics"] + counted.cache
    return steps, fits


def _partly_batch(cells: Cells, stories: Sequence[Story], raw: Raw, extra: Floats, told: Floats) -> Flags:
    """Say in which cells a charge lower than ours is better told by calls that went by batch than by calls not billed."""
    flags = np.zeros(extra.shape, dtype=bool)
    if cost_name("list", "batch", "input") not in cells:
        return flags
    for model, story in enumerate(stories):
        own = Cells(cells.columns, cells.values[model])
        lowest = predict(own, replace(story, tier="batch"))
        off = (extra[model] < 0) & (raw.amounts[model] > 0)
        telling = (told[model] > 0) & (raw.amounts[model] > 0) & (lowest < told[model] * 0.99)
        share = -extra[model][off].sum() / told[model][off].sum() if off.any() else 0.0
        never_below = bool(np.all(raw.amounts[model][off] >= lowest[off] - raw.unit[model][off] - 1e-9))
        if (
            off.sum() >= max(FEWEST_PARTLY_BATCH, 0.8 * telling.sum())
            and never_below
            and share >= PARTLY_BATCH_SHARE
            and not ((extra[model] < 0) & (raw.amounts[model] == 0)).any()
        ):
            flags[model] = off
    return flags


def _ratio(states: Mapping[str, Floats], name: str) -> Floats:
    """Return state / list of each cell; where we have nothing, of the model; where the model has nothing, of all."""
    top, bottom = states[name], states["list"]
    every = top.sum() / bottom.sum() if bottom.sum() > 0 else 1.0
    tops, bottoms = top.sum(axis=-1, keepdims=True), bottom.sum(axis=-1, keepdims=True)
    model = np.divide(tops, bottoms, out=np.full_like(tops, every), where=bottoms > 0)
    found: Floats = np.divide(top, bottom, out=np.broadcast_to(model, top.shape).copy(), where=bottom > 0)
    return found


def _to_list(states: Mapping[str, Floats]) -> Floats:
    ratio = _ratio(states, "discount")
    found: Floats = np.divide(1.0, ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return found


def _leftovers(
    raw: Raw,
    own: Cells,
    billed: Billed,
    told: Floats,
    left: Floats,
    fits: Flags,
    counted: Counted | None,
    at_edge: Flags,
) -> dict[str, Floats]:
    """Sort what the story leaves in each cell: rounding, missing or extra calls, calls without a price; else the residual."""
    none = np.zeros_like(left)
    is_rounding = (np.abs(left) <= billed.bound) & (raw.unit >= SHOWN_UNIT) & (told > 0) & fits
    open_cells = ~fits & (np.abs(left) > billed.bound)
    unpriced = open_cells & (left > 0) & (own["unpriced_calls"] > 0)
    edge = open_cells & at_edge & ~unpriced & (left > 0)
    open_cells &= ~unpriced & ~edge
    one_sided = (raw.amounts == 0) | (told == 0)
    named = open_cells & (one_sided | _anchored(billed, told, left, fits, open_cells))
    if counted:
        named &= counted.differs | ~raw.counted | one_sided
    return {
        "rounding": np.where(is_rounding, left, none),
        "unpriced": np.where(unpriced, left, none),
        "edge": np.where(edge, left, none),
        "missing": np.where(named & (left > 0), left, none),
        "extra": np.where(named & (left < 0), left, none),
    }


def _anchored(billed: Billed, told: Floats, left: Floats, fits: Flags, off: Flags) -> Flags:
    """Say in which cells a leftover may be called missing or extra calls: the other cells must bear the story out."""
    speaks = gain(billed, told) * fits
    telling = fits & (speaks > 1.0)
    if speaks.sum() < ANCHOR_BITS or telling.sum() < FEWEST_ANCHORS:
        return np.zeros_like(off)
    named = off.copy()
    for model in range(off.shape[0]):
        cells = off[model] & (told[model] > 0) & (billed.amounts[model] > 0)
        if telling[model].sum() >= FEWEST_ANCHORS or not cells.any():
            continue
        ratio = billed.amounts[model][cells] / told[model][cells]
        one_sign = bool(np.all(left[model][cells] > 0) or np.all(left[model][cells] < 0))
        if not one_sign or (cells.sum() > 1 and ratio.max() / ratio.min() < 1 + SAME_RATIO):
            named[model] &= ~cells
    return named
