"""What is the published rate of a model on a date?

Looks names up in genai-prices' installed snapshot; never over the network. A name that it does not know stays unpriced.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices

from tokaudit.prices.rates import RateCard


@lru_cache(maxsize=1)
def _snapshot() -> DataSnapshot:
    return get_snapshot()


@lru_cache(maxsize=1)
def snapshot_date() -> str:
    """Return the newest day on which the installed snapshot's rates were checked, as YYYY-MM-DD.

    The package carries no date of its own, but genai-prices dates a newly verified variant (batch, flex, …) from the day
    it was verified. Changes announced for a coming month begin on its first day, so first days are left out.
    """
    variants = [v for p in _snapshot().providers for model in p.models for v in model.price_variants or ()]
    starts = [v.constraint.start_date for v in variants if isinstance(v.constraint, StartDateConstraint)]
    return max(start for start in starts if start.day > 1).isoformat()


def _start(condition: ConditionalPrice) -> date | None:
    constraint = condition.constraint
    return constraint.start_date if isinstance(constraint, StartDateConstraint) else None


_OWN_NAMES = {
    "aws": re.compile(
        r"([a-z-]{2,6}\.)?(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|writer)\.[a-z0-9]"
    ),
    "openai": re.compile(r"text-embedding-(3|ada)-"),
}
"""Names that only this provider gives to models: they need no other word for who served."""


def find_model(provider_name: str | None, model: str) -> tuple[Provider, ModelInfo] | None:
    """Find a model by provider and name, or by name alone; `provider/model` names its provider itself."""
    attempts = [(provider_name, model)]
    if "/" in model:
        prefix, _, rest = model.partition("/")
        attempts += [(prefix, rest), (provider_name, rest)]
    if provider_name is not None:
        attempts.append((None, model))
    attempts += [(owner, model) for owner, names in _OWN_NAMES.items() if names.match(model)]
    for provider, name in attempts:
        try:
            return _snapshot().find_provider_model(name, None, provider, None)
        except LookupError:
            continue
    return None


def _effective_from(model: ModelInfo, moment: datetime) -> date | None:
    if not isinstance(model.prices, list):
        return None
    active = [c for c in model.prices if c.constraint is None or c.constraint.active(moment)]
    return _start(active[-1]) if active else None


def _price(prices: ModelPrice, *names: str) -> Decimal | TieredPrices | None:
    return next((price for name in names if (price := getattr(prices, name, None)) is not None), None)


def _at(price: Decimal | TieredPrices | None, above: int) -> Decimal | None:
    if not isinstance(price, TieredPrices):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= above), price.base)


def published_rates(
    provider_name: str | None, model: str, service_tier: str | None, day: date | None
) -> list[RateCard]:
    """Return the rate cards of a model on a day, one for each prompt length from which other rates hold; [] = unknown.

    A class without a rate of its own costs what its nearest wider class costs (cache reads without a discount cost as
    input), as genai-prices does. Without a day only rates that never changed are known.
    """
    found = find_model(provider_name, model)
    if found is None:
        return []
    provider, info = found
    if day is None and isinstance(info.prices, list):
        return []
    moment = datetime.combine(day or date.min, time(12), UTC)
    context = dict.fromkeys(("service_tier", "processing", "speed"), service_tier) if service_tier else None
    prices = info.get_prices(moment, context)
    fields = {
        "uncached_input": _price(prices, "input_mtok"),
        "cache_read": _price(prices, "cache_read_mtok", "input_mtok"),
        "cache_write_5m": _price(prices, "cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
        "cache_write_1h": _price(prices, "cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
        "output": _price(prices, "output_mtok"),
    }
    if fields["uncached_input"] is None and fields["output"] is None:
        return []
    starts = {tier.start for price in fields.values() if isinstance(price, TieredPrices) for tier in price.tiers}
    return [
        RateCard(
            provider_name=provider.id,
            model=info.id,
            source=f"genai-prices {version('genai-prices')}: {provider.id}/{info.id}",
            effective_from=_effective_from(info, moment),
            above_input_tokens=above,
            has_cache_rate=prices.cache_read_mtok is not None,
            **{name: _at(price, above) or Decimal(0) for name, price in fields.items()},
        )
        for above in (-1, *sorted(starts))
    ]
