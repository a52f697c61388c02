"""Which earlier call does a call resume whose history was rewritten?

Turns were dropped, replaced by a summary, stripped of their documents or tool results: the call no longer begins as an
earlier one ended. But something an earlier call answered still stands in it, behind the same question or alone.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.continuations import ASSISTANT, USER, timed
from tokaudit.frames.operations import LOG_ORDER

MOST_BRANCHES = 10
"""More calls than that do not go on from one answer: it became a fixed example of their prompts."""

EXCHANGE, ANSWER = ("question_id", "answer_id"), ("answer_id",)
"""By what a call is known: a question and its answer, or an answer that only one call gave."""


def exchanges_sent_again(parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """List the questions and answers that prompts send again.

    parts: record_id, position, role, content_id of texts of earlier turns. blocks: content_id, position, block_id of texts that
    are no documents, one row each. Out: record_id, position, question_id (the question's last block), answer_id.
    """
    before = pl.col("record_id", "role", "content_id").shift(1).name.suffix("_before")
    ends = blocks.group_by(content_id_before="content_id").agg(
        question_id=pl.col("block_id").sort_by("position").last()
    )
    return (
        parts.sort("record_id", "position")
        .with_columns(before)
        .filter(
            pl.col("record_id") == pl.col("record_id_before"),
            pl.col("role") == ASSISTANT,
            pl.col("role_before") == USER,
        )
        .join(ends, on="content_id_before")
        .select("record_id", "position", "question_id", answer_id="content_id")
    )


def resumed_calls(
    calls: pl.LazyFrame, again: pl.LazyFrame, asked: pl.LazyFrame, known_by: tuple[str, ...] = EXCHANGE
) -> pl.LazyFrame:
    """Find the call that each call resumes: the one that gave the last answer in it.

    calls: LOG_ORDER, operation_id, session, user_id, prompt_id. again: record_id, position and the columns of known_by, of
    what prompts send again. asked: record_id and the same columns, of what calls were asked and answered. Out: operation_id,
    parent_id. What different prompts led to (`thanks`, `you are welcome`) tells nothing, nor what was sent before any call
    answered it, or by ever more calls after it: that is a fixed example.
    """
    key = [*known_by, "owner"]
    sent = again.join(timed(calls).filter(pl.col("record_id") == pl.col("operation_id")), on="record_id")
    first_sent = sent.group_by(key).agg(first_sent=pl.col("started_at").min())
    answered = (
        asked.join(again.select(known_by).unique(), on=known_by, how="semi")
        .join(timed(calls, "prompt_id"), on="record_id")
        .join(first_sent, on=key)
        .filter(
            pl.col("prompt_id").n_unique().over(key) == 1,
            pl.col("started_at").min().over(key) < pl.col("first_sent"),
        )
    )
    branches = pl.col("operation_id").n_unique().over("parent_id")
    return _latest(sent, answered, key).filter(branches <= MOST_BRANCHES)


def _latest(sent: pl.LazyFrame, answered: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """Find the latest call before each row with its key; of an operation's rows, that of the last position counts."""
    earlier = answered.sort(LOG_ORDER).select("started_at", *key, parent_id="operation_id")
    return (
        sent.sort("started_at", "record_id")
        .join_asof(earlier, on="started_at", by=key, strategy="backward", check_sortedness=False)
        .filter(pl.col("parent_id").is_not_null(), pl.col("parent_id") != pl.col("operation_id"))
        .sort("position", "record_id", descending=[True, False])
        .group_by("operation_id", maintain_order=True)
        .agg(pl.col("parent_id").first())
    )
