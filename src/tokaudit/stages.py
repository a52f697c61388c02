"""What are the pure steps of a run, once the logs are read?

`price` and `parent_operations` look at one row a call over the whole period; `bucket_components` and `reduce_bucket` take the
calls of some whole conversations with their texts' hashes and return partial sums; `merge` adds partial sums (associative,
commutative). Sums are integers and exact decimals here: averages and quantiles are taken in `summary`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from tokaudit.frames.blocks import FEWEST_CONVERSATIONS, FIXED_SHARE, USER, recurring_blocks, segments, sent_blocks
from tokaudit.frames.components import call_components, part_components, with_explained
from tokaudit.frames.conversations import ASSISTANT, continued_calls, exchanges_sent_again, resumed_calls
from tokaudit.frames.cost import with_cost, with_rates, with_token_classes
from tokaudit.frames.operations import LOG_ORDER
from tokaudit.frames.usage import with_estimates, with_settled_usage, with_tokeniser_ratio
from tokaudit.frames.waste import with_failure
from tokaudit.ledger.tables import TEXT

Partials = dict[str, pl.DataFrame]

PARTIAL_KEYS: dict[str, tuple[str, ...]] = {
    "calls": ("feature", "feature_source", "waste", "is_priced"),
    "components": ("feature", "component", "is_kept"),
    "turns": ("feature", "turn", "input_tokens"),
    "models": ("feature", "provider_name", "model", "price_source", "price_effective_from", "input_rate", "cache_rate",
               "output_rate", "is_priced"),
    "days": ("date",),
    "usage": ("usage_state", "usage_rule"),
    "templates": ("feature", "template_id", "static_tokens"),
    "answers": ("feature", "answer_shape"),
}  # fmt: skip
"""Partial sums and the columns they are grouped by; all other columns add up."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What all buckets share about the texts of the period: counts by content, blocks, their kinds, fixed examples."""

    contents: pl.LazyFrame
    blocks: pl.LazyFrame
    kinds: pl.LazyFrame
    examples: pl.LazyFrame


def local_day(timezone: str) -> pl.Expr:
    """Return the calendar day of each call in a zone."""
    started = pl.from_epoch(pl.col("started_at"), time_unit="us").dt.replace_time_zone("UTC")
    return started.dt.convert_time_zone(timezone).dt.date()


