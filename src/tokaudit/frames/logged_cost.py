"""Why does the cost that a log states differ from ours?

For each call with both costs, every way of pricing it that leads to the logged one is named. What holds for a single call only by
chance (a ratio, other rates, hidden cache hits) is looked for over all calls of one log's model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import polars as pl

from tokaudit.frames.cost import with_cost
from tokaudit.frames.implied_cache import hiding_models, with_implied_cache, with_solution
from tokaudit.frames.logged_readings import OTHER_RATES, READS, at_other_rates, priced_otherwise, with_binary_rates
from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import RATED, TOKEN_CLASSES, UNIT_CLASSES

LOG_OF_MODEL = ["reader", "priced_provider", "priced_model"]
"""A price list and a way of rounding belong to one kind of log and one model."""

PLAIN = ("agrees", "rounding", "unknown_model_at_0", "usage_not_exact")
"""What the two costs alone show: there is nothing more to look for."""
OTHER = "other"
CAUSES = (
    *PLAIN, "cache_not_discounted", "cache_writes_as_input", "cache_charged_apart", "cache_left_out", "reasoning_left_out",
    "reasoning_counted_twice", "unit_fees_left_out", "media_at_text_rates", "long_prompt_rate_left_out", "contracted_rates",
    "batch", "tier", "region", "price_change", "unit_slip", "cut_off", "one_ratio", "other_rates", "hidden_cache_hits", OTHER,
)  # fmt: skip
"""The simpler come first: where two explain as much, the first is named."""
SEPARATOR = ", "

TOLERANCE = 1e-6
"""Relative: logs keep at least seven digits of a cost, unless they round to a decimal place."""
COARSEST_UNIT = 0.01
FEWEST_FOR_A_RATIO = 3
FEWEST_FOR_RATES = 5
"""Different calls: two unknown rates fit any two of them."""
_ROUGHLY = 0.01
_SINGULAR = 1e-9

_AMOUNTS = (*(f"tokens_{name}" for name in TOKEN_CLASSES), *(f"units_{name}" for name in UNIT_CLASSES))
_NEEDED = (
    "record_id", *LOG_OF_MODEL, *KEY_COLUMNS, "gateway_cache_hit", "input_tokens", "output_tokens", "usage_state",
    "has_cache_rate", "logged_cost", *_AMOUNTS, *(f"{kind}_rate_{name}" for kind in ("list", "contracted") for name in RATED),
)  # fmt: skip
_KEPT = (
    "record_id", *LOG_OF_MODEL, "output_tokens", "usage_state", "has_cache_rate", "tokens_uncached_input", "logged_cost",
    "stated_cost", "logged_usd", "stated_usd", "log_unit", "list_rate_uncached_input", "list_rate_cache_read",
    *(f"tokens_{name}" for name in READS),
)  # fmt: skip
"""What the search over all calls of a model needs; most rates and amounts have done their work by then."""
_TEXT = ("text_in", "text_out", "is_text")

_LOGGED, _STATED = pl.col("logged_usd"), pl.col("stated_usd")
"""The two costs as binary fractions, for comparing: a decimal is slow to convert, so each is once."""
_SLACK = TOLERANCE * _LOGGED + pl.col("log_unit") / 2
_SLACK_OF_FIT = TOLERANCE * _LOGGED + pl.col("log_unit")
"""What is learnt from rounded costs is off by a rounding too."""


def _units(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Find the last decimal place that any cost of a model uses: 0 where all are 0. Out: group columns, log_unit."""
    decimals = pl.col("logged_cost").cast(pl.String).str.strip_chars_end("0").str.extract(r"\.(\d*)$").str.len_bytes()
    finest = decimals.filter(pl.col("logged_cost") > 0).max().cast(pl.Int64)
    unit = pl.lit(10.0).pow(-finest).clip(upper_bound=COARSEST_UNIT).fill_null(0.0)
    return calls.group_by(LOG_OF_MODEL).agg(log_unit=unit)


def _leads_to_log(cost: pl.Expr, slack: pl.Expr = _SLACK) -> pl.Expr:
    """Say whether a cost is the logged one, and not just ours again."""
    return ((_LOGGED - cost).abs() <= slack) & ((_STATED - cost).abs() > slack)


