"""What do our calls come to in each cell (model x bucket of the bill), wherever the buckets' edges lie?

Quarter hours are summed up once; a cell is then the difference of two running sums, so that dozens of time zones can be tried.
Floats serve the search; the list cost of each cell is summed in exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tokaudit.reconcile.fit import Floats
from tokaudit.reconcile.slots import AS_LOGGED, CLASSES, COSTS, LIST, READ_AS_INPUT, TIERS, WRITE_AS_INPUT, cost_name
from tokaudit.reconcile.zones import Bucket, slot_of

_STRIDE = 2**32
"""More quarter hours than any log spans: (model, quarter hour) as one number."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Floats by name, one array models x buckets each."""

    columns: Mapping[str, int]
    values: NDArray[np.float64]

    def __getitem__(self, name: str) -> Floats:
        return self.values[..., self.columns[name]]

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def of_tier(cells: Cells, tier: str) -> Cells:
    """Return the cells of the calls of one tier, under the names of all. Cells must be kept by tier."""
    prefix = tier_column(tier, "")
    own = {name.removeprefix(prefix): at for name, at in cells.columns.items() if name.startswith(prefix)}
    return Cells(own, cells.values)


@dataclass(frozen=True, slots=True)
class Grid:
    """Running sums of the rows in the order of (model, quarter hour)."""

    models: tuple[str | None, ...]
    keys: NDArray[np.int64]
    columns: Mapping[str, int]
    running: NDArray[np.float64]

    def _ends(self, buckets: Sequence[Bucket]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        row = np.arange(len(self.models), dtype=np.int64)[:, None] * _STRIDE
        starts = np.array([slot_of(bucket.start) for bucket in buckets], dtype=np.int64)
        ends = np.array([slot_of(bucket.end) for bucket in buckets], dtype=np.int64)
        return np.searchsorted(self.keys, row + starts), np.searchsorted(self.keys, row + ends)

    def cells(self, buckets: Sequence[Bucket]) -> Cells:
        """Sum up the rows of each model and bucket."""
        low, high = self._ends(buckets)
        return Cells(self.columns, self.running[high] - self.running[low])


def tier_column(tier: str, name: str) -> str:
    """Return the column of a count or cost of the calls of one tier alone."""
    return f"{tier}/{name}"


def make_grid(rows: pl.DataFrame, models: Sequence[str | None], names: Sequence[str], *, by_tier: bool) -> Grid:
    """Put rows as of `slots.slots` (one provider's) in order. models: the cells' models, None = all of them together.

    by_tier: also keep each tier's own sums, as `tier_column`.
    """
    number = {model: index for index, model in enumerate(models)}
    if None in number:
        place = pl.lit(number[None], dtype=pl.Int64)
    else:
        place = pl.col("model").replace_strict(number, return_dtype=pl.Int64, default=None)
    placed = rows.with_columns(place=place).filter(pl.col("place").is_not_null()).sort("place", "slot", "tier")
    arrays = {name: placed[name].cast(pl.Float64).to_numpy() for name in names}
    if by_tier:
        tier = placed["tier"].to_numpy()
        for kind in TIERS:
            own = (tier == kind).astype(np.float64)
            arrays |= {tier_column(kind, name): arrays[name] * own for name in names}
    stacked = np.column_stack(list(arrays.values())) if arrays else np.zeros((placed.height, 0))
    running = np.vstack((np.zeros((1, stacked.shape[1])), np.cumsum(stacked, axis=0)))
    keys = placed["place"].to_numpy() * _STRIDE + placed["slot"].to_numpy()
    return Grid(tuple(models), keys.astype(np.int64), {name: at for at, name in enumerate(arrays)}, running)


def exact_cells(
    rows: pl.DataFrame, models: Sequence[str | None], buckets: Sequence[Bucket], name: str
) -> dict[tuple[int, int], Decimal]:
    """Sum up a MONEY column exactly: (model, bucket) -> USD, only where there is a row."""
    found: dict[tuple[int, int], Decimal] = {}
    slots = rows["slot"].to_numpy()
    starts = np.array([slot_of(bucket.start) for bucket in buckets], dtype=np.int64)
    ends = np.array([slot_of(bucket.end) for bucket in buckets], dtype=np.int64)
    order = np.argsort(starts, kind="stable")
    at = np.searchsorted(starts[order], slots, side="right") - 1
    bucket = np.where(at >= 0, order[np.maximum(at, 0)], -1)
    inside = (bucket >= 0) & (slots < ends[bucket])
    placed = rows.select("model", pl.col(name)).with_columns(bucket=pl.Series(np.where(inside, bucket, -1)))
    sums = placed.filter(pl.col("bucket") >= 0).group_by("model", "bucket").agg(pl.col(name).sum())
    number = {model: index for index, model in enumerate(models)}
    for model, place, amount in sums.iter_rows():
        index = number.get(None, number.get(model))
        if index is not None:
            key = (index, place)
            found[key] = found.get(key, Decimal(0)) + amount
    return found


def added(parts: Iterable[Floats]) -> Floats:
    """Add arrays of one shape."""
    first, *others = parts
    return sum(others, start=first)


def predicted(cells: Cells, basis: str = LIST, tier: str = AS_LOGGED, cache: str = AS_LOGGED) -> Floats:
    """Return what the cells cost by a way of pricing. cache: AS_LOGGED, READ_AS_INPUT, or WRITE_AS_INPUT = reads and writes."""
    return added(class_parts(cells, basis, tier, cache).values())


def class_parts(cells: Cells, basis: str, tier: str, cache: str) -> dict[str, Floats]:
    """Return the cost of each class of CLASSES by a way of pricing."""
    own = {name: cells[cost_name(basis, tier, name)] for name in CLASSES}
    if cache in (READ_AS_INPUT, WRITE_AS_INPUT):
        own["cache_read"] = cells[cost_name(basis, tier, READ_AS_INPUT)]
    if cache == WRITE_AS_INPUT:
        own["cache_write_5m"] = cells[cost_name(basis, tier, WRITE_AS_INPUT)]
        own["cache_write_1h"] = np.zeros_like(own["cache_write_5m"])
    return own


def cost_columns(bases: Sequence[str], tiers: Sequence[str]) -> tuple[str, ...]:
    """Return the cost columns of `slots.slots`."""
    return tuple(cost_name(basis, tier, name) for basis in bases for tier in (AS_LOGGED, *tiers) for name in COSTS)
