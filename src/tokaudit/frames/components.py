"""Where does each billed input token come from?

The texts of a prompt are laid out in the order the provider reads them: definitions, then messages. The billed total is
the truth: our counts only divide it. What no text explains is `unexplained`, never spread over the rest. Cached tokens
are a beginning of that order at every provider, so they fall to components by position.
"""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from tokaudit.frames.cost import ZERO
from tokaudit.frames.definitions import STATED_MEDIA
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

_CACHED = {
    "cache_read": ("cache_read", "cache_read_audio", "cache_read_image"),
    "cache_write_1h": ("cache_write_1h",),
    "cache_write_5m": ("cache_write_5m",),
}
"""Cached classes in prompt order: what was read comes first, entries kept longer stand before those kept shorter. Tokens of
sound and images are laid out like text; what they cost more is the media's."""
_CLASSES = tuple(_CACHED)


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


def _definition_slack() -> pl.Expr:
    tokens = pl.col("definition_tokens")
    slack = (tokens * DEFINITION_SLACK_SHARE).floor().cast(pl.Int64) + DEFINITION_SLACK_TOKENS
    return pl.when(tokens > 0).then(slack).otherwise(0)


def _within(value: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(pl.min_horizontal(value, high), low)


def _with_corrections(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Settle what a call's definitions and its calls of tools are billed, as far as the bill can tell.

    Definitions: what calls with the same ones teach, else the estimate; then a public tokeniser's rest goes first to calls
    of tools, then to the definitions, both within their slack. Beside media nothing is left over that could tell.
    """
    estimate, slack = pl.col("definition_tokens"), pl.col("definition_slack")
    low = -pl.min_horizontal(slack, estimate)
    high = pl.when(estimate > 0).then(slack + pl.col("prompted_tokens")).otherwise(0)
    prior = pl.coalesce(pl.col("learnt_definition_tokens") - estimate, "prompted_tokens")
    can_tell = pl.col("encoding_is_exact") & ((pl.col("media") == 0) | (pl.col("stated_media") > 0))
    around_calls = pl.col("tool_call_tokens")
    return (
        calls.with_columns(definition_slack=_definition_slack())
        .with_columns(definition_correction=_within(prior, low, high))
        .with_columns(
            rest=pl.col("input_tokens") - pl.col("stated_media") - pl.col("ours") - pl.col("definition_correction")
        )
        .with_columns(
            call_correction=pl.when(can_tell).then(_within(pl.col("rest"), -around_calls, around_calls)).otherwise(0)
        )
        .with_columns(rest=pl.col("rest") - pl.col("call_correction"))
        .with_columns(
            definition_correction=pl.when(can_tell)
            .then(_within(pl.col("definition_correction") + pl.col("rest"), low, high))
            .otherwise("definition_correction")
        )
        .drop("rest", "definition_slack")
    )


def with_explained(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Decide how much of each call's billed input the texts explain.

    In: `definitions.with_learnt_definitions`. Out: + laid_out_tokens (our count, definitions corrected and media included),
    explained_tokens (what they are billed as), definition_correction, call_correction, media_tokens (as the bill states
    them, else all that the texts do not explain; in tokens of our count). unexplained = input_tokens - explained_tokens.
    """
    billed = pl.col("input_tokens")
    stated = pl.min_horizontal(billed, pl.sum_horizontal(STATED_MEDIA))
    unseen = pl.when(pl.col("media") == 0).then("stated_media").otherwise(0)
    exact, counted = pl.col("encoding_is_exact"), pl.col("counted")
    scaled = counted * pl.col("tokeniser_ratio")
    expected = pl.when(exact).then(counted).otherwise(scaled.floor().cast(pl.Int64))
    most = pl.when(exact).then(counted).otherwise((scaled * (1 + TOKENISER_SLACK_SHARE)).ceil().cast(pl.Int64))
    left = billed - pl.min_horizontal(billed, expected)
    media_billed = (
        pl.when(pl.col("media") == 0).then(0).when(pl.col("stated_media") > 0).then("stated_media").otherwise(left)
    )
    seen = pl.min_horizontal(billed - unseen, "most")
    explained = pl.when(pl.col("laid_out_tokens") > 0).then(seen).otherwise(0)
    # Scaled to the bill together with the texts, they must come out as billed.
    of_texts = pl.max_horizontal(seen - pl.col("media_tokens"), 1)
    scaled_media = (
        pl.when(exact | (counted == 0)).then("media_tokens").otherwise(pl.col("media_tokens") * counted // of_texts)
    )
    return (
        calls.with_columns(
            ours=pl.col("visible_input_tokens") + pl.col("format_tokens"), stated_media=stated.fill_null(0)
        )
        .pipe(_with_corrections)
        .with_columns(counted=pl.col("ours") + pl.col("definition_correction") + pl.col("call_correction"))
        .with_columns(media_tokens=media_billed, most=most + media_billed)
        .with_columns(media_tokens=scaled_media)
        .with_columns(laid_out_tokens=counted + pl.col("media_tokens"))
        .with_columns(explained_tokens=explained)
        .drop("counted", "most", "ours", "stated_media")
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
    opened, around_calls = pl.col("opened"), pl.col("tool_call_tokens") + pl.col("call_correction")
    heads = opened * per_message + around_calls * opened // pl.max_horizontal("messages", "opened", 1)
    scale = pl.col("explained_tokens"), pl.max_horizontal("laid_out_tokens", 1)

    def place(position: pl.Expr) -> pl.Expr:
        return position * scale[0] // scale[1]

    return (
        rows.join(calls, on="record_id")
        .sort("record_id", "position", "sequence")
        .with_columns(raw=raw, opened=opens_message.cast(pl.Int64).cum_sum().over("record_id"))
        .with_columns(heads=heads)
        .with_columns(raw_end=pl.col("raw").cum_sum().over("record_id") + pl.col("heads"))
        .with_columns(start=place(pl.col("raw_end") - pl.col("raw")), end=place(pl.col("raw_end")))
    )


def _below(limit: pl.Expr, start: pl.Expr, end: pl.Expr) -> pl.Expr:
    return (limit - start).clip(0, end - start)


def _limits() -> list[pl.Expr]:
    """Cumulative ends of the cached classes, counted from the prompt's start."""
    total: pl.Expr = pl.lit(0)
    limits = []
    for classes in _CACHED.values():
        total = total + pl.sum_horizontal(f"tokens_{name}" for name in classes)
        limits.append(total)
    return limits


def _class_columns(start: pl.Expr, end: pl.Expr) -> list[pl.Expr]:
    """Tokens of each cached class inside [start, end)."""
    below = [_below(limit, start, end) for limit in _limits()]
    steps = [below[0], *(upper - lower for lower, upper in pairwise(below))]
    return [step.alias(name) for step, name in zip(steps, _CLASSES, strict=True)]


_CALL_COLUMNS = (
    "record_id", "media", "media_tokens", "definition_tokens", "definition_correction", "format_tokens", "messages",
    "tool_call_tokens", "call_correction", "laid_out_tokens", "explained_tokens",
    *(f"tokens_{name}" for classes in _CACHED.values() for name in classes),
)  # fmt: skip


def call_components(rows: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Divide each call's billed input among its components.

    rows: `part_components`. calls: `with_explained`, `cost.with_cost`, list_rate_<class>. Media that the bill states and the log
    leaves out follow what is explained. Out: record_id,
    component, tokens, cache_read, cache_write_1h, cache_write_5m (of which), cost (MONEY; null = unpriced). Tokens add up to
    input_tokens, costs to input_cost (what sound and images cost more than text is the media's); calls whose
    tokens are unknown have no rows.
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
    billed_to = pl.col("input_tokens")
    unseen = explained + pl.when(pl.col("media") == 0).then(
        pl.min_horizontal(billed_to - explained, pl.sum_horizontal(STATED_MEDIA))
    ).otherwise(0)  # fmt: skip
    unlogged = [
        whole.select("record_id", *_class_columns(start, end), component=pl.lit(name), tokens=end - start)
        for name, start, end in (("media", explained, unseen), ("unexplained", unseen, billed_to))
    ]
    columns = ["record_id", "component", "tokens", *_CLASSES]
    rates = calls.select(
        "record_id", "is_free", "input_cost", *(f"list_rate_{name}" for name in ("uncached_input", *_CLASSES))
    )
    uncached = pl.col("tokens") - pl.sum_horizontal(_CLASSES)
    cost = uncached * pl.col("list_rate_uncached_input")
    for name in _CLASSES:
        cost = cost + pl.col(name) * pl.col(f"list_rate_{name}")
    priced = pl.when("is_free").then(ZERO).when(pl.col("input_cost").is_not_null()).then(cost)
    laid_out = (
        pl.concat([frame.select(columns) for frame in (pieces, overhead, *unlogged)])
        .filter(pl.col("tokens") != 0)
        .join(rates, on="record_id")
        .select(*columns, cost=priced.cast(MONEY))
    )
    return pl.concat([laid_out, _surcharges(billed)])


def _surcharges(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Return what media cost more than their tokens as text, as rows of the component without tokens."""
    none = pl.lit(0, dtype=pl.Int64)
    return calls.filter(pl.col("media_surcharge") != 0).select(
        "record_id", component=pl.lit("media"), tokens=none, **dict.fromkeys(_CLASSES, none), cost="media_surcharge"
    )
