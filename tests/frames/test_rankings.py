"""Is each document's, example's and instruction's cost its share, and never more than its component's?"""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.frames.rankings import block_sums, reused_blocks, sent_ranked
from tokaudit.ledger.tables import ROLES, TEXT
from tokaudit.prices.rates import MONEY

SYSTEM, USER, ASSISTANT = ROLES.index("system"), ROLES.index("user"), ROLES.index("assistant")
RULES, TONE, GUIDE, ASKED, SHOT = 1, 2, 3, 4, 5
"""Blocks: two instructions, a document, a question, an example's question."""

CALLS = pl.LazyFrame({"record_id": [10, 11], "feature": "chat", "conversation_key": [10, 10], "encoding": "o200k_base"})
BLOCKS = pl.LazyFrame(
    {
        "content_id": [100, 100, 101, 101, 102],
        "encoding": "o200k_base",
        "block_id": [RULES, TONE, GUIDE, ASKED, SHOT],
        "is_document": [False, False, True, False, False],
        "is_example": [False, False, False, False, False],
        "tokens": [30, 10, 60, 5, 7],
    }
)
KINDS = pl.LazyFrame([], schema={"feature": pl.String, "role": pl.UInt8, "block_id": pl.Int64, "is_fixed": pl.Boolean})
EXAMPLES = pl.LazyFrame({"feature": ["chat"], "prefix_id": [900]})


def part(record: int, role: int, content: int, prefix: int, *, earlier: bool = False) -> dict[str, object]:
    return {
        "record_id": record, "role": role, "kind": TEXT, "is_answer": False, "is_earlier": earlier, "content_id": content,
        "prefix_id": prefix,
    }  # fmt: skip


def parts(*rows: dict[str, object]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema_overrides={"role": pl.UInt8, "kind": pl.UInt8})


PARTS = parts(
    part(10, SYSTEM, 100, 1),
    part(10, USER, 102, 900, earlier=True),
    part(10, USER, 101, 901),
    part(11, SYSTEM, 100, 1),
    part(11, USER, 101, 901, earlier=True),
)


def components(*rows: tuple[int, str, int, str | None]) -> pl.LazyFrame:
    table = pl.LazyFrame(rows, schema=["record_id", "component", "tokens", "cost"], orient="row")
    return table.with_columns(pl.col("cost").cast(MONEY))


def sums(billed: pl.LazyFrame) -> dict[tuple[str, int], dict[str, object]]:
    found = block_sums(sent_ranked(CALLS, PARTS, BLOCKS, KINDS, EXAMPLES), billed).collect()
    return {(row["block_kind"], row["block_id"]): row for row in found.iter_rows(named=True)}


def test_each_block_has_its_share_of_its_component() -> None:
    found = sums(
        components(
            (10, "system_prompt", 40, "4"), (10, "few_shot", 7, "0.7"), (10, "rag_context", 120, "12"),
            (11, "system_prompt", 40, "2"), (11, "history", 100, "10"),
        )
    )  # fmt: skip
    assert found.keys() == {("instruction", RULES), ("instruction", TONE), ("document", GUIDE), ("example", SHOT)}
    assert found["instruction", RULES]["cost"] == Decimal("4.5")  # 30 of 40 tokens, in two calls
    assert found["instruction", TONE]["cost"] == Decimal("1.5")
    assert found["example", SHOT]["cost"] == Decimal("0.7")
    guide = found["document", GUIDE]
    assert guide["cost"] == Decimal(12) * 60 / 120 + Decimal(10) * 60 / 100
    assert {name: guide[name] for name in ("calls", "conversations", "sent", "sent_again", "tokens", "unpriced")} == {
        "calls": 2, "conversations": 1, "sent": 2, "sent_again": 1, "tokens": 120, "unpriced": 0,
    }  # fmt: skip


def test_calls_without_a_price_are_told_apart() -> None:
    found = sums(components((10, "system_prompt", 40, None), (11, "system_prompt", 40, "2")))
    assert found["instruction", RULES]["cost"] == Decimal("1.5")
    assert found["instruction", RULES]["unpriced"] == 1
    assert found["document", GUIDE]["unpriced"] == 2


AMOUNT = st.decimals(0, 100, places=9)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 200), AMOUNT, st.integers(0, 200), AMOUNT)
def test_the_blocks_of_a_component_never_cost_more_than_it(
    tokens: int, cost: Decimal, more: int, other: Decimal
) -> None:
    billed = components((10, "system_prompt", tokens, str(cost)), (11, "system_prompt", more, str(other)))
    found = sums(billed)
    whole = sum((found["instruction", block]["cost"] for block in (RULES, TONE)), Decimal(0))
    assert whole <= cost + other + Decimal("1e-20")
    assert (tokens < 40) or (more < 40) or whole >= (cost * 40 / tokens + other * 40 / more) - Decimal("1e-20")


def test_what_answers_repeat_is_a_share_of_the_runs_looked_for() -> None:
    passages = pl.LazyFrame({"block_id": [1, 2, 3, 4], "name": ["kb-1", None, None, None], "marks": [4, 8, 0, 2]})
    quotations = pl.LazyFrame(
        {"block_id": [1, 1, 2, 4], "content_id": [50, 51, 99, 50], "seen": [0b0001, 0b0101, 0b1111, 0b11]},
        schema_overrides={"seen": pl.UInt64},
    )
    answers = pl.LazyFrame({"content_id": [50, 51]})
    found = reused_blocks(passages, quotations, answers).sort("block_id").collect()
    # Two answers see the same run once; an answer of another period does not count; without runs nothing is known.
    assert found["reused_share"].to_list() == [0.5, 0.0, None, 1.0]
    assert found["name"].to_list() == ["kb-1", None, None, None]
