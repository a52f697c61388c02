"""Which name on the bill is a model of ours under another name, as only the amounts show?

Bills may name a deployment or a product where logs name the model. Nothing is matched that looks alike: a name that none of ours
meets is one of ours only if its amounts are that model's, day after day, and no other pair fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from tokaudit.reconcile.fit import Floats
from tokaudit.reconcile.result import SameModel
from tokaudit.reconcile.zones import slot_of

FEWEST_DAYS = 5
AGREEING_SHARE = 0.9
"""Some days may be off for a reason of their own."""
CLOSE = 0.002
"""Relative: the days' amounts differ by far more than this from one another, and from those of other models."""
LEAST_SPREAD = 0.05
"""Standard deviation by mean of the days' amounts: sums that are the same each day fit any others that are."""
LOWEST_RATIO, HIGHEST_RATIO = 0.3, 1.5
"""A discount or a markup on all days; with other factors, anything would fit."""

_Days = Mapping[tuple[str, str], Mapping[int, float]]


def _billed_days(lines: pl.DataFrame) -> _Days:
    """Return (side, name) -> first slot of the day -> USD, of what is billed by the token."""
    tokens = lines.filter(
        (pl.col("item") == "tokens") & pl.col("amount").is_not_null() & pl.col("model_key").is_not_null()
    )
    sums = tokens.group_by(pl.col("provider_name").fill_null(""), "model_key", "start").agg(pl.col("amount").sum())
    days: dict[tuple[str, str], dict[int, float]] = {}
    for side, model, start, amount in sums.iter_rows():
        days.setdefault((side, model), {})[slot_of(start)] = float(amount)
    return days


def _own_days(rows: pl.DataFrame, starts: Sequence[int]) -> _Days:
    """Return (side, model) -> first slot of the bill's day -> list cost."""
    cuts = pl.DataFrame({"slot": starts, "start": starts}, schema={"slot": pl.Int64, "start": pl.Int64}).sort("slot")
    placed = rows.sort("slot").with_columns(pl.col("slot").cast(pl.Int64)).join_asof(cuts, on="slot")
    sums = placed.drop_nulls("start").group_by("side", "model", "start").agg(pl.col("list_cost").sum())
    days: dict[tuple[str, str], dict[int, float]] = {}
    for side, model, start, cost in sums.iter_rows():
        days.setdefault((side, model), {})[start] = float(cost)
    return days


def _agree(billed: Floats, own: Floats) -> bool:
    """Say whether one is the other, or a fixed share of it, on all days but a few."""
    if len(billed) < FEWEST_DAYS or (billed <= 0).any() or (own <= 0).any():
        return False
    ratio = float(np.median(billed / own))
    ratio = 1.0 if abs(ratio - 1) <= CLOSE else ratio
    is_close = np.abs(billed - ratio * own) <= CLOSE * billed
    is_spread = own.std() >= LEAST_SPREAD * own.mean()
    return bool(LOWEST_RATIO <= ratio <= HIGHEST_RATIO and is_spread and is_close.mean() >= AGREEING_SHARE)


def _pairs(billed: _Days, own: _Days, starts: Sequence[int]) -> Iterator[tuple[tuple[str, str], tuple[str, str], int]]:
    models, names = {model for _, model in own}, {name for _, name in billed}
    inner = starts[1:-1]  # the logs may reach only into the first and the last day
    for theirs in sorted(key for key in billed if key[1] not in models):
        for ours in sorted(key for key in own if key[1] not in names):
            days = [day for day in inner if billed[theirs].get(day) or own[ours].get(day)]
            sums = (np.array([side.get(day, 0.0) for day in days]) for side in (billed[theirs], own[ours]))
            if _agree(*sums):
                yield theirs, ours, len(days)


def same_models(lines: pl.DataFrame, rows: pl.DataFrame) -> tuple[SameModel, ...]:
    """Find the names on the bill whose amounts are those of one of our models.

    lines: BILL_SCHEMA + model_key; rows: side, model, slot, list_cost, as of `slots.slots`.
    """
    billed = _billed_days(lines)
    starts = sorted({day for days in billed.values() for day in days})
    pairs = list(_pairs(billed, _own_days(rows, starts), starts))
    uses = Counter(key for theirs, ours, _ in pairs for key in (("bill", *theirs), ("logs", *ours)))
    return tuple(
        SameModel(theirs[1], ours[1], days, ours[0] or None)
        for theirs, ours, days in pairs
        if uses["bill", *theirs] == uses["logs", *ours] == 1
    )


def with_same_models(
    lines: pl.DataFrame, rows: pl.DataFrame, found: Sequence[SameModel]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put what is billed under another name beside our calls, under the bill's name and our provider."""
    provider = {same.billed_as: same.provider_name or "" for same in found}
    moved = pl.col("model_key").replace_strict(provider, default=None, return_dtype=pl.String)
    # "" = of the side that names no provider
    own = pl.when(moved == "").then(None).otherwise(pl.coalesce(moved, "provider_name"))
    model = pl.col("model")
    for same in found:
        is_it = (pl.col("side") == (same.provider_name or "")) & (pl.col("model") == same.model)
        model = pl.when(is_it).then(pl.lit(same.billed_as)).otherwise(model)
    return lines.with_columns(provider_name=own), rows.with_columns(model=model)
