"""What did each call cost?

tokens x rate, by exclusive token class, and units x fee, in exact decimals. A call without a rate, or without usage, has no
cost (null), never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta

import polars as pl

from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import INPUT_CLASSES, MONEY, OUTPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES

ZERO = pl.lit(0).cast(MONEY)
_SECONDS = pl.Decimal(38, 3)
_MODAL = {
    "input_audio": "uncached_input",
    "input_image": "uncached_input",
    "input_video": "uncached_input",
    "cache_read_audio": "cache_read",
    "cache_read_image": "cache_read",
}
"""Input classes of other media, and the class at whose rate text costs in their place."""


def with_price_moment(calls: pl.LazyFrame, cuts: Sequence[time]) -> pl.LazyFrame:
    """Add the moment that prices depend on: the last midnight (UTC) or cut before the call.

    In: started_at. cuts: times of day at which a rate may change. Out: + moment (null = the log does not say when).
    """
    started = pl.from_epoch(pl.col("started_at"), time_unit="us").dt.replace_time_zone("UTC")
    midnight = started.dt.truncate("1d")
    offset: pl.Expr = pl.lit(timedelta(0))
    for cut in sorted(cuts):
        since = timedelta(hours=cut.hour, minutes=cut.minute, seconds=cut.second)
        offset = pl.when(started - midnight >= since).then(pl.lit(since)).otherwise(offset)
    return calls.with_columns(moment=(midnight + offset).cast(pl.Datetime("us", "UTC")))


def _take(limits: dict[str, pl.Expr], whole: pl.Expr, rest: str) -> dict[str, pl.Expr]:
    """Cut parts off a whole, none larger than what is left of it; `rest` is what no part takes."""
    parts: dict[str, pl.Expr] = {}
    left = whole
    for name, limit in limits.items():
        part = pl.min_horizontal(limit.fill_null(0).clip(0), left)
        parts[name] = pl.when(left.is_not_null()).then(part)
        left = left - part
    return {rest: left, **parts}


def with_token_classes(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Split the billed tokens into exclusive classes, and count the units billed beside them.

    In: the usage columns of `ledger.tables.RECORDS` (null parts = 0 known). Out: + tokens_<class> for each of TOKEN_CLASSES
    (Int64; they add up to input + output tokens), units_<class> for each of UNIT_CLASSES (audio_second: Decimal).
    """
    read = pl.col("cache_read_input_tokens").fill_null(0)
    write_5m = pl.col("cache_write_5m_input_tokens").fill_null(0)
    write_1h = pl.col("cache_write_1h_input_tokens").fill_null(0)
    media_read = {name: pl.col(f"{name}_tokens") for name in ("cache_read_audio", "cache_read_image")}
    of_read = _take(media_read, read, "cache_read")
    media = {
        "input_audio": pl.col("input_audio_tokens") - of_read["cache_read_audio"],
        "input_image": pl.col("input_image_tokens") - of_read["cache_read_image"],
        "input_video": pl.col("input_video_tokens"),
    }
    answered = {
        "output_audio": pl.col("output_audio_tokens"),
        "output_image": pl.col("output_image_tokens"),
        "output_reasoning": pl.col("reasoning_output_tokens"),
    }
    classes = {
        **_take(media, pl.col("input_tokens") - read - write_5m - write_1h, "uncached_input"),
        **of_read,
        "cache_write_5m": write_5m,
        "cache_write_1h": write_1h,
        **_take(answered, pl.col("output_tokens"), "output"),
    }
    return calls.with_columns(
        **{f"tokens_{name}": classes[name] for name in TOKEN_CLASSES},
        units_request=pl.lit(1, dtype=pl.Int64),
        units_web_search=pl.col("web_searches").fill_null(0),
        units_file_search=pl.col("file_searches").fill_null(0),
        units_audio_second=pl.col("audio_ms").fill_null(0).cast(_SECONDS) / 1000,
    )


def _twins(rates: pl.DataFrame) -> dict[str, str]:
    """Return the rate columns that say the same as an earlier one in every row: that one's name by theirs."""
    twins: dict[str, str] = {}
    for name in (name for name in rates.columns if "_rate_" in name):
        earlier = (other for other in rates.columns[: rates.columns.index(name)] if "_rate_" in other)
        twin = next((o for o in earlier if o not in twins and rates[o].equals(rates[name], null_equal=True)), None)
        if twin:
            twins[name] = twin
    return twins


