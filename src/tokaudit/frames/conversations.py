"""Which calls belong to one conversation, and which turn is each?

A session decides where the log tells one (`sessions`). Else a conversation is all calls that lead back to the same first
one: each continues an earlier call (`continuations`), or resumes one after its history was rewritten (`resumptions`).
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.operations import LOG_ORDER


def roots(operations: pl.DataFrame, parents: pl.DataFrame) -> pl.DataFrame:
    """Follow the parents to the first operation of each thread.

    operations: operation_id. parents: operation_id, parent_id. Out: operation_id, root_id. Works in about log2(longest
    thread) joins, each doubling the step.

    >>> roots(pl.DataFrame({"operation_id": [1, 2, 3]}), pl.DataFrame({"operation_id": [2, 3], "parent_id": [1, 2]})).rows()
    [(1, 1), (2, 1), (3, 1)]
    """
    table = operations.join(parents, on="operation_id", how="left", maintain_order="left").select(
        "operation_id", root_id=pl.coalesce("parent_id", "operation_id")
    )
    for _ in range(operations.height.bit_length()):  # bounded, should calls of one second resume each other
        step = table.select(root_id="operation_id", further="root_id")
        joined = table.join(step, on="root_id", how="left", maintain_order="left")
        moved = joined.select("operation_id", root_id=pl.coalesce("further", "root_id"))
        if moved.equals(table):
            break
        table = moved
    return table


def with_conversation(calls: pl.LazyFrame, threads: pl.LazyFrame) -> pl.LazyFrame:
    """Name each call's conversation.

    In: calls with operation_id, session, LOG_ORDER; threads: operation_id, root_id. Out: + conversation_key (UInt64, the
    conversation's first record: stable, and what buckets are made of).
    """
    return (
        calls.join(threads, on="operation_id", how="left")
        .with_columns(thread=pl.when(pl.col("session").is_null()).then("root_id"))
        .with_columns(
            conversation_key=pl.col("record_id").sort_by(LOG_ORDER, nulls_last=True).first().over("session", "thread")
        )
        .drop("thread", "root_id")
    )


def with_turn(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Number the operations of a feature within a conversation.

    In: conversation_key, feature, operation_id, LOG_ORDER. Out: + turn (1, 2, …), shared by attempts; first_of_feature
    (record_id of the feature's first call in the conversation).
    """
    operation = ["conversation_key", "feature", "operation_id"]
    operations = (
        calls.select(*operation, *LOG_ORDER)
        .sort(LOG_ORDER, nulls_last=True)
        .unique(operation, keep="first", maintain_order=True)
        .with_columns(turn=pl.int_range(1, pl.len() + 1).over("conversation_key", "feature"))
        .select("operation_id", "feature", "turn")
    )
    first = pl.col("record_id").sort_by(LOG_ORDER, nulls_last=True).first()
    return calls.join(operations, on=["operation_id", "feature"], how="left", nulls_equal=True).with_columns(
        first_of_feature=first.over("conversation_key", "feature")
    )
