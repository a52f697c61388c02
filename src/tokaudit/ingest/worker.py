"""What does one worker do with one split?

`map_split` is the pure step of a run that reads: split in, tables out. Prompt texts live only here. The tables go to a
spool folder as Parquet, so that no text and no large frame crosses a process border.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tokaudit.ingest.collector import Collector
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.splits import Split, end_of, frames_of
from tokaudit.ingest.tally import Tally
from tokaudit.ingest.unpacking.streams import UnreadableError
from tokaudit.readers.contract import ReadOptions

REPORT_EVERY_BYTES = 1 << 20
ROWS_A_BATCH = 100_000
"""Rows that are held before they go to the spool: a table or a JSON document is one split, however long it is."""


@dataclass(frozen=True, slots=True)
class Task:
    """One split, the file it is of, and where its tables go."""

    split: Split
    file_id: int
    index: int
    spool: Path
    options: ReadOptions


@dataclass(frozen=True, slots=True)
class Result:
    """What a split held.

    settled_at: the unpacked byte up to which the split stays as it is when the file grows. open_line: what a last line
    without newline held, None = there is none. failure: why the split is void.
    """

    file_id: int
    index: int
    tables: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    columns: Mapping[str, str] = field(default_factory=dict)
    settled_at: int = 0
    open_line: Tally | None = None
    failure: str | None = None


def map_split(task: Task, advance: Callable[[int], None]) -> Result:
    """Read one split into tables. advance is told the bytes read since the last time."""
    collector = Collector(task.file_id, task.options)
    spool = _Spool(task)
    told = task.split.start
    last = Frame(told, 0, None)
    try:
        for last in frames_of(task.split):
            collector.add(last)
            if collector.held >= ROWS_A_BATCH:
                spool.write(collector.drain())
            if last.offset - told >= REPORT_EVERY_BYTES:
                advance(last.offset - told)
                told = last.offset
        settled_at, open_line = _end(task.split, last, collector.last)
        collector.end()
    except UnreadableError as error:
        return Result(task.file_id, task.index, spool.tables(), failure=str(error))
    spool.write(collector.drain())
    return Result(
        file_id=task.file_id,
        index=task.index,
        tables=spool.tables(),
        tally=collector.tally,
        columns=dict(collector.columns),
        settled_at=settled_at,
        open_line=open_line,
    )


def _end(split: Split, last: Frame, held: Tally) -> tuple[int, Tally | None]:
    """Return where the settled part of a split ends, and what its unterminated last line held."""
    if split.framing != "lines":
        return last.after, None
    end, is_open = end_of(split)
    # A last line without newline may be half a line: it is read again when the file has grown.
    return (last.offset, held) if is_open else (end, None)


class _Spool:
    """The Parquet files of one split."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._paths: dict[str, list[Path]] = {}

    def write(self, tables: Mapping[str, pl.DataFrame]) -> None:
        for name, table in tables.items():
            if len(table):
                paths = self._paths.setdefault(name, [])
                stem = f"{self._task.file_id:016x}-{self._task.index:06d}-{name}-{len(paths):04d}"
                paths.append(self._task.spool / f"{stem}.parquet")
                marked = table.with_columns(split=pl.lit(self._task.index, dtype=pl.Int64))
                marked.write_parquet(paths[-1], compression="lz4", statistics=False)

    def tables(self) -> dict[str, tuple[Path, ...]]:
        return {name: tuple(paths) for name, paths in self._paths.items()}
