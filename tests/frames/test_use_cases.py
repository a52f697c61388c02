"""Which feature does each call serve, and what of its opening is template?"""

from __future__ import annotations

from typing import Any

import polars as pl
from xxhash import xxh3_64_intdigest

from frames.literal import frame, rows
from tokaudit.frames.openings import Openings
from tokaudit.frames.use_cases import (
    UNATTRIBUTED,
    learned,
    lessons,
    names_of_calls,
    openings_of,
    with_feature,
)
from tokaudit.ledger.tables import KINDS, ROLES, SENTENCES

SYSTEM, USER = ROLES.index("system"), ROLES.index("user")
TEXT, TOOLS = KINDS.index("text"), KINDS.index("tools")
Text = list[int]
"""A text as its blocks: 10 tokens and one sentence of 8 words each; from 900 on they are documents."""


def known(*calls: tuple[Text, Text]) -> list[tuple[Any, ...]]:
    """Return (call, feature, static_tokens, variable_tokens) of calls 1, 2, … with a system text and a user message."""
    parts, blocks = [], {}
    for record_id, texts in enumerate(calls, 1):
        for message, (role, text) in enumerate(zip((SYSTEM, USER), texts, strict=True)):
            content_id = hash((role, *text)) % 2**60
            blocks[content_id] = text
            if text:
                parts.append((record_id, message, message, role, TEXT, False, content_id))
    table = frame(
        record_id=list(range(1, len(calls) + 1)),
        system_id=[hash(tuple(system)) % 2**60 if system else None for system, _ in calls],
        started_at=list(range(len(calls))),
    ).with_columns(thread=pl.col("record_id"))
    columns = ("record_id", "position", "message", "role", "kind", "is_answer", "content_id")
    laid = [(c, n, b, b >= 900, 10) for c, text in blocks.items() for n, b in enumerate(text)]
    names = ("content_id", "position", "block_id", "is_document", "tokens")
    every = sorted({block for text in blocks.values() for block in text if block < 900})
    sentences = pl.LazyFrame(
        {"block_id": every, "position": [0] * len(every),
         "sentence_id": [xxh3_64_intdigest(bytes([block % 256, block // 256])) for block in every],
         "head_id": [None] * len(every), "tail_id": [None] * len(every), "words": [8] * len(every),
         "word_bits": [0] * len(every),
         "has_number": [False] * len(every)}, schema=SENTENCES,
    )  # fmt: skip
    openings: Openings = openings_of(
        table,
        frame(**dict(zip(columns, map(list, zip(*parts, strict=True)), strict=True))),
        frame(**dict(zip(names, map(list, zip(*laid, strict=True)), strict=True))),
        sentences,
        lambda found, _name: found.collect().lazy(),
    )
    found = learned(*(lesson.collect() for lesson in lessons(openings, sentences)))
    return rows(
        names_of_calls(openings, found, sentences), "record_id", "feature_id", "static_tokens", "variable_tokens"
    )


def test_a_paragraph_that_changes_from_call_to_call_is_a_variable() -> None:
    found = known(*(([1, 2, 100 + day, 3], [50]) for day in range(6)))
    assert len({name for _, name, _, _ in found}) == 1
    assert [(static, variable) for _, _, static, variable in found] == [(30, 10)] * 6


def test_documents_in_the_system_prompt_are_variables_however_often_they_recur() -> None:
    found = known(*[([1, 2, 3, 900], [50])] * 4)
    assert {(static, variable) for _, _, static, variable in found} == {(30, 10)}


def test_a_generic_system_prompt_is_told_by_the_users_template() -> None:
    found = known(*(([1], [20 + n % 2, 100 + n]) for n in range(8)))
    assert len({name for _, name, _, _ in found}) == 2
    assert [row[2:] for row in found] == [(10, 0)] * 8  # what users bring is no part of a system prompt


def test_a_call_without_system_prompt_is_told_by_the_users_template() -> None:
    found = known(*(([], [20 + n % 2, 100 + n]) for n in range(8)))
    assert len({name for _, name, _, _ in found}) == 2
    assert [row[2:] for row in found] == [(10, 10)] * 8


def test_what_users_write_does_not_part_calls_with_a_system_prompt() -> None:
    found = known(*(([1, 2, 3], [20 + n % 2, 100 + n]) for n in range(8)))
    assert len({name for _, name, _, _ in found}) == 1


def features(**columns: list[Any]) -> list[tuple[Any, ...]]:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "feature": [None] * count,
        "tools_id": [None] * count,
    }
    names = pl.LazyFrame(
        {"record_id": [1, 2], "feature_id": ["aa", "aa"], "template_id": ["bb", "cc"]},
        schema_overrides={"record_id": pl.UInt64},
    )
    calls = frame(**{**defaults, **columns})
    return rows(with_feature(calls, names), "record_id", "feature", "feature_source")


def test_the_teams_own_name_decides() -> None:
    assert features(feature=["chat", None]) == [(1, "chat", "tag"), (2, "template-aa", "template")]


def test_calls_without_a_template_are_told_by_their_tools() -> None:
    assert features(tools_id=[None, None, 12345678901, None])[2:] == [
        (3, "tools-12345678", "template"), (4, UNATTRIBUTED, "none"),
    ]  # fmt: skip
