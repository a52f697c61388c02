"""`tokaudit export`: tables for other programs."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from tokaudit.cli import options as o
from tokaudit.cli.terminal import note, note_written, progress
from tokaudit.config import Settings
from tokaudit.export.blocks import block_rows
from tokaudit.export.calls import call_rows
from tokaudit.export.features import feature_rows
from tokaudit.export.focus import NOT_STATED, as_text, focus_rows
from tokaudit.export.focus_charges import NO_DAY, NO_PRICE, charges, left_out, usage_by_key
from tokaudit.export.write import write_table
from tokaudit.prices.quotes import KEY_COLUMNS, PriceKey, quote
from tokaudit.report.format import counted, dollars
from tokaudit.run import Analysis
from tokaudit.session import analysed_period
from tokaudit.summary.features import features_of
from tokaudit.summary.rankings import ranked_blocks


class Table(StrEnum):
    """What can be exported."""

    calls = "calls"
    features = "features"
    blocks = "blocks"
    focus = "focus"


NAMED_MODELS = 5
"""Models without a price that are named, those with the most tokens."""


def _focus(calls: pl.LazyFrame, settings: Settings, billing_account: str) -> pl.DataFrame:
    keys = calls.select(KEY_COLUMNS).unique().collect()
    rates = quote(sorted((PriceKey(*row) for row in keys.iter_rows()), key=repr), settings.prices)
    usage = usage_by_key(calls, rates, settings.timezone).collect(engine="streaming")
    return focus_rows(charges(usage.lazy(), rates).collect(), settings.timezone, billing_account)


def _note_left_out(missing: pl.DataFrame, *, quiet: bool) -> None:
    rows = missing.to_dicts()
    unpriced, undated = ([row for row in rows if row["reason"] == reason] for reason in (NO_PRICE, NO_DAY))
    if unpriced:
        models = ", ".join([row["model"] for row in unpriced[:NAMED_MODELS]] + ["…"] * (len(unpriced) > NAMED_MODELS))
        calls, tokens = (sum(row[name] for row in unpriced) for name in ("calls", "tokens"))
        told = f"{counted(calls, 'call')} with {counted(tokens, 'token')} of {models}"
        note(f"Left out, as FOCUS has no row without a price: {told}", quiet=quiet)
    if undated:
        calls, cost = sum(row["calls"] for row in undated), sum((row["list_cost"] for row in undated), Decimal(0))
        note(f"Left out, as FOCUS has no row without a day: {counted(calls, 'call')} for {dollars(cost)}", quiet=quiet)


def _in_form(table: pl.DataFrame, out: Path) -> pl.DataFrame:
    return as_text(table) if out.suffix.lower() in (".csv", ".jsonl") else table


def _frame(table: Table, analysis: Analysis, calls: pl.LazyFrame) -> pl.DataFrame:
    if table is Table.calls:
        return call_rows(calls).collect()
    if table is Table.blocks:
        return block_rows(ranked_blocks(analysis.partials, analysis.described))
    return feature_rows(features_of(analysis.partials))


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
    billing_account: Annotated[str, typer.Option(help="Focus: the id of the account that is billed.")] = NOT_STATED,
    quiet: o.Quiet = False,
) -> None:
    """Write one row a call, a feature, a document, example or instruction, or FOCUS rows (a day, model, feature and token class).

    Examples: tokaudit export calls --out calls.parquet · tokaudit export features --month 2026-01 --out features.csv ·
    tokaudit export blocks --out blocks.csv ·
    tokaudit export focus --out focus.parquet
    """
    chosen = o.make_settings(
        settings=settings, month=month, since=since, until=until, zone=tz, prices=prices, features=features
    )
    with progress(quiet=quiet) as shown, analysed_period(ledger, chosen, shown) as (analysis, calls):
        missing = left_out(calls).collect() if table is Table.focus else None
        is_focus = table is Table.focus
        frame = _in_form(_focus(calls, chosen, billing_account), out) if is_focus else _frame(table, analysis, calls)
        write_table(frame, out)
    if missing is not None:
        _note_left_out(missing, quiet=quiet)
    note_written(out, quiet=quiet)
