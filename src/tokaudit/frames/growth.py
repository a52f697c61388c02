"""How long are the conversations, what does each cost, and how much is sent again at each turn?"""

from __future__ import annotations

import polars as pl

RESENT_KEYS = ("feature", "turn")
CONVERSATION_KEYS = ("feature", "conversation_key", "first_at")


def conversation_sums(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add up each conversation of more than one turn, and all others of a feature together.

    In: feature, conversation_key, started_at, attempt, input_tokens, list_cost. Out: CONVERSATION_KEYS (null: those of one
    turn; first_at: when the conversation began, UTC microseconds, null = its calls have no time), conversations, turns
    (operations), calls, input_tokens, list_cost.
    """
    is_long = pl.col("turns").sum().over("conversation_key") > 1
    return (
        calls.group_by("feature", "conversation_key")
        .agg(
            turns=(pl.col("attempt") == 1).sum().cast(pl.Int64),
            calls=pl.len().cast(pl.Int64),
            input_tokens=pl.col("input_tokens").sum(),
            list_cost=pl.col("list_cost").sum(),
            first_at=pl.col("started_at").min(),
        )
        .with_columns(is_long=is_long, first_at=pl.col("first_at").min().over("conversation_key"))
        .with_columns(pl.when("is_long").then(name).alias(name) for name in CONVERSATION_KEYS[1:])
        .group_by(CONVERSATION_KEYS)
        .agg(
            pl.len().cast(pl.Int64).alias("conversations"), pl.col("turns", "calls", "input_tokens", "list_cost").sum()
        )
    )


def resent_sums(resent: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add up what was sent again, by turn.

    resent: record_id, resent. calls: record_id, feature, turn, is_failed, input_tokens. Out: RESENT_KEYS, resent_tokens, and
    resent_of_answered (the same without failed calls, which are not among the turns).
    """
    again = pl.min_horizontal("resent", "input_tokens")
    return (
        calls.select("record_id", *RESENT_KEYS, "is_failed", "input_tokens")
        .filter(pl.col("input_tokens").is_not_null())
        .join(resent.filter(pl.col("resent") > 0), on="record_id")
        .group_by(RESENT_KEYS)
        .agg(resent_tokens=again.sum(), resent_of_answered=again.filter(~pl.col("is_failed")).sum())
    )
