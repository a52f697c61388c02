"""What do single documents, examples and instructions cost, and how often are they sent?

A block's cost in a call is its share, by our count of tokens, of what its component cost there: a document's of the retrieved
context, or of the history once it is sent again; an example's of the examples; an instruction's of the system prompt. So the
blocks of a component never cost more than it does.
"""

from __future__ import annotations

import polars as pl

from tokaudit.ledger.tables import ROLES, TEXT
from tokaudit.prices.rates import MONEY

DOCUMENT, EXAMPLE, INSTRUCTION = "document", "example", "instruction"
KINDS = (DOCUMENT, EXAMPLE, INSTRUCTION)
BLOCK_KEYS = ("feature", "block_kind", "block_id")

_SYSTEM, _USER = ROLES.index("system"), ROLES.index("user")
_OWN = {DOCUMENT: "rag_context", EXAMPLE: "few_shot", INSTRUCTION: "system_prompt"}


def sent_ranked(
    calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame, kinds: pl.LazyFrame, examples: pl.LazyFrame
) -> pl.LazyFrame:
    """List the documents, examples and instructions in prompts.

    calls: record_id, feature, conversation_key, encoding. parts, blocks: of these calls. kinds: feature, role, block_id,
    is_fixed (`stages.block_kinds`). examples: feature, prefix_id. Out: record_id, conversation_key, BLOCK_KEYS, component,
    is_earlier, tokens; one row a time that a block is sent.
    """
    prompt = (
        parts.filter(~pl.col("is_answer") & (pl.col("kind") == TEXT))
        .select("record_id", "role", "is_earlier", "content_id", "prefix_id")
        .join(calls.select("record_id", "feature", "conversation_key", "encoding"), on="record_id")
        .join(examples.with_columns(is_turn=pl.lit(value=True)), on=["feature", "prefix_id"], how="left")
    )
    is_turn = pl.col("is_earlier") & pl.col("is_turn").fill_null(value=False)
    is_fixed, recurs = pl.col("is_fixed").fill_null(value=False), (~pl.col("is_fixed")).fill_null(value=False)
    kind = (
        pl.when(is_turn | pl.col("is_example")).then(pl.lit(EXAMPLE))
        .when((pl.col("is_document") & ~is_fixed) | recurs).then(pl.lit(DOCUMENT))
        .when((pl.col("role") == _SYSTEM) | (is_fixed & (pl.col("role") == _USER))).then(pl.lit(INSTRUCTION))
    )  # fmt: skip
    own = pl.col("block_kind").replace_strict(_OWN, return_dtype=pl.String)
    return (
        prompt.join(blocks, on=["content_id", "encoding"])
        .join(kinds, on=["feature", "role", "block_id"], how="left")
        .with_columns(block_kind=kind)
        .filter(pl.col("block_kind").is_not_null() & (pl.col("tokens") > 0))
        .with_columns(component=pl.when(pl.col("is_earlier") & ~is_turn).then(pl.lit("history")).otherwise(own))
        .select("record_id", "conversation_key", *BLOCK_KEYS, "component", "is_earlier", "tokens")
    )


def block_sums(sent: pl.LazyFrame, components: pl.LazyFrame) -> pl.LazyFrame:
    """Add up what each block of a bucket of whole conversations cost.

    sent: `sent_ranked`. components: record_id, component, tokens, cost (null = unpriced). Out: BLOCK_KEYS, calls, conversations,
    sent, sent_again (of these: with history), tokens (by our count), cost (MONEY, of priced calls), unpriced (times sent in
    calls without a price); all of them add up over buckets.
    """
    where = ["record_id", "component"]
    whole = sent.group_by(where).agg(counted=pl.col("tokens").sum())
    billed = components.group_by(where).agg(
        pl.col("tokens").sum().alias("billed"), pl.col("cost").sum(), is_priced=pl.col("cost").is_not_null().all()
    )
    share = pl.col("cost") * pl.col("tokens") / pl.max_horizontal("counted", "billed")
    is_priced = pl.col("is_priced").fill_null(value=False)
    return (
        sent.join(whole, on=where)
        .join(billed, on=where, how="left")
        .with_columns(cost=pl.when(is_priced).then(share.cast(MONEY)), is_priced=is_priced)
        .group_by(BLOCK_KEYS)
        .agg(
            calls=pl.col("record_id").n_unique().cast(pl.Int64),
            conversations=pl.col("conversation_key").n_unique().cast(pl.Int64),
            sent=pl.len().cast(pl.Int64),
            sent_again=pl.col("is_earlier").sum().cast(pl.Int64),
            tokens=pl.col("tokens").sum(),
            cost=pl.col("cost").sum(),
            unpriced=(~pl.col("is_priced")).sum().cast(pl.Int64),
        )
    )


def reused_blocks(passages: pl.LazyFrame, quotations: pl.LazyFrame, answers: pl.LazyFrame) -> pl.LazyFrame:
    """Say how much of each block ever stands, word for word, in an answer of a call that sent it.

    passages, quotations: of the ledger. answers: content_id of the period's answers. Out: block_id, name (what names it in its
    text, null = nothing), reused_share (of the runs of words looked for; null = too short to look for any): a lower bound of
    use, since a paraphrase is not seen.
    """
    seen = quotations.join(answers, on="content_id", how="semi").group_by("block_id").agg(pl.col("seen").bitwise_or())
    once = passages.group_by("block_id").agg(pl.col("name").sort().first(), pl.col("marks").max())
    found = pl.col("seen").bitwise_count_ones().fill_null(0)
    return once.join(seen, on="block_id", how="left").select(
        "block_id", "name", reused_share=pl.when(pl.col("marks") > 0).then(found / pl.col("marks"))
    )
