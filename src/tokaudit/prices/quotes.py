"""What rates hold for each distinct (provider, model, tier, day) of the calls?

Every distinct key is looked up once; the calls are then priced by a join and a multiplication (`frames/cost.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from tokaudit.prices.catalogue import find_model, published_rates
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES, RateCard, usd_per_token
from tokaudit.prices.rates_file import UserRate


class PriceKey(NamedTuple):
    """What a price depends on. Models as logged; day in UTC, None = the log does not say."""

    provider_name: str | None
    request_model: str | None
    response_model: str | None
    service_tier: str | None
    day: date | None


KEY_COLUMNS = PriceKey._fields
_UNLIMITED = 2**62
NO_MODEL = "the log does not name the model"
NO_RATE = "no rate is known for this name; give one with --prices"
NO_DAY = "the calls have no date, and the rate changed over time"
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


def _why_unpriced(key: PriceKey) -> str:
    models = _models(key)
    if not models:
        return NO_MODEL
    return NO_DAY if key.day is None and any(find_model(key.provider_name, model) for model in models) else NO_RATE


def _unpriced_row(key: PriceKey) -> dict[str, object]:
    limits = {"above_input_tokens": -1, "up_to_input_tokens": _UNLIMITED}
    return {**dict.fromkeys(_SCHEMA), **key._asdict(), **limits, "price_source": _why_unpriced(key)}


def _priced_row(key: PriceKey, card: RateCard, up_to: int, contracted: RateCard | None) -> dict[str, object]:
    theirs = contracted or card
    source = card.source if theirs.source == card.source else f"{card.source}; contracted: {theirs.source}"
    return {
        **key._asdict(),
        "above_input_tokens": card.above_input_tokens,
        "up_to_input_tokens": up_to,
        "priced_provider": card.provider_name,
        "priced_model": card.model,
        "price_source": source,
        "price_effective_from": card.effective_from,
        "has_cache_rate": card.has_cache_rate,
        **{f"list_rate_{name}": usd_per_token(getattr(card, name)) for name in TOKEN_CLASSES},
        **{f"contracted_rate_{name}": usd_per_token(getattr(theirs, name)) for name in TOKEN_CLASSES},
    }


def _rows(key: PriceKey, user_rates: Sequence[UserRate]) -> list[dict[str, object]]:
    user_rate = _user_rate(key, user_rates)
    contracted = _card_of(user_rate, key) if user_rate else None
    cards = _list_cards(key) or ([contracted] if contracted else [])
    if not cards:
        return [_unpriced_row(key)]
    ends = [*(card.above_input_tokens for card in cards[1:]), _UNLIMITED]
    return [_priced_row(key, card, end, contracted) for card, end in zip(cards, ends, strict=True)]


def quote(keys: Iterable[PriceKey], user_rates: Sequence[UserRate] = ()) -> pl.DataFrame:
    """Return the rates of each key, one row for each range of prompt lengths.

    Rates are USD per token. A row holds for above_input_tokens < input_tokens <= up_to_input_tokens. `list_rate_*` is the
    published rate (the user's own for models nobody publishes), `contracted_rate_*` the user's where there is one. A key
    without a price has one row without rates, whose `price_source` says why.
    """
    rows = [row for key in keys for row in _rows(key, user_rates)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(KEY_COLUMNS, nulls_last=True)
