"""A ledger that holds given calls, whatever readers may say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tokaudit.ingest.collector import Collector
from tokaudit.ledger.scope import Scope, select_scope
from tokaudit.ledger.store import FileRow, Ledger, open_ledger
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import Told
from tokaudit.readers.tables.token_table import READER
from tokaudit.schema import Aside, Call


def file_row(file_id: int, calls: int) -> FileRow:
    return FileRow(
        file_id, f"file-{file_id}", f"/file-{file_id}", "hash", 1, 1, "prefix", 1, 1, None, calls, 0, "lines",
        {READER.name: calls}, {}, {}, "",
    )  # fmt: skip


def append(ledger: Ledger, file_id: int, calls: Sequence[Call | Aside]) -> None:
    collector = Collector(file_id, ReadOptions())
    collector._take(Told(Spot(line, line), READER, call) for line, call in enumerate(calls, 1))
    paths: dict[str, list[Path]] = {}
    for name, table in collector.drain().items():
        if table.height:
            path = ledger.spool / f"{file_id}-{name}.parquet"
            table.with_columns(split=pl.lit(0, dtype=pl.Int64)).write_parquet(path)
            paths[name] = [path]
    ledger.append(file_row(file_id, len(calls)), paths, {0: 0})


@contextmanager
def scope_of(folder: Path, *files: Sequence[Call | Aside]) -> Iterator[Scope]:
    with open_ledger(folder / "ledger.duckdb") as ledger:
        for number, calls in enumerate(files, 1):
            append(ledger, number, calls)
        yield select_scope(ledger, None)
