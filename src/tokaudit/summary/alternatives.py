"""What would the same calls cost at other models?

As data for a plan, not as advice: no log and no price list shows whether another model's answers are good enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import NamedTuple

from tokaudit.prices.quotes import PriceKey
from tokaudit.prices.rates import TOKEN_CLASSES
from tokaudit.prices.repricing import MEDIA_CLASSES, CostRange, cost_range
from tokaudit.prices.siblings import cheaper_siblings, context_window
from tokaudit.prices.terms import UserPrices
from tokaudit.prices.tokeniser_ratios import ROUNDED, TokeniserRatio, tokeniser_ratio
from tokaudit.result import Alternative, Range, TokenRatio
from tokaudit.summary.rate_lookup import Quoted, Repriced, Wanted, rates_on

LEAST_SHARE = Decimal("0.05")
"""Of the spend: a model or feature with less is not worth a comparison of its own."""
MOST_SIBLINGS = 3
"""Cheaper models of the same provider shown for one model: the ones that would save most."""
ZERO = Decimal(0)

NEEDS_EVALUATION = "whether its answers are good enough needs an evaluation"
REASONING = "the low end is without the hidden reasoning, which another model may not do"
CACHE_AS_LOGGED = "as many tokens are taken to be read from a cache as in the logs"
NO_CACHE_RATE = "it has no rate for cached tokens: they cost as fresh ones"
WRITES_COST = "what it writes to its cache costs more than input; the logs do not tell how much that would be"
MEDIA = "tokens of images, sound and video are taken over as counted; another model counts them its own way"
STANDARD_TIER = "it has no rate in the tier of some calls: they are priced at its standard rate"
NO_REGION = "a surcharge of the region is not included"


class Target(NamedTuple):
    """A model to compare with; provider_name None = whoever publishes the model."""

    provider_name: str | None
    model: str


@dataclass(frozen=True, slots=True)
class _Moved:
    """A cell at another model. cost None = no rate there."""

    item: Repriced
    quoted: Quoted
    ratio: TokeniserRatio
    cost: CostRange | None
    notes: tuple[str, ...]


def _key(item: Repriced, target: Target, *, keeps_tier: bool) -> Wanted:
    cell = item.cell
    region = cell.key.region if target.provider_name in (cell.provider_name, cell.key.provider_name) else None
    tier = cell.key.service_tier if keeps_tier else None
    return PriceKey(target.provider_name, target.model, None, tier, region, None), cell.clock


Rates = dict[Wanted, Quoted]


def _rates(items: Sequence[Repriced], targets: Iterable[Target], day: date, prices: UserPrices) -> Rates:
    keys = {_key(item, target, keeps_tier=tier) for target in targets for item in items for tier in (True, False)}
    return rates_on(day, keys, prices)


def _is_same(item: Repriced, quoted: Quoted) -> bool:
    return quoted.model is not None and item.cell.model.lower() == quoted.model.lower()


def _notes(item: Repriced, quoted: Quoted, *, standard: bool, no_region: bool) -> tuple[str, ...]:
    amounts, rates = item.cell.sums.amounts, quoted.listed[0].rates
    has_reads = any(amounts[name] for name in TOKEN_CLASSES if name.startswith("cache_read"))
    writes_cost = rates["cache_write_5m"] > rates["uncached_input"] and not amounts["cache_write_5m"]
    said = (
        (NEEDS_EVALUATION, True),
        (REASONING, amounts["output_reasoning"] > 0),
        (CACHE_AS_LOGGED, has_reads and quoted.has_cache_rate),
        (NO_CACHE_RATE, has_reads and not quoted.has_cache_rate),
        (WRITES_COST, has_reads and writes_cost and not amounts["cache_write_1h"]),
        (MEDIA, any(amounts[name] for name in MEDIA_CLASSES)),
    )
    always = ((STANDARD_TIER, standard), (NO_REGION, no_region))
    return tuple(text for text, holds in ((*said, *always) if not _is_same(item, quoted) else always) if holds)


def _moved(item: Repriced, target: Target, rates: Rates) -> _Moved:
    own, standard = (rates[_key(item, target, keeps_tier=tier)] for tier in (True, False))
    quoted = own if own.listed else standard
    ratio = tokeniser_ratio(item.cell.model, quoted.model or target.model, item.cell.billed_per_own)
    if not quoted.listed:
        return _Moved(item, quoted, ratio, None, ())
    cost = cost_range(item.cell.sums, quoted.listed, ratio, reasons_for_sure=_is_same(item, quoted))
    lost_region = item.cell.key.region is not None and _key(item, target, keeps_tier=True)[0].region is None
    return _Moved(item, quoted, ratio, cost, _notes(item, quoted, standard=not own.listed, no_region=lost_region))


_FIRMNESS = ("exact", "calibrated", "measured", "assumed")


def _ratio(moved: Sequence[_Moved]) -> TokenRatio:
    weights = [max(each.item.cell.tokens, 1) for each in moved]
    mean = sum((each.ratio.expected * weight for each, weight in zip(moved, weights, strict=True)), ZERO) / sum(weights)
    low, high = min(each.ratio.low for each in moved), max(each.ratio.high for each in moved)
    basis = max((each.ratio.basis for each in moved), key=_FIRMNESS.index)
    sources = sorted({each.ratio.source for each in moved if each.ratio.basis == basis})
    return TokenRatio(low, min(max(mean.quantize(ROUNDED), low), high), high, basis, "; ".join(sources))


def _too_long(moved: Sequence[_Moved]) -> tuple[str, ...]:
    quoted = moved[0].quoted
    window = context_window(quoted.provider_name, quoted.model) if quoted.provider_name and quoted.model else None
    if window is None:
        return ()
    calls = sum(each.item.cell.sums.calls for each in moved if each.item.cell.sums.span.above >= window)
    return (f"calls with prompts beyond its context length of {window:,} tokens: {calls:,}",) if calls else ()


def _covered(moved: Sequence[_Moved]) -> list[_Moved]:
    priced = [each for each in moved if each.cost is not None]
    return [each for each in priced if each.item.list_cost is not None] or priced


def _alternative(
    items: Sequence[Repriced], target: Target, rates: Rates, *, source: Target | None, feature: str | None
) -> Alternative:
    moved = [_moved(item, target, rates) for item in items]
    covered = _covered(moved)
    costs = [each.cost for each in covered if each.cost is not None]
    own = [each.item.list_cost for each in covered if each.item.list_cost is not None]
    shown = (covered or moved)[0].quoted
    said = dict.fromkeys(note for each in covered for note in each.notes)
    left_out = sum(each.item.cell.tokens for each in moved) - sum(each.item.cell.tokens for each in covered)
    return Alternative(
        from_provider_name=source.provider_name if source else None,
        from_model=source.model if source else None,
        feature=feature,
        provider_name=shown.provider_name or target.provider_name,
        model=shown.model or target.model,
        calls=sum(each.item.cell.sums.calls for each in covered),
        list_cost=sum(own, ZERO) if own else None,
        cost=Range(*(sum(ends, ZERO) for ends in zip(*costs, strict=True))) if costs else None,
        tokeniser=_ratio(covered) if covered else None,
        unpriced_tokens=left_out,
        notes=(*said, *_too_long(covered)) if covered else (shown.source,),
    )


def _spend(items: Iterable[Repriced]) -> Decimal:
    return sum((item.list_cost for item in items if item.list_cost is not None), ZERO)


def _by(items: Sequence[Repriced], feature: str) -> list[Repriced]:
    return [item for item in items if item.cell.feature == feature]


def target_of(name: str, day: date, prices: UserPrices) -> Target | None:
    """Read `provider/model` or `model`; None = it has no rate on the day."""
    provider, _, rest = name.partition("/")
    tries = [Target(provider, rest), Target(None, name)] if rest else [Target(None, name)]
    found = rates_on(day, map(_at_midnight, tries), prices)
    quoted = next((found[key] for key in map(_at_midnight, tries) if found[key].listed), None)
    return None if quoted is None or quoted.model is None else Target(quoted.provider_name, quoted.model)


def _compared(items: Sequence[Repriced], name: str, day: date, prices: UserPrices) -> list[Alternative]:
    target = target_of(name, day, prices) or Target(None, name)
    rates = _rates(items, [target], day, prices)
    features = sorted({item.cell.feature for item in items})
    groups = [(None, items), *((feature, _by(items, feature)) for feature in features)]
    return [_alternative(rows, target, rates, source=None, feature=feature) for feature, rows in groups if rows]


def _at_midnight(target: Target) -> Wanted:
    return PriceKey(target.provider_name, target.model, None, None, None, None), time(0)


def _siblings_of(
    source: Target, rows: Sequence[Repriced], features: Sequence[str], day: date, prices: UserPrices
) -> list[Alternative]:
    models = cheaper_siblings(source.provider_name, source.model, day) if source.provider_name else ()
    targets = [Target(source.provider_name, model) for model in models]
    rates = _rates(rows, targets, day, prices)
    whole = [(t, _alternative(rows, t, rates, source=source, feature=None)) for t in targets]
    saving = [(a.list_cost - a.cost.expected, t, a) for t, a in whole if a.cost is not None and a.list_cost is not None]
    best = sorted((each for each in saving if each[0] > 0), key=lambda each: (-each[0], each[1].model))[:MOST_SIBLINGS]
    groups = [(feature, own) for feature in features if (own := _by(rows, feature))]
    return [
        alternative
        for _, t, all_features in best
        for alternative in (
            all_features,
            *(_alternative(own, t, rates, source=source, feature=feature) for feature, own in groups),
        )
    ]


def _shares(items: Sequence[Repriced]) -> list[str]:
    least = LEAST_SHARE * _spend(items)
    return [name for name in sorted({item.cell.feature for item in items}) if _spend(_by(items, name)) >= least > 0]


def _cheaper_siblings(items: Sequence[Repriced], day: date, prices: UserPrices) -> list[Alternative]:
    least, features = LEAST_SHARE * _spend(items), _shares(items)
    groups: dict[Target, list[Repriced]] = {}
    for item in items:
        groups.setdefault(Target(item.cell.provider_name, item.cell.model), []).append(item)
    large = sorted(
        (t for t, rows in groups.items() if _spend(rows) >= least > 0), key=lambda t: (-_spend(groups[t]), t.model)
    )
    return [found for source in large for found in _siblings_of(source, groups[source], features, day, prices)]


def alternatives_of(
    items: Sequence[Repriced], day: date, prices: UserPrices, compare: Sequence[str]
) -> tuple[Alternative, ...]:
    """Price calls at other models: those named in compare, else each dear model's cheaper siblings at its provider."""
    if compare:
        return tuple(found for name in compare for found in _compared(items, name, day, prices)) if items else ()
    return tuple(_cheaper_siblings(items, day, prices))
