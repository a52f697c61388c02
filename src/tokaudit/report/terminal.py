"""What does a run come to, on one screen?

Every string goes out as plain `Text` after `safe_text`'s cleaning: no markup, no links, no escapes from a log.
"""

from __future__ import annotations

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from tokaudit.report.format import counted, dollars_range, share
from tokaudit.report.safe_text import clean
from tokaudit.report.view.actions import action_text, feature_text, opportunities
from tokaudit.report.view.bridge import bridge_section
from tokaudit.report.view.head import banners, period_name, period_text, usage_text
from tokaudit.report.view.logged import logged_lines
from tokaudit.report.view.names import quoted, top
from tokaudit.report.view.repricing import repricing_lines
from tokaudit.report.view.shapes import Row, Table
from tokaudit.report.view.spend import spend_table
from tokaudit.report.view.summary import other_costs, summary_section
from tokaudit.report.words import BASES, word
from tokaudit.result import AuditRun

FEATURE_ROWS = 10
ACTION_ROWS = 3
WIDE = 76
"""From this many columns on there is room for more than the most important figures."""

_GAP = 3
_SHORTEST_HEAD = 8
_COMFORTABLE_HEAD = 30
_BRIDGE = (("line", "cost", "multiple"), ("line", "tokens", "cost", "share", "multiple"))
_SPEND = (("feature", "calls", "list_cost", "share"), ("feature", "calls", "input_tokens", "list_cost", "share"))


def print_summary(run: AuditRun, console: Console) -> None:
    """Print the head, the bridge, the spend by feature and the first actions."""
    wide = console.width >= WIDE
    _say(console, f"Cost audit, {period_name(run.period)}: {summary_section(run).heading}", style="bold")
    _say(console, period_text(run.period))
    for line in (_quality(run), *banners(run)):
        _say(console, line)
    if others := other_costs(run):
        _say(console, f"Beside the list cost: {others}")
    for line in logged_lines(run):
        _say(console, line)
    bridge = bridge_section(run)
    for table in bridge.tables:
        _table(console, table, _BRIDGE[wide], bridge.topic)
    if run.features:
        _table(console, spend_table(run, FEATURE_ROWS), _SPEND[wide], "Spend by feature")
    _actions(run, console)
    _say(console, "")
    for line in repricing_lines(run):
        _say(console, line)
    _unpriced(run, console)


def _quality(run: AuditRun) -> str:
    source = run.input
    read = f"{counted(source.files, 'file')}, {counted(source.records, 'record')}, {counted(run.totals.calls, 'call')}"
    lost = f"{source.rejected:,} rejected, {counted(source.duplicates, 'duplicate')}"
    if source.no_calls:
        lost += f", {source.no_calls:,} records that are no calls"
    return f"{read} in the period; {lost}; usage {usage_text(source.usage_state)}"


def _actions(run: AuditRun, console: Console) -> None:
    found = opportunities(run)
    _say(console, "")
    if not found:
        _say(console, "What to do: no check found anything to change")
        return
    joint = run.savings.joint
    together = f", together {dollars_range(joint)} a month" if joint.high > 0 else ""
    _say(console, f"What to do: {counted(len(found), 'action')}{together}", style="bold")
    for rank, finding in enumerate(found[:ACTION_ROWS], start=1):
        saving = finding.saving_usd_per_month
        gain = f"saves {dollars_range(saving)} a month alone" if saving else "saving not known"
        basis = word(BASES, finding.basis).name.lower()
        _say(console, f"{rank}. {action_text(finding)} ({feature_text(finding)}): {gain}, {basis}")


def _unpriced(run: AuditRun, console: Console) -> None:
    models = sorted({model.model for model in run.models if model.list_cost is None})
    if not models:
        return
    shown, rest = top(models, 3)
    named = ", ".join(quoted(model) for model in shown) + (f" and {len(rest)} more" if rest else "")
    calls, tokens = run.totals.unpriced_calls, run.totals.unpriced_tokens
    part = f"{share(run.totals.unpriced_share)}, " if run.totals.unpriced_share is not None else ""
    _say(console, f"Unpriced, in no sum: {part}{counted(calls, 'call')} with {counted(tokens, 'token')} of {named}")


def _table(console: Console, table: Table, keys: tuple[str, ...], title: str) -> None:
    """Print some columns of a table: figures are never cut; where the width is short, the row's head is."""
    figures = [table.at(key) for key in keys[1:]]
    widths, room = _widths(table, figures, console.width, len(title))
    grid = Grid(box=box.SIMPLE_HEAD, show_footer=table.total is not None, pad_edge=False, show_edge=False)
    grid.add_column(Text(title), _cell(table.total, 0), max_width=room, no_wrap=True, overflow="ellipsis")
    for at, width in zip(figures, widths, strict=True):
        grid.add_column(Text(table.columns[at].head), _cell(table.total, at), width=width, justify="right")
    for row in table.rows:
        grid.add_row(*(_cell(row, at) for at in (0, *figures)))
    _say(console, "")
    console.print(grid, markup=False, highlight=False)


def _cell(row: Row | None, at: int) -> Text:
    return Text(clean(row.cells[at]) if row else "")


def _widths(table: Table, figures: list[int], width: int, title: int) -> tuple[list[int], int]:
    """Measure the columns of figures and the room left for the row's head; heads of figures break if they must."""
    rows = (*table.rows, *((table.total,) if table.total else ()))
    heads = [table.columns[at].head for at in figures]
    cells = [max(len(row.cells[at]) for row in rows) for at in figures]
    space = width - _GAP * len(figures)
    whole = [max(cell, len(head)) for cell, head in zip(cells, heads, strict=True)]
    if space - sum(whole) >= max(title, min(_COMFORTABLE_HEAD, max(cell_len(row.cells[0]) for row in rows))):
        return whole, space - sum(whole)
    broken = [max(cell, *map(len, head.split())) for cell, head in zip(cells, heads, strict=True)]
    return broken, max(space - sum(broken), _SHORTEST_HEAD)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean(text), style=style), markup=False, highlight=False)
