"""Which options mean the same in every command?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from tokaudit.config import Settings, check_timezone, parse_day, parse_month, read_feature_names, read_settings
from tokaudit.errors import UsageError
from tokaudit.prices.catalogue import snapshot_date
from tokaudit.prices.rates_file import read_rates_file
from tokaudit.prices.terms import UserPrices
from tokaudit.readers.values.vocabulary import PHRASES as FIELDS
from tokaudit.report.write import check_formats
from tokaudit.summary.alternatives import target_of

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Log files, folders, globs, or - for standard input.")
]
LedgerFile = Annotated[Path, typer.Option("--ledger", help="The ledger file.")]
Month = Annotated[str | None, typer.Option(help="The month, YYYY-MM. [default: the latest complete one]")]
Since = Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD.")]
Until = Annotated[str | None, typer.Option(help="Day after the last, YYYY-MM-DD (exclusive).")]
Zone = Annotated[str | None, typer.Option("--tz", help="Time zone of days and months. [default: UTC]")]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings, TOML.")]
PricesFile = Annotated[Path | None, typer.Option("--prices", help="Your own rates, TOML.")]
FeaturesFile = Annotated[Path | None, typer.Option("--features", help="Names for discovered features, TOML.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for reports.")]
Formats = Annotated[str, typer.Option("--format", help="Reports to write: html,json,md,csv.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Compare = Annotated[
    list[str] | None,
    typer.Option("--compare", metavar="MODEL", help="Price the calls at this model too, [provider/]model; repeatable."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print the answer only.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Tell more on stderr.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="FIELD=NAME", help="A table's column for one of our fields; repeatable."),
]
FailOver = Annotated[str | None, typer.Option(metavar="USD", help="Exit 3 if the period's list cost is higher.")]
MaxRejects = Annotated[str | None, typer.Option(metavar="SHARE", help="Exit 3 if more records are rejected, e.g. 1%.")]
MaxUnpriced = Annotated[str | None, typer.Option(metavar="SHARE", help="Exit 3 if more calls have no price, e.g. 1%.")]

DEFAULT_LEDGER = Path(".tokaudit/ledger.duckdb")
DEFAULT_OUT = Path("reports")


def parse_columns(pairs: Sequence[str]) -> dict[str, str]:
    """Read FIELD=NAME pairs. Raises UsageError."""
    columns = {}
    for pair in pairs:
        field, mark, name = pair.partition("=")
        if not mark or not name or field not in FIELDS:
            hint = f"write --column FIELD=NAME; fields: {', '.join(sorted(FIELDS))}"
            raise UsageError(f"cannot read the column {pair!r}", hint=hint)
        columns[field] = name
    return columns


def parse_compared(names: Sequence[str], prices: UserPrices) -> tuple[str, ...]:
    """Check that each model to compare with has a rate. Raises UsageError."""
    for name in dict.fromkeys(names):
        if target_of(name, date.fromisoformat(snapshot_date()), prices) is None:
            hint = "write [provider/]model as `tokaudit prices MODEL` knows it, or give its rates with --prices"
            raise UsageError(f"no rate is known for {name!r}", hint=hint)
    return tuple(dict.fromkeys(names))


_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?")


def parse_share(text: str) -> float:
    """Read `1%` or `0.01`. Raises UsageError."""
    try:
        share = Decimal(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except InvalidOperation as error:
        raise UsageError(f"{text!r} is not a share", hint="write 1% or 0.01") from error
    if not share.is_finite() or not 0 <= share <= 1:
        raise UsageError(f"{text!r} is not a share", hint="a share lies between 0% and 100%")
    return float(share)


def parse_usd(text: str) -> Decimal:
    """Read an amount. Raises UsageError, for a decimal comma too: `0,10` is not 10."""
    plain = text.strip().removeprefix("$")
    try:
        amount = Decimal(plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain)
    except InvalidOperation as error:
        raise UsageError(f"{text!r} is not an amount of USD", hint="write 5000 or 5000.00") from error
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"{text!r} is not an amount of USD", hint="write 5000 or 5000.00")
    return amount


def parse_formats(text: str) -> list[str]:
    """Read a comma-separated list of report formats. Raises UsageError, before any work is done for them."""
    formats = [part.strip() for part in text.split(",") if part.strip()]
    check_formats(formats)
    return formats


def make_settings(
    *,
    settings: Path | None = None,
    month: str | None = None,
    since: str | None = None,
    until: str | None = None,
    zone: str | None = None,
    prices: Path | None = None,
    features: Path | None = None,
    columns: Sequence[str] | None = None,
    compare: Sequence[str] | None = None,
) -> Settings:
    """Put the options together; an option on the command line wins over the settings file."""
    if month and (since or until):
        raise UsageError("--month excludes --since and --until", hint="give one or the other")
    base = read_settings(settings) if settings else Settings()
    own = read_rates_file(prices) if prices else base.prices
    return replace(
        base,
        timezone=check_timezone(zone) if zone else base.timezone,
        columns={**base.columns, **parse_columns(columns or ())},
        month=parse_month(month) if month else None,
        since=parse_day(since) if since else None,
        until=parse_day(until) if until else None,
        prices=own,
        feature_names=read_feature_names(features) if features else {},
        compare=parse_compared(compare or (), own),
    )
