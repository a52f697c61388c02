"""Is a prompt text cut into its documents and paragraphs, without gaps?"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.ingest.blocks import MOST_BLOCKS, cut_blocks


def pieces(text: str) -> list[tuple[str, bool]]:
    blocks = cut_blocks(text)
    ends = [*(block.start for block in blocks[1:]), len(text)]
    return [(text[block.start : end], block.is_document) for block, end in zip(blocks, ends, strict=True)]


fragments = st.sampled_from(
    ["<doc>", "</doc>", "<documents>", "</documents>", "<file path='a'>", "</file>", "<b>", "</b>", "Context:", "\nContext:",
     "\nQuestion:", "\n\n", "\n \n", "word ", "a: b", "\r\n", "é漢😀", "<", ">", "</"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(fragments | st.text(max_size=8), max_size=20).map("".join))
def test_blocks_cover_the_text_in_order(text: str) -> None:
    starts = [block.start for block in cut_blocks(text)]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert "".join(piece for piece, _ in pieces(text)) == text
    assert all(piece for piece, _ in pieces(text)) or text == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", False)]),
        ("One.\n\nTwo.\n  \nThree.", [("One.\n\n", False), ("Two.\n  \n", False), ("Three.", False)]),
        (
            "Use:\n<doc>A\n\nB</doc>\n<doc>C</doc>\n\nWhy?",
            [("Use:\n", False), ("<doc>A\n\nB</doc>\n", True), ("<doc>C</doc>", True), ("\n\nWhy?", False)],
        ),
        (
            "<documents><document>A</document><document>B</document></documents>Q",
            [("<documents><document>A</document>", True), ("<document>B</document></documents>", True), ("Q", False)],
        ),
        (
            "Context:\nA is B.\n\nC is D.\n\nQuestion: why?",
            [("Context:\nA is B.\n\n", True), ("C is D.\n\nQuestion:", True), (" why?", False)],
        ),
        ("See <b>bold</b> text", [("See <b>bold</b> text", False)]),
        ("an open <doc> only", [("an open <doc> only", False)]),
        ("Context: but no question", [("Context: but no question", False)]),
    ],
)  # fmt: skip
def test_examples(text: str, expected: list[tuple[str, bool]]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n" * 40_000, "<doc>" * 40_000, "<doc>x</doc>" * 20_000, "<doc " * 40_000, "\n" * 200_000, "\n " * 100_000,
        "</doc>" * 40_000, "\nContext" * 30_000, "Context:" * 30_000, "<file " + "x" * 300_000, "\n\t \r" * 50_000,
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_hostile_texts_are_cut_quickly_into_few_blocks(text: str) -> None:
    begin = time.perf_counter()
    assert len(cut_blocks(text)) <= MOST_BLOCKS
    assert time.perf_counter() - begin < 2
