"""`tokaudit prices`: which rates hold for a model on a day, and who says so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from tokaudit.cli.terminal import stdout
from tokaudit.config import parse_day
from tokaudit.errors import TokauditError
from tokaudit.prices.catalogue import published_rates, snapshot_date
from tokaudit.prices.rates import TOKEN_CLASSES, RateCard
from tokaudit.report.format import money
from tokaudit.report.safe_text import safe_text


def _table(cards: list[RateCard]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="USD per million tokens", title_justify="left")
    table.add_column("prompts longer than")
    for name in TOKEN_CLASSES:
        table.add_column(name.replace("_", " "), justify="right")
    for card in cards:
        above = "–" if card.above_input_tokens < 0 else f"{card.above_input_tokens:,} tokens"
        table.add_row(above, *(money(getattr(card, name)) for name in TOKEN_CLASSES))
    return table


def prices(
    model: Annotated[str | None, typer.Argument(help="Model name as in the logs, or provider/model.")] = None,
    at: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD. [default: today]")] = None,
    tier: Annotated[str | None, typer.Option(help="Service tier: batch, flex, priority.")] = None,
) -> None:
    """Show the rates of a model on a day, with their source; without a model, the date of the price snapshot.

    Examples: tokaudit prices gpt-4o --at 2026-01-15 · tokaudit prices anthropic/claude-sonnet-4-5
    """
    console = stdout()
    if model is None:
        console.print(
            Text(f"Rates are those of genai-prices, checked until {snapshot_date()}; yours come in with --prices")
        )
        return
    day: date = parse_day(at) if at else datetime.now(UTC).date()
    cards = published_rates(None, model, tier, day)
    if not cards:
        raise TokauditError(
            f"no rate is known for {safe_text(model)} on {day}", hint="give one with --prices, see the README"
        )
    console.print(_table(cards))
    since = f", since {cards[0].effective_from}" if cards[0].effective_from else ""
    console.print(Text(f"{model} is {cards[0].provider_name}/{cards[0].model}; source: {cards[0].source}{since}"))
