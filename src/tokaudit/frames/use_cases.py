"""Which feature does each call serve?

What the team named itself decides (tag, metadata, key, endpoint). The rest is grouped by prompt template: the blocks of the
system prompt that recur about as often as its most frequent block; blocks that change from call to call (a date, a
customer, a document) are its variables.
"""

from __future__ import annotations

import polars as pl

STATIC_SHARE = 0.5
"""A block is part of the template when it is sent at least half as often as the prompt's most frequent block."""
UNATTRIBUTED = "unattributed"


def system_blocks(calls: pl.LazyFrame, system_parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Tell template from variable in every distinct system prompt.

    calls: record_id, system_id. system_parts: record_id, position, content_id of one call for each system_id. blocks:
    content_id, position, block_id, is_document, tokens. Out: system_id, position, block_id, tokens, is_static.
    """
    sent = calls.filter(pl.col("system_id").is_not_null()).group_by("system_id").agg(calls=pl.len())
    prompts = (
        system_parts.join(calls.select("record_id", "system_id"), on="record_id")
        .rename({"position": "part"})
        .join(blocks, on="content_id")
        .join(sent, on="system_id")
    )
    frequency = prompts.unique(["system_id", "block_id"]).group_by("block_id").agg(frequency=pl.col("calls").sum())
    most = pl.col("frequency").filter(~pl.col("is_document")).max().over("system_id")
    return (
        prompts.join(frequency, on="block_id")
        .with_columns(
            is_static=(pl.col("frequency") >= STATIC_SHARE * most).fill_null(value=False) & ~pl.col("is_document")
        )
        .select("system_id", "part", "position", "block_id", "tokens", "is_static")
    )


def templates(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """Name the template of every distinct system prompt by its static blocks.

    In: `system_blocks`. Out: system_id, template (text of the static blocks' ids, in order), static_tokens,
    variable_tokens.
    """
    static = pl.col("is_static")
    return (
        prompts.sort("system_id", "part", "position")
        .group_by("system_id", maintain_order=True)
        .agg(
            template=pl.col("block_id").filter(static).cast(pl.String).str.join(" "),
            static_tokens=pl.col("tokens").filter(static).sum(),
            variable_tokens=pl.col("tokens").filter(~static).sum(),
        )
    )


def with_feature(calls: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """Give each call its feature.

    calls: feature (the team's own name, or null), system_id, tools_id. names: system_id, template_id (hex text), static_tokens,
    variable_tokens. Out: feature (never null), feature_source (tag | template | none), template_id, …
    """
    by_template = "template-" + pl.col("template_id")
    by_tools = "tools-" + pl.col("tools_id").cast(pl.String).str.slice(0, 8)
    return calls.join(names, on="system_id", how="left").with_columns(
        feature_source=pl.when(pl.col("feature").is_not_null()).then(pl.lit("tag"))
        .when(pl.col("template_id").is_not_null() | pl.col("tools_id").is_not_null()).then(pl.lit("template"))
        .otherwise(pl.lit("none")),
        feature=pl.coalesce("feature", by_template, by_tools, pl.lit(UNATTRIBUTED)),
    )  # fmt: skip