def with_known_usage(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Say which calls failed, estimate missing usage, and add the UTC day that prices depend on."""
    return calls.pipe(with_failure).pipe(with_estimates).with_columns(day=local_day("UTC"))


def price(calls: pl.LazyFrame, rates: pl.LazyFrame) -> pl.LazyFrame:
    """Add token classes, rates, costs and tokeniser calibration to calls with known usage."""
    return (
        calls.pipe(with_token_classes)
        .pipe(with_rates, rates)
        .pipe(with_settled_usage)
        .pipe(with_cost)
        .pipe(with_tokeniser_ratio)
        .pipe(with_explained)
    )


def parent_operations(calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Find the operation that each operation continues, or else resumes. Out: operation_id, parent_id."""
    texts = parts.filter(pl.col("kind") == TEXT)
    is_answer_again = (pl.col("role") == ASSISTANT) & pl.col("is_earlier")
    continued = continued_calls(calls, parts.filter(is_answer_again).select("record_id", "position", "prefix_id"))
    alone = calls.filter(pl.col("session").is_null()).join(continued, on="operation_id", how="anti")
    own_blocks = distinct_blocks(blocks).filter(~pl.col("is_document"))
    earlier = texts.filter("is_earlier").join(alone, on="record_id", how="semi")
    asked = (
        texts.filter((pl.col("role") == USER) & ~pl.col("is_earlier"))
        .join(own_blocks.select("content_id", question_id="block_id"), on="content_id")
        .join(texts.filter("is_answer").select("record_id", answer_id="content_id"), on="record_id")
        .select("record_id", "message", "question_id", "answer_id")
    )
    resumed = resumed_calls(calls, exchanges_sent_again(earlier, own_blocks), asked)
    return pl.concat([continued, resumed.join(continued, on="operation_id", how="anti")])


def distinct_blocks(blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Return each text's blocks once: counted in two encodings they are the same blocks, the larger count stands."""
    return blocks.group_by("content_id", "position").agg(
        pl.col("block_id", "is_document").first(), pl.col("tokens").max()
    )


def block_kinds(parts: pl.LazyFrame, calls: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Find the fixed and the retrieved blocks among what users newly sent."""
    new = parts.filter(
        (pl.col("role") == USER) & (pl.col("kind") == TEXT) & ~pl.col("is_answer") & ~pl.col("is_earlier")
    ).join(calls.select("record_id", "feature", "conversation_key"), on="record_id")
    return recurring_blocks(
        sent_blocks(new.select("feature", "conversation_key", "content_id"), distinct_blocks(blocks))
    )


def example_turns(parts: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Find example turns: earlier messages with which at least half of a feature's conversations begin.

    Out: feature, prefix_id.
    """
    first = calls.sort(LOG_ORDER, nulls_last=True).unique(
        ["feature", "conversation_key"], keep="first", maintain_order=True
    )
    first = first.with_columns(feature_conversations=pl.len().over("feature"))
    return (
        parts.filter("is_earlier")
        .join(first.select("record_id", "feature", "conversation_key", "feature_conversations"), on="record_id")
        .group_by("feature", "prefix_id")
        .agg(pl.col("conversation_key").n_unique(), pl.col("feature_conversations").first())
        .filter(
            pl.col("conversation_key") >= FEWEST_CONVERSATIONS,
            pl.col("conversation_key") >= FIXED_SHARE * pl.col("feature_conversations"),
        )
        .select("feature", "prefix_id")
    )


def bucket_components(calls: pl.LazyFrame, parts: pl.LazyFrame, texts: Texts) -> pl.LazyFrame:
    """Divide the billed input of a bucket's calls among its components (see `frames.components.call_components`)."""
    prompt = parts.filter(~pl.col("is_answer")).join(calls.select("record_id", "feature", "encoding"), on="record_id")
    fresh = prompt.filter(~pl.col("is_earlier") & (pl.col("kind") == TEXT) & (pl.col("role") != ASSISTANT))
    distinct = fresh.select("feature", "role", "content_id", "encoding").unique()
    cut = segments(distinct, texts.blocks, texts.kinds)
    return call_components(part_components(prompt, texts.contents, cut, texts.examples), calls)


def with_component_columns(calls: pl.LazyFrame, components: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Add tokens_<component> to each call (0 = none; null where the billed tokens are not known)."""
    wide = components.group_by("record_id").agg(
        pl.col("tokens").filter(pl.col("component") == name).sum().alias(f"tokens_{name}") for name in names
    )
    columns = [f"tokens_{name}" for name in names]
    known = pl.col("input_tokens").is_not_null()
    return calls.join(wide, on="record_id", how="left").with_columns(
        pl.when(known).then(pl.col(column).fill_null(0)).alias(column) for column in columns
    )


def reduce_bucket(calls: pl.LazyFrame, components: pl.LazyFrame, timezone: str) -> dict[str, pl.LazyFrame]:
    """Sum up a bucket of whole conversations.

    calls: priced, linked, with tokens_<component>. components: their components. Out: one frame for each of PARTIAL_KEYS.
    """
    kept = pl.col("waste").is_null()
    rows = calls.with_columns(
        is_priced=pl.col("list_cost").is_not_null(),
        model=pl.coalesce("priced_model", "response_model", "request_model", pl.lit("unknown")),
        provider_name=pl.coalesce("priced_provider", "provider_name"),
        date=local_day(timezone),
        input_rate="list_rate_uncached_input",
        cache_rate="list_rate_cache_read",
        output_rate="list_rate_output",
        reasoning_cost=pl.when("is_free").then(0).otherwise(pl.col("reasoning_output_tokens").fill_null(0))
        * pl.col("list_rate_output"),
        answer_shape=pl.when(pl.col("is_failed")).then(pl.lit("failed")).when(pl.col("finish_reason") == "length")
        .then(pl.lit("truncated")).otherwise(pl.lit("whole")),
    )  # fmt: skip
    marked = components.join(rows.select("record_id", "feature", is_kept=kept), on="record_id")
    cached = pl.col("cache_read")
    return {
        "calls": rows.group_by(PARTIAL_KEYS["calls"]).agg(
            *_CALL_SUMS, operations=(pl.col("attempt") == 1).sum(), reasoning_cost=pl.col("reasoning_cost").sum(),
            conversations=(pl.col("record_id") == pl.col("first_of_feature")).sum(),
            opened_conversations=(pl.col("record_id") == pl.col("conversation_key")).sum(),
        ),
        "components": marked.group_by(PARTIAL_KEYS["components"]).agg(
            pl.col("tokens").sum(), cached_tokens=cached.sum(), cost=pl.col("cost").sum(),
        ),
        "turns": rows.filter(pl.col("input_tokens").is_not_null() & ~pl.col("is_failed")).group_by(PARTIAL_KEYS["turns"]).agg(
            calls=pl.len(), history_tokens=pl.col("tokens_history").sum(), list_cost=pl.col("list_cost").sum(),
        ),
        "models": rows.group_by(PARTIAL_KEYS["models"]).agg(*_CALL_SUMS),
        "days": rows.group_by("date").agg(calls=pl.len(), list_cost=pl.col("list_cost").sum()),
        "usage": rows.group_by(PARTIAL_KEYS["usage"]).agg(calls=pl.len()),
        "templates": rows.filter(pl.col("template_id").is_not_null()).group_by(PARTIAL_KEYS["templates"]).agg(
            calls=pl.len(), variable_tokens=pl.col("variable_tokens").sum(),
        ),
        "answers": rows.group_by(PARTIAL_KEYS["answers"]).agg(
            calls=pl.len(), output_tokens=pl.col("output_tokens").sum(), media=(pl.col("media") > 0).sum(),
            with_tools=pl.col("tools_id").is_not_null().sum(), with_content=(pl.col("messages") > 0).sum(),
        ),
    }  # fmt: skip


_CALL_SUMS = (
    pl.len().alias("calls"),
    *(
        pl.col(name).sum()
        for name in (
            "input_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens", "cache_write_1h_input_tokens",
            "output_tokens", "reasoning_output_tokens", "input_cost", "output_cost", "list_cost", "contracted_cost",
        )
    ),
    pl.col("logged_cost").sum(),
    pl.col("logged_cost").is_not_null().sum().alias("logged_calls"),
)  # fmt: skip


def _summed(name: str, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    keys = list(PARTIAL_KEYS[name])
    return pl.concat(frames).group_by(keys).agg(pl.all().sum()).sort(keys, nulls_last=True)


def merge(*partials: Partials) -> Partials:
    """Add partial sums of any number of buckets; rows come out in the order of their keys."""
    return {name: _summed(name, (part[name] for part in partials)) for name in PARTIAL_KEYS}
