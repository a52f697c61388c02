"""What did each call cost?

tokens x rate, by exclusive token class, in exact decimals. A call without a rate, or without usage, has no cost (null),
never 0.
"""

from __future__ import annotations

import polars as pl

from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES

ZERO = pl.lit(0).cast(MONEY)
INPUT_CLASSES = TOKEN_CLASSES[:-1]


def with_token_classes(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Split the billed tokens into exclusive classes.

    In: input_tokens, cache_read_input_tokens, cache_write_5m_input_tokens, cache_write_1h_input_tokens (null = 0 known),
    output_tokens. Out: + tokens_<class> for each of TOKEN_CLASSES; they add up to input + output tokens.
    """
    read = pl.col("cache_read_input_tokens").fill_null(0)
    write_5m = pl.col("cache_write_5m_input_tokens").fill_null(0)
    write_1h = pl.col("cache_write_1h_input_tokens").fill_null(0)
    return calls.with_columns(
        tokens_uncached_input=pl.col("input_tokens") - read - write_5m - write_1h,
        tokens_cache_read=read,
        tokens_cache_write_5m=write_5m,
        tokens_cache_write_1h=write_1h,
        tokens_output=pl.col("output_tokens"),
    )


def with_rates(calls: pl.LazyFrame, rates: pl.LazyFrame) -> pl.LazyFrame:
    """Join each call's rates.

    In: KEY_COLUMNS, input_tokens; rates as of `prices.quotes.quote`. Out: + list_rate_<class>, contracted_rate_<class> (USD
    a token; null = unpriced), price_source, price_effective_from, priced_model, has_cache_rate.
    """
    length = pl.col("input_tokens").fill_null(0)
    in_range = (length > pl.col("above_input_tokens")) & (length <= pl.col("up_to_input_tokens"))
    matched = (
        calls.select("record_id", "input_tokens", *KEY_COLUMNS)
        .join(rates, on=KEY_COLUMNS, nulls_equal=True)
        .filter(in_range)
        .drop("input_tokens", "above_input_tokens", "up_to_input_tokens", *KEY_COLUMNS)
    )
    return calls.join(matched, on="record_id", how="left")


def _sum(kind: str, classes: tuple[str, ...]) -> pl.Expr:
    return pl.sum_horizontal(
        [pl.col(f"tokens_{name}") * pl.col(f"{kind}_rate_{name}") for name in classes], ignore_nulls=False
    )


def with_cost(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Price each call.

    In: tokens_<class>, list_rate_<class>, contracted_rate_<class>, gateway_cache_hit. Out: + input_cost, output_cost,
    list_cost, contracted_cost (MONEY; null = no rate or no usage). An answer from the gateway's own cache costs nothing.
    """
    free = pl.col("gateway_cache_hit") | ((pl.col("input_tokens") == 0) & (pl.col("output_tokens") == 0))

    def unless_free(cost: pl.Expr) -> pl.Expr:
        return pl.when(free).then(ZERO).otherwise(cost).cast(MONEY)

    return calls.with_columns(
        input_cost=unless_free(_sum("list", INPUT_CLASSES)),
        output_cost=unless_free(_sum("list", ("output",))),
        contracted_cost=unless_free(_sum("contracted", TOKEN_CLASSES)),
    ).with_columns(
        # A call is priced as a whole or not at all, so that input and output costs add up to the list cost.
        input_cost=pl.when(pl.col("output_cost").is_not_null()).then("input_cost"),
        output_cost=pl.when(pl.col("input_cost").is_not_null()).then("output_cost"),
        list_cost=pl.col("input_cost") + pl.col("output_cost"),
        is_free=free,
    )
