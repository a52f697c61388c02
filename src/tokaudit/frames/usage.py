"""How many tokens was each call billed, where the log does not say?

Calls without usage are estimated from their visible texts and marked; calls without usage and without texts stay unknown.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.definitions import tool_use_prompt


def with_estimates(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Fill missing token counts from our own count of the texts.

    In: input_tokens, output_tokens, usage_state, messages, visible_input_tokens, format_tokens, visible_output_tokens. Out:
    the same; `missing` becomes `estimated` where texts were logged, `output_lower_bound` where the prompt alone was; that
    state stays (the input is estimated, the output is what was seen). Tokens stay null where nothing is known.
    """
    has_prompt = pl.col("messages") > 0
    unknown = pl.col("input_tokens").is_null() | pl.col("output_tokens").is_null()
    estimated = unknown & has_prompt
    answered = pl.col("output_tokens").is_not_null() | (pl.col("visible_output_tokens") > 0)
    no_answer = pl.lit("output_lower_bound")  # what was answered is not in the log, and was more than nothing
    return calls.with_columns(
        input_tokens=pl.coalesce(
            "input_tokens", pl.when(estimated).then(pl.col("visible_input_tokens") + pl.col("format_tokens"))
        ),
        output_tokens=pl.coalesce("output_tokens", pl.when(estimated).then("visible_output_tokens")),
        usage_state=pl.when(estimated & (pl.col("usage_state") == "missing"))
        .then(pl.when(answered).then(pl.lit("estimated")).otherwise(no_answer))
        .otherwise("usage_state"),
    )


LEAST_RATIO, MOST_RATIO = 0.5, 2.0
"""How far the counts of two tokenisers lie apart at most: an assumption, and a generous one. Where the texts explain still
less of the bill, they are cut off in the log or not logged at all, and the rest stays unexplained."""


FEWEST_FOR_A_SLOPE = 10
LEAST_SPREAD = 0.2
"""Calls, and spread of their lengths for one of their mean, from which a line through them says more than their average."""


def with_tokeniser_ratio(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Calibrate the count of models whose tokeniser is not public.

    In: request_model, response_model, encoding_is_exact, usage_state, input_tokens, visible_input_tokens, format_tokens, media,
    definition_tokens, tools_id. Out: + tokeniser_ratio (Float64): billed tokens for one token of ours, over all calls of the
    model that send text only, as far as it can be the tokeniser's doing; 1 for models that bill by our encoding, and where
    there is nothing to learn from. What every call is billed however short its texts are is no doing of the tokeniser: a
    system prompt or tools that the log leaves out. It shows as a line through the calls that does not start at zero, and
    then the line's slope is the ratio. Definitions are only estimated: calls without them tell more, where there are enough.
    """
    ours, billed = pl.col("visible_input_tokens") + pl.col("format_tokens"), pl.col("input_tokens")
    comparable = (
        ~pl.col("encoding_is_exact") & (pl.col("media") == 0) & (pl.col("messages") > 0)
        & ~pl.col("usage_state").is_in(["estimated", "missing", "output_lower_bound"]) & (pl.col("input_tokens") > 0)
    )  # fmt: skip
    model = ["request_model", "response_model"]
    is_bare = pl.col("definition_tokens") == 0
    whole = _ratio(ours, billed)
    # With the provider's own tool prompt taken off, where that was billed at all: no tokeniser of theirs is coarser than ours.
    beside_prompt = pl.max_horizontal(pl.min_horizontal(whole, 1.0), _ratio(ours, billed - tool_use_prompt()))
    bare = _ratio(ours.filter(is_bare), billed.filter(is_bare))
    learnt = pl.when(is_bare.sum() >= FEWEST_FOR_A_SLOPE).then(bare).otherwise(beside_prompt)
    ratios = calls.filter(comparable).group_by(model).agg(learnt=learnt)
    ratio = pl.when("encoding_is_exact").then(1.0).otherwise(pl.col("learnt").fill_null(1.0))
    return calls.join(ratios, on=model, how="left", nulls_equal=True).with_columns(tokeniser_ratio=ratio).drop("learnt")


def _ratio(ours: pl.Expr, billed: pl.Expr) -> pl.Expr:
    """Return the billed tokens for one of ours over the calls of a model; null where there are no texts."""
    ratio = pl.min_horizontal(billed.sum() / ours.sum(), _slope(ours, billed)).clip(LEAST_RATIO, MOST_RATIO)
    return pl.when(ours.sum() > 0).then(ratio)


def _slope(ours: pl.Expr, billed: pl.Expr) -> pl.Expr:
    """Return the slope of the line through the calls of a model; null where they do not show one."""
    x, y = ours.cast(pl.Float64), billed.cast(pl.Float64)
    mean = x.mean()
    variance = (x * x).mean() - mean * mean
    slope = ((x * y).mean() - mean * y.mean()) / variance
    is_shown = (x.count() >= FEWEST_FOR_A_SLOPE) & (variance > (LEAST_SPREAD * mean) ** 2)
    return pl.when(is_shown).then(slope)


def with_settled_usage(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Settle usage whose cache split is unknown where it makes no difference.

    In: usage_state, has_cache_rate (null = unpriced). Out: usage_state; `cache_split_unknown` becomes `exact` for a model
    that has no rate of its own for cached tokens.
    """
    settled = (pl.col("usage_state") == "cache_split_unknown") & (
        pl.col("has_cache_rate").eq_missing(pl.lit(value=False))
    )
    return calls.with_columns(usage_state=pl.when(settled).then(pl.lit("exact")).otherwise("usage_state"))
