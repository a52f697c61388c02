"""Which single documents, examples and instructions cost most?"""

from __future__ import annotations

from decimal import Decimal

from tokaudit.report.format import count, money, share
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.names import name
from tokaudit.report.view.shapes import Column, Row, Table
from tokaudit.result import AuditRun, BlockSpend

BLOCK_ROWS = 5
_ID_DIGITS = 8
_COLUMNS = (
    Column("block", "Block"),
    Column("kind", "Kind", text=True),
    Column("feature", "Feature", text=True),
    Column("tokens", "Tokens"),
    Column("sent", "Times sent"),
    Column("cost", "Cost, USD"),
    Column("reused", "Repeated in answers"),
)
_NOTES = (
    "A block costs its share of what its component costs in each call. All blocks: tokaudit export blocks.",
    "Repeated: of a document's runs of words, those that an answer ever holds word for word, a lower bound of use.",
)


def dearest_blocks(run: AuditRun) -> tuple[Table, ...]:
    """Return a table of the dearest blocks of all features; none where no block is known."""
    found = [(block, ranking.kind, ranking.feature) for ranking in run.blocks for block in ranking.blocks]
    found.sort(key=lambda each: (-(each[0].cost or Decimal(0)), -each[0].sent, each[0].block))
    rows = tuple(_row(*each) for each in found[:BLOCK_ROWS])
    return (Table("dearest-blocks", "The dearest blocks of prompts", _COLUMNS, rows, None, _NOTES),) if rows else ()


def _row(block: BlockSpend, kind: str, feature: str) -> Row:
    reused = "" if block.reused_share is None else share(block.reused_share)
    cells = (
        _named(block),
        kind,
        name(feature),
        count(round(block.tokens)),
        count(block.sent),
        money(block.cost),
        reused,
    )
    return Row(cells, _place(block))


def _named(block: BlockSpend) -> str:
    return safe_text(block.name) if block.name else f"block {block.block[:_ID_DIGITS]}"


def _place(block: BlockSpend) -> str:
    return "" if block.file is None else f"first in {safe_text(block.file)}, line {block.line}"
