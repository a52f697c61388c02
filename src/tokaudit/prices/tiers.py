"""What does a tier of service (batch, flex, priority, fast) do to a model's rates?

The price snapshot dates a tier's rates from the day they were verified. Before that day, and for models without tier rates,
the provider's published rule holds, if there is one; else the ratio of the rates verified later. Either is named in the
rate's rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from genai_prices.types import ModelInfo, ModelPrice, PriceVariant, StartDateConstraint

from tokaudit.prices.published import length_starts, rates_at
from tokaudit.prices.rates import TOKEN_CLASSES

STANDARD, BATCH, FLEX, PRIORITY, FAST, RESERVED = "standard", "batch", "flex", "priority", "fast", "reserved"

_WORDS = {
    STANDARD: "standard default auto ondemand standardonly regular none unspecified globalstandard datazonestandard payasyougo",
    BATCH: "batch batches batchapi globalbatch datazonebatch batchinference",
    FLEX: "flex flexprocessing ondemandflex",
    PRIORITY: "priority priorityprocessing ondemandpriority",
    FAST: "fast fastmode",
    RESERVED: "provisioned provisionedthroughput ptu provisionedmanaged globalprovisioned globalprovisionedmanaged "
    "datazoneprovisioned datazoneprovisionedmanaged reserved reservedcapacity scale scaletier dedicated",
}
_TIER_OF = {word: tier for tier, words in _WORDS.items() for word in words.split()}

_CONTEXT = {
    BATCH: {"processing": "batch"},
    FLEX: {"service_tier": "flex"},
    PRIORITY: {"service_tier": "priority"},
    FAST: {"service_tier": "fast", "speed": "fast"},
}
"""How genai-prices names each tier."""

_CACHE_READS = frozenset(("cache_read", "cache_read_audio", "cache_read_image"))


class TierRule(NamedTuple):
    """A provider's published rule: every token class costs `factor` times its standard rate; fees a unit stay.

    models  whose ids the rule holds for; None = all of the provider's
    spares  classes that the rule leaves as they are
    """

    provider_id: str
    tier: str
    factor: Decimal
    source: str
    models: re.Pattern[str] | None = None
    spares: frozenset[str] = frozenset()


_HALF = Decimal("0.5")
_NOVA = re.compile(r"amazon\.nova-")
_GEMINI_BATCH = "ai.google.dev, optimization: not on top of the cache discount, 2026"
_NOVA_LIST = "AWS Price List, AmazonBedrock, 2026-09-01"
RULES = (
    TierRule("openai", BATCH, _HALF, "help.openai.com, Batch API FAQ, 2026"),
    TierRule("openai", FLEX, _HALF, "developers.openai.com, flex processing: priced as batch, 2026"),
    TierRule("anthropic", BATCH, _HALF, "platform.claude.com, batch processing: cache reads and writes too, 2026"),
    TierRule("google", BATCH, _HALF, _GEMINI_BATCH, re.compile(r"(?!claude)"), _CACHE_READS),
    TierRule("google", BATCH, _HALF, "cloud.google.com, Claude on Vertex AI, batch, 2026", re.compile(r"claude")),
    TierRule("google", FLEX, _HALF, "ai.google.dev, optimization, 2026", re.compile(r"gemini")),
    TierRule("azure", BATCH, _HALF, "learn.microsoft.com, Azure OpenAI global batch, 2026"),
    TierRule("aws", BATCH, _HALF, "aws.amazon.com/bedrock/pricing, batch inference, 2026-10-07"),
    TierRule("aws", FLEX, _HALF, _NOVA_LIST, _NOVA),
    TierRule("aws", PRIORITY, Decimal("1.75"), _NOVA_LIST, _NOVA),
    TierRule("mistral", BATCH, _HALF, "docs.mistral.ai, batch, 2026-10-14"),
    TierRule("groq", BATCH, _HALF, "console.groq.com, batch, 2026"),
    TierRule("groq", FLEX, Decimal(1), "console.groq.com, flex processing: on-demand rates, 2026"),
    TierRule("fireworks", BATCH, _HALF, "fireworks.ai, Batch API, 2026"),
    TierRule("voyageai", BATCH, Decimal("0.67"), "docs.voyageai.com, Batch API: 33 % off, 2026"),
    TierRule("x-ai", BATCH, Decimal("0.8"), "docs.x.ai, Batch API: 20 % off, 2026-11"),
)

_COMMITTED = {("anthropic", PRIORITY)}
"""Tiers that draw on capacity bought beforehand. Source: platform.claude.com, service tiers, 2026."""

_EXACT = Context(prec=60)
_PER_MILLION = Decimal(1).scaleb(-18)
"""Rates by the million have at most 18 decimals, so that a token's cost fits the ledger's 24."""


def tier_of(service_tier: str | None) -> str:
    """Name the tier that a log's word means; a word that is not known stays, in lower case.

    >>> tier_of(None), tier_of("ON_DEMAND_PRIORITY"), tier_of("standard_only"), tier_of("Gold")
    ('standard', 'priority', 'standard', 'gold')
    """
    word = "".join(c for c in (service_tier or "").lower() if c.isalnum())
    return _TIER_OF.get(word, (service_tier or "").strip().lower()) if word else STANDARD


def is_reserved(provider_id: str, service_tier: str | None) -> bool:
    """Say whether a tier is paid by capacity and time, so that its tokens have no price one by one."""
    tier = tier_of(service_tier)
    return tier == RESERVED or (provider_id, tier) in _COMMITTED


class TierRates(NamedTuple):
    """Rates of one tier for prompts longer than `above` tokens. rule: None = the snapshot's own rates."""

    above: int
    rates: dict[str, Decimal]
    rule: str | None
    verified_on: datetime | None = None


