"""Are documents in system texts told from instructions, profiles and versions?"""

from __future__ import annotations

import random
from collections.abc import Sequence

import polars as pl
import pytest

from frames.literal import frame, role
from frames.test_blocks import ENCODING, FEATURE, Block, Text, block_table, contents
from tokaudit.frames.blocks import segments
from tokaudit.frames.system_blocks import system_block_kinds

RULES = [Block("You are the desk", 50), Block("Be brief", 20)]


def divided(texts: Sequence[Text]) -> list[dict[str, int]]:
    """Divide system texts, each of a conversation of its own."""
    blocks, ids = block_table(texts), contents(texts)
    sent = frame(feature=[FEATURE] * len(texts), conversation_key=list(range(len(texts))), content_id=ids)
    kinds = system_block_kinds(sent, blocks).with_columns(role=pl.lit(role("system"), pl.UInt8)).collect().lazy()
    asked = frame(
        feature=[FEATURE] * len(texts), role=[role("system")] * len(texts), content_id=ids, encoding=[ENCODING] * len(texts)
    ).unique()  # fmt: skip
    found = segments(asked, blocks, kinds).collect()
    of_text = {
        content: dict(part.group_by("component").agg(pl.col("tokens").sum()).rows())
        for (content,), part in found.group_by("content_id")
    }
    return [of_text[content] for content in ids]


def test_bare_documents_among_instructions_are_retrieved() -> None:
    draw = random.Random(1)
    pages = [draw.sample(range(60), 3) for _ in range(120)]
    texts = [[*RULES, *(Block(f"page {n}", 300) for n in chosen), Block("Answer in English", 5)] for chosen in pages]
    assert divided(texts) == [{"system_prompt": 75, "rag_context": 900}] * len(texts)


def test_profiles_of_tenants_are_instructions() -> None:
    profiles = [[Block(f"tenant {n}", 80), Block(f"rules of {n}", 90), Block(f"tone of {n}", 10)] for n in range(40)]
    texts = [[*RULES, *profiles[n % 40]] for n in range(400)]
    assert {name for parts in divided(texts) for name in parts} == {"system_prompt"}


def test_versions_and_optional_paragraphs_are_instructions() -> None:
    draw = random.Random(2)
    optional = [Block(f"option {n}", 30) for n in range(8)]
    texts = [
        [*RULES, Block(f"version {n // 50}", 60), *(o for o in optional if draw.random() < 0.3)] for n in range(200)
    ]
    assert {name for parts in divided(texts) for name in parts} == {"system_prompt"}


def test_dates_and_names_are_instructions() -> None:
    texts = [[*RULES, Block(f"today is {n // 10}", 8), Block(f"the user is {n % 70}", 8)] for n in range(90)]
    assert {name for parts in divided(texts[:20]) for name in parts} == {"system_prompt"}


@pytest.mark.parametrize("count", [3, 30])
def test_marked_documents_are_retrieved_unless_they_are_always_the_same(count: int) -> None:
    same = [[*RULES, Block("about us", 200, is_document=True)] for _ in range(count)]
    same = [[*text, Block(f"day {n}", 5)] for n, text in enumerate(same)]
    assert divided(same)[0] == ({"system_prompt": 75, "rag_context": 200} if count < 10 else {"system_prompt": 275})
    other = [[*text, Block(f"page {n % 5}", 300, is_document=True)] for n, text in enumerate(same)]
    assert divided(other)[0] == {"system_prompt": 75, "rag_context": 500}
