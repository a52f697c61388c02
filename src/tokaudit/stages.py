"""What are the pure steps of a run, once the logs are read?

`price` and `parent_operations` look at one row a call over the whole period; `bucket_components` and `reduce_bucket` take the
calls of some whole conversations with their texts' hashes and return partial sums; `merge` adds partial sums (associative,
commutative). Sums are integers and exact decimals here: averages and quantiles are taken in `summary`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time

import polars as pl

from tokaudit.frames.blocks import (
    FEWEST_CONVERSATIONS,
    FIXED_SHARE,
    SYSTEM,
    USER,
    recurring_blocks,
    segments,
    sent_blocks,
)
from tokaudit.frames.components import call_components, part_components, with_explained
from tokaudit.frames.continuations import ASSISTANT, continued_calls
from tokaudit.frames.cost import with_cost, with_price_moment, with_rates, with_token_classes, without_spent_rates
from tokaudit.frames.counterfactuals import COUNTERFACTUAL_KEYS, changed_calls, counterfactual_sums
from tokaudit.frames.counterfactuals_history import (
    CALL_COLUMNS,
    RESENT_COLUMNS,
    earlier_documents,
    earlier_parts,
    resent_tokens,
)
from tokaudit.frames.definitions import with_learnt_definitions
from tokaudit.frames.growth import CONVERSATION_KEYS, RESENT_KEYS, conversation_sums, resent_sums
from tokaudit.frames.implied_cache import BLOCK
from tokaudit.frames.keep import Keep, in_memory
from tokaudit.frames.logged_cost import compared, with_logged_cost
from tokaudit.frames.operations import LOG_ORDER
from tokaudit.frames.rankings import BLOCK_KEYS, block_sums, sent_ranked
from tokaudit.frames.resumptions import ANSWER, exchanges_sent_again, resumed_calls
from tokaudit.frames.system_blocks import system_block_kinds
from tokaudit.frames.token_sums import TOKEN_SUM_KEYS, token_sums
from tokaudit.frames.usage import with_estimates, with_settled_usage, with_tokeniser_ratio
from tokaudit.frames.waste import hidden_attempts, with_failure
from tokaudit.ledger.tables import TEXT

Partials = dict[str, pl.DataFrame]

PARTIAL_KEYS: dict[str, tuple[str, ...]] = {
    "calls": ("feature", "feature_source", "waste", "is_priced"),
    "components": ("feature", "component", "is_kept"),
    "turns": ("feature", "turn", "input_tokens"),
    "conversations": CONVERSATION_KEYS,
    "resent": RESENT_KEYS,
    "counterfactuals": COUNTERFACTUAL_KEYS,
    "blocks": BLOCK_KEYS,
    "models": ("feature", "provider_name", "model", "price_source", "price_effective_from", "matched_by", "price_rules",
               "input_rate", "cache_rate", "output_rate", "is_priced"),
    "logged": ("provider_name", "model", "logged_causes"),
    "token_sums": TOKEN_SUM_KEYS,
    "contract_days": ("provider_name", "request_model", "response_model", "service_tier", "day", "priced_provider",
                      "priced_model"),
    "days": ("date",),
    "usage": ("usage_state", "usage_rule"),
    "templates": ("feature", "template_id", "date"),
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


def with_known_usage(calls: pl.LazyFrame, cuts: Sequence[time]) -> pl.LazyFrame:
    """Say which calls failed, estimate missing usage, and add the moment that prices depend on (cuts: times of day)."""
    return calls.pipe(with_failure).pipe(with_estimates).pipe(with_price_moment, cuts)


def calibrate(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Say how much of each call's billed input its texts explain. calls: `with_known_usage` of the whole period."""
    return calls.pipe(with_tokeniser_ratio).pipe(with_learnt_definitions).pipe(with_explained)


