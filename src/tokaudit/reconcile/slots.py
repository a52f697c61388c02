"""What did our calls cost in each quarter hour, by model and tier, and what if they had been priced otherwise?

Calls whose prices depend on the same things are summed up first, in one pass; only the sums are priced. Costs are split by class,
once for each way of pricing the same tokens: at the tier of the log or at another, at list or at the user's rates, with cached
input at its own rate or in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import polars as pl

from tokaudit.frames.cost import ZERO, with_rates
from tokaudit.prices.quotes import KEY_COLUMNS, PriceKey, quote
from tokaudit.prices.rates import MONEY, UNIT_CLASSES
from tokaudit.prices.rates_file import UserPrices
from tokaudit.reconcile.zones import SLOT

CLASSES = {
    "input": ("uncached_input", "input_audio", "input_image", "input_video"),
    "cache_read": ("cache_read", "cache_read_audio", "cache_read_image"),
    "cache_write_5m": ("cache_write_5m",),
    "cache_write_1h": ("cache_write_1h",),
    "output": ("output", "output_audio", "output_image", "output_reasoning"),
}
"""What bills tell apart -> our token classes."""

READ_AS_INPUT, WRITE_AS_INPUT = "read_as_input", "write_as_input"
"""The same cached tokens at the rate of uncached input."""
COSTS = (*CLASSES, READ_AS_INPUT, WRITE_AS_INPUT)
_UNCACHED = {"cache_read": "uncached_input", "cache_read_audio": "input_audio", "cache_read_image": "input_image",
             "cache_write_5m": "uncached_input", "cache_write_1h": "uncached_input"}  # fmt: skip

AS_LOGGED = "logged"
STANDARD = "standard"
TIERS = (STANDARD, "batch", "flex", "priority")
_TIER_NAMES = {
    "batch": "batch",
    "flex": "flex",
    "priority": "priority",
    "fast": "priority",
}
"""Any other word (default, auto, standard, scale, none) is the standard tier."""

LIST, CONTRACTED = "list", "contracted"
KEYS = ("side", "slot", "model", "tier")
UNITS = tuple(f"{name}_cost" for name in UNIT_CLASSES)


def cost_name(basis: str, tier: str, name: str) -> str:
    """Return the column of a cost: basis list or contracted, tier of TIERS or AS_LOGGED, name of COSTS."""
    return f"{basis}:{tier}:{name}"


def tier_of(column: str) -> pl.Expr:
    """Return the tier of TIERS that a word for it means."""
    return pl.col(column).str.to_lowercase().replace_strict(_TIER_NAMES, default=STANDARD).fill_null(STANDARD)


def _class_cost(basis: str, classes: Sequence[str], rate_of: Callable[[str], str]) -> pl.Expr:
    parts = [pl.col(f"tokens_{name}") * pl.col(f"{basis}_rate_{rate_of(name)}") for name in classes]
    return pl.sum_horizontal(parts, ignore_nulls=False)


def _costs(basis: str, tier: str) -> list[pl.Expr]:
    """Price each class. What is free or has no price costs nothing."""
    writes = (*CLASSES["cache_write_5m"], *CLASSES["cache_write_1h"])
    amounts = {
        **{name: _class_cost(basis, classes, lambda name: name) for name, classes in CLASSES.items()},
        READ_AS_INPUT: _class_cost(basis, CLASSES["cache_read"], _UNCACHED.__getitem__),
        WRITE_AS_INPUT: _class_cost(basis, writes, _UNCACHED.__getitem__),
    }
    return [
        pl.when(~pl.col("is_charged")).then(ZERO).otherwise(amount).cast(MONEY).alias(cost_name(basis, tier, name))
        for name, amount in amounts.items()
    ]


def _with_costs(usage: pl.DataFrame, tier: str, bases: Sequence[str], rates: pl.DataFrame) -> pl.DataFrame:
    """Price the sums at a tier. usage: KEY_COLUMNS of their own tier, row."""
    own = usage.lazy().rename({"longest_input": "input_tokens"})
    if tier != AS_LOGGED:
        own = own.with_columns(service_tier=pl.lit(None if tier == STANDARD else tier, dtype=pl.String))
    columns = [cost for basis in bases for cost in _costs(basis, tier)]
    units = [
        pl.when("is_charged")
        .then(pl.col(f"units_{name}") * pl.col(f"list_rate_{name}"))
        .cast(MONEY)
        .fill_null(ZERO)
        .alias(f"{name}_cost")
        for name in UNIT_CLASSES
    ]
    return with_rates(own, rates).select("row", *columns, *(units if tier == AS_LOGGED else ())).collect()


def _quotes(keys: pl.DataFrame, tiers: Sequence[str], prices: UserPrices) -> dict[str, pl.DataFrame]:
    """Return the rates of the keys at their own tier and at others."""
    found = {}
    for tier in tiers:
        asked = keys
        if tier != AS_LOGGED:
            asked = keys.with_columns(service_tier=pl.lit(None if tier == STANDARD else tier, dtype=pl.String)).unique()
        found[tier] = quote(sorted((PriceKey(*row) for row in asked.iter_rows()), key=repr), prices)
    return found


def _length_range(rates: Iterable[pl.DataFrame]) -> pl.Expr:
    """Say in which range of prompt lengths a call lies: the limits of all rates cut lengths into ranges of equal rates."""
    limits = sorted({limit for frame in rates for limit in frame["above_input_tokens"].to_list() if limit >= 0})
    length = pl.col("input_tokens").fill_null(0)
    return pl.sum_horizontal([pl.lit(0), *((length > limit).cast(pl.Int32) for limit in limits)])


_TOKENS = tuple(f"tokens_{name}" for names in CLASSES.values() for name in names)


def _usage(calls: pl.LazyFrame, length_range: pl.Expr) -> pl.DataFrame:
    """Sum up the calls whose prices depend on the same things."""
    unpriced = pl.col("list_cost").is_null() & ~pl.col("is_failed")
    keyed = calls.filter(pl.col("started_at").is_not_null()).with_columns(
        slot=pl.col("started_at") // (SLOT // timedelta(microseconds=1)),
        tier=tier_of("service_tier"),
        length_range=length_range,
        is_charged=~pl.col("is_free") & pl.col("list_cost").is_not_null(),
    )
    return (
        keyed.group_by(*KEYS, *KEY_COLUMNS, "length_range", "is_charged", "is_free")
        .agg(
            calls=pl.len().cast(pl.Int64),
            unpriced_calls=unpriced.sum().cast(pl.Int64),
            unpriced_tokens=pl.sum_horizontal("input_tokens", "output_tokens").filter(unpriced).sum(),
            longest_input=pl.col("input_tokens").max(),
            list_cost=pl.col("list_cost").fill_null(ZERO).sum(),
            unit_cost=pl.col("unit_cost").fill_null(ZERO).sum(),
            **{name: pl.col(name).sum() for name in _TOKENS},
            **{f"units_{name}": pl.col(f"units_{name}").sum() for name in UNIT_CLASSES},
        )
        .collect()
        .with_row_index("row")
    )


def slots(calls: pl.LazyFrame, *, tiers: Sequence[str], bases: Sequence[str], prices: UserPrices) -> pl.DataFrame:
    """Sum up the calls by quarter hour, model and tier.

    In: one row a call as `frames.cost.with_cost` leaves it, + is_failed, side (String, whose bill they stand on), model (String,
    the name to compare by). Out: KEYS, calls, unpriced_calls (priced by no rate though they may be billed), unpriced_tokens,
    tokens_<name> for each of CLASSES (Int64), list_cost and unit_cost (MONEY), <unit>_cost, and cost_name(...) for each of
    bases x (AS_LOGGED, *tiers) x COSTS (MONEY; at the logged tier where another has no rate). Calls without a time are left out.
    """
    ways = (AS_LOGGED, *tiers)
    rates = _quotes(calls.select(KEY_COLUMNS).unique().collect(), ways, prices)
    usage = _usage(calls, _length_range(rates.values()))
    priced = usage
    for tier in ways:
        priced = priced.join(_with_costs(usage, tier, bases, rates[tier]), on="row", how="left")
    names = [(basis, tier, name) for basis in bases for tier in ways for name in COSTS]
    costs = {
        cost_name(*each): pl.coalesce(cost_name(*each), cost_name(each[0], AS_LOGGED, each[2])).fill_null(ZERO).sum()
        for each in names
    }
    sums = ("calls", "unpriced_calls", "unpriced_tokens", "list_cost", "unit_cost", *UNITS)
    tokens = {
        f"tokens_{name}": pl.sum_horizontal(f"tokens_{part}" for part in parts).filter(~pl.col("is_free")).sum()
        for name, parts in CLASSES.items()
    }
    return priced.group_by(KEYS).agg(pl.col(sums).sum(), **tokens, **costs).sort(KEYS, nulls_last=True)
