"""Which answers were asked for anew because they were of no use?

A program that cannot read an answer sends it back and says so: `Your output is not valid JSON. Please try again.` Both calls
are attempts at one request, and the first was paid for nothing. A call is such an attempt where its last message says that
the answer before it was of no use (`is_correction`, told at ingest) and it follows that answer at the pace of a program: the
same words, said by a person who had to read the answer first, are a turn of a conversation.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.operations import with_attempts

PROGRAM_WITHIN_SECONDS = 15
"""Reading an answer and putting into words what is wrong with it takes a person longer, and hardly any check of a program."""
SLOWEST_TOKENS_A_SECOND = 10
"""When an answer came, where the log does not tell: large models under load write no slower."""

_SECOND = 1_000_000


def corrected_operations(calls: pl.LazyFrame, parents: pl.LazyFrame) -> pl.LazyFrame:
    """Find the operation whose answer each correction sends back.

    calls: record_id, operation_id, started_at, latency_ms, output_tokens, is_correction. parents: operation_id, parent_id. Out:
    operation_id, parent_id.
    """
    writing_ms = pl.col("output_tokens").fill_null(0) * 1000 // SLOWEST_TOKENS_A_SECOND
    ended_at = pl.col("started_at") + pl.coalesce("latency_ms", writing_ms) * 1000
    asked = calls.filter((pl.col("record_id") == pl.col("operation_id")) & pl.col("is_correction"))
    sent_back = parents.join(asked.select("operation_id", "started_at"), on="operation_id")
    answered = (
        calls.join(sent_back.select(operation_id="parent_id"), on="operation_id", how="semi")
        .group_by(parent_id="operation_id")
        .agg(ended_at=ended_at.max())
    )
    return (
        sent_back.join(answered, on="parent_id")
        .filter(pl.col("started_at") - pl.col("ended_at") <= PROGRAM_WITHIN_SECONDS * _SECOND)
        .select("operation_id", "parent_id")
    )


def with_corrections(calls: pl.LazyFrame, first: pl.LazyFrame) -> pl.LazyFrame:
    """Make an answer and its corrections one operation. first: operation_id, root_id (of the first attempt)."""
    return (
        calls.join(first, on="operation_id", how="left")
        .with_columns(operation_id="root_id")
        .drop("root_id", "attempt", "is_used")
        .pipe(with_attempts)
    )
