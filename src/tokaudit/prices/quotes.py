"""What rates hold for each distinct (provider, models, tier, region, moment) of the calls?

Every distinct key is looked up once; the calls are then priced by a join and a multiplication (`frames/cost.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from tokaudit.prices.catalogue import cut_times_of, why_unpriced
from tokaudit.prices.contracted import listed_cards, paired_cards, resolve
from tokaudit.prices.rates import MONEY, RATED, TOKEN_CLASSES, RateCard, usd_per_token
from tokaudit.prices.rates_file import UserPrices
from tokaudit.prices.terms import ModelName


class PriceKey(NamedTuple):
    """What a price depends on, as logged.

    moment  UTC; the last moment at or before the call at which a rate may change; None = the log does not say when
    """

    provider_name: str | None
    request_model: str | None
    response_model: str | None
    service_tier: str | None
    region: str | None
    moment: datetime | None


KEY_COLUMNS = PriceKey._fields
_UNLIMITED = 2**62
NO_MODEL = "the log does not name the model"
NO_PRICES = UserPrices()
_RATE_COLUMNS = tuple(f"{kind}_rate_{name}" for kind in ("list", "contracted") for name in RATED)
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "provider_name": pl.String,
    "request_model": pl.String,
    "response_model": pl.String,
    "service_tier": pl.String,
    "region": pl.String,
    "moment": pl.Datetime("us", "UTC"),
    "above_input_tokens": pl.Int64,
    "up_to_input_tokens": pl.Int64,
    "priced_provider": pl.String,
    "priced_model": pl.String,
    "price_source": pl.String,
    "price_effective_from": pl.Date,
    "matched_by": pl.String,
    "price_rules": pl.String,
    "has_cache_rate": pl.Boolean,
    **dict.fromkeys(_RATE_COLUMNS, MONEY),
}


class _Name(NamedTuple):
    provider_name: str | None
    model: str


def _models(key: PriceKey, prices: UserPrices) -> list[str]:
    """Return the names to look up: what was served is what is billed.

    The asked name stands in for a served one that nobody publishes only where the served one is a version of it, or where the
    user says what the asked name stands for.
    """
    asked, served = key.request_model, key.response_model
    if asked and served and not _is_version(served, asked) and not _is_users(asked, prices):
        return [served]
    return [model for model in dict.fromkeys((served, asked)) if model]


def _is_version(served: str, asked: str) -> bool:
    rest = served.lower().removeprefix(asked.lower())
    return rest != served.lower() and (not rest or not rest[0].isalnum())


def _is_users(name: str, prices: UserPrices) -> bool:
    own = {rate.scope.model.casefold() for rate in prices.rates if rate.scope.model}
    return resolve(name, prices) is not None or name.casefold() in own


def _cards(key: PriceKey, model: str, prices: UserPrices) -> list[tuple[RateCard, RateCard]]:
    alias = resolve(model, prices)
    name = _Name(*alias) if alias else _Name(key.provider_name, model)
    listed = listed_cards(ModelName(*name), key, prices, model if alias else None)
    if not alias:
        return paired_cards(key, listed, prices)
    known = key._replace(provider_name=name.provider_name, request_model=name.model, response_model=None)
    return [(_as_alias(card), _as_alias(own)) for card, own in paired_cards(known, listed, prices, model)]


def _as_alias(card: RateCard) -> RateCard:
    return replace(card, matched_by="your alias")


def _why(key: PriceKey, prices: UserPrices) -> str:
    models = _models(key, prices)
    if not models:
        return NO_MODEL
    return why_unpriced(key.provider_name, models[0], key.service_tier, key.moment)


def _unpriced_row(key: PriceKey, prices: UserPrices) -> dict[str, object]:
    limits = {"above_input_tokens": -1, "up_to_input_tokens": _UNLIMITED}
    return {**dict.fromkeys(_SCHEMA), **key._asdict(), **limits, "price_source": _why(key, prices)}


def _rates(kind: str, rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {
        f"{kind}_rate_{name}": usd_per_token(rates[name]) if name in TOKEN_CLASSES else rates[name] for name in RATED
    }


def _priced_row(key: PriceKey, card: RateCard, contracted: RateCard, up_to: int) -> dict[str, object]:
    source = card.source if contracted.source == card.source else f"{card.source}; contracted: {contracted.source}"
    return {
        **key._asdict(),
        "above_input_tokens": card.above_input_tokens,
        "up_to_input_tokens": up_to,
        "priced_provider": card.provider_name,
        "priced_model": card.model,
        "price_source": source,
        "price_effective_from": card.effective_from.date() if card.effective_from else None,
        "matched_by": card.matched_by,
        "price_rules": "; ".join(card.rules) or None,
        "has_cache_rate": card.has_cache_rate,
        **_rates("list", card.rates),
        **_rates("contracted", contracted.rates),
    }


def _rows(key: PriceKey, prices: UserPrices) -> list[dict[str, object]]:
    pairs = next((found for model in _models(key, prices) if (found := _cards(key, model, prices))), [])
    if not pairs:
        return [_unpriced_row(key, prices)]
    ends = [*(card.above_input_tokens for card, _ in pairs[1:]), _UNLIMITED]
    return [_priced_row(key, card, own, end) for (card, own), end in zip(pairs, ends, strict=True)]


def cuts_of(names: Iterable[tuple[str | None, str | None]], prices: UserPrices = NO_PRICES) -> tuple[time, ...]:
    """Return the times of day (UTC) at which a rate of some of these (provider, model) changes; always midnight."""
    return cut_times_of(resolve(model, prices) or (provider, model) for provider, model in names if model)


def quote(keys: Iterable[PriceKey], prices: UserPrices = NO_PRICES) -> pl.DataFrame:
    """Return the rates of each key, one row for each range of prompt lengths.

    Rates are USD per token or unit. A row holds for above_input_tokens < input_tokens <= up_to_input_tokens. `list_rate_*` is
    the published rate (the user's own for models nobody publishes), `contracted_rate_*` what the user pays. A key without a
    price has one row without rates, whose `price_source` says why.
    """
    rows = [row for key in keys for row in _rows(key, prices)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(KEY_COLUMNS, nulls_last=True)
