"""What is the published rate of a model at a moment?

Rates come from genai-prices' installed snapshot, never over the network; the rules of tiers and regions that it lacks come
from the providers' own pages. A name that does not lead to a price by rule stays unpriced, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache

from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TimeOfDateConstraint

from tokaudit.prices.names import NO_RATE, PAID_BY_THE_HOUR, Found, resolve
from tokaudit.prices.published import is_counted, own_classes
from tokaudit.prices.rates import TOKEN_CLASSES, UNIT_CLASSES, RateCard
from tokaudit.prices.regions import region_rule, region_words
from tokaudit.prices.snapshot import MIDNIGHT, constraints, cut_times, package, snapshot_date
from tokaudit.prices.tiers import TierRates, is_reserved, scaled, tier_of, tier_rates

__all__ = (
    "NO_DAY",
    "OTHER_UNIT",
    "cut_times",
    "cut_times_of",
    "find_model",
    "published_rates",
    "snapshot_date",
    "why_unpriced",
)

NO_DAY = "the log does not say on which day the call was made, and the rate changed"
OTHER_UNIT = "billed by pages or characters, which logs do not count"

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_FREE_WORDS = ("free of charge", "zero token cost")
_FREE = frozenset((("google", "gemma-3"), ("google", "gemma-3n")))
"""Free on the Gemini API, without a paid tier. Source: ai.google.dev/gemini-api/docs/pricing, 2026."""


def find_model(provider_name: str | None, model: str) -> tuple[Provider, ModelInfo] | None:
    """Find who serves a model and the published model itself, by the names in a log; None = not by any rule."""
    found = resolve(provider_name, model)
    return None if isinstance(found, str) else (found.host, found.model)


def cut_times_of(names: Iterable[tuple[str | None, str | None]]) -> tuple[time, ...]:
    """Return those of `cut_times` at which rates of some of these (provider, model) change: of most models, at none."""
    found = [model for provider, name in names if name and (model := find_model(provider, name))]
    return cut_times() if any(has_hours(model) for _, model in found) else (MIDNIGHT,)


def has_hours(model: ModelInfo) -> bool:
    """Say whether a model costs more at some times of day."""
    return any(isinstance(constraint, TimeOfDateConstraint) for constraint in constraints(model))


def _all_prices(model: ModelInfo) -> Iterator[ModelPrice]:
    yield from (price.prices for price in model.prices) if isinstance(model.prices, list) else (model.prices,)


def _is_free(found: Found) -> bool:
    """Say whether a model without any price is free, and not merely without a known price."""
    comments = f"{found.model.price_comments} {found.model.description}".lower()
    return (
        ":free" in found.model.id
        or any(words in comments for words in _FREE_WORDS)
        or (found.publisher.id, found.model.id) in _FREE
    )


def _has_no_price(found: Found) -> str | None:
    """Say why a model of the snapshot has no price; None = it has one."""
    prices = list(_all_prices(found.model))
    if not any(vars(price) for price in prices):
        return None if _is_free(found) else NO_RATE
    return None if any(is_counted(price) for price in prices) else OTHER_UNIT


def _price_start(model: ModelInfo, moment: datetime) -> datetime | None:
    """Return since when the price in force holds, by its date; None = no earlier one is known."""
    if not isinstance(model.prices, list):
        return None
    active = [price.constraint for price in model.prices if price.constraint is None or price.constraint.active(moment)]
    starts = [constraint.start_date for constraint in active if isinstance(constraint, StartDateConstraint)]
    return datetime.combine(starts[-1], time(), UTC) if starts else None


def _card(found: Found, rates: TierRates, moment: datetime) -> RateCard:
    starts = [since for since in (_price_start(found.model, moment), rates.verified_on) if since]
    return RateCard(
        provider_name=found.host.id,
        model=found.model.id,
        rates=rates.rates,
        source=f"{package()}: {found.publisher.id}/{found.model.id}",
        matched_by=found.matched_by,
        rules=(rates.rule,) if rates.rule else (),
        effective_from=max(starts, default=None),
        above_input_tokens=rates.above,
        has_cache_rate="cache_read" in own_classes(found.model.get_prices(moment)),
    )


def _in_region(card: RateCard, found: Found, region: str | None) -> RateCard:
    rule = region_rule(found.host.id, found.model.id, region)
    if rule is None:
        return card
    return replace(card, rates=scaled(card.rates, rule.factor), rules=(*card.rules, region_words(rule)))


def _cards_at(found: Found, tier: str, region: str | None, moment: datetime) -> tuple[RateCard, ...]:
    is_own = found.host.id == found.publisher.id
    rates = tier_rates(found.host.id, found.model, tier, moment, is_own=is_own)
    return tuple(_in_region(_card(found, one, moment), found, region) for one in rates)


def _change_moments(model: ModelInfo) -> set[datetime]:
    """Return a moment in each stretch of time in which a model's rates may differ."""
    days, times = {_EVER.date()}, {MIDNIGHT}
    for constraint in constraints(model):
        if isinstance(constraint, StartDateConstraint):
            days.add(constraint.start_date)
        elif isinstance(constraint, TimeOfDateConstraint):
            times |= {constraint.start_time.replace(tzinfo=None), constraint.end_time.replace(tzinfo=None)}
    return {datetime.combine(day, at, UTC) for day in days for at in times}


