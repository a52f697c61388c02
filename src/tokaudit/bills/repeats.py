"""Which lines of several files state the same spend twice?

Two rows are the same when all their cells but the amounts and counts are: the bucket and the whole group. Within one file such
rows add up; where two files have them, they are taken from the file that states more of them (a later export of a day that was
not over), the first one when they are equal. Files that sum up the same buckets by other groups (by project here, by model there)
are told by their totals: where those agree, digit for digit, in every bucket that both have, the finer one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

FEWEST_DIGITS = 6
"""Significant digits of equal totals that are no chance: two files of one small amount each prove nothing."""
_STATED = pl.sum_horizontal("input_tokens", "output_tokens", pl.col("units").cast(pl.Float64).fill_null(0))


@dataclass(frozen=True, slots=True)
class Repeats:
    """What was found.

    kept       the frames of the files, without what repeats another file
    repeated   by file: lines taken out because another file has the same row
    regrouped  by file: lines taken out because another file states the same totals, grouped more finely
    overlaps   pairs of files that bill the same provider for the same time, and are not the same
    """

    kept: tuple[pl.DataFrame, ...]
    repeated: tuple[int, ...]
    regrouped: tuple[int, ...]
    overlaps: tuple[tuple[int, int], ...]


def without_repeats(files: Sequence[pl.DataFrame]) -> Repeats:
    """Take out what stands in two files. In: frames as BILL_SCHEMA says, + key (Int64: the row's bucket and group)."""
    rows = [frame.with_columns(index=pl.lit(index, dtype=pl.Int64)) for index, frame in enumerate(files)]
    if len(rows) < 2:
        return Repeats(tuple(files), (0,) * len(files), (0,) * len(files), ())
    lines = pl.concat(rows)
    chosen = (
        lines.group_by("key", "index")
        .agg(
            rows=pl.len(),
            amount=pl.col("amount").fill_null(0).sum(),
            stated=_STATED.sum(),
        )
        .sort("key", "rows", "amount", "stated", "index", descending=[False, True, True, True, False])
        .group_by("key", maintain_order=True)
        .first()
        .select("key", source="index")
    )
    once = lines.join(chosen, on="key", how="left", maintain_order="left").filter(pl.col("index") == pl.col("source"))
    coarse, overlaps = _regrouped(once.drop("source"), len(files))
    kept = once.join(coarse, on=("index", "provider_name", "kind", "start", "end"), how="anti", nulls_equal=True)
    parts = [(_of(once, index), _of(kept, index)) for index in range(len(files))]
    return Repeats(
        tuple(part.select(files[0].columns) for _, part in parts),
        tuple(len(whole) - len(part) for whole, (part, _) in zip(files, parts, strict=True)),
        tuple(len(part) - len(rest) for part, rest in parts),
        tuple(overlaps),
    )


def _of(lines: pl.DataFrame, index: int) -> pl.DataFrame:
    return lines.filter(pl.col("index") == index)


def _totals(lines: pl.DataFrame) -> pl.DataFrame:
    """Sum up each file's buckets: amounts of what it costs, counts of what was used."""
    return (
        lines.group_by("index", "provider_name", "kind", "start", "end")
        .agg(
            amount=pl.col("amount").fill_null(0).sum(),
            stated=pl.sum_horizontal("input_tokens", "output_tokens").sum().cast(pl.Int64),
            models=pl.col("model").n_unique(),
            rows=pl.len(),
        )
        .sort("index", "provider_name", "kind", "start", "end", nulls_last=True)
    )


_BUCKET = ("provider_name", "kind", "start", "end")


def _regrouped(lines: pl.DataFrame, count: int) -> tuple[pl.DataFrame, list[tuple[int, int]]]:
    """Return the buckets of files that another file states more finely, and the pairs of files that overlap otherwise."""
    totals = _totals(lines)
    coarse, overlaps = [pl.DataFrame(schema=totals.select("index", *_BUCKET).schema)], []
    for left, right in combinations(range(count), 2):
        ours, theirs = _of(totals, left), _of(totals, right)
        both = ours.join(
            theirs, on=("provider_name", "kind", "start", "end"), how="inner", nulls_equal=True, suffix="_of_other"
        )
        if len(both) and _are_equal(both):
            finer = (both["models"].sum(), both["rows"].sum()) >= (
                both["models_of_other"].sum(),
                both["rows_of_other"].sum(),
            )
            same = both.select(*_BUCKET, index=pl.lit(right if finer else left, dtype=pl.Int64))
            coarse.append(same.select("index", *_BUCKET))
        elif _overlap(ours, theirs):
            overlaps.append((left, right))
    return pl.concat(coarse).unique(maintain_order=True), overlaps


def _are_equal(both: pl.DataFrame) -> bool:
    same = both.select(
        ((pl.col("amount") == pl.col("amount_of_other")) & (pl.col("stated") == pl.col("stated_of_other"))).all()
    ).item()
    return bool(same) and _digits(both) >= FEWEST_DIGITS


def _digits(both: pl.DataFrame) -> int:
    numbers = [value for name in ("amount", "stated") for value in both[name].to_list() if value]
    return sum(len(str(value).replace(".", "").strip("0")) for value in numbers)


def _overlap(ours: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    """Say whether two files state costs of one provider for overlapping times."""
    costs = [
        frame.filter((pl.col("kind") == "cost") & pl.col("provider_name").is_not_null()) for frame in (ours, theirs)
    ]
    met = costs[0].join(costs[1], on="provider_name", how="inner", suffix="_of_other")
    return bool(
        len(met.filter((pl.col("start") < pl.col("end_of_other")) & (pl.col("start_of_other") < pl.col("end"))))
    )
