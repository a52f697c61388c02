"""Which blocks of the system texts are instructions, and which are retrieved documents?

A system text changes from call to call because of a date, a tenant's profile, a new version, an optional paragraph, or
because documents are retrieved into it. Documents differ from the rest by number and by company: there are many of them, each
comes back in other conversations, and nearly every text holds another selection. Profiles come with the same paragraphs each
time; versions and optional paragraphs are few. One bare document a text cannot be told from a profile, and stays an instruction.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.blocks import FEWEST_FOR_ALWAYS, FIXED_SHARE, RECURRING_CONVERSATIONS, retrieves_marked

FEWEST_DOCUMENTS = 20
"""More blocks that come and go than anyone writes as optional paragraphs of one prompt: an assumption."""
SELECTIONS_A_BLOCK = 0.75
"""Selections of at least two such blocks, for one block. k documents of n give many more than n; a profile of two paragraphs
or more gives at most one half."""

_BLOCK = ["feature", "block_id"]


def system_block_kinds(texts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Tell fixed and retrieved blocks of system texts from the rest.

    texts: feature, conversation_key, content_id of system texts. blocks: as for `blocks.sent_blocks`. Out: feature, block_id,
    is_fixed (else: it is one of many that are retrieved in changing selections).
    """
    sent = texts.group_by("feature", "content_id").agg(sent=pl.col("conversation_key").n_unique())
    totals = sent.group_by("feature").agg(feature_sent=pl.col("sent").sum())
    placed = sent.join(blocks, on="content_id")
    counts = placed.unique(["feature", "content_id", "block_id"]).group_by(_BLOCK).agg(block_sent=pl.col("sent").sum())
    share = pl.col("block_sent") / pl.col("feature_sent")
    always = (pl.col("block_sent") == pl.col("feature_sent")) & (pl.col("feature_sent") >= FEWEST_FOR_ALWAYS)
    is_fixed = pl.when("is_document").then(always).otherwise(share >= FIXED_SHARE)
    known = (
        placed.join(counts, on=_BLOCK, how="left")
        .join(totals, on="feature", how="left")
        .with_columns(is_fixed=is_fixed)
        .with_columns(is_fixed=pl.col("is_fixed") & (~pl.col("is_document") | ~retrieves_marked()))
        .with_columns(is_plain=~pl.col("is_document") & ~pl.col("is_example"))
        .with_columns(
            recurs=pl.col("is_plain") & ~pl.col("is_fixed") & (pl.col("block_sent") >= RECURRING_CONVERSATIONS)
        )
    )
    retrieving = _retrieving(known).with_columns(retrieves=pl.lit(value=True))
    return (
        known.join(retrieving, on="feature", how="left")
        .filter(pl.col("is_fixed") | (pl.col("recurs") & pl.col("retrieves")))
        .select(*_BLOCK, "is_fixed")
        .unique(_BLOCK)
    )


def _retrieving(known: pl.LazyFrame) -> pl.LazyFrame:
    recurring = known.filter("recurs").unique(["feature", "content_id", "block_id"])
    # A sum of ids tells a selection: the order of its documents does not matter, and none is in it twice.
    selections = (
        recurring.group_by("feature", "content_id")
        .agg(selection=(pl.col("block_id") % 2**40).cast(pl.Int64).sum(), size=pl.len())
        .filter(pl.col("size") >= 2)
        .group_by("feature")
        .agg(selections=pl.col("selection").n_unique())
    )
    return (
        recurring.group_by("feature")
        .agg(documents=pl.col("block_id").n_unique())
        .join(selections, on="feature")
        .filter(
            pl.col("documents") >= FEWEST_DOCUMENTS, pl.col("selections") >= SELECTIONS_A_BLOCK * pl.col("documents")
        )
        .select("feature")
    )
