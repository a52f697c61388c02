"""Which calls were paid for nothing?

failed: no answer came. superseded: the same request was sent again and the later answer was used. duplicate_content: the
same prompt had been answered by the same model before, so the answer could have been kept. Attempts that a gateway made
itself before it answered have no call of their own: they are counted, their cost is not known (`hidden_attempts`).
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.operations import LOG_ORDER

FAILED, SUPERSEDED, DUPLICATE = "failed", "superseded", "duplicate_content"


def with_failure(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Say whether a call failed. In: error_type, http_status. Out: + is_failed."""
    return calls.with_columns(
        is_failed=pl.col("error_type").is_not_null() | (pl.col("http_status") >= 400).fill_null(value=False)
    )


def with_waste(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Say what kind of waste a call is, if any.

    In: is_failed, is_used, gateway_cache_hit, prompt_id, request_model, operation_id, LOG_ORDER. Out: + waste (null = none).
    Answers drawn side by side, all used, are one operation: none of them repeats another.
    """
    answered = pl.col("is_used") & pl.col("prompt_id").is_not_null()
    same = ["prompt_id", "request_model"]
    answers = calls.filter(answered).select(*same, "operation_id", *LOG_ORDER)
    several = answers.group_by("prompt_id").len().filter(pl.col("len") > 1)
    first = (
        answers.join(several, on="prompt_id", how="semi")
        .sort(LOG_ORDER, nulls_last=True)
        .unique(same, keep="first", maintain_order=True)
        .select(*same, answered_by="operation_id")
    )
    return (
        calls.join(first, on=same, how="left", nulls_equal=True)
        .with_columns(
            waste=pl.when(pl.col("is_failed")).then(pl.lit(FAILED))
            .when(pl.col("gateway_cache_hit")).then(None)
            .when(~pl.col("is_used")).then(pl.lit(SUPERSEDED))
            .when(answered & (pl.col("operation_id") != pl.col("answered_by"))).then(pl.lit(DUPLICATE))
        )
        .drop("answered_by")
    )  # fmt: skip


def hidden_attempts() -> pl.Expr:
    """Count the attempts that gateways made before each answer, of which no call tells; null = the log does not say.

    In: gateway_retries, operation (the log's own id of it), attempt. Where the log itself ties a call to calls before it, those
    are attempts that the gateway counted too. They change neither `attempt` nor the number of operations, which count calls
    and logical requests; what a request took in all is its calls and these.
    """
    told = pl.when(pl.col("operation").is_not_null()).then(pl.col("attempt") - 1).otherwise(0)
    return (pl.col("gateway_retries") - told).clip(lower_bound=0)