def _variants(model: ModelInfo, tier: str) -> list[PriceVariant]:
    context = _CONTEXT.get(tier, {}).items()
    return [variant for variant in model.price_variants or () if variant.when.items() <= context]


def _start(variant: PriceVariant) -> datetime | None:
    constraint = variant.constraint
    return datetime.combine(constraint.start_date, time(), UTC) if isinstance(constraint, StartDateConstraint) else None


def _times(rate: Decimal, ratio: Decimal) -> Decimal:
    product = _EXACT.multiply(rate, ratio)
    is_fine = int(product.as_tuple().exponent) < int(_PER_MILLION.as_tuple().exponent)
    return product.quantize(_PER_MILLION, context=_EXACT) if is_fine else product


def scaled(rates: Mapping[str, Decimal], factor: Decimal, spares: frozenset[str] = frozenset()) -> dict[str, Decimal]:
    """Multiply the rates of all token classes, but those spared; fees a unit stay."""
    return {
        name: _times(rate, factor) if name in TOKEN_CLASSES and name not in spares else rate
        for name, rate in rates.items()
    }


@lru_cache(maxsize=1024)
def rule_of(provider_id: str, model_id: str, tier: str) -> TierRule | None:
    """Find a provider's published rule for a tier."""
    return next(
        (
            rule
            for rule in RULES
            if (rule.provider_id, rule.tier) == (provider_id, tier) and (not rule.models or rule.models.match(model_id))
        ),
        None,
    )


def _by_rule(standard: ModelPrice, rule: TierRule) -> list[TierRates]:
    words = f"{rule.tier} at {rule.factor} times the standard rate ({rule.source})"
    return [
        TierRates(above, scaled(rates_at(standard, above), rule.factor, rule.spares), words)
        for above in length_starts(standard)
    ]


def _ratio(rate: Decimal, verified: Decimal, base: Decimal) -> Decimal:
    if rate == base:
        return verified
    return rate if base == 0 else _times(rate, _EXACT.divide(verified, base))


def _plain(ratio: Decimal) -> str:
    return f"{round(ratio, 3).normalize():f}"


def _by_ratio(model: ModelInfo, standard: ModelPrice, tier: str, start: datetime) -> list[TierRates]:
    verified, base = model.get_prices(start, _CONTEXT[tier]), model.get_prices(start)
    found = []
    for above in sorted({*length_starts(standard), *length_starts(verified)}):
        now, then, plain = rates_at(standard, above), rates_at(verified, above), rates_at(base, above)
        ratios = sorted(
            {_EXACT.divide(then[name], plain[name]) for name in ("uncached_input", "output") if plain[name]}
        )
        times = " to ".join(dict.fromkeys(_plain(ratio) for ratio in ratios)) or "1"
        words = f"{tier} at {times} times the standard rate, as verified on {start.date()}"
        rates = {
            name: _ratio(now[name], then[name], plain[name]) if name in TOKEN_CLASSES else now[name] for name in now
        }
        found.append(TierRates(above, rates, words))
    return found


def _as_published(prices: ModelPrice, rule: str | None, verified_on: datetime | None = None) -> list[TierRates]:
    return [TierRates(above, rates_at(prices, above), rule, verified_on) for above in length_starts(prices)]


def tier_rates(host_id: str, model: ModelInfo, tier: str, moment: datetime, *, is_own: bool) -> list[TierRates]:
    """Return a model's rates in a tier at a moment, one for each range of prompt lengths.

    is_own: the model is on the host's own list; the tiers of another's list are not the host's.
    """
    standard = model.get_prices(moment)
    if tier == STANDARD:
        return _as_published(standard, None)
    variants = _variants(model, tier) if is_own else []
    active = [variant for variant in variants if variant.constraint is None or variant.constraint.active(moment)]
    if active:
        verified_on = max((start for variant in active if (start := _start(variant))), default=None)
        return _as_published(model.get_prices(moment, _CONTEXT[tier]), None, verified_on)
    rule = rule_of(host_id, model.id, tier)
    if rule:
        return _by_rule(standard, rule)
    starts = sorted(start for variant in variants if (start := _start(variant)))
    if starts:
        return _by_ratio(model, standard, tier, starts[0])
    named = f"tier {tier}" if tier in _CONTEXT else "a tier of this name"
    return _as_published(standard, f"no rate is published for {named}: standard rates")
