"""How does a period of the ledger become an `AuditRun`? The only place that collects frames.

scope -> period -> usage and prices (one row a call) -> operations, conversations, features (one row a call) -> buckets of
whole conversations, whose prompts are divided into components -> partial sums -> summary, audits, plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import polars.selectors as cs

from tokaudit import __version__
from tokaudit.audits.contract import Facts
from tokaudit.audits.registry import run_audits
from tokaudit.audits.savings import join_savings
from tokaudit.config import Settings, microseconds
from tokaudit.errors import NoCallsError
from tokaudit.frames.conversations import roots, with_conversation, with_turn
from tokaudit.frames.corrections import corrected_operations, with_corrections
from tokaudit.frames.operations import LOG_ORDER, followed_answers, with_operation
from tokaudit.frames.rankings import reused_blocks
from tokaudit.frames.sessions import with_session
from tokaudit.frames.use_cases import learned, lessons, names_of_calls, openings_of, with_feature
from tokaudit.frames.waste import with_waste
from tokaudit.ledger.scope import Scope, select_scope
from tokaudit.ledger.store import Ledger
from tokaudit.periods import choose_period, is_month
from tokaudit.planner.candidates import make_plan
from tokaudit.prices.catalogue import snapshot_date
from tokaudit.prices.other_rates import other_rates
from tokaudit.prices.quotes import KEY_COLUMNS, PriceKey, cuts_of, quote
from tokaudit.prices.rates import MONEY
from tokaudit.prices.repricing import length_bounds
from tokaudit.result import COMPONENTS, SCHEMA_VERSION, AuditRun, GeneratedFrom, Period, Tool
from tokaudit.spool import AS_WRITTEN, WORKED_OUT_AGAIN, collect, keeper, store, store_by_buckets, store_by_slices
from tokaudit.stages import (
    Partials,
    Texts,
    block_kinds,
    bucket_blocks,
    bucket_components,
    bucket_growth,
    calibrate,
    compare,
    distinct_blocks,
    example_turns,
    local_day,
    merge,
    parent_operations,
    price,
    reduce_bucket,
    with_component_columns,
    with_known_usage,
)
from tokaudit.summary.commitments import commitments_of
from tokaudit.summary.features import features_of
from tokaudit.summary.growth import period_growth_of
from tokaudit.summary.logged import logged_of
from tokaudit.summary.period import days_of, input_of, models_of, totals_of
from tokaudit.summary.rankings import rankings_of
from tokaudit.summary.repricing import repricing_of
from tokaudit.summary.shapes import shapes_of

CALLS_A_BUCKET = 50_000
"""Calls whose prompts are laid out at once: a few hundred MB at 20 messages a call."""
CALLS_PRICED_AT_ONCE = 200_000
"""Calls whose rates are held at once: some 500 MB."""

Progress = Callable[[str, float], None]
"""Told the step and its done share, 0-1."""

_DAYS_A_MONTH = Decimal("30.4375")


@dataclass(frozen=True, slots=True)
class Analysis:
    """The calls of a period with all that is known of each (Parquet files, one a bucket), and their partial sums.

    described: block_id, name, reused_share, file_name, line of the blocks in the partial sums.
    """

    scope: Scope
    period: Period
    call_files: tuple[Path, ...]
    partials: Partials
    out_of_period: int
    undated: int
    described: pl.DataFrame


def _days(scope: Scope, zone: str) -> list[date]:
    return scope.calls.select(local_day(zone).unique().drop_nulls()).collect().to_series().to_list()


def _in_period(scope: Scope, period: Period, *, is_all: bool) -> pl.LazyFrame:
    start, end = microseconds(period.start), microseconds(period.end)
    inside = (pl.col("started_at") >= start) & (pl.col("started_at") < end)
    return scope.calls.filter(inside | pl.col("started_at").is_null() if is_all else inside)


LINKED_BY = (
    *LOG_ORDER, "reader", "user_id", "conversation", "operation", "request_model", "response_model", "latency_ms", "is_failed",
    "gateway_cache_hit", "messages", "prompt_id", "system_id", "tools_id", "closing_id", "is_correction", "output_tokens",
    "feature",
)  # fmt: skip
"""What linking looks at, which must hold all calls at once. The other columns, most of a row, wait beside it."""


def _priced(calls: pl.LazyFrame, settings: Settings, folder: Path) -> pl.LazyFrame:
    served = calls.select("provider_name", pl.coalesce("response_model", "request_model")).unique().collect()
    asked = calls.select("provider_name", "request_model").unique().collect()
    cuts = cuts_of((*served.iter_rows(), *asked.iter_rows()), settings.prices)
    known = calls.pipe(with_known_usage, cuts).with_columns(pl.col("logged_cost").cast(MONEY))
    keys = known.select(KEY_COLUMNS).unique().collect()
    rates = quote(sorted((PriceKey(*row) for row in keys.iter_rows()), key=repr), settings.prices)
    stated = known.filter(pl.col("logged_cost").is_not_null()).select(KEY_COLUMNS).unique().collect()
    others = other_rates(sorted((PriceKey(*row) for row in stated.iter_rows()), key=repr), settings.prices)
    calibrated = store(calibrate(known), folder / "calibrated.parquet", WORKED_OUT_AGAIN)
    compared = store(compare(calibrated, rates, others.lazy()), folder / "compared.parquet")
    return store_by_slices(
        calibrated, lambda some: price(some, rates, compared), CALLS_PRICED_AT_ONCE, folder / "priced.parquet"
    )


def _named_templates(calls: pl.LazyFrame, threads: pl.DataFrame, scope: Scope, folder: Path) -> pl.LazyFrame:
    """Find the template with which each call opens; its name is a hash that stays from month to month."""
    opened = calls.select("record_id", "system_id", "started_at", "operation_id", "session")
    first = pl.col("operation_id").min().over("session")
    thread = pl.when(pl.col("session").is_null()).then("root_id").otherwise(first)
    own = opened.join(threads.lazy(), on="operation_id", how="left").with_columns(thread=thread)

    keep = keeper(folder, "openings")
    blocks = keep(distinct_blocks(scope.blocks), "distinct")
    found = openings_of(keep(own, "calls"), scope.parts, blocks, scope.sentences, keep)
    told = learned(*(collect(frame) for frame in lessons(found, scope.sentences)))
    return collect(names_of_calls(found, told, scope.sentences)).lazy()


def _linked(calls: pl.LazyFrame, scope: Scope, settings: Settings, folder: Path) -> pl.LazyFrame:
    narrow = calls.select(LINKED_BY)
    owned = store(narrow.pipe(with_session), folder / "owned.parquet")
    followed = collect(followed_answers(owned, scope.parts)).lazy()
    tied = store(owned.pipe(with_operation, followed), folder / "tied.parquet")
    parents = collect(parent_operations(tied, scope.parts, scope.blocks, keeper(folder, "parents")))
    operations = tied.select("operation_id").unique().sort("operation_id").collect()
    threads = roots(operations, parents)
    corrected = roots(operations, collect(corrected_operations(tied, parents.lazy())))
    tied = store(tied.pipe(with_corrections, corrected.lazy()), folder / "corrected.parquet")
    named = tied.pipe(with_feature, _named_templates(tied, threads, scope, folder)).with_columns(
        feature_source=pl.when(pl.col("feature").is_in(list(settings.feature_names)))
        .then(pl.lit("mapped"))
        .otherwise("feature_source"),
        feature=pl.col("feature").replace(dict(settings.feature_names)),
    )
    linked = named.pipe(with_conversation, threads.lazy()).pipe(with_turn).pipe(with_waste)
    return store(linked, folder / "linked.parquet")


def _buckets(
    linked: pl.LazyFrame, priced: pl.LazyFrame, parts: pl.LazyFrame, count: int, folder: Path
) -> Iterator[tuple[pl.LazyFrame, pl.LazyFrame]]:
    """Part calls and their parts into buckets of whole conversations: one pass over each, not one a bucket."""
    numbered = linked.with_columns(bucket=(pl.col("conversation_key") % count).cast(pl.UInt32))
    of_call = numbered.select("record_id", "bucket")
    known = store_by_buckets(numbered, count, folder / "linked")
    others = priced.select("record_id", cs.exclude(LINKED_BY)).join(of_call, on="record_id")
    apart = store_by_buckets(others, count, folder / "apart")
    texts = store_by_buckets(parts.join(of_call, on="record_id"), count, folder / "parts")
    for own, rest, own_parts in zip(known, apart, texts, strict=True):
        yield own.join(rest, on="record_id").collect().lazy(), own_parts.collect().lazy()


def _of_bucket(texts: Texts, parts: pl.LazyFrame) -> Texts:
    ids = parts.select("content_id").unique().collect().lazy()

    def own(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.join(ids, on="content_id", how="semi").collect().lazy()

    return replace(texts, contents=own(texts.contents), blocks=own(texts.blocks))


def _reduced(
    linked: pl.LazyFrame, priced: pl.LazyFrame, buckets: int, scope: Scope, settings: Settings, folder: Path
) -> Iterator[tuple[Path, Partials]]:
    texts = Texts(
        contents=scope.contents,
        blocks=scope.blocks,
        kinds=collect(block_kinds(scope.parts, linked, scope.blocks)).lazy(),
        examples=collect(example_turns(scope.parts, linked)).lazy(),
    )
    for number, (calls, parts) in enumerate(_buckets(linked, priced, scope.parts, buckets, folder)):
        own = _of_bucket(texts, parts)
        components = collect(bucket_components(calls, parts, own)).lazy()
        whole = collect(calls.pipe(with_component_columns, components, COMPONENTS).sort("started_at", "record_id"))
        path = folder / f"calls-{number:04d}.parquet"
        whole.write_parquet(path, compression="lz4")
        frames = reduce_bucket(whole.lazy(), components, settings.timezone, length_bounds(settings.prices))
        frames |= bucket_growth(whole.lazy(), parts, own)
        frames |= bucket_blocks(calls, parts, own, components)
        yield path, dict(zip(frames, pl.collect_all(frames.values(), optimizations=AS_WRITTEN), strict=True))


def analyse(
    ledger: Ledger, file_ids: Sequence[int] | None, settings: Settings, progress: Progress = lambda *_: None
) -> Analysis:
    """Work out everything about the calls of a period. file_ids: the files covered, None = the whole ledger.

    Raises NoCallsError when there is no call, or none in the period.
    """
    progress("selecting calls", 0.0)
    scope = select_scope(ledger, file_ids)
    ledger.release()
    total = scope.calls.select(pl.len()).collect().item()
    if not total:
        raise NoCallsError("no calls were read", hint="see which formats are read: tokaudit readers")
    period, is_all = choose_period(settings, _days(scope, settings.timezone))
    calls = _in_period(scope, period, is_all=is_all)
    undated = scope.calls.select(pl.col("started_at").is_null().sum()).collect().item()
    progress("pricing", 0.1)
    priced = _priced(calls, settings, ledger.spool)
    count = priced.select(pl.len()).collect().item()
    if not count:
        days = _days(scope, settings.timezone)
        hint = f"the logs cover {min(days)} to {max(days)}" if days else "no call in the logs has a time"
        raise NoCallsError(f"no calls in {period.label}", hint=hint)
    progress("linking calls", 0.3)
    linked = _linked(priced, scope, settings, ledger.spool)
    buckets = -(-count // CALLS_A_BUCKET)
    paths, partials = [], []
    for path, sums in _reduced(linked, priced, buckets, scope, settings, ledger.spool):
        paths.append(path)
        partials.append(sums)
        progress("dividing prompts", 0.4 + 0.6 * len(paths) / buckets)
    whole = merge(*partials)
    described = _described(whole["blocks"], scope, priced)
    return Analysis(scope, period, tuple(paths), whole, total - count, 0 if is_all else undated, described)


def _described(blocks: pl.DataFrame, scope: Scope, calls: pl.LazyFrame) -> pl.DataFrame:
    answers = scope.parts.filter("is_answer").join(calls.select("record_id"), on="record_id", how="semi")
    reused = reused_blocks(scope.passages, scope.quotations, answers.select("content_id").unique())
    ranked = blocks.lazy().select("block_id").unique()
    told = ranked.join(reused, on="block_id", how="left").join(scope.places, on="block_id", how="left")
    return collect(told.sort("block_id"))


def _month_factor(period: Period) -> Decimal:
    days = Decimal((period.end - period.start).total_seconds()) / 86400
    return Decimal(1) if is_month(period) or not days else _DAYS_A_MONTH / days


def finish(analysis: Analysis, settings: Settings, refused: Sequence[tuple[str, str]] = ()) -> AuditRun:
    """Turn partial sums into the result. refused: (file, reason) of files of which nothing could be kept."""
    partials, period = analysis.partials, analysis.period
    features, totals, models = features_of(partials), totals_of(partials), models_of(partials)
    read = input_of(analysis.scope, partials, refused, out_of_period=analysis.out_of_period, undated=analysis.undated)
    facts = Facts(read, totals, models, features, _month_factor(period), logged_of(partials))
    findings = run_audits(facts)
    savings = join_savings(findings, facts)
    return AuditRun(
        schema_version=SCHEMA_VERSION,
        tool=Tool("tokaudit", __version__),
        period=period,
        currency="USD",
        generated_from=GeneratedFrom(
            ledger_rows=int(analysis.scope.per_file["records"].sum()),
            price_snapshot_date=snapshot_date(),
            settings_hash=settings.hash,
        ),
        input=read,
        totals=totals,
        models=models,
        days=days_of(partials),
        features=features,
        blocks=rankings_of(partials, analysis.described),
        growth=period_growth_of(partials, totals.list_cost),
        findings=findings,
        savings=savings,
        plan=make_plan(facts, savings, shapes_of(partials, period)),
        repricing=repricing_of(partials, period, settings.prices, settings.compare),
        commitments=commitments_of(partials, period, settings.prices),
    )
