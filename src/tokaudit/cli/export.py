"""`tokaudit export`: tables for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tokaudit.cli import options as o
from tokaudit.cli.terminal import note_written, progress
from tokaudit.export.calls import call_rows
from tokaudit.export.features import feature_rows
from tokaudit.export.write import write_table
from tokaudit.session import analysed_period
from tokaudit.summary.features import features_of


class Table(StrEnum):
    """What can be exported."""

    calls = "calls"
    features = "features"


def export(
    table: Annotated[Table, typer.Argument(help="What to export.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .parquet, .csv or .jsonl.")],
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    month: o.Month = None,
    since: o.Since = None,
    until: o.Until = None,
    tz: o.Zone = None,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    features: o.FeaturesFile = None,
    quiet: o.Quiet = False,
) -> None:
    """Write one row a call, or one row a feature, of a period of the ledger.

    Examples: tokaudit export calls --out calls.parquet · tokaudit export features --month 2026-01 --out features.csv
    """
    chosen = o.make_settings(
        settings=settings, month=month, since=since, until=until, zone=tz, prices=prices, features=features
    )
    with progress(quiet=quiet) as shown, analysed_period(ledger, chosen, shown) as (analysis, calls):
        frame = call_rows(calls).collect() if table is Table.calls else feature_rows(features_of(analysis.partials))
        write_table(frame, out)
    note_written(out, quiet=quiet)
