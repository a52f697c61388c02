"""What would the calls have cost had their prompts left out, or summed up, earlier turns?

A prompt is cached from its start: where something is taken out in front, what stands behind the cut is no longer what was
cached, and is sent anew: at the full rate, or at the rate of a cache write where the provider charges one. A cut moves when
it comes behind a turn for the first time in the conversation; later prompts with the same cut find their beginning cached, as
they do today. So a window that moves each turn breaks the cache each turn, and a summary once every few turns.

It is assumed that answers, and so all that follows, stay the same, and that what is sent before the cut stays cached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from tokaudit.frames.operations import LOG_ORDER
from tokaudit.prices.rates import MONEY

KEPT_TURNS = (8, 4, 2)
"""Earlier turns that are still sent: careful, usual, short memory."""
SUMMARY_TURNS = (8, 4)
"""Turns that are put into a summary as soon as so many have come since the last one."""
SUMMARY_TOKENS = 500
"""Length of a summary, however often it is renewed: about 375 English words. An assumption. No summary is longer than what it
stands for."""
SHORTEST_CACHED_TOKENS = 1024
"""No prompt shorter than this is cached at OpenAI, nor at Anthropic or Gemini, whose limits are this or higher.
Source: the providers' pages on prompt caching, 2026. Where shorter prompts were cached (DeepSeek), they stay so."""

