"""Which calls belong to one conversation, and which turn is each?

An explicit session id decides. Without one, a call continues the latest earlier call whose whole prompt and answer it
starts with (`closing_id` of the one equals a `prefix_id` of the other). Where that fails because the history was rewritten
(questions sent again without their documents), it resumes the call that gave one of the answers in it to the same question.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tokaudit.frames.operations import LOG_ORDER
from tokaudit.ledger.tables import ROLES

USER, ASSISTANT = ROLES.index("user"), ROLES.index("assistant")


def _timed(calls: pl.LazyFrame, *columns: str) -> pl.LazyFrame:
    """Return the calls that have a time. A user continues only what is their own: two who say `hi` first are two."""
    return calls.filter(pl.col("started_at").is_not_null()).select(
        *LOG_ORDER, "operation_id", *columns, user_id=pl.col("user_id").fill_null("")
    )


def _latest_parents(rows: pl.LazyFrame, answered: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    """Find the latest call before each row with its keys; of an operation's rows, that of the highest position counts."""
    earlier = answered.sort(LOG_ORDER).select("started_at", *keys, parent_id="operation_id")
    return (
        rows.sort("started_at", "record_id")
        .join_asof(earlier, on="started_at", by=keys, strategy="backward", check_sortedness=False)
        .filter(pl.col("parent_id").is_not_null(), pl.col("parent_id") != pl.col("operation_id"))
        .sort("position", "record_id", descending=[True, False])
        .group_by("operation_id", maintain_order=True)
        .agg(pl.col("parent_id").first())
    )


def continued_calls(calls: pl.LazyFrame, prefixes: pl.LazyFrame) -> pl.LazyFrame:
    """Find the call that each call continues.

    calls: LOG_ORDER, operation_id, user_id, closing_id. prefixes: record_id, position, prefix_id of the assistant
    messages inside prompts. Out: operation_id, parent_id (the operation continued); operations that continue none are
    left out. The longest common beginning wins, then the latest call.
    """
    answered = (
        _timed(calls, "closing_id").filter(pl.col("closing_id").is_not_null()).rename({"closing_id": "prefix_id"})
    )
    return _latest_parents(prefixes.join(_timed(calls), on="record_id"), answered, ["prefix_id", "user_id"])


def exchanges_sent_again(parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """List the questions and answers that prompts send again.

    parts: record_id, position, message, role, content_id of texts of earlier turns. blocks: content_id, position, block_id of
    texts that are no documents, one row each. Out: record_id, position, question_id (the question's last block), answer_id,
    message (the question's).
    """
    before = pl.col("record_id", "role", "content_id", "message").shift(1).name.suffix("_before")
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
        .select("record_id", "position", "question_id", answer_id="content_id", message="message_before")
    )


def resumed_calls(calls: pl.LazyFrame, again: pl.LazyFrame, asked: pl.LazyFrame) -> pl.LazyFrame:
    """Find the call that each call resumes where it does not begin with one: its history was rewritten.

    calls: LOG_ORDER, operation_id, user_id, prompt_id. again: `exchanges_sent_again`. asked: record_id, message, question_id
    (each block newly asked), answer_id. Out: as `continued_calls`. The latest exchange wins. It must stand at its old place
    (a fixed example does not), and one that different prompts led to (`thanks`, `you are welcome`) tells nothing.
    """
    exchange = ["question_id", "answer_id", "message", "user_id"]
    answered = (
        asked.join(again.select("answer_id").unique(), on="answer_id", how="semi")
        .join(_timed(calls, "prompt_id"), on="record_id")
        .filter(pl.col("prompt_id").n_unique().over(exchange) == 1)
    )
    return _latest_parents(again.join(_timed(calls), on="record_id"), answered, exchange)


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


def with_session(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Tell sessions from ids of single requests.

    In: operation_id, conversation (the log's id). Out: + session: the id where it ties operations together; one that only one
    operation carries is a trace or request id, and the texts decide.
    """
    ties = pl.col("conversation").is_not_null() & (pl.col("operation_id").n_unique().over("conversation") > 1)
    return calls.with_columns(session=pl.when(ties).then("conversation"))


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
