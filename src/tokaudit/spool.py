"""How are frames kept on disk between the steps of a run?

A step that several others read is worked out once, and none is held in memory whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from tokaudit.frames.keep import Keep

AS_WRITTEN = pl.QueryOptFlags(join_order=False)
"""Joins are done in the order they are written: polars' own order can become a product of texts and blocks."""
WORKED_OUT_AGAIN = pl.QueryOptFlags(join_order=False, comm_subplan_elim=False)
"""What a plan uses twice is worked out twice, row group by row group: kept, it would be all calls with all their columns."""

_BUCKET = "bucket"


def collect(frame: pl.LazyFrame) -> pl.DataFrame:
    """Work out a frame that is small."""
    return frame.collect(engine="streaming", optimizations=AS_WRITTEN)


def store(frame: pl.LazyFrame, path: Path, optimizations: pl.QueryOptFlags = AS_WRITTEN) -> pl.LazyFrame:
    """Work out a frame into a Parquet file, and return it as one that is read when needed."""
    frame.sink_parquet(path, compression="lz4", optimizations=optimizations)
    return pl.scan_parquet(path, glob=False)


def keeper(folder: Path, what: str) -> Keep:
    """Return what keeps the steps of something as files of a folder."""
    return lambda frame, name: store(frame, folder / f"{what}-{name}.parquet")


def store_by_slices(
    frame: pl.LazyFrame, step: Callable[[pl.LazyFrame], pl.LazyFrame], rows: int, path: Path
) -> pl.LazyFrame:
    """Apply a step that looks at one row at a time to so many rows at once."""
    total = frame.select(pl.len()).collect().item()
    paths = [path.with_stem(f"{path.stem}-{start // rows:04d}") for start in range(0, max(total, 1), rows)]
    for number, part in enumerate(paths):
        store(step(frame.slice(number * rows, rows)), part)
    return pl.scan_parquet(paths, glob=False)


def store_by_buckets(frame: pl.LazyFrame, buckets: int, folder: Path) -> list[pl.LazyFrame]:
    """Part the rows of a frame by its column `bucket` (0 to buckets - 1), which is dropped; their order stays."""
    if buckets == 1:
        return [frame.drop(_BUCKET)]
    by = pl.PartitionBy(folder, key=_BUCKET, include_key=False)
    frame.sink_parquet(by, compression="lz4", row_group_size=10_000, mkdir=True, optimizations=AS_WRITTEN)
    none = frame.drop(_BUCKET).collect_schema()
    files = [sorted((folder / f"{_BUCKET}={number}").glob("*.parquet")) for number in range(buckets)]
    return [
        pl.scan_parquet(paths, glob=False, hive_partitioning=False) if paths else pl.LazyFrame(schema=none)
        for paths in files
    ]
