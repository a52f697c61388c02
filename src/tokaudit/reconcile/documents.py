"""How does a reconciliation go into a ticket, a spreadsheet or another program?"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tokaudit.reconcile.result import CAUSES, Reconciliation, to_json
from tokaudit.reconcile.terminal import (
    bridge_lines,
    days,
    main_cause,
    residual_sentence,
    same_sentence,
    told,
    worst_cells,
)
from tokaudit.reconcile.words import sentence
from tokaudit.report.format import dollars
from tokaudit.report.markdown import escape
from tokaudit.report.safe_text import safe_cell
from tokaudit.report.write import write_texts
from tokaudit.result import plain

_HEAD = ("model", "provider_name", "start", "end", "calls", "requests", "list_cost", *CAUSES, "residual", "billed")


def render_csv(found: Reconciliation) -> str:
    """Write one row a cell; in each row, and so in each column's sum, list cost + causes + residual = billed."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(_HEAD)
    for cell in found.cells:
        amounts = (cell.list_cost, *(cell.causes.get(name, 0) for name in CAUSES), cell.residual, cell.billed)
        writer.writerow([
            safe_cell(cell.model or ""), safe_cell(cell.provider_name or ""), cell.start.isoformat(), cell.end.isoformat(),
            str(cell.calls), "" if cell.requests is None else str(cell.requests), *(str(plain(a)) for a in amounts),
        ])  # fmt: skip
    return out.getvalue()


def render_markdown(found: Reconciliation) -> str:
    """Write the bridge, the worst cells and a sentence a cause."""
    blocks = [f"# Reconciliation {days(found)}", _table(bridge_lines(found), ("line", "USD", "known by"))]
    worst = [
        (cell.start.date().isoformat(), cell.model or "all models", dollars(cell.list_cost), dollars(cell.billed),
         dollars(cell.residual), main_cause(found, cell))
        for cell in worst_cells(found)
    ]  # fmt: skip
    if worst:
        blocks += [
            "## Where they differ most",
            _table(worst, ("day", "model", "ours", "billed", "unexplained", "mostly")),
        ]
    blocks += [
        "## Causes",
        "\n".join(
            f"- {escape(text)}" for text in (*map(sentence, told(found)), *map(same_sentence, found.same_models))
        ),
        residual_sentence(found),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(rows: Iterable[tuple[str, ...]], head: Sequence[str]) -> str:
    lines = [" | ".join(head), " | ".join(":--" for _ in head)]
    lines += [" | ".join(escape(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


FORMATS: Mapping[str, Callable[[Reconciliation], str]] = {
    "json": to_json,
    "md": render_markdown,
    "csv": render_csv,
}


def write_reconciliation(found: Reconciliation, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write `<period label>.reconcile.<format>` for each format. Raises TokauditError when the folder cannot be written."""
    return write_texts(folder, {f"{found.period.label}.reconcile.{key}": FORMATS[key](found) for key in formats})
