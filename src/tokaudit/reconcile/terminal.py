"""What does a reconciliation come to, on one screen?"""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokaudit.reconcile.result import Cause, Cell, Reconciliation, SameModel
from tokaudit.reconcile.words import WORDS, sentence
from tokaudit.report.format import MINUS, counted, dollars, share
from tokaudit.report.safe_text import clean, safe_text

CELL_ROWS = 5
SMALLEST_GAP = Decimal("0.0001")
"""Below, two sides differ in how they write an amount."""
_TOLD_AT_ZERO = ("time_zone", "period")
_FINE_BELOW = 1000
_FINE_PLACES, _CENT_PLACES = 4, 2
"""Decimals of the bridge's amounts, all of them alike, so that the column adds up to the eye."""


def print_reconciliation(found: Reconciliation, console: Console) -> None:
    """Print the bridge, the worst cells, the residual's share and a sentence a cause."""
    _say(console, f"Reconciliation of {counted(found.calls, 'call')}, {days(found)}", style="bold")
    _say(console, f"The bill's days: {found.time_zone}. Bills: {', '.join(safe_text(name) for name in found.bills)}")
    console.print(_bridge(found))
    worst = worst_cells(found)
    if worst:
        console.print(_cells(found, worst))
    for cause in told(found):
        _say(console, f"- {sentence(cause)}")
    for same in found.same_models:
        _say(console, f"- {same_sentence(same)}")
    _say(console, residual_sentence(found), style="bold")
    for other in found.not_on_this_bill:
        cost = "unpriced" if other.list_cost is None else dollars(other.list_cost)
        _say(console, f"Not on this bill: {safe_text(other.provider_name or 'unknown provider')}, "
             f"{counted(other.calls, 'call')}, {cost}")  # fmt: skip


def days(found: Reconciliation) -> str:
    """Name the first day and the one after the last; with times of day where the period cuts days of its zone."""
    start, end = found.period.start, found.period.end
    if any(moment.time() != time() for moment in (start, end)):
        return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} (exclusive), {found.period.timezone}"
    return f"{start.date()} to {end.date()} (exclusive)"


def told(found: Reconciliation) -> list[Cause]:
    """Return the causes to tell: not those that only stand in other cells on one side, such as searches without a model."""
    return [cause for cause in found.causes if abs(cause.amount) >= SMALLEST_GAP or cause.cause in _TOLD_AT_ZERO]


def bridge_lines(found: Reconciliation) -> list[tuple[str, str, str]]:
    """Return the bridge from top to bottom: what a line is called, its amount, how it is known."""
    causes = told(found)
    amounts = [found.list_cost, *(cause.amount for cause in causes), found.residual, found.billed]
    places = _FINE_PLACES if max(amount.copy_abs() for amount in amounts) < _FINE_BELOW else _CENT_PLACES
    names = ["Our list cost", *(WORDS[cause.cause].name for cause in causes), "Unexplained", "The bill"]
    bases = ["", *(cause.basis for cause in causes), "", ""]
    return [(name, in_places(amount, places), basis) for name, amount, basis in zip(names, amounts, bases, strict=True)]


def in_places(value: Decimal, places: int) -> str:
    """Write an amount with so many decimals; one too small for them is not written as nothing.

    >>> in_places(Decimal("-1234.567"), 2), in_places(Decimal("0.00001"), 4), in_places(Decimal(0), 2)
    ('−$1,234.57', '<$0.0001', '$0.00')
    """
    unit = Decimal(1).scaleb(-places)
    size = value.copy_abs()
    if 0 < size <= unit / 2:
        return f"<${unit}" if value > 0 else f">{MINUS}${unit}"
    return f"{MINUS if value < 0 else ''}${size:,.{places}f}"


def residual_sentence(found: Reconciliation) -> str:
    """Say how much of the bill no cause explains."""
    if found.residual_share is None:
        return "Nothing was billed."
    return f"Unexplained: {dollars(found.residual)}, {share(found.residual_share)} of the bill."


def same_sentence(same: SameModel) -> str:
    """Say which name on the bill is which model of the logs, and what shows it."""
    theirs, ours = safe_text(same.billed_as), safe_text(same.model)
    return f"Another name: the bill's {theirs} is {ours} of the logs (inferred: the amounts of {same.days} days agree)."


def worst_cells(found: Reconciliation) -> list[Cell]:
    """Return the cells with the largest gap between our list cost and the bill, the largest first."""
    names = {cause.cause for cause in told(found)}

    def gap(cell: Cell) -> Decimal:
        moved = sum((amount for name, amount in cell.causes.items() if name not in names), Decimal(0))
        return abs(cell.billed - cell.list_cost - moved)

    off = [cell for cell in found.cells if gap(cell) >= SMALLEST_GAP]
    return sorted(off, key=lambda c: (-gap(c), c.start, c.model or ""))[:CELL_ROWS]


def main_cause(found: Reconciliation, cell: Cell) -> str:
    """Return the words for what moves a cell most, of what is told."""
    names = {cause.cause for cause in told(found)}
    moves = {**{name: amount for name, amount in cell.causes.items() if name in names}, "": cell.residual}
    name = max(moves, key=lambda key: abs(moves[key]))
    return WORDS[name].name if name else "Unexplained"


def _bridge(found: Reconciliation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="From our list cost to the bill, USD", title_justify="left")
    table.add_column("line")
    table.add_column("amount", justify="right")
    table.add_column("known by")
    *lines, total = bridge_lines(found)
    for line in lines:
        table.add_row(*line)
    table.add_section()
    table.add_row(*total)
    return table


def _cells(found: Reconciliation, cells: list[Cell]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Where they differ most", title_justify="left")
    for name in ("day", "model"):
        table.add_column(name)
    for name in ("ours", "billed", "unexplained"):
        table.add_column(name, justify="right")
    table.add_column("mostly")
    for cell in cells:
        amounts = (dollars(cell.list_cost), dollars(cell.billed), dollars(cell.residual))
        day, model = cell.start.date().isoformat(), safe_text(cell.model or "all models")
        table.add_row(day, Text(model), *amounts, main_cause(found, cell))
    return table


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean(text), style=style))
