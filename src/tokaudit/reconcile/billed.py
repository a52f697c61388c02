"""What does the bill charge in each of its buckets, by model?

Lines become cells (model x bucket) of token amounts and of counts; what is billed beside tokens stays as lines. Buckets finer
than a day are put together to days, and buckets that overlap to one: only equal stretches of time can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tokaudit.config import microseconds, midnight
from tokaudit.reconcile.fit import Flags, Floats
from tokaudit.reconcile.slots import CLASSES, TIERS, tier_of
from tokaudit.reconcile.zones import Bucket

DAY = timedelta(days=1)
_DAY_US = DAY // timedelta(microseconds=1)
_MODELLESS_SHARE = 0.001
"""If less than this is billed without a model, the rest can still be compared by model."""
_ROUNDED_DECIMALS = 6
"""Amounts of which none has more decimals than this were rounded."""
_COARSE = ("input", "cache_write")
TOKEN_FIELDS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens")


Kind: TypeAlias = tuple[str | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Raw:
    """The cells of one provider's bill, arrays models x buckets.

    models    names to compare by; (None,) = the bill does not tell models apart
    assumed   the zone in which its days were read; is_stated: by its own word or the user's
    amounts   USD of token lines; listed: before the bill's own discounts, None = the bill does not say
    rows      token lines with an amount, those of the model that were rounded away included; unit: what each was rounded to
              (0 = not)
    kinds     (tier or None, our classes) of which the bill makes a line each
    counts    (tier or None, field of TOKEN_FIELDS) -> tokens; a field that the bill does not state is absent
    requests  NaN = not stated
    """

    provider_name: str | None
    models: tuple[str | None, ...]
    buckets: tuple[Bucket, ...]
    assumed: str
    is_stated: bool
    amounts: Floats
    listed: Floats | None
    rows: Floats
    unit: Floats
    kinds: tuple[Kind, ...]
    counts: Mapping[tuple[str | None, str], Floats]
    requests: Floats
    counted: Flags
    tokens: pl.DataFrame
    others: pl.DataFrame


def _floored(column: str, zone: str, *, up: bool) -> pl.Expr:
    local = pl.col(column).dt.convert_time_zone(zone)
    floor = local.dt.truncate("1d")
    whole = pl.when(local == floor).then(floor).otherwise(floor.dt.offset_by("1d")) if up else floor
    return whole.dt.convert_time_zone("UTC")


def _to_days(lines: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Widen buckets shorter than a day to the day they lie in."""
    short = (pl.col("end") - pl.col("start")) < timedelta(hours=23)
    end = pl.when(pl.col("end") > pl.col("start")).then("end").otherwise(pl.col("start") + timedelta(microseconds=1))
    return (
        lines.with_columns(end=end)
        .with_columns(
            start=pl.when(short).then(_floored("start", zone, up=False)).otherwise("start"),
            end=pl.when(short).then(_floored("end", zone, up=True)).otherwise("end"),
        )
        .with_columns(pl.col("start", "end").dt.cast_time_unit("us"))
    )


