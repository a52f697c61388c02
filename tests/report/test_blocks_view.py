"""Does the page show the dearest blocks, safely?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from report.sample_run import a_run
from tokaudit.report.html import render_html
from tokaudit.report.view.blocks import BLOCK_ROWS, dearest_blocks
from tokaudit.result import BlockRanking, BlockSpend

BLOCK = BlockSpend("1234567890123", None, "log.jsonl", 7, 412.4, 5, 3, 6, 1, Decimal("1.5"), 0.25)


def ranking(*blocks: BlockSpend, kind: str = "document") -> BlockRanking:
    return BlockRanking("chat", kind, blocks, 0, Decimal(0))


def test_no_blocks_make_no_table() -> None:
    assert dearest_blocks(a_run()) == ()


def test_the_dearest_come_first_and_unknown_is_shown() -> None:
    dear = replace(BLOCK, name="kb-17.md", cost=Decimal(3), reused_share=None)
    unpriced = replace(BLOCK, block="99", cost=None)
    run = replace(a_run(), blocks=(ranking(BLOCK, unpriced), ranking(dear, kind="example")))
    (table,) = dearest_blocks(run)
    assert [row.cells for row in table.rows] == [
        ("kb-17.md", "example", "chat", "412", "6", "3.00", ""),
        ("block 12345678", "document", "chat", "412", "6", "1.50", "25.0%"),
        ("block 99", "document", "chat", "412", "6", "?", "25.0%"),
    ]


def test_the_page_stays_short_and_names_are_inert() -> None:
    hostile = replace(BLOCK, name="<img/src=x>", file="<b>.jsonl")
    run = replace(a_run(), blocks=(ranking(*[hostile] * (BLOCK_ROWS + 3)),))
    assert len(dearest_blocks(run)[0].rows) == BLOCK_ROWS
    page = render_html(run)
    assert "<img/src=x>" not in page
    assert "<b>.jsonl" not in page
    assert "first in" in page
