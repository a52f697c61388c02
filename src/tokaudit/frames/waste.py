"""Which calls were paid for nothing?

failed: no answer came. superseded: the same request was sent again and the later answer was used. duplicate_content: the
same prompt had been answered by the same model before, so the answer could have been kept.
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

    In: is_failed, is_used, gateway_cache_hit, prompt_id, request_model, LOG_ORDER. Out: + waste (null = none).
    """
    answered = pl.col("is_used") & pl.col("prompt_id").is_not_null()
    earlier = (
        answered.cast(pl.Int64).cum_sum().over("prompt_id", "request_model", order_by=LOG_ORDER)
        - answered.cast(pl.Int64)
    )  # fmt: skip
    return calls.with_columns(
        waste=pl.when(pl.col("is_failed")).then(pl.lit(FAILED))
        .when(pl.col("gateway_cache_hit")).then(None)
        .when(~pl.col("is_used")).then(pl.lit(SUPERSEDED))
        .when(answered & (earlier > 0)).then(pl.lit(DUPLICATE))
    )  # fmt: skip
