"""`tokaudit reconcile`: the ledger against a provider's bill."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from tokaudit.bills.line import Bill, BillOptions
from tokaudit.bills.read import MISSING_PAGE
from tokaudit.cli import options as o
from tokaudit.cli.terminal import note, note_written, progress, stdout
from tokaudit.config import check_timezone
from tokaudit.errors import GateNotMetError, UsageError
from tokaudit.reconcile.documents import FORMATS, write_reconciliation
from tokaudit.reconcile.result import to_json
from tokaudit.reconcile.terminal import print_reconciliation
from tokaudit.report.format import counted, dollars, share
from tokaudit.session import reconcile_bills

_DEFAULT_FORMATS = "json,md,csv"
_MOST_REJECTS = 3


def _formats(text: str) -> list[str]:
    formats = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"unknown format: {', '.join(unknown)}", hint=f"known: {', '.join(FORMATS)}")
    return list(dict.fromkeys(formats))


def _currency_rates(pairs: list[str] | None) -> dict[str, Decimal]:
    rates = {}
    for pair in pairs or ():
        code, _, text = pair.partition("=")
        try:
            rate = Decimal(text.strip())
        except InvalidOperation:
            rate = Decimal(0)
        if not code.strip().isalpha() or not rate.is_finite() or rate <= 0:
            raise UsageError(
                f"cannot read the currency rate {pair!r}", hint="write --currency-rate CODE=USD, e.g. EUR=1.08"
            )
        rates[code.strip().upper()] = rate
    return rates


def _columns(pairs: list[str] | None) -> dict[str, str]:
    columns = {}
    for pair in pairs or ():
        field, mark, name = pair.partition("=")
        if not mark or not field or not name:
            raise UsageError(f"cannot read the column {pair!r}", hint="write --column FIELD=NAME, e.g. amount=Betrag")
        columns[field] = name
    return columns


def _notes(bills: tuple[Bill, ...], *, quiet: bool) -> None:
    for bill in bills:
        note(f"{bill.name}: {bill.title}, {counted(bill.lines.height, 'line')}", quiet=quiet)
        for text in bill.notes:
            is_warning = text == MISSING_PAGE
            note(f"{'warning' if is_warning else 'note'}: {bill.name}: {text}", quiet=quiet and not is_warning)
        for reject in bill.rejects[:_MOST_REJECTS]:
            note(f"warning: {bill.name}:{reject.line}: {reject.reason}")
        if len(bill.rejects) > _MOST_REJECTS:
            note(f"warning: {bill.name}: {len(bill.rejects) - _MOST_REJECTS} more lines were not read")


def reconcile(
    bills: Annotated[list[str], typer.Argument(metavar="BILL...", help="Provider bills: usage and cost exports.")],
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    month: o.Month = None,
    since: o.Since = None,
    until: o.Until = None,
    tz: o.Zone = None,
    bill_tz: Annotated[
        str | None,
        typer.Option(
            "--bill-tz",
            help="Time zone of the bill's days, and of --month unless --tz differs. [default: as it says, else UTC]",
        ),
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Only this project, workspace, key or team of the bill.")] = None,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=NAME", help="The bill's column for a field (start, model, amount, …)."),
    ] = None,
    currency_rate: Annotated[
        list[str] | None,
        typer.Option(
            "--currency-rate", metavar="CODE=USD", help="What one unit of the bill's currency is worth in USD."
        ),
    ] = None,
    out: o.OutFolder = o.DEFAULT_OUT,
    format: Annotated[str, typer.Option("--format", help="What to write: json,md,csv.")] = _DEFAULT_FORMATS,
    max_residual: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Exit 3 if more of the bill is unexplained, e.g. 1%.")
    ] = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Bridge our list cost to the billed amount, cause by cause, and show what no cause explains.

    Examples: tokaudit reconcile cost.csv usage.csv · tokaudit reconcile bill.csv --month 2026-09 --max-residual 1%
    """
    most = o.parse_share(max_residual) if max_residual is not None else None
    formats = _formats(format)
    chosen = o.make_settings(
        settings=settings, month=month, since=since, until=until, zone=tz or bill_tz, prices=prices
    )
    options = BillOptions(
        columns=_columns(column),
        timezone=check_timezone(bill_tz) if bill_tz else None,
        currency_rates=_currency_rates(currency_rate),
    )
    with progress(quiet=quiet) as shown:
        found, read = reconcile_bills(bills, ledger, chosen, options, scope=scope, progress=shown)
    _notes(read, quiet=quiet)
    written = write_reconciliation(found, out, formats)
    if json:
        print(to_json(found), end="")  # noqa: T201 - the answer
    else:
        print_reconciliation(found, stdout())
    for path in written:
        note_written(path, quiet=quiet)
    if most is not None and (found.residual_share or 0.0) > most:
        what = (
            f"{share(found.residual_share)} of the bill is unexplained ({dollars(found.residual)}), over {share(most)}"
        )
        raise GateNotMetError(what, hint="--max-residual; the report lists the cells that differ most")