def _same(cards: Sequence[tuple[RateCard, ...]]) -> bool:
    """Say whether cards agree; a fee that an earlier list left out and a later one names is no change."""
    each = [
        [(card.above_input_tokens, *(card.rates[name] for name in TOKEN_CLASSES)) for card in found] for found in cards
    ]
    fees = [{card.rates[name] for found in cards for card in found if card.rates[name]} for name in UNIT_CLASSES]
    return all(rates == each[0] for rates in each) and all(len(named) <= 1 for named in fees)


def _undated(found: Found, tier: str, region: str | None) -> tuple[RateCard, ...]:
    """Return the cards that hold whenever the call was made; () = the rates changed."""
    each = [_cards_at(found, tier, region, moment) for moment in sorted(_change_moments(found.model))]
    return tuple(replace(card, effective_from=None) for card in each[-1]) if _same(each) else ()


@lru_cache(maxsize=16384)
def _cards(
    provider_name: str | None, model: str, service_tier: str | None, region: str | None, moment: datetime | None
) -> tuple[RateCard, ...]:
    found = resolve(provider_name, model)
    if isinstance(found, str) or is_reserved(found.host.id, service_tier):
        return ()
    if _has_no_price(found):
        return ()
    tier = tier_of(service_tier)
    return _undated(found, tier, region) if moment is None else _cards_at(found, tier, region, moment)


def published_rates(
    provider_name: str | None,
    model: str,
    service_tier: str | None = None,
    region: str | None = None,
    moment: datetime | None = None,
) -> list[RateCard]:
    """Return the rate cards of a model at a moment, one for each prompt length from which other rates hold; [] = unknown.

    A class without a rate of its own costs what its nearest wider class costs (cache reads without a discount cost as
    input), as genai-prices does. Without a moment only rates that never changed are known.
    """
    return list(_cards(provider_name, model, service_tier, region, moment))


def why_unpriced(provider_name: str | None, model: str, service_tier: str | None, moment: datetime | None) -> str:
    """Say why `published_rates` finds nothing, in one of a few fixed texts."""
    found = resolve(provider_name, model)
    if isinstance(found, str):
        return PAID_BY_THE_HOUR if is_reserved("", service_tier) else found
    if is_reserved(found.host.id, service_tier):
        return PAID_BY_THE_HOUR
    return _has_no_price(found) or (NO_DAY if moment is None else NO_RATE)
