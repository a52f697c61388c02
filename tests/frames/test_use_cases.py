"""Which feature does each call serve, and what of its system prompt is template?"""

from __future__ import annotations

from typing import Any

import polars as pl

from frames.literal import frame, rows
from tokaudit.frames.use_cases import UNATTRIBUTED, system_blocks, templates, with_feature

Block = tuple[int, int, bool] | int
"""(block id, tokens, is_document), or a block id: 10 tokens of plain text."""


def prompts(*calls_and_blocks: tuple[int, list[Block]]) -> list[tuple[Any, ...]]:
    """Return (system_id, template, static_tokens, variable_tokens) of system prompts 1, 2, … sent so many times."""
    sent, parts, blocks = [], [], []
    for system_id, (count, sequence) in enumerate(calls_and_blocks, start=1):
        sent += [(100 * system_id + number, system_id) for number in range(count)]
        parts.append((100 * system_id, 0, 1000 + system_id))
        for position, block in enumerate(sequence):
            block_id, tokens, is_document = (block, 10, False) if isinstance(block, int) else block
            blocks.append((1000 + system_id, position, block_id, is_document, tokens))
    columns = ("content_id", "position", "block_id", "is_document", "tokens")
    found = templates(
        system_blocks(
            frame(**dict(zip(("record_id", "system_id"), zip(*sent, strict=True), strict=True))),
            frame(**dict(zip(("record_id", "position", "content_id"), zip(*parts, strict=True), strict=True))),
            frame(**dict(zip(columns, zip(*blocks, strict=True), strict=True))),
        )
    )
    return rows(found, "system_id", "template", "static_tokens", "variable_tokens")


def test_a_date_in_its_own_paragraph_is_a_variable() -> None:
    monday, tuesday, wednesday = 91, 92, 93
    assert prompts((2, [1, monday, 2]), (2, [1, tuesday, 2]), (1, [1, wednesday, 2])) == [
        (1, "1 2", 20, 10), (2, "1 2", 20, 10), (3, "1 2", 20, 10),
    ]  # fmt: skip


def test_documents_in_the_system_prompt_are_no_template_however_often_they_recur() -> None:
    document = (50, 400, True)
    assert prompts((3, [1, document]), (2, [1, (51, 400, True)])) == [(1, "1", 10, 400), (2, "1", 10, 400)]


def test_recurring_text_without_delimiters_is_a_variable_beside_a_more_frequent_template() -> None:
    assert prompts((1, [1, 60, 61]), (1, [1, 61, 62]), (2, [1, 63]), (1, [1, 64])) == [
        (1, "1", 10, 20), (2, "1", 10, 20), (3, "1", 10, 10), (4, "1", 10, 10),
    ]  # fmt: skip


def test_two_features_that_share_their_opening_stay_two() -> None:
    assert [row[1] for row in prompts((3, [1, 2]), (2, [1, 3]))] == ["1 2", "1"]


def test_prompts_without_common_blocks_are_features_of_their_own() -> None:
    assert [row[1] for row in prompts((5, [1, 2]), (1, [3]))] == ["1 2", "3"]


def test_the_order_of_the_blocks_is_part_of_the_template() -> None:
    assert [row[1] for row in prompts((1, [1, 2]), (1, [2, 1]))] == ["1 2", "2 1"]


def test_a_prompt_of_documents_alone_has_no_template_text() -> None:
    assert prompts((2, [(50, 400, True)])) == [(1, "", 0, 400)]


def features(**columns: list[Any]) -> list[tuple[Any, ...]]:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "feature": [None] * count,
        "system_id": [None] * count,
        "tools_id": [None] * count,
    }
    names = pl.LazyFrame(
        {"system_id": [1, 2], "template_id": ["aa", "aa"], "static_tokens": [20, 20], "variable_tokens": [10, 11]},
        schema_overrides={"system_id": pl.UInt64},
    )
    calls = frame(**{**defaults, **columns})
    return rows(with_feature(calls, names), "record_id", "feature", "feature_source")


def test_the_teams_own_name_decides() -> None:
    assert features(feature=["chat", None], system_id=[1, 2]) == [(1, "chat", "tag"), (2, "template-aa", "template")]


def test_prompts_of_one_template_are_one_feature() -> None:
    assert {name for _, name, _ in features(system_id=[1, 2])} == {"template-aa"}


def test_calls_without_a_system_prompt_are_told_by_their_tools() -> None:
    assert features(tools_id=[12345678901, None]) == [
        (1, "tools-12345678", "template"), (2, UNATTRIBUTED, "none"),
    ]  # fmt: skip