def compare(calls: pl.LazyFrame, rates: pl.DataFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Compare logged costs with ours (`logged_cost.compared`). calls: of the whole period.

    others: rates at which a log may have priced its calls instead (`prices.other_rates`).
    """
    logged = calls.filter(pl.col("logged_cost").is_not_null())
    return compared(logged.pipe(with_token_classes).pipe(with_rates, rates).pipe(with_settled_usage), others)


def price(calls: pl.LazyFrame, rates: pl.DataFrame, found: pl.LazyFrame) -> pl.LazyFrame:
    """Add token classes, rates and costs to calls with known usage, each by itself. found: `compare`."""
    return (
        calls.pipe(with_token_classes)
        .pipe(with_rates, rates)
        .pipe(with_settled_usage)
        .pipe(with_logged_cost, found)
        .pipe(with_cost)
        .pipe(without_spent_rates)
    )


def parent_operations(
    calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame, keep: Keep = in_memory
) -> pl.LazyFrame:
    """Find the operation that each operation continues, or else resumes. Out: operation_id, parent_id."""
    continued = keep(continued_calls(calls, parts, keep), "continued")
    alone = calls.filter(pl.col("session").is_null()).join(continued, on="operation_id", how="anti")
    own_blocks = distinct_blocks(blocks).filter(~pl.col("is_document"))
    earlier = keep(parts.filter("is_earlier").join(alone, on="record_id", how="semi"), "unlinked")
    texts = pl.col("kind") == TEXT
    answers = parts.filter("is_answer").select("record_id", answer_id="content_id")
    told = earlier.filter(pl.col("role") == ASSISTANT).select("record_id", "position", answer_id="content_id")
    again = keep(exchanges_sent_again(earlier.filter(texts), own_blocks), "sent-again")
    # Of a long text that many calls send, only the blocks that are ever asked again are looked at.
    questions = own_blocks.select("content_id", question_id="block_id").join(
        again.select("question_id").unique(), on="question_id", how="semi"
    )
    asked = (
        parts.filter(texts & (pl.col("role") == USER) & ~pl.col("is_earlier"))
        .join(questions, on="content_id")
        .join(answers, on="record_id")
        .select("record_id", "question_id", "answer_id")
    )
    by_exchange = keep(resumed_calls(calls, again, asked), "resumed")
    by_answer = resumed_calls(calls, told, answers, ANSWER).join(by_exchange, on="operation_id", how="anti")
    resumed = pl.concat([by_exchange, by_answer]).join(continued, on="operation_id", how="anti")
    return pl.concat([continued, resumed])


def distinct_blocks(blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Return each text's blocks once: counted in two encodings they are the same blocks, the larger count stands."""
    return blocks.group_by("content_id", "position").agg(
        pl.col("block_id", "is_document", "is_example").first(), pl.col("tokens").max()
    )


def block_kinds(parts: pl.LazyFrame, calls: pl.LazyFrame, blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Find the fixed and the retrieved blocks among what users newly sent, and among system texts (by role)."""
    new = (
        parts.filter((pl.col("kind") == TEXT) & ~pl.col("is_answer") & ~pl.col("is_earlier"))
        .join(calls.select("record_id", "feature", "conversation_key"), on="record_id")
        .select("role", "feature", "conversation_key", "content_id")
    )
    asked, told = (new.filter(pl.col("role") == role).drop("role") for role in (USER, SYSTEM))
    own = distinct_blocks(blocks)
    of_users = recurring_blocks(sent_blocks(asked, own)).with_columns(role=pl.lit(USER, pl.UInt8))
    return pl.concat([of_users, system_block_kinds(told, own).with_columns(role=pl.lit(SYSTEM, pl.UInt8))])


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
    rows = in_memory(part_components(prompt, texts.contents, cut, texts.examples), "rows")
    return call_components(rows, calls)


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


def bucket_growth(
    calls: pl.LazyFrame, parts: pl.LazyFrame, texts: Texts, keep: Keep = in_memory
) -> dict[str, pl.LazyFrame]:
    """Add up what a bucket's conversations send again, and price changes of it. calls: as for `reduce_bucket`."""
    changed = keep(changed_calls(calls), "changed")
    laid_out = calls.select(CALL_COLUMNS).join(changed, on="record_id", how="semi")
    own = parts.join(changed, on="record_id", how="semi")
    earlier = keep(earlier_parts(own, laid_out, texts.contents, texts.examples), "earlier")
    documents = keep(earlier_documents(earlier, texts.blocks, texts.kinds), "documents")
    told = calls.sort(LOG_ORDER, nulls_last=True).select(*RESENT_COLUMNS)
    return {
        "resent": resent_sums(resent_tokens(earlier, told), calls),
        "counterfactuals": counterfactual_sums(earlier, documents, changed),
    }


def bucket_blocks(
    calls: pl.LazyFrame, parts: pl.LazyFrame, texts: Texts, components: pl.LazyFrame, keep: Keep = in_memory
) -> dict[str, pl.LazyFrame]:
    """Add up what a bucket's documents, examples and instructions cost, each by itself."""
    sent = keep(sent_ranked(calls, parts, texts.blocks, texts.kinds, texts.examples), "sent")
    return {"blocks": block_sums(sent, components)}


def reduce_bucket(
    calls: pl.LazyFrame, components: pl.LazyFrame, timezone: str, bounds: Sequence[int]
) -> dict[str, pl.LazyFrame]:
    """Sum up a bucket of whole conversations.

    calls: priced, linked, with tokens_<component>. components: their components. bounds: prompt lengths above which rates
    change. Out: one frame for each of PARTIAL_KEYS but those of `bucket_growth` and `bucket_blocks`.
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
        reasoning_cost=pl.when("is_free").then(0).otherwise(pl.col("tokens_output_reasoning").fill_null(0))
        * pl.col("list_rate_output_reasoning"),
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
            hidden_attempts=hidden_attempts().sum(), answers_after_hidden=(hidden_attempts() > 0).sum(),
            told_of_hidden=pl.col("gateway_retries").is_not_null().sum(),
        ),
        "components": marked.group_by(PARTIAL_KEYS["components"]).agg(
            pl.col("tokens").sum(), cached_tokens=cached.sum(), cost=pl.col("cost").sum(),
        ),
        "turns": rows.filter(pl.col("input_tokens").is_not_null() & ~pl.col("is_failed")).group_by(PARTIAL_KEYS["turns"]).agg(
            calls=pl.len(), history_tokens=pl.col("tokens_history").sum(), list_cost=pl.col("list_cost").sum(),
            input_cost=pl.col("input_cost").sum(), priced_calls=pl.col("is_priced").sum(),
        ),
        "conversations": conversation_sums(rows),
        "models": rows.group_by(PARTIAL_KEYS["models"]).agg(*_CALL_SUMS),
        "logged": rows.group_by(PARTIAL_KEYS["logged"]).agg(*_LOGGED_SUMS),
        "token_sums": token_sums(calls, bounds),
        "contract_days": calls.filter(pl.col("contracted_cost").is_not_null() & ~pl.col("is_free"))
        .with_columns(day=pl.col("moment").dt.date()).group_by(PARTIAL_KEYS["contract_days"])
        .agg(pl.len().alias("calls"), pl.col("list_cost", "contracted_cost").sum()),
        "days": rows.group_by("date").agg(calls=pl.len(), list_cost=pl.col("list_cost").sum()),
        "usage": rows.group_by(PARTIAL_KEYS["usage"]).agg(calls=pl.len()),
        "templates": rows.filter(pl.col("template_id").is_not_null()).group_by(PARTIAL_KEYS["templates"]).agg(
            calls=pl.len(), static_tokens=pl.col("static_tokens").sum(), variable_tokens=pl.col("variable_tokens").sum(),
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
            "output_tokens", "reasoning_output_tokens", "web_searches", "file_searches", "audio_ms", "input_cost", "output_cost",
            "unit_cost", "list_cost", "contracted_cost",
        )
    ),
    pl.col("logged_cost").sum(),
    pl.col("logged_cost").is_not_null().sum().alias("logged_calls"),
)  # fmt: skip

_COMPARED = pl.col("logged_causes").is_not_null()
_LOGGED_SUMS = (
    pl.len().alias("calls"),
    pl.col("logged_cost").is_not_null().sum().alias("logged_calls"),
    *(pl.col(name).filter(_COMPARED).sum() for name in ("logged_cost", "list_cost", "stated_cost")),
    (pl.col("logged_cost") - pl.col("stated_cost")).abs().sum().alias("difference"),
    pl.col("implied_cached_tokens").is_not_null().sum().alias("implied_calls"),
    pl.col("implied_cached_tokens").sum(),
    (pl.col("implied_cached_tokens") % BLOCK == 0).sum().alias("implied_in_blocks"),
)


def _summed(name: str, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    keys = list(PARTIAL_KEYS[name])
    return pl.concat(frames).group_by(keys).agg(pl.all().sum()).sort(keys, nulls_last=True)


def merge(*partials: Partials) -> Partials:
    """Add partial sums of any number of buckets; rows come out in the order of their keys."""
    return {name: _summed(name, (part[name] for part in partials)) for name in PARTIAL_KEYS}
