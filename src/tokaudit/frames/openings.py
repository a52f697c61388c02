"""With which text does each call open, and which of its sentences come back?

The opening of a call is what its team wrote ahead of the first question: tools, response schema and the system text, or, where
there is none or next to nothing in it, that together with the first user message. Openings are worked on as blocks and
sentences with counts: a month may hold as many distinct openings as calls, but few distinct sets of sentences that recur.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tokaudit.frames.keep import Keep
from tokaudit.ledger.tables import RESPONSE_SCHEMA, ROLES, TEXT, TOOLS

SYSTEM, USER = ROLES.index("system"), ROLES.index("user")
GENERIC_TOKENS = 20
"""A system text of up to this many tokens (`You are a helpful assistant.`) may not tell what a call is for."""
FEWEST_SENDS = 2
RARE_SHARE = 0.05
"""What is sent once says nothing, unless it is one of at most twenty calls."""
RARE_IN_PROMPT = 0.001
"""A sentence sent less often than this share of its prompt's most frequent one is a variable: it bounds the distinct sets."""
LONG_WORDS = 5
"""Shorter sentences are labels and greetings of any prompt."""

SENTENCE, HEAD, TAIL = 0, 1, 2
"""Kinds of items: a whole sentence, its first words, its last words."""


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of a period and the items (sentences and their ends) that recur in them.

    of_calls: record_id, opening_id, texts_id, defined_id. sent: opening_id, calls, threads, first_at, last_at. blocks:
    opening_id, part, position, block_id, tokens, is_user, is_document, is_definition. items: block_id, sentence, kind, item_id,
    words, word_bits (those that recur only). signatures: opening_id, signature (equal = the same recurring items; openings
    without any are left out).
    """

    of_calls: pl.LazyFrame
    sent: pl.LazyFrame
    blocks: pl.LazyFrame
    items: pl.LazyFrame
    signatures: pl.LazyFrame


def opening_ids(calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame, keep: Keep) -> pl.LazyFrame:
    """Identify the opening of each call: its texts, and what its conversation defines (tools, response schemas).

    calls: record_id, system_id, thread. parts, blocks: of the ledger, blocks once per content. Out: record_id, opening_id,
    defined_id (null = no definitions), texts_id (null = no text; a system_id where the system text says enough).
    """
    texts = _texts(calls, parts, blocks)
    defined = keep(_definitions(calls, parts), "definitions")
    of_thread = defined.group_by("thread", "system_id").agg(defined_id=pl.col("content_id").sum())
    return (
        calls.select("record_id", "thread", "system_id")
        .join(texts, on="record_id", how="left")
        .join(of_thread, on=["thread", "system_id"], how="left", nulls_equal=True)
        .filter(pl.col("texts_id").is_not_null() | pl.col("defined_id").is_not_null())
        .select(
            "record_id", "texts_id", "defined_id",
            opening_id=pl.col("texts_id").fill_null(0) + pl.col("defined_id").fill_null(0),
        )
    )  # fmt: skip


def _texts(calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    systems = calls.filter(pl.col("system_id").is_not_null()).group_by("system_id").agg(pl.col("record_id").min())
    of_content = blocks.group_by("content_id").agg(pl.col("tokens").sum())
    is_system = (pl.col("role") == SYSTEM) & (pl.col("kind") == TEXT) & ~pl.col("is_answer")
    size = (
        parts.filter(is_system)
        .join(systems, on="record_id")
        .join(of_content, on="content_id")
        .group_by("system_id")
        .agg(pl.col("tokens").sum())
    )
    telling = size.filter(pl.col("tokens") > GENERIC_TOKENS).select("system_id")
    by_system = calls.join(telling, on="system_id", how="semi").select("record_id", texts_id="system_id")
    others = calls.join(telling, on="system_id", how="anti").select("record_id")
    first = first_texts(parts.join(others, on="record_id", how="semi"))
    # Ids are hashes: their sum, which wraps, is one of the whole set.
    return pl.concat([by_system, first.group_by("record_id").agg(texts_id=pl.col("content_id").sum())])


def _definitions(calls: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    """List what each conversation defines under one system text. An agent may leave its tools out of some calls.

    Out: thread, system_id, content_id, each once.
    """
    return (
        parts.filter(pl.col("kind").is_in([TOOLS, RESPONSE_SCHEMA]) & ~pl.col("is_answer"))
        .select("record_id", "content_id")
        .join(calls.select("record_id", "thread", "system_id"), on="record_id")
        .select("thread", "system_id", "content_id")
        .unique()
    )


def first_texts(parts: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the system texts and the first user message of each call."""
    texts = parts.filter(~pl.col("is_answer"), pl.col("kind") == TEXT)
    asked = texts.filter(pl.col("role") == USER)
    first = asked.group_by("record_id").agg(pl.col("message").min())
    return pl.concat(
        [texts.filter(pl.col("role") == SYSTEM), asked.join(first, on=["record_id", "message"], how="semi")]
    ).select("record_id", "position", "role", "content_id")


