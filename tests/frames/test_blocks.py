"""Which blocks are instructions, which are retrieved, which are the user's?"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from xxhash import xxh3_64_intdigest

from frames.literal import frame, role
from tokaudit.frames.blocks import recurring_blocks, segments, sent_blocks

FEATURE, ENCODING = "f", "o200k_base"


class Block(NamedTuple):
    """A block of a text, known by its name."""

    name: str
    tokens: int = 100
    is_document: bool = False


Text = Sequence[Block]


def numbered(name: str) -> int:
    return xxh3_64_intdigest(name.encode())


def block_table(texts: Sequence[Text]) -> pl.LazyFrame:
    rows = {
        (content, position): (numbered(block.name), block.is_document, block.tokens)
        for content, text in zip(contents(texts), texts, strict=True)
        for position, block in enumerate(text)
    }
    keys, values = list(rows), list(rows.values())
    return frame(
        content_id=[content for content, _ in keys],
        position=[position for _, position in keys],
        block_id=[block_id for block_id, _, _ in values],
        is_document=[is_document for _, is_document, _ in values],
        is_example=[False] * len(keys),
        tokens=[tokens for _, _, tokens in values],
        encoding=[ENCODING] * len(keys),
    )


def contents(texts: Sequence[Text]) -> list[int]:
    return [numbered("|".join(block.name for block in text)) for text in texts]


def components(texts: Sequence[Text], speaker: str = "user") -> list[list[tuple[str, int]]]:
    """Divide texts, each newly sent in a conversation of its own, into (component, tokens)."""
    blocks = block_table(texts)
    sent = frame(feature=[FEATURE] * len(texts), conversation_key=list(range(len(texts))), content_id=contents(texts))
    known = recurring_blocks(sent_blocks(sent, blocks)).with_columns(role=pl.lit(role("user"), pl.UInt8))
    kinds = known.collect().lazy()
    asked = frame(
        feature=[FEATURE] * len(texts),
        role=[role(speaker)] * len(texts),
        content_id=contents(texts),
        encoding=[ENCODING] * len(texts),
    ).unique()
    found = segments(asked, blocks, kinds).collect()
    of_text = {
        content: [(row[0], row[1]) for row in part.sort("sequence").select("component", "tokens").rows()]
        for (content,), part in found.group_by("content_id")
    }
    return [of_text[content] for content in contents(texts)]


def question(number: int, tokens: int = 20) -> Block:
    return Block(f"question {number}", tokens)


def bare(corpus: int, count: int, seed: int = 1) -> list[Text]:
    """Return texts `document, document, question`, documents drawn by Zipf popularity."""
    draw = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(corpus)]
    texts: list[Text] = []
    for number in range(count):
        pages = list(dict.fromkeys(draw.choices(range(corpus), weights, k=2)))
        texts.append([*(Block(f"page {page}", 300) for page in pages), question(number)])
    return texts


@pytest.mark.parametrize("seed", range(5))
def test_documents_of_a_shared_corpus_are_found_without_delimiters(seed: int) -> None:
    texts = bare(corpus=120, count=80, seed=seed)
    found = components(texts)
    seen = [block.name for text in texts for block in text[:-1]]
    for text, parts in zip(texts, found, strict=True):
        if any(seen.count(block.name) > 1 for block in text[:-1]):
            assert parts == [("rag_context", sum(block.tokens for block in text[:-1])), ("user_input", 20)]
        else:
            assert parts == [("user_input", sum(block.tokens for block in text))]
    assert sum(len(parts) == 2 for parts in found) > 60


def test_a_rare_document_beside_a_popular_one_is_retrieved_too() -> None:
    popular = [[Block("page 1", 300), Block(f"rare {n}", 250), question(n)] for n in range(2)]
    others = [[Block(f"page {n // 2 + 2}", 300), question(n)] for n in range(2, 6)]
    assert components([*popular, *others])[0] == [("rag_context", 550), ("user_input", 20)]


def test_a_follow_up_without_documents_stays_the_users() -> None:
    texts = bare(corpus=3, count=10)
    follow_up = [Block("I tried that", 30), Block("what now", 5)]
    assert components([*texts, follow_up])[-1] == [("user_input", 35)]


def test_paragraphs_that_recur_by_chance_are_the_users_however_long_the_log() -> None:
    draw = random.Random(2)
    sentences = [Block(f"common {n}", 40) for n in range(30)]
    texts = [[Block(f"own words {n}", 90), *draw.sample(sentences, 2), Block(f"end {n}", 15)] for n in range(300)]
    assert {component for parts in components(texts) for component, _ in parts} == {"user_input"}


def test_messages_that_are_repeated_whole_are_no_documents() -> None:
    texts = [[Block(f"ticket {n % 5}", 300), Block(f"closing {n % 5}", 20)] for n in range(20)]
    assert {component for parts in components(texts) for component, _ in parts} == {"user_input"}


def test_greetings_are_no_documents() -> None:
    texts = [[Block(f"hello {n % 4}", 2), question(n)] for n in range(20)]
    assert {component for parts in components(texts) for component, _ in parts} == {"user_input"}


def test_a_feature_that_delimits_its_documents_has_no_others() -> None:
    pages = [Block(f"page {n % 3}", 300, is_document=True) for n in range(12)]
    texts = [[page, Block(f"note {n % 4}", 400), question(n)] for n, page in enumerate(pages)]
    assert components(texts)[0] == [("rag_context", 300), ("user_input", 420)]


def test_what_recurs_beside_delimited_documents_does_not_make_a_feature_retrieve() -> None:
    delimited = [
        [Block(f"page {n % 3}", 300, is_document=True), Block(f"note {n % 4}", 400), question(n)] for n in range(12)
    ]
    bare_note = [Block("note 1", 400), question(99)]
    assert components([*delimited, bare_note])[-1] == [("user_input", 420)]


def test_a_block_of_half_of_the_conversations_is_an_instruction() -> None:
    fixed = Block("Answer in JSON", 30)
    texts = [[fixed, question(n)] if n % 2 else [question(n)] for n in range(4)]
    assert components(texts)[1] == [("system_prompt", 30), ("user_input", 20)]
    assert components(texts[:3])[1] == [("user_input", 50)]  # three conversations say nothing


def test_an_instruction_after_the_question_is_not_taken_for_the_question() -> None:
    texts = [[*text, Block("Answer in JSON", 30)] for text in bare(corpus=20, count=40)]
    assert [component for component, _ in components(texts)[0]] == ["rag_context", "user_input", "system_prompt"]


def test_tool_output_and_system_text_keep_their_speaker() -> None:
    texts = bare(corpus=20, count=40)
    assert components(texts, "tool")[0] == [("tool_results", sum(block.tokens for block in texts[0]))]
    assert components(texts, "system")[0] == [("system_prompt", sum(block.tokens for block in texts[0]))]
    document = [[Block("page", 300, is_document=True), question(1)]]
    assert components(document, "tool")[0] == [("rag_context", 300), ("tool_results", 20)]


def test_segments_add_up_to_their_text() -> None:
    texts = [*bare(corpus=10, count=30), [question(99)], [Block("d", 7, is_document=True)]]
    for text, parts in zip(texts, components(texts), strict=True):
        assert sum(tokens for _, tokens in parts) == sum(block.tokens for block in text)


def test_time_and_memory_grow_with_the_log_not_with_its_square(tmp_path: Path) -> None:
    texts = [[*(Block(f"page {n}-{page}") for page in range(9)), question(n)] for n in range(3000)]
    sent = frame(feature=[FEATURE] * len(texts), conversation_key=list(range(len(texts))), content_id=contents(texts))
    sent.collect().write_parquet(tmp_path / "sent.parquet")
    block_table(texts).collect().write_parquet(tmp_path / "blocks.parquet")
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    # Stored frames, as in a run: of those polars knows little, and orders joins as it thinks fit.
    stored = (pl.scan_parquet(tmp_path / f"{name}.parquet") for name in ("sent", "blocks"))
    assert recurring_blocks(sent_blocks(*stored)).collect(engine="streaming").is_empty()
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (megabytes < 200, time.monotonic() - started < 10) == (True, True)
