"""What rates hold for each distinct (provider, model, tier, day) of the calls?

Every distinct key is looked up once; the calls are then priced by a join and a multiplication (`frames/cost.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from tokaudit.prices.catalogue import published_rates
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES, RateCard, usd_per_token
from tokaudit.prices.rates_file import UserRate


class PriceKey(NamedTuple):
    """What a price depends on. Models as logged; day in UTC."""

    provider_name: str | None
    request_model: str | None
    response_model: str | None
    service_tier: str | None
    day: date


KEY_COLUMNS = PriceKey._fields
_UNLIMITED = 2**62
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "provider_name": pl.String,
    "request_model": pl.String,
    "response_model": pl.String,
    "service_tier": pl.String,
    "day": pl.Date,
    "above_input_tokens": pl.Int64,
    "up_to_input_tokens": pl.Int64,
    "priced_provider": pl.String,
    "priced_model": pl.String,
    "price_source": pl.String,
    "price_effective_from": pl.Date,
    "has_cache_rate": pl.Boolean,
    **{f"list_rate_{name}": MONEY for name in TOKEN_CLASSES},
    **{f"contracted_rate_{name}": MONEY for name in TOKEN_CLASSES},
}


def _models(key: PriceKey) -> list[str]:
    # What was served is what is billed; the asked name is only the second source.
    return [model for model in (key.response_model, key.request_model) if model]


def _user_rate(key: PriceKey, rates: Sequence[UserRate]) -> UserRate | None:
    for model in _models(key):
        for rate in rates:
            same_provider = rate.provider_name in (None, key.provider_name)
            if rate.model.lower() == model.lower() and same_provider and rate.covers(key.day):
                return rate
    return None


def _card_of(rate: UserRate, key: PriceKey) -> RateCard:
    return RateCard(
        provider_name=rate.provider_name or key.provider_name,
        model=rate.model,
        uncached_input=rate.uncached_input,
        cache_read=rate.uncached_input if rate.cache_read is None else rate.cache_read,
        cache_write_5m=rate.uncached_input if rate.cache_write_5m is None else rate.cache_write_5m,
        cache_write_1h=rate.uncached_input if rate.cache_write_1h is None else rate.cache_write_1h,
        output=rate.output,
        source=rate.source,
        effective_from=rate.start,
        has_cache_rate=rate.cache_read is not None,
    )


def _list_cards(key: PriceKey) -> list[RateCard]:
    for model in _models(key):
        cards = published_rates(key.provider_name, model, key.service_tier, key.day)
        if cards:
            return cards
    return []


def _rows(key: PriceKey, user_rates: Sequence[UserRate]) -> Iterable[dict[str, object]]:
    cards = _list_cards(key)
    user_rate = _user_rate(key, user_rates)
    if user_rate is not None and not cards:
        cards = [_card_of(user_rate, key)]
    ends = [card.above_input_tokens for card in cards[1:]] + [_UNLIMITED]
    for card, end in zip(cards, ends, strict=True) if cards else ():
        contracted = card if user_rate is None else _card_of(user_rate, key)
        source = card.source if contracted is card else f"{card.source}; contracted: {contracted.source}"
        yield {
            **key._asdict(),
            "above_input_tokens": card.above_input_tokens,
            "up_to_input_tokens": end,
            "priced_provider": card.provider_name,
            "priced_model": card.model,
            "price_source": card.source if user_rate is None or cards[0].source == contracted.source else source,
            "price_effective_from": card.effective_from,
            "has_cache_rate": card.has_cache_rate,
            **{f"list_rate_{name}": usd_per_token(getattr(card, name)) for name in TOKEN_CLASSES},
            **{f"contracted_rate_{name}": usd_per_token(getattr(contracted, name)) for name in TOKEN_CLASSES},
        }


def quote(keys: Iterable[PriceKey], user_rates: Sequence[UserRate] = ()) -> pl.DataFrame:
    """Return the rates of each key, one row for each range of prompt lengths; a key without a price has no row.

    Rates are USD per token. A row holds for above_input_tokens < input_tokens <= up_to_input_tokens. `list_rate_*` is the
    published rate (the user's own for models nobody publishes), `contracted_rate_*` the user's where there is one.
    """
    rows = [row for key in keys for row in _rows(key, user_rates)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(KEY_COLUMNS, nulls_last=True)