def with_rates(calls: pl.LazyFrame, rates: pl.DataFrame) -> pl.LazyFrame:
    """Join each call's rates.

    In: KEY_COLUMNS, input_tokens; rates as of `prices.quotes.quote`: few rows. Most of its many columns are equal to others
    (sound costs as text, the contract as the list), and are joined once. Out: + list_rate_<class>, contracted_rate_<class> (USD
    a token or unit; null = unpriced), price_source, price_effective_from, priced_provider, priced_model, matched_by,
    price_rules, has_cache_rate.
    """
    length = pl.col("input_tokens").fill_null(0)
    limits = ["above_input_tokens", "up_to_input_tokens"]
    in_range = (length > pl.col(limits[0])) & (length <= pl.col(limits[1]))
    # The ranges of a key cover every length once, so that each call finds one rate and no call is lost.
    twins = _twins(rates)
    return (
        calls.join(rates.drop(twins).lazy(), on=KEY_COLUMNS, how="left", nulls_equal=True)
        .filter(in_range | pl.col(limits[0]).is_null())
        .drop(limits)
        .with_columns(**{name: pl.col(twin) for name, twin in twins.items()})
    )


def _sum(kind: str, classes: Sequence[str]) -> pl.Expr:
    amounts = [
        pl.col(f"{'units' if name in UNIT_CLASSES else 'tokens'}_{name}") * pl.col(f"{kind}_rate_{name}")
        for name in classes
    ]
    return pl.sum_horizontal(amounts, ignore_nulls=False)


def with_cost(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Price each call.

    In: tokens_<class>, units_<class>, list_rate_<class>, contracted_rate_<class>, gateway_cache_hit. Out: + input_cost,
    output_cost, unit_cost (what is billed beside tokens), list_cost (their sum), contracted_cost, media_surcharge (of the
    input cost: what sound and images cost more than text), all MONEY, null = no rate or no usage; is_free: an answer from the
    gateway's own cache, or nothing was billed.
    """
    units = [pl.col(f"units_{name}") > 0 for name in UNIT_CLASSES if name != "request"]
    nothing = (pl.col("input_tokens") == 0) & (pl.col("output_tokens") == 0) & ~pl.any_horizontal(units)
    free = pl.col("gateway_cache_hit") | nothing.fill_null(value=False)

    def unless_free(cost: pl.Expr) -> pl.Expr:
        return pl.when(free).then(ZERO).otherwise(cost).cast(MONEY)

    surcharge = pl.sum_horizontal(
        pl.col(f"tokens_{name}") * (pl.col(f"list_rate_{name}") - pl.col(f"list_rate_{text}"))
        for name, text in _MODAL.items()
    )
    parts = ("input_cost", "output_cost", "unit_cost")
    # Where sound is billed by its length alone, tokens without a length have no price.
    by_length = (pl.col("list_rate_audio_second") > 0) & (pl.col("units_audio_second") == 0)
    is_silent = by_length & (pl.col("list_rate_uncached_input") == 0) & (pl.col("list_rate_output") == 0) & ~free
    is_whole = pl.all_horizontal(pl.col(part).is_not_null() for part in parts) & ~is_silent.fill_null(value=False)
    return (
        calls.with_columns(
            input_cost=unless_free(_sum("list", INPUT_CLASSES)),
            output_cost=unless_free(_sum("list", OUTPUT_CLASSES)),
            unit_cost=unless_free(_sum("list", UNIT_CLASSES)),
            contracted_cost=unless_free(_sum("contracted", RATED)),
            media_surcharge=unless_free(surcharge),
            is_free=free,
        )
        # A call is priced as a whole or not at all, so that its parts add up to the list cost.
        .with_columns(pl.when(is_whole).then(part).alias(part) for part in parts)
        .with_columns(list_cost=pl.sum_horizontal(parts, ignore_nulls=False))
    )


RATES_NEEDED = (
    "list_rate_uncached_input", "list_rate_cache_read", "list_rate_cache_write_5m", "list_rate_cache_write_1h",
    "list_rate_output", "list_rate_output_reasoning",
)  # fmt: skip
"""Rates that later steps divide costs by; the others have done their work once the calls are priced."""


def without_spent_rates(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Drop the rates that no later step needs: they would be most of a row."""
    spent = [f"{kind}_rate_{name}" for kind in ("list", "contracted") for name in RATED]
    return calls.drop(name for name in spent if name not in RATES_NEEDED)
