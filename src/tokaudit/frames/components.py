"""Where does each billed input token come from?

The texts of a prompt are laid out in the order the provider reads them: definitions, then messages. The billed total is
the truth: our counts only divide it. What no text explains is `unexplained`, never spread over the rest. Cached tokens
are a beginning of that order at every provider, so they fall to components by position.
"""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from tokaudit.frames.cost import ZERO
from tokaudit.ledger.tables import MEDIA, NO_MESSAGE, RESPONSE_SCHEMA, ROLES, TOOLS
from tokaudit.prices.rates import MONEY
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE

DEFINITION_SLACK_SHARE = 0.3
DEFINITION_SLACK_TOKENS = 30
"""How far the published estimate of tool definitions may be off (nested schemas) before the rest is unexplained.
An assumption: the flat definitions measured so far were met exactly, so it is room for nested ones only."""
TOKENISER_SLACK_SHARE = 0.25
"""How far one call of a model with an unknown tokeniser may be off the model's own average. An assumption: prose,
code and other scripts differ by about as much under one tokeniser."""

_CLASSES = ("cache_read", "cache_write_1h", "cache_write_5m")
"""Cached classes in prompt order: what was read comes first, entries kept longer stand before those kept shorter."""


def part_components(
    parts: pl.LazyFrame, contents: pl.LazyFrame, segments: pl.LazyFrame, examples: pl.LazyFrame
) -> pl.LazyFrame:
    """Name the component of each piece of each prompt.

    parts: prompt parts with feature, encoding. segments: `blocks.segments`. examples: feature, prefix_id of fixed example
    turns. Out: record_id, position, sequence, message, component, tokens (null = media).
    """
    whole = (
        pl.when(pl.col("kind") == TOOLS).then(pl.lit("tool_schemas"))
        .when(pl.col("kind") == RESPONSE_SCHEMA).then(pl.lit("response_schema"))
        .when(pl.col("kind") == MEDIA).then(pl.lit("media"))
        .when(pl.col("is_earlier") & pl.col("is_example").fill_null(value=False)).then(pl.lit("few_shot"))
        .when("is_earlier").then(pl.lit("history"))
        .when(pl.col("role") == ROLES.index("assistant")).then(pl.lit("system_prompt"))
    )  # fmt: skip
    known = examples.with_columns(is_example=pl.lit(value=True))
    named = parts.join(known, on=["feature", "prefix_id"], how="left").with_columns(component=whole)
    columns = ["record_id", "position", "sequence", "message", "component", "tokens"]
    single = named.filter(pl.col("component").is_not_null()).join(
        contents.select("content_id", "encoding", "tokens"), on=["content_id", "encoding"], how="left"
    )
    cut = named.filter(pl.col("component").is_null()).drop("component").join(
        segments, on=["feature", "role", "content_id", "encoding"]
    )  # fmt: skip
    single = single.with_columns(sequence=pl.lit(0, dtype=pl.Int64))
    return pl.concat([single.select(columns), cut.select(columns).cast({"sequence": pl.Int64})])


