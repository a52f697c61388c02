"""How many tokens are a model's tool definitions and response schemas billed, where the log shows it?

Providers write definitions in ways that only OpenAI's are known of. But calls with the same definitions are billed the
same for them, whatever else they say: what their texts leave of the bill is the definitions', once the model's tokeniser
is known. So the log itself corrects the estimate.
"""

from __future__ import annotations

import polars as pl

from tokaudit.tokens.definitions import TOOL_USE_PROMPTS

FEWEST_CALLS = 3
"""Calls with the same definitions that teach their tokens under a tokeniser that is not public: one alone may be off by
what its own text is off the average. Under a public one a single call tells them."""

_SETS = ["request_model", "response_model", "tools_id", "definition_tokens"]
_UNSURE = ("estimated", "missing", "output_lower_bound")
STATED_MEDIA = ("input_audio_tokens", "input_image_tokens", "input_video_tokens")


def tool_use_prompt() -> pl.Expr:
    """Return the billed tokens of the prompt that the provider itself adds to calls with tools (0 = none is known)."""
    name = pl.coalesce("response_model", "request_model").str.to_lowercase()
    tokens: pl.Expr = pl.lit(0)
    for family, prompt in reversed(TOOL_USE_PROMPTS):
        tokens = pl.when(name.str.contains(family)).then(prompt).otherwise(tokens)
    return pl.when(pl.col("tools_id").is_not_null()).then(tokens).otherwise(0)


def with_learnt_definitions(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Learn what definitions are billed from calls of text alone that send them.

    In: `usage.with_tokeniser_ratio`, tools_id, definition_tokens, tool_call_tokens, input_<media>_tokens. Out: +
    prompted_tokens (our count of the provider's own tool prompt), learnt_definition_tokens (by our count, that prompt
    included; null where nothing was learnt): the median of what the texts leave of the bills.
    """
    ratio = pl.col("tokeniser_ratio")
    texts = pl.col("visible_input_tokens") - pl.col("definition_tokens") + pl.col("format_tokens")
    is_text = (pl.col("media") == 0) & (pl.sum_horizontal(STATED_MEDIA) == 0)
    teaches = (
        (pl.col("definition_tokens") > 0) & is_text & (pl.col("tool_call_tokens") == 0) & (pl.col("messages") > 0)
        & (pl.col("input_tokens") > 0) & ~pl.col("usage_state").is_in(_UNSURE)
    )  # fmt: skip
    left = (pl.col("input_tokens") / ratio - texts).clip(0)
    enough = pl.col("encoding_is_exact").first() | (pl.len() >= FEWEST_CALLS)
    learnt = (
        calls.filter(teaches).group_by(_SETS).agg(learnt_definition_tokens=pl.when(enough).then(left.median().floor()))
    )
    return calls.join(learnt, on=_SETS, how="left", nulls_equal=True).with_columns(
        pl.col("learnt_definition_tokens").cast(pl.Int64),
        prompted_tokens=(tool_use_prompt() / ratio).floor().cast(pl.Int64),
    )
