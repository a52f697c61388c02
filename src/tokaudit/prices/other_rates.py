"""At which other published rates could a log have priced a call?

The rates of the same model at other times, in other tiers, without its region or its long-prompt range: each is a way in
which a log's own price list may differ from the rate in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from tokaudit.prices.catalogue import snapshot_date
from tokaudit.prices.quotes import KEY_COLUMNS, NO_PRICES, PriceKey, quote
from tokaudit.prices.rates import RATED
from tokaudit.prices.rates_file import UserPrices

MOST_CHANGES = 12
"""Price changes of one model that are looked at, from the newest back: none published so far has had as many."""
_TIERS = (None, "batch", "flex", "priority")
_UNLIMITED = 2**62
_RATES = tuple(f"other_rate_{name}" for name in RATED)
_RANGE = ("above_input_tokens", "up_to_input_tokens")
_KEY_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(KEY_COLUMNS, pl.String),
    "moment": pl.Datetime("us", "UTC"),
}
_COLUMNS = (*KEY_COLUMNS, "reading", *_RANGE, *_RATES)

Pair = tuple[PriceKey, PriceKey, str]
"""A call's key, another key to price it by, and what that would mean."""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _other_terms(key: PriceKey) -> list[Pair]:
    tiers = [tier for tier in _TIERS if tier != key.service_tier]
    pairs = [
        (key, key._replace(service_tier=tier), "batch" if "batch" in (tier, key.service_tier) else "tier")
        for tier in tiers
    ]
    return [*pairs, *([(key, key._replace(region=None), "region")] if key.region is not None else [])]


def _earlier_moments(series: Sequence[PriceKey], prices: UserPrices) -> dict[PriceKey, list[datetime]]:
    """Find for each key without moment one moment in each of its published rates' times, the newest first."""
    found: dict[PriceKey, list[datetime]] = {key: [] for key in series}
    waiting = {key: _midnight(date.fromisoformat(snapshot_date())) for key in series}
    for _ in range(MOST_CHANGES):
        if not waiting:
            break
        rows = quote([key._replace(moment=moment) for key, moment in waiting.items()], prices)
        starts = {
            PriceKey._make((*names, None)): start
            for *names, start in rows.select(*KEY_COLUMNS[:-1], "price_effective_from").iter_rows()
        }
        for key, moment in waiting.items():
            found[key].append(moment)
        waiting = {key: _midnight(starts[key]) - timedelta(days=1) for key in waiting if starts[key] is not None}
    return found


def _other_times(keys: Sequence[PriceKey], prices: UserPrices) -> list[Pair]:
    dated = [key for key in keys if key.moment is not None]
    moments = _earlier_moments(list(dict.fromkeys(key._replace(moment=None) for key in dated)), prices)
    return [
        (key, key._replace(moment=moment), "price_change")
        for key in dated
        for moment in moments[key._replace(moment=None)]
    ]


def _named(rates: pl.DataFrame) -> pl.DataFrame:
    return rates.select(
        *KEY_COLUMNS, *_RANGE, *(pl.col(f"list_rate_{name}").alias(f"other_rate_{name}") for name in RATED)
    )


def _quoted(pairs: Sequence[Pair], prices: UserPrices) -> pl.DataFrame:
    theirs = {f"other_{name}": kind for name, kind in _KEY_TYPES.items()}
    rows = [(*own, *other, reading) for own, other, reading in pairs]
    table = pl.DataFrame(rows, schema={**_KEY_TYPES, **theirs, "reading": pl.String}, orient="row")
    rates = _named(quote(sorted({other for _, other, _ in pairs}, key=repr), prices))
    return table.join(rates, left_on=list(theirs), right_on=KEY_COLUMNS, nulls_equal=True).select(_COLUMNS)


def _short_prompts(own: pl.DataFrame) -> pl.DataFrame:
    first = own.filter((pl.col("above_input_tokens") < 0) & (pl.col("up_to_input_tokens") < _UNLIMITED))
    return first.with_columns(
        up_to_input_tokens=pl.lit(_UNLIMITED, pl.Int64), reading=pl.lit("long_prompt_rate_left_out")
    ).select(_COLUMNS)


def other_rates(keys: Iterable[PriceKey], prices: UserPrices = NO_PRICES) -> pl.DataFrame:
    """Return rates other than their own for each key: KEY_COLUMNS, reading, range of prompt lengths, other_rate_<RATED>.

    Rates are USD a token or unit; a key may have several rows of one reading. Rows that equal the key's own are left out.
    """
    keys = list(keys)
    own = _named(quote(keys, prices))
    pairs = [pair for key in keys for pair in _other_terms(key)] + _other_times(keys, prices)
    found = pl.concat([_short_prompts(own), _quoted(pairs, prices)]).drop_nulls(_RATES)
    return (
        found.join(own, on=[*KEY_COLUMNS, *_RANGE, *_RATES], how="anti", nulls_equal=True)
        .unique()
        .sort(_COLUMNS, nulls_last=True)
    )
