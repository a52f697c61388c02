"""Are the sentences of a prompt's opening known again, whatever stands in their slots?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.ingest.prompts import opening_messages
from tokaudit.ingest.sentences import (
    FIRST_SENTENCES,
    LAST_SENTENCES,
    MOST_BYTES,
    cut_sentences,
    definition_sentences,
)
from tokaudit.schema import Part


def cut(*texts: str) -> list[list[dict[str, Any]]]:
    table = cut_sentences([(number, text.encode()) for number, text in enumerate(texts)])
    return [table.filter(block_id=number).drop("block_id").to_dicts() for number in range(len(texts))]


def ids(text: str) -> list[int]:
    return [row["sentence_id"] for row in cut(text)[0]]


def words(text: str) -> list[int]:
    return [row["words"] for row in cut(text)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n--- \n", []),
        ("Be brief. Never guess!\nAsk: why?", [2, 2, 1, 1]),
        ("Version 1.2 of a.b is at 10:30.", [10]),
        ("They're “here” — now", [4]),
        ("请翻译。谢谢！", [3, 2]),
        ("Größe prüfen. Émile répond.", [2, 2]),
        ("ok", [1]),
    ],
)
def test_words_are_counted_by_sentence(text: str, expected: list[int]) -> None:
    assert words(text) == expected


def test_marks_white_space_and_numbers_do_not_count() -> None:
    assert ids("Today is 2026-09-01, a **Tuesday**.") == ids("Today is  1999.12.31 -- a Tuesday!\n")
    assert ids("Order A-17 is late") == ids("Order A 9 is late")
    assert ids("Order is late") != ids("Orders is late")
    assert ids("is Order late") != ids("Order is late")


def test_a_sentence_with_a_slot_keeps_its_ends() -> None:
    (one,), (other,) = cut(
        "You are helping Anna Smith with her order today.", "You are helping Bob with her order today."
    )
    assert one["sentence_id"] != other["sentence_id"]
    assert (one["head_id"], one["tail_id"]) == (other["head_id"], other["tail_id"])
    assert one["head_id"] != one["tail_id"]


def test_short_sentences_have_no_ends() -> None:
    assert {(row["head_id"], row["tail_id"]) for row in cut("You are a poet now.")[0]} == {(None, None)}


def test_a_reworded_sentence_has_most_word_bits_in_common() -> None:
    texts = (
        "Check the open invoice and cite it at the end.",
        "Please check the open invoice and cite it at the end.",
        "You are a poet.",
    )
    one, reworded, other = (row["word_bits"] for (row,) in cut(*texts))
    assert (one & reworded).bit_count() > (one | reworded).bit_count() / 2
    assert (one & other).bit_count() < (one | other).bit_count() / 4


def test_a_number_is_told() -> None:
    assert [row["has_number"] for row in cut("Today is May 4. Be brief.")[0]] == [True, False]


def test_of_a_long_block_the_ends_are_kept() -> None:
    text = "\n".join(f"line {chr(97 + number % 26)} {chr(97 + number // 26)}" for number in range(200))
    rows = cut(text)[0]
    assert len(rows) == FIRST_SENTENCES + LAST_SENTENCES
    assert [rows[0]["position"], rows[-1]["position"]] == [0, 199]
    assert len(cut("word " * MOST_BYTES)[0]) <= 3


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=40) | st.sampled_from(["a b c d e f g.", "请翻译。", "12 34", "é" * 9]), max_size=6))
def test_blocks_are_cut_alike_alone_and_together(texts: list[str]) -> None:
    assert cut(*texts) == [cut(text)[0] for text in texts]


def test_each_tool_is_a_sentence_of_its_own() -> None:
    one, two = {"name": "a"}, {"name": "b"}
    both = [row[2] for row in definition_sentences(7, [one, two])]
    assert both == [definition_sentences(8, [one])[0][2], definition_sentences(8, [two])[0][2]]
    assert len(definition_sentences(9, {"type": "object"})) == 1


def part(role: Any, text: str, message: int) -> Part:
    return Part(role, "text", text, message)


def test_a_prompt_opens_with_its_system_text_or_else_the_first_user_message() -> None:
    long = (
        "You are the support assistant of Acme. You answer in the language of the customer and never promise a refund."
    )
    user, again = part("user", "Why?", 1), part("user", "And?", 3)
    assert opening_messages((part("system", long, 0), user, again)) == {0}
    assert opening_messages((part("system", "You are a helpful assistant.", 0), user, again)) == {0, 1}
    assert opening_messages((user, again)) == {1}
    assert opening_messages(()) == set()
