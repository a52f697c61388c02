"""Which sums of tokens can be priced again at any rates, without going back to the calls?

Rates depend on the model, the tier, the region, the time of day and the length of the prompt: calls that agree in all of
them can be added up first and priced afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tokaudit.frames.usage import LEAST_RATIO, MOST_RATIO
from tokaudit.prices.rates import TOKEN_CLASSES, UNIT_CLASSES

TOKEN_SUM_KEYS = (
    "feature", "provider_name", "request_model", "response_model", "service_tier", "region", "clock", "prompt_above",
    "prompt_up_to", "priced_provider", "priced_model", "billed_per_10000_own",
)  # fmt: skip
_AMOUNTS = (*(f"tokens_{name}" for name in TOKEN_CLASSES), *(f"units_{name}" for name in UNIT_CLASSES))


UNLIMITED = 2**62


def _prompt_range(bounds: Sequence[int]) -> dict[str, pl.Expr]:
    length = pl.col("input_tokens")
    above = [pl.when(length > bound).then(pl.lit(bound, pl.Int64)) for bound in bounds]
    up_to = [pl.when(length <= bound).then(pl.lit(bound, pl.Int64)) for bound in bounds]
    return {
        "prompt_above": pl.max_horizontal(pl.lit(-1, pl.Int64), *above),
        "prompt_up_to": pl.min_horizontal(pl.lit(UNLIMITED, pl.Int64), *up_to),
    }


def _billed_per_own() -> pl.Expr:
    # A ratio of exactly 1 was not learnt, and one at an end of the range is no doing of the tokeniser.
    ratio = pl.col("tokeniser_ratio")
    learnt = ~pl.col("encoding_is_exact") & (ratio != 1) & (ratio > LEAST_RATIO) & (ratio < MOST_RATIO)
    return pl.when(learnt).then((ratio * 10_000).round().cast(pl.Int64))


def token_sums(calls: pl.LazyFrame, bounds: Sequence[int]) -> pl.LazyFrame:
    """Add up the tokens of the calls that cost something and whose usage is known, priced or not.

    In: feature, the columns of `prices.quotes.PriceKey` as logged, tokens_<class>, units_<class>, list_cost, contracted_cost
    (null = unpriced), is_free, tokeniser_ratio, encoding_is_exact. bounds: the prompt lengths above which rates change.
    Out: TOKEN_SUM_KEYS, calls, the sums, list_cost, contracted_cost (0 where priced_model is null). clock: the time of day
    from which the rate holds, null = no time. prompt_above, prompt_up_to: the bounds that the prompts lie between.
    billed_per_10000_own: billed tokens for 10,000 of ours, null = not learnt.
    """
    known = pl.col("input_tokens").is_not_null() & pl.col("output_tokens").is_not_null()
    return (
        calls.filter(known & ~pl.col("is_free"))
        .with_columns(
            clock=pl.col("moment").dt.time(),
            **_prompt_range(bounds),
            billed_per_10000_own=_billed_per_own(),
        )
        .group_by(TOKEN_SUM_KEYS)
        .agg(
            pl.len().cast(pl.Int64).alias("calls"),
            *(pl.col(name).sum() for name in _AMOUNTS),
            pl.col("list_cost", "contracted_cost").sum(),
        )
    )
