"""What stands between the sum the price page suggests and the bill?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from tokaudit.report.format import count, counted, dollars, money, multiple, multiple_of, share_of
from tokaudit.report.view.charts import bar
from tokaudit.report.view.formulas import formula
from tokaudit.report.view.shapes import Column, Fact, Row, Section, Table
from tokaudit.report.words import BRIDGE_LINES, word
from tokaudit.result import AuditRun, BridgeLine

_COLUMNS = (
    Column("line", "Line"),
    Column("tokens", "Tokens"),
    Column("cost", "Cost, USD"),
    Column("share", "Of the bill"),
    Column("multiple", "× price page"),
    Column("running", "Running total, USD"),
)
_SHORT_COLUMNS = tuple(column for column in _COLUMNS if column.key not in ("share", "running"))


def bridge_section(run: AuditRun) -> Section:
    """Tell the bridge of the whole period."""
    totals = run.totals
    if totals.calls == totals.unpriced_calls:
        return Section("bridge", "From the price page to the bill", "No call could be priced, so there is no bill")
    table = bridge_table("bridge-lines", totals.bridge, _notes(run))
    figures = (
        Fact("Price-page sum", dollars(totals.naive_cost), formula=formula("price-page sum")),
        Fact("List cost", dollars(totals.list_cost), formula=formula("list cost")),
        Fact("Multiplier", multiple(totals.multiplier), "list cost ÷ price-page sum", formula("multiplier")),
    )
    return Section("bridge", "From the price page to the bill", _heading(run), figures=figures, tables=(table,))


def short_bridge(anchor: str, lines: Sequence[BridgeLine]) -> Table:
    """Lay the bridge of one feature out, without the columns that lead from line to line."""
    whole = bridge_table(anchor, lines)
    at = [whole.at(column.key) for column in _SHORT_COLUMNS]
    rows = tuple(Row(tuple(row.cells[place] for place in at)) for row in whole.rows)
    total = Row(tuple(whole.total.cells[place] for place in at)) if whole.total else None
    return Table(anchor, "From the price page to its bill", _SHORT_COLUMNS, rows, total)


def bridge_table(anchor: str, lines: Sequence[BridgeLine], notes: tuple[str, ...] = ()) -> Table:
    """Lay the lines out one under the other, the price-page sum first and the list cost last."""
    shown = [line for at, line in enumerate(lines) if at == 0 or line.tokens or line.cost]
    ends = list(accumulate(line.cost for line in shown))
    base, bill = (ends[0], ends[-1]) if ends else (Decimal(0), Decimal(0))
    scale = max(ends, default=Decimal(0))
    rows = (
        Row(
            (
                word(BRIDGE_LINES, line.line).name,
                count(line.tokens),
                money(line.cost),
                share_of(line.cost, bill),
                multiple_of(end, base),
                money(end),
            ),
            note=word(BRIDGE_LINES, line.line).meaning,
            bar=bar(end - line.cost, line.cost, scale, "total" if at == 0 else "step"),
        )
        for at, (line, end) in enumerate(zip(shown, ends, strict=True))
    )
    return Table(
        anchor=anchor,
        caption="From the price-page sum to the list cost, line by line",
        columns=_COLUMNS,
        rows=tuple(rows),
        total=_total(shown, base, bill, scale),
        notes=(*_left_out(lines, shown), *notes),
        bars="Where it adds",
    )


def _total(shown: Sequence[BridgeLine], base: Decimal, bill: Decimal, scale: Decimal) -> Row:
    tokens = count(sum(line.tokens for line in shown))
    cells = ("List cost", tokens, money(bill), share_of(bill, bill), multiple_of(bill, base), money(bill))
    return Row(cells, bar=bar(Decimal(0), bill, scale, "total"))


def _left_out(lines: Sequence[BridgeLine], shown: Sequence[BridgeLine]) -> tuple[str, ...]:
    names = [word(BRIDGE_LINES, line.line).name.lower() for line in lines if line not in shown]
    return (f"Nothing to add, and not listed: {', '.join(names)}.",) if names else ()


def _notes(run: AuditRun) -> tuple[str, ...]:
    rounding = "Each figure is rounded on its own after adding; exact amounts are in the JSON file."
    totals = run.totals
    if not totals.unpriced_calls:
        return (rounding,)
    missing = f"{counted(totals.unpriced_calls, 'call')} with {count(totals.unpriced_tokens)} tokens have no price"
    return (rounding, f"{missing} and stand in no line.")


def _heading(run: AuditRun) -> str:
    totals = run.totals
    hidden = [line for line in totals.bridge if line.line != "naive" and line.cost > 0]
    times = multiple(totals.multiplier)
    if not hidden:
        return f"The price page tells the whole bill: {dollars(totals.list_cost)}"
    largest = max(hidden, key=lambda line: line.cost)
    what = word(BRIDGE_LINES, largest.line).name.lower()
    most = f"the largest hidden line is {what}, {dollars(largest.cost)}"
    if totals.multiplier is None:
        return f"The price page explains nothing of the bill; {most}"
    return f"The bill is {times} the price-page sum; {most}"