def with_explained(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Decide how much of each call's billed input the texts explain.

    In: input_tokens, visible_input_tokens, definition_tokens, format_tokens, media, encoding_is_exact, tokeniser_ratio.
    Out: + laid_out_tokens (our count, definitions corrected and media included), explained_tokens (what they are billed
    as), definition_correction, media_tokens (all that the texts do not explain, in tokens of our count). unexplained =
    input_tokens - explained_tokens.
    """
    ours = pl.col("visible_input_tokens") + pl.col("format_tokens")
    billed = pl.col("input_tokens")
    slack = pl.when(pl.col("definition_tokens") > 0).then(
        (pl.col("definition_tokens") * DEFINITION_SLACK_SHARE).floor().cast(pl.Int64) + DEFINITION_SLACK_TOKENS
    ).otherwise(0)  # fmt: skip
    correction = (
        pl.when(pl.col("encoding_is_exact"))
        .then((billed - ours).clip(-pl.min_horizontal(slack, "definition_tokens"), slack))
        .otherwise(0)
    )
    exact, counted = pl.col("encoding_is_exact"), pl.col("counted")
    scaled = counted * pl.col("tokeniser_ratio")
    expected = pl.when(exact).then(counted).otherwise(scaled.floor().cast(pl.Int64))
    most = pl.when(exact).then(counted).otherwise((scaled * (1 + TOKENISER_SLACK_SHARE)).ceil().cast(pl.Int64))
    media_billed = pl.when(pl.col("media") > 0).then(billed - pl.min_horizontal(billed, expected)).otherwise(0)
    media_tokens = pl.when(exact).then(media_billed).otherwise(media_billed * counted // pl.max_horizontal(expected, 1))
    return (
        calls.with_columns(definition_correction=correction)
        .with_columns(counted=ours + pl.col("definition_correction"))
        .with_columns(media_tokens=media_tokens, most=most + media_billed)
        .with_columns(laid_out_tokens=counted + pl.col("media_tokens"))
        .with_columns(
            explained_tokens=pl.when(pl.col("laid_out_tokens") > 0).then(pl.min_horizontal(billed, "most")).otherwise(0)
        )
        .drop("counted", "most")
    )


def _corrected() -> pl.Expr:
    """Return the tokens of a definition, its share of the call's correction included."""
    before = pl.col("tokens").cum_sum().over("record_id") - pl.col("tokens")  # definitions stand first
    whole = pl.max_horizontal("definition_tokens", 1)

    def place(position: pl.Expr) -> pl.Expr:
        return position * (whole + pl.col("definition_correction")) // whole

    return place(before + pl.col("tokens")) - place(before)


def _laid_out(rows: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Give each piece its place [start, end) among the billed tokens."""
    is_definition = pl.col("message") == NO_MESSAGE
    opens_message = ~is_definition & (pl.col("message") != pl.col("message").shift(1).over("record_id")).fill_null(
        value=True
    )
    is_media = pl.col("component") == "media"
    number = is_media.cast(pl.Int64).cum_sum().over("record_id")
    media = pl.col("media_tokens") // pl.col("media") + (number == 1) * (pl.col("media_tokens") % pl.col("media"))
    raw = pl.when(is_media).then(media).when(is_definition).then(_corrected()).otherwise(pl.col("tokens").fill_null(0))
    per_message = pl.when(pl.col("format_tokens") > 0).then(TOKENS_PER_MESSAGE).otherwise(0)
    scale = pl.col("explained_tokens"), pl.max_horizontal("laid_out_tokens", 1)

    def place(position: pl.Expr) -> pl.Expr:
        return position * scale[0] // scale[1]

    return (
        rows.join(calls, on="record_id")
        .sort("record_id", "position", "sequence")
        .with_columns(raw=raw, heads=(opens_message.cast(pl.Int64) * per_message).cum_sum().over("record_id"))
        .with_columns(raw_end=pl.col("raw").cum_sum().over("record_id") + pl.col("heads"))
        .with_columns(start=place(pl.col("raw_end") - pl.col("raw")), end=place(pl.col("raw_end")))
    )


def _below(limit: pl.Expr, start: pl.Expr, end: pl.Expr) -> pl.Expr:
    return (limit - start).clip(0, end - start)


def _limits() -> list[pl.Expr]:
    """Cumulative ends of the cached classes, counted from the prompt's start."""
    total: pl.Expr = pl.lit(0)
    limits = []
    for name in _CLASSES:
        total = total + pl.col(f"tokens_{name}")
        limits.append(total)
    return limits


def _class_columns(start: pl.Expr, end: pl.Expr) -> list[pl.Expr]:
    """Tokens of each cached class inside [start, end)."""
    below = [_below(limit, start, end) for limit in _limits()]
    steps = [below[0], *(upper - lower for lower, upper in pairwise(below))]
    return [step.alias(name) for step, name in zip(steps, _CLASSES, strict=True)]


_CALL_COLUMNS = (
    "record_id", "media", "media_tokens", "definition_tokens", "definition_correction", "format_tokens", "laid_out_tokens",
    "explained_tokens",
    *(f"tokens_{name}" for name in _CLASSES),
)  # fmt: skip


def call_components(rows: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Divide each call's billed input among its components.

    rows: `part_components`. calls: `with_explained`, tokens_<class>, list_rate_<class>, input_cost, is_free. Out: record_id,
    component, tokens, cache_read, cache_write_1h, cache_write_5m (of which), cost (MONEY; null = unpriced). Tokens add up to
    input_tokens, costs to input_cost; calls whose tokens are unknown have no rows.
    """
    billed = calls.filter(pl.col("input_tokens").is_not_null())
    pieces = (
        _laid_out(rows, billed.select(_CALL_COLUMNS))
        .with_columns(*_class_columns(pl.col("start"), pl.col("end")), tokens=pl.col("end") - pl.col("start"))
        .group_by("record_id", "component")
        .agg(pl.col("tokens", *_CLASSES).sum())
    )
    explained = pl.col("explained_tokens")
    placed = pieces.group_by("record_id").agg(pl.col("tokens", *_CLASSES).sum().name.prefix("placed_"))
    whole = billed.join(placed, on="record_id", how="left").with_columns(
        pl.col("placed_tokens", *(f"placed_{name}" for name in _CLASSES)).fill_null(0)
    )
    overhead = whole.select(
        "record_id",
        *_class_columns(pl.lit(0), explained),
        component=pl.lit("format_overhead"),
        tokens=explained - pl.col("placed_tokens"),
        **{f"placed_{name}": pl.col(f"placed_{name}") for name in _CLASSES},
    ).with_columns(**{name: pl.col(name) - pl.col(f"placed_{name}") for name in _CLASSES})
    unexplained = whole.select(
        "record_id",
        *_class_columns(explained, pl.col("input_tokens")),
        component=pl.lit("unexplained"),
        tokens=pl.col("input_tokens") - explained,
    )
    columns = ["record_id", "component", "tokens", *_CLASSES]
    rates = calls.select(
        "record_id", "is_free", "input_cost", *(f"list_rate_{name}" for name in ("uncached_input", *_CLASSES))
    )
    uncached = pl.col("tokens") - pl.sum_horizontal(_CLASSES)
    cost = uncached * pl.col("list_rate_uncached_input")
    for name in _CLASSES:
        cost = cost + pl.col(name) * pl.col(f"list_rate_{name}")
    priced = pl.when("is_free").then(ZERO).when(pl.col("input_cost").is_not_null()).then(cost)
    return (
        pl.concat([frame.select(columns) for frame in (pieces, overhead, unexplained)])
        .filter(pl.col("tokens") != 0)
        .join(rates, on="record_id")
        .select(*columns, cost=priced.cast(MONEY))
    )