Change: TypeAlias = Literal["keep_last_turns", "summarise", "drop_documents"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A change of what is sent; turns: how many are kept, or after how many a summary is made (0 = does not apply)."""

    change: Change
    turns: int = 0


POLICIES = (
    *(Policy("keep_last_turns", turns) for turns in KEPT_TURNS),
    *(Policy("summarise", turns) for turns in SUMMARY_TURNS),
    Policy("drop_documents"),
)

COUNTERFACTUAL_KEYS = ("feature", "change", "turns")
_READ = ("cache_read", "cache_read_audio", "cache_read_image")
_RATES = ("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
_SUMS = ("dropped_tokens", "added_tokens", "lost_cached_tokens", "summary_calls", "summary_input_tokens",
         "summary_output_tokens")  # fmt: skip


def changed_calls(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Return what pricing a change needs of the calls that send earlier turns, in order of time.

    In: the analysed calls with tokens_history. Out: LOG_ORDER, feature, conversation_key, request_model, is_free, is_priced,
    read_end, write_1h_end, write_5m_end (billed tokens from the prompt's start that were read from a cache or written to
    it), writes_1h (the conversation keeps its cache for an hour), list_rate_<class>.
    """
    read = pl.sum_horizontal(f"tokens_{name}" for name in _READ)
    hour, minutes = (pl.col(f"tokens_cache_write_{name}") for name in ("1h", "5m"))
    return (
        calls.filter(pl.col("tokens_history") > 0)
        .sort(LOG_ORDER, nulls_last=True)
        .select(
            *LOG_ORDER, "feature", "conversation_key", "request_model", "is_free",
            *(f"list_rate_{name}" for name in _RATES),
            is_priced=pl.col("list_cost").is_not_null(),
            read_end=read, write_1h_end=read + hour, write_5m_end=read + hour + minutes,
            writes_1h=hour.sum().over("conversation_key") > minutes.sum().over("conversation_key"),
        )
    )  # fmt: skip


def _cut(rows: pl.LazyFrame, calls: pl.LazyFrame, policy: Policy) -> pl.LazyFrame:
    """Add up what each prompt leaves out.

    Out: record_id, cut (the same for the same cut of the same conversation), dropped, dropped_read, dropped_1h, dropped_5m,
    broken_at (from where the prompt is not what was cached; null = it is, throughout), read_behind (of dropped_read),
    folded (tokens that a new summary takes in).
    """
    turn, turns = pl.col("turn"), pl.col("turns")
    last = {
        "keep_last_turns": turns - policy.turns,
        "summarise": turns // max(policy.turns, 1) * policy.turns,
        "drop_documents": turns,
    }[policy.change]
    # Documents of older turns had left the prompt one call earlier: the cache breaks at those of the last turn.
    is_broken = turn == turns if policy.change == "drop_documents" else pl.lit(value=True)
    start, end = pl.col("start"), pl.col("end")

    def below(limit: str) -> pl.Expr:
        return (pl.col(limit) - start).clip(0, end - start)

    return (
        rows.filter(turn <= last, end > start)
        .join(calls.select("record_id", "read_end", "write_1h_end", "write_5m_end"), on="record_id")
        .group_by("record_id")
        .agg(
            cut=pl.col("prefix_id").sum(),
            dropped=(end - start).sum(),
            dropped_read=below("read_end").sum(),
            dropped_1h=(below("write_1h_end") - below("read_end")).sum(),
            dropped_5m=(below("write_5m_end") - below("write_1h_end")).sum(),
            broken_at=start.filter(is_broken).min(),
            read_behind=below("read_end").filter(is_broken).sum(),
            folded=(end - start).filter(turn > last - policy.turns).sum(),
        )
    )


def _with_lost(cut: pl.LazyFrame) -> pl.LazyFrame:
    """Find the cached tokens that are sent anew. Out: + lost, again_rate (what they cost then), is_moved."""
    read_end, dropped_read = pl.col("read_end"), pl.col("dropped_read")
    behind = (read_end - pl.col("broken_at")).clip(0).fill_null(0) - pl.col("read_behind")
    lost = pl.when("is_moved").then(behind).otherwise(0)
    left = read_end - dropped_read - lost
    too_short = (read_end >= SHORTEST_CACHED_TOKENS) & (left < SHORTEST_CACHED_TOKENS)
    cached = pl.col("write_5m_end") - pl.sum_horizontal("dropped_read", "dropped_1h", "dropped_5m") + pl.col("summary")
    write = pl.when("writes_1h").then("list_rate_cache_write_1h").otherwise("list_rate_cache_write_5m")
    return cut.with_columns(
        lost=lost + pl.when(too_short).then(left).otherwise(0),
        again_rate=pl.when(cached >= SHORTEST_CACHED_TOKENS).then(write).otherwise("list_rate_uncached_input"),
    )


def _saving() -> pl.Expr:
    """Return what a call costs less (MONEY; negative: more; null = unpriced)."""
    uncached, read = pl.col("list_rate_uncached_input"), pl.col("list_rate_cache_read")
    cached = pl.sum_horizontal("dropped_read", "dropped_1h", "dropped_5m")
    dropped = (
        (pl.col("dropped") - cached) * uncached
        + pl.col("dropped_read") * read
        + pl.col("dropped_1h") * pl.col("list_rate_cache_write_1h")
        + pl.col("dropped_5m") * pl.col("list_rate_cache_write_5m")
    )
    place, again = pl.col("broken_at"), pl.col("again_rate")
    summary_rate = (
        pl.when((place < pl.col("read_end")) & ~pl.col("is_moved")).then(read)
        .when(place < pl.col("write_5m_end")).then(again)
        .otherwise(uncached)
    )  # fmt: skip
    summary = (
        pl.col("summary") * summary_rate
        + pl.col("summary_input") * uncached
        + pl.col("summary_output") * pl.col("list_rate_output")
    )
    anew = pl.col("lost") * (again - read)
    return pl.when("is_priced").then((dropped - anew - summary).cast(MONEY))


def _sums(rows: pl.LazyFrame, calls: pl.LazyFrame, policy: Policy) -> pl.LazyFrame:
    length = pl.min_horizontal("dropped", SUMMARY_TOKENS) if policy.change == "summarise" else pl.lit(0, pl.Int64)
    is_made = pl.struct("conversation_key", "cut").is_first_distinct() & (pl.col("summary") > 0)
    renews = pl.when(pl.col("dropped") > pl.col("folded")).then("summary").otherwise(0)
    return (
        calls.join(_cut(rows, calls, policy), on="record_id", maintain_order="left")
        .with_columns(
            summary=length, is_moved=pl.struct("conversation_key", "request_model", "cut").is_first_distinct()
        )
        .with_columns(is_made=is_made)
        .with_columns(
            summary_input=pl.when("is_made").then(pl.col("folded") + renews).otherwise(0),
            summary_output=pl.when("is_made").then("summary").otherwise(0),
        )
        .pipe(_with_lost)
        .group_by("feature")
        .agg(
            calls=pl.len().cast(pl.Int64),
            dropped_tokens=pl.col("dropped").sum(),
            added_tokens=pl.col("summary").sum(),
            lost_cached_tokens=pl.col("lost").sum(),
            summary_calls=pl.col("is_made").sum().cast(pl.Int64),
            summary_input_tokens=pl.col("summary_input").sum(),
            summary_output_tokens=pl.col("summary_output").sum(),
            saving=_saving().sum(),
        )
        .with_columns(change=pl.lit(policy.change), turns=pl.lit(policy.turns, pl.Int64))
    )


def counterfactual_sums(earlier: pl.LazyFrame, documents: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Price each of POLICIES on a bucket of whole conversations.

    earlier, documents: `counterfactuals_history`. calls: `changed_calls`. Out: COUNTERFACTUAL_KEYS, calls (whose prompt changes),
    dropped_tokens, added_tokens (summaries that prompts then hold), lost_cached_tokens (read from the cache today, then sent
    anew), summary_calls, summary_input_tokens, summary_output_tokens (what making the summaries takes), saving (MONEY;
    negative: it costs more; of priced calls). Features that a policy does not change have no row.
    """
    paid = calls.filter(~pl.col("is_free"))
    found = [_sums(documents if policy.change == "drop_documents" else earlier, paid, policy) for policy in POLICIES]
    return pl.concat(frame.select(*COUNTERFACTUAL_KEYS, "calls", *_SUMS, "saving") for frame in found)
