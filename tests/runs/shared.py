"""Logs with known answers that stand beside the repository, where they may not be copied from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from tokaudit.config import Settings
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import open_ledger
from tokaudit.prices.rates_file import read_rates_file
from tokaudit.readers.contract import ReadOptions
from tokaudit.result import AuditRun
from tokaudit.run import analyse, finish

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


def data(name: str) -> Path:
    """Return a file of the shared data; skip the test, and say why, where it is absent."""
    path = DATA / name
    if not path.exists():
        reason = f"../shared/data/{name} is absent"
        print(reason)
        pytest.skip(reason)
    return path


def run_of(path: Path, rates: Path | None = None) -> tuple[AuditRun, pl.DataFrame]:
    """Audit one log. Returns the result and its calls."""
    settings = Settings(prices=read_rates_file(rates)) if rates else Settings()
    with TemporaryDirectory() as folder, open_ledger(Path(folder) / "l.duckdb") as ledger:
        report = ingest(find_sources([str(path)]), ledger, ReadOptions())
        analysis = analyse(ledger, report.file_ids, settings)
        return finish(analysis, settings), pl.concat(pl.read_parquet(file) for file in analysis.call_files)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def adjusted_rand_index(found: Sequence[object], truth: Sequence[object]) -> float:
    """Compare two groupings of the same things: 1 = the same, 0 = no better than chance (Hubert and Arabie 1985)."""
    both = sum(_pairs(n) for n in Counter(zip(found, truth, strict=True)).values())
    ours, theirs = (sum(_pairs(n) for n in Counter(names).values()) for names in (found, truth))
    chance = ours * theirs / _pairs(len(found))
    return (both - chance) / ((ours + theirs) / 2 - chance)
