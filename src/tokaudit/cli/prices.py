"""`tokaudit prices`: which rates hold for a model on a day, who says so, and how its name led there."""

from __future__ import annotations

import json as json_text
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.price_tables import overview, overview_lines, rate_table, sheet_lines
from tokaudit.cli.terminal import stdout
from tokaudit.config import parse_day
from tokaudit.errors import TokauditError, UsageError
from tokaudit.prices.quotes import NO_PRICES, PriceKey
from tokaudit.prices.rate_sheet import NoRate, RateSheet, last_cut, moments_of, rate_sheets
from tokaudit.prices.rates_file import read_rates_file
from tokaudit.report.safe_text import safe_text
from tokaudit.result import plain

_DAY_LENGTH = len("2026-01-31")


def _moments(at: str | None) -> list[datetime]:
    """Read a day, or a day and a time (UTC unless it says otherwise): a day has all its moments."""
    if at is None or len(at) <= _DAY_LENGTH:
        return moments_of(parse_day(at) if at else datetime.now(UTC).date())
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UsageError(f"{at!r} is not a time", hint="write it as 2026-01-31 or 2026-01-31T16:30") from error
    return [last_cut(moment if moment.tzinfo else moment.replace(tzinfo=UTC))]


def _print_sheets(console: Console, model: str, sheets: list[RateSheet]) -> None:
    for sheet in sheets:
        if len(sheets) > 1:
            console.print(Text(f"from {sheet.starts_at:%H:%M} UTC"))
        console.print(rate_table(sheet))
    for line in sheet_lines(model, sheets[-1]):
        console.print(Text(line), soft_wrap=True)


def _unknown(model: str, day: date, found: NoRate) -> TokauditError:
    hint = "give one with --prices, or name the provider with --provider; see the README"
    return TokauditError(f"no rate is known for {safe_text(model)} on {day}: {found.reason}", hint=hint)


def prices(
    model: Annotated[str | None, typer.Argument(help="Model name as in the logs, or provider/model.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", "--date", help="Day, YYYY-MM-DD, or with a time, UTC. [default: today]")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Who served, as the logs name them.")] = None,
    tier: Annotated[str | None, typer.Option(help="Service tier: batch, flex, priority, …")] = None,
    region: Annotated[str | None, typer.Option(help="Region that processed the call: us, eu, europe-west1, …")] = None,
    prices: o.PricesFile = None,
    json: o.AsJson = False,
) -> None:
    """Show the rates of a model on a day, their source, and how its name was matched; without a model, what is known.

    Examples: tokaudit prices gpt-4o --at 2026-01-15 · tokaudit prices claude-sonnet-4-5 --provider anthropic --tier batch
    """
    if model is None:
        _print_overview(json=json)
        return
    moments = _moments(at)
    key = PriceKey(provider, model, None, tier, region, None)
    found = rate_sheets(key, moments, read_rates_file(prices) if prices else NO_PRICES)
    if isinstance(found, NoRate):
        raise _unknown(model, moments[0].date(), found)
    if json:
        print(json_text.dumps(plain(found), sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    _print_sheets(stdout(), model, found)


def _print_overview(*, json: bool) -> None:
    known = overview()
    if json:
        print(json_text.dumps(plain(known), sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    for line in overview_lines(known):
        stdout().print(Text(line), soft_wrap=True)
