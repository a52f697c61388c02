"""Which blocks of the prompts are instructions, and which are retrieved documents?

Delimited documents are known from their tags. Of the rest, a block that is newly sent in at least half of a feature's
conversations is a fixed instruction. Documents without delimiters are told from what people write by contrast, since
paragraphs of people recur too, the more the longer the log is: a retrieved text is mostly made of blocks that other
conversations sent as well, and yet ends with a question that none of them asked. A feature whose conversations mostly send
such texts retrieves; there, what stands before the question is retrieved. All else is what the user brought.
"""

from __future__ import annotations

import polars as pl

from tokaudit.ledger.tables import ROLES

FIXED_SHARE = 0.5
"""A document that every second conversation needs is as good as a fixed instruction."""
FEWEST_CONVERSATIONS = 4
"""Below this many conversations half of them says nothing."""
RECURRING_CONVERSATIONS = 2
FEWEST_FOR_ALWAYS = 10
"""Where the same marked documents stand in every text, they were not retrieved for any of them; beside others that change, one
may just be popular. In fewer conversations they may be the one document that these are about."""

SYSTEM, USER, TOOL = ROLES.index("system"), ROLES.index("user"), ROLES.index("tool")

_BLOCK = ["feature", "block_id"]
_TEXT = ["feature", "conversation_key", "content_id"]


def sent_blocks(new_parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """List the blocks that users newly sent, and in how many conversations of the feature.

    new_parts: feature, conversation_key, content_id of user texts of the current turn. blocks: content_id, position, block_id,
    is_document, is_example, tokens. Out: feature, conversation_key, content_id, the columns of blocks, conversations, is_fixed;
    one row a block of a text of a conversation.
    """
    sent = new_parts.unique(_TEXT).join(blocks, on="content_id")
    of_feature = new_parts.unique(_TEXT).group_by("feature").agg(
        feature_conversations=pl.col("conversation_key").n_unique(), feature_texts=pl.len()
    )  # fmt: skip
    counts = (
        sent.group_by(*_TEXT, "block_id").len().group_by(_BLOCK)
        .agg(conversations=pl.col("conversation_key").n_unique(), texts=pl.len())
    )  # fmt: skip
    enough = pl.col("feature_conversations") >= FEWEST_CONVERSATIONS
    is_common = pl.col("conversations") >= FIXED_SHARE * pl.col("feature_conversations")
    in_all = pl.col("texts") == pl.col("feature_texts")
    always = in_all & (pl.col("feature_conversations") >= FEWEST_FOR_ALWAYS)
    # Left joins, though nothing is missing: polars reorders inner ones, and here into a product of texts and blocks.
    return (
        sent.join(counts, on=_BLOCK, how="left")
        .join(of_feature, on="feature", how="left")
        .with_columns(is_fixed=pl.when("is_document").then(always).otherwise(enough & is_common))
        .with_columns(is_fixed=pl.col("is_fixed") & (~pl.col("is_document") | ~retrieves_marked()))
        .drop("texts", "feature_texts")
    )


def retrieves_marked() -> pl.Expr:
    """Tell whether a feature sends marked documents that are not always the same."""
    return (pl.col("is_document") & ~pl.col("is_fixed")).any().over("feature")


def retrieving_features(sent: pl.LazyFrame) -> pl.LazyFrame:
    """Find the features that send documents without delimiters. In: `sent_blocks`. Out: feature."""
    own = ~pl.col("is_fixed")
    recurs = own & (pl.col("conversations") >= RECURRING_CONVERSATIONS)
    ends_with_new = pl.col("conversations").filter(own).sort_by(pl.col("position").filter(own)).last() == 1
    is_retrieved = (
        ~pl.col("is_document").any()
        & (2 * pl.col("tokens").filter(recurs).sum() > pl.col("tokens").filter(own).sum())
        & ends_with_new.fill_null(value=False)
    )
    return (
        sent.group_by(_TEXT).agg(is_retrieved=is_retrieved)
        .group_by("feature", "conversation_key").agg(pl.col("is_retrieved").any())
        .group_by("feature").agg(conversations=pl.len(), retrieved=pl.col("is_retrieved").sum())
        .filter(pl.col("conversations") >= FEWEST_CONVERSATIONS, 2 * pl.col("retrieved") > pl.col("conversations"))
        .select("feature")
    )  # fmt: skip


def recurring_blocks(sent: pl.LazyFrame) -> pl.LazyFrame:
    """Tell fixed blocks and retrieved blocks from the rest.

    In: `sent_blocks`. Out: feature, block_id, is_fixed (else: it recurs in a feature that retrieves).
    """
    retrieving = retrieving_features(sent).with_columns(retrieves=pl.lit(value=True))
    recurs = pl.col("retrieves") & (pl.col("conversations") >= RECURRING_CONVERSATIONS) & ~pl.col("is_document")
    return (
        sent.join(retrieving, on="feature", how="left")
        .filter(pl.col("is_fixed") | recurs)
        .select(*_BLOCK, "is_fixed")
        .unique(_BLOCK)
    )


def segments(contents: pl.LazyFrame, blocks: pl.LazyFrame, kinds: pl.LazyFrame) -> pl.LazyFrame:
    """Cut each text of the current turn into runs of one component.

    contents: feature, role, content_id, encoding (distinct). kinds: `recurring_blocks` and `system_blocks.system_block_kinds`
    with the role they are of. Out: + sequence, component, tokens; a text's tokens add up to its own.
    """
    text = ["feature", "role", "content_id", "encoding"]
    is_fixed = pl.col("is_fixed").fill_null(value=False)
    before_question = pl.col("position") < pl.col("position").filter(~is_fixed).max().over(text)
    is_retrieved = before_question & ~pl.col("is_fixed")  # null: the block does not recur
    retrieves = is_retrieved.any().over(text) & ~pl.col("is_document").any().over(text)
    is_system = pl.col("role") == SYSTEM
    recurs_in_run = (
        (~pl.col("is_fixed")).any().over(*text, is_fixed.cast(pl.Int64).cum_sum().over(text, order_by="position"))
    )
    component = (
        pl.when(pl.col("is_document") & ~is_fixed).then(pl.lit("rag_context"))
        .when(pl.col("role") == TOOL).then(pl.lit("tool_results"))
        .when(pl.col("is_example") & (is_system | is_fixed)).then(pl.lit("few_shot"))
        .when(is_system & recurs_in_run & ~is_fixed).then(pl.lit("rag_context"))
        .when((pl.col("role") != USER) | is_fixed).then(pl.lit("system_prompt"))
        .when(retrieves & before_question).then(pl.lit("rag_context"))
        .otherwise(pl.lit("user_input"))
    )  # fmt: skip
    return (
        contents.join(blocks, on=["content_id", "encoding"])
        .join(kinds, on=["feature", "role", "block_id"], how="left")
        .with_columns(component=component)
        .sort(*text, "position")
        .with_columns(
            sequence=(pl.col("component") != pl.col("component").shift(1)).fill_null(value=True).cum_sum().over(text)
        )
        .group_by(*text, "sequence", maintain_order=True)
        .agg(pl.col("component").first(), pl.col("tokens").sum())
    )
