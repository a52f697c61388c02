"""Which calls are attempts at the same request?

An operation is one logical request with its retries and fallbacks: the same prompt sent again in the same session, after
an error or within seconds. The answer used is that of the last attempt that did not fail.
"""

from __future__ import annotations

import polars as pl

AGAIN_WITHIN_SECONDS = 60
"""After an answer: longer than any client waits before it sends again, shorter than a person takes to ask again."""
AFTER_ERROR_WITHIN_SECONDS = 900
"""After an error: backoff and queues stretch retries to minutes."""

LOG_ORDER = ("started_at", "line", "record_id")
"""Many logs tell the time in seconds: within one, the log's own order is the order of the calls."""

_SECOND = 1_000_000
_ATTEMPTS_OF = ["prompt_id", "session", "alone"]


def with_operation(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Tie attempts together.

    In: record_id, line, prompt_id (null = content not logged), conversation, user_id, operation, started_at, latency_ms,
    is_failed, gateway_cache_hit. Out: + operation_id (record_id of the first attempt), attempt (1, 2, …), is_used (its answer
    was paid for and used). Calls without content are tied by the log's own operation id, and only after an error.

    >>> calls = pl.LazyFrame({"record_id": [1, 2, 3], "line": [1, 2, 3], "prompt_id": [7, 7, 7], "conversation": ["c"] * 3,
    ...     "user_id": [None] * 3, "operation": [None] * 3, "started_at": [0, 5_000_000, 999_000_000],
    ...     "latency_ms": [1000] * 3, "is_failed": [False] * 3, "gateway_cache_hit": [False] * 3},
    ...     schema_overrides={"user_id": pl.String, "operation": pl.String})
    >>> with_operation(calls).sort("record_id").select("operation_id", "attempt", "is_used").collect().rows()
    [(1, 1, False), (1, 2, True), (3, 1, True)]
    """
    has_content = pl.col("prompt_id").is_not_null()
    ended_at = pl.col("started_at") + pl.col("latency_ms").fill_null(0) * 1000
    gap_seconds = (pl.col("started_at") - ended_at.shift(1).over(_ATTEMPTS_OF)) / _SECOND
    after_error = pl.col("is_failed").shift(1).over(_ATTEMPTS_OF).fill_null(value=False)
    repeats = (
        pl.when(after_error).then(gap_seconds <= AFTER_ERROR_WITHIN_SECONDS)
        .otherwise((gap_seconds <= AGAIN_WITHIN_SECONDS) & has_content)
        .fill_null(value=False)
    )  # fmt: skip
    operation = [*_ATTEMPTS_OF, "run"]
    # What a gateway answers from its own cache was paid for by an earlier attempt.
    is_paid = ~pl.col("is_failed") & ~pl.col("gateway_cache_hit")
    return (
        calls.with_columns(
            session=pl.coalesce("conversation", "user_id", pl.lit("")),
            alone=pl.when(has_content)
            .then(None)
            .otherwise(pl.coalesce("operation", pl.col("record_id").cast(pl.String))),
        )
        .sort(LOG_ORDER, nulls_last=True)
        .with_columns(run=(~repeats).cum_sum().over(_ATTEMPTS_OF))
        .with_columns(
            operation_id=pl.col("record_id").first().over(operation),
            attempt=pl.int_range(1, pl.len() + 1).over(operation),
        )
        .with_columns(is_used=is_paid & (pl.col("attempt") == pl.col("attempt").filter(is_paid).max().over(operation)))
        .drop("session", "alone", "run")
    )
