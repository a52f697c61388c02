"""What was used on each day, and at which rates? The charges that a FOCUS file lists, and the calls that it cannot list."""

from __future__ import annotations

import polars as pl

from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import RATED, TOKEN_CLASSES
from tokaudit.stages import local_day

QUANTITY = pl.Decimal(38, 6)
"""Whole tokens and units, milliseconds of sound, and each of them by the million."""
NO_PRICE, NO_DAY = "no price", "no day"

STANDARD_TIER = "standard"
_STANDARD_WORDS = ("default", "standard")
"""What providers call the tier of a call that asked for none: OpenAI `default`, Anthropic `standard`."""

_QUOTED = [*KEY_COLUMNS, "above_input_tokens"]
_PRICED = ["priced_provider", "priced_model", "price_source", "price_effective_from", "matched_by", "price_rules"]
_USER = ["date", "feature", "feature_source", "waste"]
_SKU = ["provider", "model", "token_class", "service_tier", "region", "above_input_tokens"]
_RATE = ["list_rate", "contracted_rate", "price_source", "price_effective_from", "matched_by", "price_rules"]


def _is_charged() -> pl.Expr:
    return pl.col("list_cost").is_not_null() & ~pl.col("is_free").fill_null(value=False)


def _column(name: str) -> str:
    return f"tokens_{name}" if name in TOKEN_CLASSES else f"units_{name}"


def _used(name: str) -> tuple[pl.Expr, ...]:
    amount, is_partly_known = pl.col(_column(name)), pl.col("usage_state") != "exact"
    return (
        amount.sum().cast(QUANTITY).alias(f"quantity_{name}"),
        (amount > 0).sum().cast(pl.Int64).alias(f"calls_{name}"),
        amount.filter(is_partly_known).sum().cast(QUANTITY).alias(f"estimated_{name}"),
    )


def usage_by_key(calls: pl.LazyFrame, rates: pl.DataFrame, timezone: str) -> pl.LazyFrame:
    """Add up what each day's charged calls used, by all that their rate depends on.

    In: the analysed calls of a period; rates as of `prices.quotes.quote`. Out: date (in the zone), feature, feature_source,
    waste, KEY_COLUMNS, above_input_tokens; quantity_<class>, calls_<class>, estimated_<class> for each of RATED.
    """
    length = pl.col("input_tokens").fill_null(0)
    ranges = rates.lazy().select(*_QUOTED, "up_to_input_tokens")
    dated = calls.filter(_is_charged() & pl.col("started_at").is_not_null()).with_columns(date=local_day(timezone))
    in_range = (length > pl.col("above_input_tokens")) & (length <= pl.col("up_to_input_tokens"))
    needed = [*_USER, *KEY_COLUMNS, "input_tokens", "usage_state", *map(_column, RATED)]
    return (
        dated.select(needed)
        .join(ranges, on=list(KEY_COLUMNS), nulls_equal=True)
        .filter(in_range)
        .group_by(*_USER, *_QUOTED)
        .agg(expression for name in RATED for expression in _used(name))
    )


def _long_usage(usage: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return usage.select(
        *_USER, *_QUOTED, token_class=pl.lit(name), quantity=f"quantity_{name}", calls=f"calls_{name}",
        estimated=f"estimated_{name}",
    ).filter(pl.col("quantity") > 0)  # fmt: skip


def _long_rates(rates: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return rates.select(
        *_QUOTED, *_PRICED, token_class=pl.lit(name), list_rate=f"list_rate_{name}",
        contracted_rate=f"contracted_rate_{name}",
    )  # fmt: skip


def _tier() -> pl.Expr:
    """Name the tier; a provider's word for none is none, so that one price keeps one SKU."""
    tier = pl.col("service_tier").fill_null(STANDARD_TIER)
    return pl.when(tier.str.to_lowercase().is_in(_STANDARD_WORDS)).then(pl.lit(STANDARD_TIER)).otherwise(tier)


def charges(usage: pl.LazyFrame, rates: pl.DataFrame) -> pl.LazyFrame:
    """Price what was used, one row a day, feature, SKU price and rate.

    In: as of `usage_by_key`; the same rates. Out: date, feature, feature_source, waste, provider (null = unknown), model,
    token_class, service_tier, region, above_input_tokens; list_rate, contracted_rate (USD a token or unit); where the rate
    comes from; quantity, estimated (QUANTITY), calls. A fee for each request has rows only where there is one.
    """
    used = pl.concat([_long_usage(usage, name) for name in RATED])
    priced = pl.concat([_long_rates(rates.lazy(), name) for name in RATED])
    is_fee = (pl.col("token_class") != "request") | (pl.max_horizontal("list_rate", "contracted_rate") > 0)
    return (
        used.join(priced, on=[*_QUOTED, "token_class"], nulls_equal=True)
        .filter(is_fee)
        .with_columns(
            provider=pl.coalesce("priced_provider", "provider_name"),
            model=pl.coalesce("priced_model", "response_model", "request_model", pl.lit("unknown")),
            service_tier=_tier(),
        )
        .group_by(*_USER, *_SKU, *_RATE)
        .agg(pl.col("quantity", "estimated", "calls").sum())
        .sort(*_USER, *_SKU, *_RATE, nulls_last=True)
    )


def left_out(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Count the calls that have no row: those without a price, and priced ones without a day.

    Out: reason (NO_PRICE, NO_DAY), model (as logged), calls, tokens, list_cost (0 = nothing known), most tokens first.
    """
    reason = (
        pl.when(pl.col("list_cost").is_null()).then(pl.lit(NO_PRICE))
        .when(pl.col("started_at").is_null() & _is_charged()).then(pl.lit(NO_DAY))
    )  # fmt: skip
    tokens = pl.sum_horizontal("input_tokens", "output_tokens")
    return (
        calls.select(reason=reason, model=pl.coalesce("response_model", "request_model", pl.lit("unknown")), tokens=tokens,
                     list_cost="list_cost")
        .filter(pl.col("reason").is_not_null())
        .group_by("reason", "model")
        .agg(calls=pl.len(), tokens=pl.col("tokens").sum(), list_cost=pl.col("list_cost").sum())
        .sort("reason", "tokens", "model", descending=[True, True, False])
    )  # fmt: skip