def opening_blocks(
    of_calls: pl.LazyFrame, calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame
) -> pl.LazyFrame:
    """Lay out each distinct opening. of_calls: `opening_ids`. Out: `Openings.blocks`; definitions are blocks without tokens."""
    one_each = of_calls.group_by("opening_id").agg(pl.col("record_id").min())
    chosen = of_calls.join(one_each.select("record_id"), on="record_id", how="semi").join(
        calls.select("record_id", "system_id", "thread"), on="record_id"
    )
    own = parts.join(one_each, on="record_id", how="semi")
    laid = (
        first_texts(own)
        .join(chosen.drop("defined_id"), on="record_id")
        .filter((pl.col("role") == SYSTEM) | (pl.col("texts_id") != pl.col("system_id")).fill_null(value=True))
        .select("opening_id", "content_id", part="position", is_user=pl.col("role") == USER)
        .join(blocks, on="content_id")
        .with_columns(is_definition=pl.lit(value=False))
    )
    told = chosen.filter(pl.col("defined_id").is_not_null())
    definitions = _definitions(calls.join(told, on=["thread", "system_id"], how="semi", nulls_equal=True), parts)
    stated = told.join(definitions, on=["thread", "system_id"], nulls_equal=True).select(
        "opening_id", part=pl.lit(-1, pl.Int64), position=pl.lit(0, pl.Int64), block_id="content_id",
        tokens=pl.lit(0, pl.Int64), is_user=pl.lit(value=False), is_document=pl.lit(value=False),
        is_definition=pl.lit(value=True),
    )  # fmt: skip
    columns = ["opening_id", "part", "position", "block_id", "tokens", "is_user", "is_document", "is_definition"]
    return pl.concat([laid.select(columns), stated.select(columns)])


def sent_openings(of_calls: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Count how often each opening is sent. calls: record_id, started_at, thread. Out: `Openings.sent`."""
    return (
        of_calls.join(calls.select("record_id", "started_at", "thread"), on="record_id")
        .group_by("opening_id")
        .agg(
            calls=pl.len().cast(pl.Int64),
            threads=pl.col("thread").n_unique().cast(pl.Int64),
            first_at=pl.col("started_at").min(),
            last_at=pl.col("started_at").max(),
        )
    )


def items_of(sentences: pl.LazyFrame) -> pl.LazyFrame:
    """List the sentences of blocks and their ends. Out: block_id, sentence, kind, item_id, words, word_bits."""
    own = sentences.rename({"position": "sentence"})
    ends = (("head_id", HEAD), ("tail_id", TAIL))
    return pl.concat(
        [
            own.select(
                "block_id",
                "sentence",
                kind=pl.lit(SENTENCE),
                item_id="sentence_id",
                words="words",
                word_bits="word_bits",
            ),
            *(
                own.filter(pl.col(name).is_not_null()).select(
                    "block_id",
                    "sentence",
                    kind=pl.lit(kind),
                    item_id=name,
                    words=pl.lit(3, pl.Int64),
                    word_bits=pl.lit(0, pl.UInt64),
                )
                for name, kind in ends
            ),
        ]
    )


def recurring_items(items: pl.LazyFrame, blocks: pl.LazyFrame, sent: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the items that come back. items: `items_of`. blocks, sent: see `Openings`. Out: the rows of items kept."""
    uses = blocks.filter(~pl.col("is_document")).select("opening_id", "block_id").unique().join(
        sent.select("opening_id", "calls"), on="opening_id"
    )  # fmt: skip
    of_block = uses.group_by("block_id").agg(pl.col("calls").sum())
    counted = items.select("block_id", "item_id").unique().join(of_block, on="block_id")
    of_item = counted.group_by("item_id").agg(pl.col("calls").sum())
    known = items.join(of_item, on="item_id")
    is_long = (pl.col("kind") == SENTENCE) & (pl.col("words") >= LONG_WORDS)
    most = known.filter(is_long).group_by("block_id").agg(most=pl.col("calls").max())
    in_opening = uses.join(most, on="block_id").group_by("opening_id").agg(pl.col("most").max())
    around = uses.join(in_opening, on="opening_id").group_by("block_id").agg(pl.col("most").max())
    total = sent.select(total=pl.col("calls").sum())
    return (
        known.join(around, on="block_id", how="left")
        .join(total, how="cross")
        .filter(
            (pl.col("calls") >= FEWEST_SENDS) | (pl.col("calls") >= RARE_SHARE * pl.col("total")),
            pl.col("calls") >= RARE_IN_PROMPT * pl.col("most").fill_null(0),
        )
        .select("block_id", "sentence", "kind", "item_id", "words", "word_bits")
    )


def signatures_of(items: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Identify what recurs in each opening. Out: opening_id, signature."""
    of_block = items.select("block_id", "item_id").unique().group_by("block_id").agg(signature=pl.col("item_id").sum())
    return (
        blocks.filter(~pl.col("is_document"))
        .select("opening_id", "block_id")
        .unique()
        .join(of_block, on="block_id")
        .group_by("opening_id")
        .agg(pl.col("signature").sum())
    )
