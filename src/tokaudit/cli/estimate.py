"""`tokaudit estimate`: the price-page sum and the real one, without logs."""

from __future__ import annotations

import json as json_text
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.terminal import stdout
from tokaudit.errors import UsageError
from tokaudit.estimate import Assumptions, Estimate
from tokaudit.estimate import estimate as compute
from tokaudit.report.format import dollars, multiple
from tokaudit.report.words import BRIDGE_LINES, word
from tokaudit.result import plain

_DEFAULTS = Assumptions()


def _decimal(name: str, text: str) -> Decimal:
    try:
        return Decimal(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except InvalidOperation as error:
        raise UsageError(
            f"--{name} cannot be {text!r}", hint="write a number such as 2.5, or a share such as 5%"
        ) from error


def _bill(found: Estimate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"USD for {found.assumptions.days} days", title_justify="left")
    table.add_column("line")
    table.add_column("cost", justify="right")
    for line in found.lines:
        table.add_row(word(BRIDGE_LINES, line.line).name, dollars(line.usd_per_month))
    table.add_section()
    table.add_row("The bill", dollars(found.total_usd_per_month))
    return table


def _volumes(found: Estimate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="By volume, USD", title_justify="left")
    for name in ("queries a day", "price page, month", "bill, month", "price page, year", "bill, year"):
        table.add_column(name, justify="right")
    for row in found.volumes:
        amounts = (row.naive_usd_per_month, row.total_usd_per_month, row.naive_usd_per_year, row.total_usd_per_year)
        table.add_row(f"{row.queries_per_day:,}", *(dollars(amount) for amount in amounts))
    return table


def estimate(
    queries_per_day: Annotated[int, typer.Option(help="Questions a day.")] = _DEFAULTS.queries_per_day,
    days: Annotated[int, typer.Option(help="Days a month.")] = _DEFAULTS.days,
    input_tokens: Annotated[int, typer.Option(help="Tokens of a question.")] = _DEFAULTS.input_tokens,
    output_tokens: Annotated[int, typer.Option(help="Tokens of an answer.")] = _DEFAULTS.output_tokens,
    system_tokens: Annotated[int, typer.Option(help="Tokens of the system prompt.")] = _DEFAULTS.system_tokens,
    documents: Annotated[int, typer.Option(help="Retrieved documents a question.")] = _DEFAULTS.documents,
    document_tokens: Annotated[int, typer.Option(help="Tokens of a document.")] = _DEFAULTS.document_tokens,
    retries: Annotated[str, typer.Option(help="Share of questions asked twice.")] = "5%",
    turns: Annotated[str, typer.Option(help="Mean turns of a conversation.")] = str(_DEFAULTS.turns),
    lengths: Annotated[
        str, typer.Option(help="Conversation lengths: equal, or geometric (many short, few long).")
    ] = "equal",
    input_rate: Annotated[str, typer.Option(help="USD per million input tokens.")] = "1.00",
    output_rate: Annotated[str, typer.Option(help="USD per million output tokens.")] = "3.00",
    json: o.AsJson = False,
) -> None:
    """Estimate the bill from the price page's figures and from what the price page leaves out.

    Examples: tokaudit estimate · tokaudit estimate --queries-per-day 2000 --turns 4 --input-rate 2.50 --output-rate 10
    """
    if lengths not in ("equal", "geometric"):
        raise UsageError(f"--lengths cannot be {lengths!r}", hint="equal or geometric")
    found = compute(
        Assumptions(
            queries_per_day=queries_per_day,
            days=days,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            system_tokens=system_tokens,
            documents=documents,
            document_tokens=document_tokens,
            retry_share=_decimal("retries", retries),
            turns=_decimal("turns", turns),
            lengths="geometric" if lengths == "geometric" else "equal",
            input_usd_per_million=_decimal("input-rate", input_rate),
            output_usd_per_million=_decimal("output-rate", output_rate),
        )
    )
    if json:
        print(json_text.dumps(plain(found), sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    console = stdout()
    console.print(_bill(found))
    console.print(
        Text(f"The bill is {multiple(found.multiplier)} the price page's {dollars(found.naive_usd_per_month)}")
    )
    console.print(_volumes(found))