def _merged(spans: Sequence[Bucket]) -> list[Bucket]:
    merged: list[Bucket] = []
    for span in sorted(set(spans)):
        if merged and span.start < merged[-1].end:
            merged[-1] = Bucket(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _filled(buckets: Sequence[Bucket], zone: str) -> list[Bucket]:
    """Put buckets into the gaps, cut at midnight: a day without a line is a day on which nothing was billed."""
    filled: list[Bucket] = []
    for bucket in buckets:
        at = filled[-1].end if filled else bucket.start
        while at < bucket.start:
            local = at.astimezone(ZoneInfo(zone))
            following = min(midnight(local.date() + DAY, zone).astimezone(UTC), bucket.start)
            filled.append(Bucket(at, following))
            at = following
        filled.append(bucket)
    return filled


def buckets_of(lines: pl.DataFrame, zone: str) -> tuple[Bucket, ...]:
    """Return the buckets of lines that do not overlap, without gaps, in order of time."""
    spans = lines.select("start", "end").unique().sort("start", "end")
    return tuple(_filled(_merged([Bucket(start, end) for start, end in spans.iter_rows()]), zone))


def _placed(lines: pl.DataFrame, buckets: Sequence[Bucket], models: Sequence[str | None]) -> pl.DataFrame:
    starts = np.array([microseconds(bucket.start) for bucket in buckets], dtype=np.int64)
    moments = lines["start"].dt.epoch("us").to_numpy()
    number = {model: index for index, model in enumerate(models)}
    model = (
        pl.lit(0, dtype=pl.Int64)
        if None in number
        else pl.col("model_key").replace_strict(number, return_dtype=pl.Int64, default=0)
    )
    return lines.with_columns(bucket=pl.Series(np.searchsorted(starts, moments, side="right") - 1), place=model)


def _matrix(rows: pl.DataFrame, value: pl.Expr, shape: tuple[int, int]) -> NDArray[np.float64]:
    sums = rows.group_by("place", "bucket").agg(value.alias("value")).drop_nulls()
    found = np.zeros(shape)
    found[sums["place"].to_numpy(), sums["bucket"].to_numpy()] = sums["value"].cast(pl.Float64).to_numpy()
    return found


def _rounding() -> pl.Expr:
    """Return what each amount was rounded to: as stated, else by how many decimals the file's amounts have."""
    shares = [pl.col("amount").round(places) == pl.col("amount") for places in range(_ROUNDED_DECIMALS + 1)]
    found: pl.Expr = pl.lit(0.0)
    for places in range(_ROUNDED_DECIMALS, -1, -1):
        found = pl.when(shares[places].all().over("file")).then(10.0**-places).otherwise(found)
    return pl.coalesce(pl.col("rounding").cast(pl.Float64), found)


def _models(tokens: pl.DataFrame, ours: Sequence[str]) -> tuple[str | None, ...]:
    charged = tokens.filter(pl.col("amount").is_not_null() & (pl.col("amount") != 0))
    amounts = charged["amount"].cast(pl.Float64).abs().to_numpy()
    spent, nameless = amounts.sum(), amounts[charged["model_key"].is_null().to_numpy()].sum()
    if nameless > _MODELLESS_SHARE * spent or (not charged.height and tokens["model_key"].is_null().any()):
        return (None,)
    return tuple(sorted(set(tokens["model_key"].drop_nulls().to_list()) | set(ours)))


def raw_cells(lines: pl.DataFrame, ours: Sequence[str], *, provider: str | None, assumed: str, is_stated: bool) -> Raw:
    """Sum up one provider's lines. lines: BILL_SCHEMA + model_key; ours: the models of our own calls of that provider."""
    tokens = _to_days(lines.filter(pl.col("item") == "tokens"), assumed)
    buckets = buckets_of(tokens, assumed)
    models = _models(tokens, ours)
    shape = (len(models), len(buckets))
    placed = _placed(tokens, buckets, models) if buckets else tokens.with_columns(bucket=pl.lit(0), place=pl.lit(0))
    costs = placed.filter(pl.col("amount").is_not_null()).with_columns(unit=_rounding())
    usage = _counting(placed).with_columns(
        tier=tier_of("service_tier") if placed["service_tier"].is_not_null().any() else pl.lit(None, dtype=pl.String)
    )
    has_list = bool(costs.height) and bool(costs["list_amount"].is_not_null().all())
    stated = [name for name in TOKEN_FIELDS if usage[name].is_not_null().any()]
    tiers: list[str | None] = sorted(usage["tier"].unique().to_list()) if usage["tier"].is_not_null().any() else [None]
    counts = {
        (tier, name): _matrix(usage.filter(pl.lit(tier is None) | (pl.col("tier") == tier)), pl.col(name).sum(), shape)
        for tier in tiers for name in stated
    }  # fmt: skip
    units = _matrix(costs, pl.col("unit").max(), shape)
    requests = _matrix(usage, pl.col("requests").sum(), shape)
    has_requests = bool(usage["requests"].is_not_null().any())
    return Raw(
        provider_name=provider,
        models=models,
        buckets=buckets,
        assumed=assumed,
        is_stated=is_stated,
        amounts=_matrix(costs, pl.col("amount").sum(), shape),
        listed=_matrix(costs, pl.col("list_amount").sum(), shape) if has_list else None,
        rows=_rows(costs, shape),
        unit=np.broadcast_to(units.max(axis=-1, keepdims=True, initial=0.0), shape).copy(),
        kinds=_kinds(costs),
        counts=counts,
        requests=requests if has_requests else np.full(shape, np.nan),
        counted=_counted_cells(usage, costs, shape),
        tokens=placed,
        others=lines.filter((pl.col("item") != "tokens") & pl.col("amount").is_not_null()),
    )


def _rows(costs: pl.DataFrame, shape: tuple[int, int]) -> Floats:
    """Count the lines of each cell; a model's line that is missing on a day may be one that was rounded to nothing."""
    kind = pl.struct("token_class", tier_of("service_tier"))
    kinds = _matrix(costs.group_by("place").agg(kind.n_unique().alias("kinds")).with_columns(bucket=pl.lit(0)),
                    pl.col("kinds").sum(), (shape[0], 1))  # fmt: skip
    return np.maximum(_matrix(costs, pl.len(), shape), kinds)


def _kinds(costs: pl.DataFrame) -> tuple[Kind, ...]:
    """Return what the bill makes a line each of: token classes, or coarser ones, and tiers."""
    named = set(costs["token_class"].to_list())
    if not named or None in named or not named <= {*CLASSES, *_COARSE, "uncached_input"}:
        groups: list[tuple[str, ...]] = [tuple(CLASSES)]
    else:
        whole = "input" in named
        writes = (
            [("cache_write_5m", "cache_write_1h")]
            if "cache_write" in named
            else [("cache_write_5m",), ("cache_write_1h",)]
        )
        split = [("input",), ("cache_read",), *writes]
        groups = [tuple(name for names in split for name in names)] if whole and "cache_read" not in named else split
        groups.append(("output",))
    tiers: Sequence[str | None] = TIERS if costs["service_tier"].is_not_null().any() else (None,)
    return tuple((tier, names) for tier in tiers for names in groups)


def _counting(placed: pl.DataFrame) -> pl.DataFrame:
    """Return the lines whose counts hold: usage lines where there are any, else cost lines that carry counts."""
    usage = placed.filter(pl.col("kind") == "usage")
    return usage if usage.height else placed.filter(pl.any_horizontal(pl.col(*TOKEN_FIELDS, "requests").is_not_null()))


def _counted_cells(usage: pl.DataFrame, costs: pl.DataFrame, shape: tuple[int, int]) -> Flags:
    """Say for which cells the bill counts tokens: all from the first to the last bucket that it counts any in.

    A model that is charged for and never counted (its usage stands in another export) is not counted.
    """
    flags = np.zeros(shape, dtype=bool)
    seen = usage.filter(pl.col("input_tokens").is_not_null())
    if seen.height:
        flags[:, seen["bucket"].to_numpy().min() : seen["bucket"].to_numpy().max() + 1] = True
    only_charged = set(costs.filter(pl.col("amount") != 0)["place"]) - set(seen["place"])
    flags[sorted(only_charged)] = False
    return flags


def span_of(buckets: Sequence[Bucket]) -> tuple[datetime, datetime]:
    """Return the first and the last moment of buckets in order."""
    return buckets[0].start, buckets[-1].end