def _with_plain_causes(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add a flag for each of PLAIN, which need no other way of pricing, and cut_off: what is rounded down may be either."""
    gap = (_LOGGED - _STATED).abs()
    agrees = gap <= TOLERANCE * pl.max_horizontal(_LOGGED, _STATED)
    rounded = ~agrees & (gap <= pl.col("log_unit") / 2 * (1 + TOLERANCE))
    at_zero = (pl.col("logged_cost") == 0) & (pl.col("log_unit") <= _STATED) & ~agrees & ~rounded
    counted = ~pl.col("usage_state").is_in(["estimated", "missing", "output_lower_bound"])
    return calls.with_columns(
        agrees=agrees,
        rounding=rounded,
        unknown_model_at_0=at_zero,
        usage_not_exact=~agrees & ~rounded & ~at_zero & ~counted,
        cut_off=~agrees & (_STATED > _LOGGED) & (gap < pl.col("log_unit")),
    )


def _with_own_causes(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add the causes that the call's own rates show."""
    flags = {cause: reduce(or_, (_leads_to_log(cost) for cost in costs)) for cause, costs in priced_otherwise().items()}
    return calls.pipe(with_binary_rates).with_columns(**flags)


def _with_published_causes(calls: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Add the causes that other published rates show; one that the call's own rates show too is either."""
    amounts = calls.select("record_id", "logged_usd", "stated_usd", "log_unit")
    found = (
        at_other_rates(calls, others)
        .join(amounts, on="record_id")
        .filter(_leads_to_log(pl.col("other_cost")))
        .group_by("record_id")
        .agg((pl.col("reading") == name).any().alias(f"found_{name}") for name in OTHER_RATES)
    )
    shown = priced_otherwise()
    return calls.join(found, on="record_id", how="left").with_columns(
        pl.any_horizontal(f"found_{name}", *([name] if name in shown else [])).fill_null(value=False).alias(name)
        for name in OTHER_RATES
    )


def _with_one_ratio(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add one_ratio: the model's costs that differ are ours times one factor, a discount or a markup."""
    is_ratio = pl.col("stated_cost") > 0
    median = pl.when(is_ratio).then(_LOGGED / _STATED).median().over(LOG_OF_MODEL)
    is_near = is_ratio & ((_LOGGED - median * _STATED).abs() <= _ROUGHLY * _LOGGED + pl.col("log_unit"))
    # The median of rounded costs is off by a rounding; the ratio of the sums is not.
    near = calls.with_columns(is_near=is_near.fill_null(value=False))
    sums = [
        pl.when("is_near").then(name).sum().cast(pl.Float64).over(LOG_OF_MODEL)
        for name in ("logged_cost", "stated_cost")
    ]
    several = pl.when("is_near").then("stated_cost").drop_nulls().n_unique().over(LOG_OF_MODEL) >= FEWEST_FOR_A_RATIO
    is_known = pl.col("unit_slip") | pl.col("contracted_rates")
    fits = pl.col("is_near") & ~is_known & several & _leads_to_log(sums[0] / sums[1] * _STATED, _SLACK_OF_FIT)
    return near.with_columns(one_ratio=fits.fill_null(value=False)).drop("is_near")


def _line_through(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Fit logged cost = a x input + b x output tokens for each model. Out: group columns, input_slope, output_slope."""
    x, y, cost = (pl.col(name).cast(pl.Float64) for name in ("text_in", "text_out", "logged_cost"))
    xx, xy, yy, xc, yc = ((left * right).sum() for left, right in ((x, x), (x, y), (y, y), (x, cost), (y, cost)))
    spread = xx * yy - xy * xy
    return (
        calls.filter("is_text")
        .select(*LOG_OF_MODEL, "text_in", "text_out", "logged_cost")
        .unique()
        .sort("text_in", "text_out", "logged_cost")
        .group_by(LOG_OF_MODEL)
        .agg(
            points=pl.len(),
            is_plane=spread > _SINGULAR * xx * yy,
            input_slope=(xc * yy - yc * xy) / spread,
            output_slope=(yc * xx - xc * xy) / spread,
        )
        .filter(
            "is_plane", pl.col("points") >= FEWEST_FOR_RATES, pl.col("input_slope") >= 0, pl.col("output_slope") >= 0
        )
        .drop("points", "is_plane")
    )


def _with_unknown_rates(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add other_rates: one rate for input and one for output, whichever they are, lead to the model's logged costs.

    It takes in nearly all simpler causes, so it is one only where none of them is.
    """
    simpler = CAUSES[len(PLAIN) : CAUSES.index("other_rates")]
    cost = pl.col("input_slope") * pl.col("text_in") + pl.col("output_slope") * pl.col("text_out")
    fits = pl.col("is_text") & ~pl.any_horizontal(simpler) & _leads_to_log(cost, _SLACK_OF_FIT)
    return calls.join(_line_through(calls), on=LOG_OF_MODEL, how="left", nulls_equal=True).with_columns(
        other_rates=fits.fill_null(value=False)
    )


def _with_hidden_hits(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add hidden_cache_hits and implied_cached_tokens (null = none), where a model's costs prove them."""
    simpler = CAUSES[len(PLAIN) : CAUSES.index("hidden_cache_hits")]
    solved = calls.with_columns(is_unexplained=~pl.any_horizontal(simpler)).pipe(with_solution).cache()
    proven = hiding_models(solved, LOG_OF_MODEL).with_columns(is_hiding=pl.lit(value=True))
    # Once the model is known to hide hits, a call whose hits happen to halve its cost is no batch.
    implied = pl.when("is_hiding").then("solved_tokens")
    return solved.join(proven, on=LOG_OF_MODEL, how="left", nulls_equal=True).with_columns(
        implied_cached_tokens=implied, hidden_cache_hits=implied.is_not_null()
    )


def _named(causes: Sequence[str]) -> pl.Expr:
    return pl.concat_str(
        [pl.when(cause).then(pl.lit(cause)) for cause in causes], separator=SEPARATOR, ignore_nulls=True
    )


def _explained(calls: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Look for the causes of costs that differ.

    Each step needs its calls twice, to learn from all and to mark each: they are kept in memory in between, so that nothing is
    worked out again for every step after it.
    """
    text = ("uncached_input", "output", "output_reasoning")
    own = (*priced_otherwise(), "cut_off")
    differing = (
        calls.pipe(_with_own_causes)
        .with_columns(
            text_in=pl.col("tokens_uncached_input"),
            text_out=pl.col("tokens_output") + pl.col("tokens_output_reasoning"),
            is_text=pl.sum_horizontal(f"tokens_{name}" for name in TOKEN_CLASSES if name not in text) == 0,
        )
        .select(*dict.fromkeys((*_KEPT, *KEY_COLUMNS, *_AMOUNTS, "input_tokens", "is_free")), *own, *_TEXT)
        .cache()
    )
    found = _named(CAUSES[len(PLAIN) : -1])
    return (
        differing.pipe(_with_published_causes, others)
        .select(*_KEPT, *dict.fromkeys((*own, *OTHER_RATES)), *_TEXT)
        .pipe(_with_one_ratio)
        .cache()
        .pipe(_with_unknown_rates)
        .pipe(_with_hidden_hits)
        .select(
            "record_id", "stated_cost", "implied_cached_tokens",
            logged_causes=pl.when(found == "").then(pl.lit(OTHER)).otherwise(found),
        )
    )  # fmt: skip


def compared(calls: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Compare the calls that have both costs, ours and the log's.

    In: reader, KEY_COLUMNS, usage_state, usage_rule, logged_cost (MONEY, null = none), gateway_cache_hit, the columns of
    `cost.with_token_classes` and `cost.with_rates`; others as of `prices.other_rates.other_rates`. Out: record_id,
    stated_cost, implied_cached_tokens, logged_causes.
    """
    logged = calls.filter(pl.col("logged_cost").is_not_null()).select(_NEEDED)
    both = (
        logged.join(_units(logged), on=LOG_OF_MODEL, how="left", nulls_equal=True)
        .pipe(with_cost)
        .filter(pl.col("list_cost").is_not_null())
        .rename({"list_cost": "stated_cost"})
        .with_columns(
            logged_usd=pl.col("logged_cost").cast(pl.Float64), stated_usd=pl.col("stated_cost").cast(pl.Float64)
        )
        .pipe(_with_plain_causes)
    )
    is_plain = pl.any_horizontal(PLAIN)
    plain = both.filter(is_plain).select(
        "record_id",
        "stated_cost",
        implied_cached_tokens=pl.lit(None, pl.Int64),
        logged_causes=_named((*PLAIN, "cut_off")),
    )
    return pl.concat([plain, _explained(both.filter(~is_plain), others)])


def with_logged_cost(calls: pl.LazyFrame, found: pl.LazyFrame) -> pl.LazyFrame:
    """Say why each logged cost differs from ours, and bill the cache reads that logged costs prove.

    calls: record_id and the columns of `implied_cache.with_implied_cache`. found: `compared`. Out: + stated_cost (MONEY, by the
    usage as stated; null = one of the costs is not known), logged_causes (String, `CAUSES` that lead to the logged cost, the
    simplest first; null = not compared), implied_cached_tokens (Int64; null = none), which are moved from the uncached
    input to the cache reads.
    """
    return calls.join(found, on="record_id", how="left").pipe(with_implied_cache)
