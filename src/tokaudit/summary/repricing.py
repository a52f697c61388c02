"""What would the period cost at the rates of the price snapshot's date, and at other models?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeVar

from tokaudit.prices.catalogue import snapshot_date
from tokaudit.prices.quotes import PriceKey
from tokaudit.prices.repricing import exact_cost, rates_at_length
from tokaudit.prices.terms import UserPrices
from tokaudit.result import Period, RatesInForce, RepricedFeature, RepricedModel, Repricing
from tokaudit.stages import Partials
from tokaudit.summary.alternatives import alternatives_of
from tokaudit.summary.rate_lookup import Cell, Quoted, Repriced, cell, look_up, rates_on

ZERO = Decimal(0)
_MILLION = 6
Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Sums:
    """then and now of calls that have both; where no call has both, each alone; None = no call has it."""

    then: Decimal | None
    now: Decimal | None
    contracted: Decimal | None


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _has_both(item: Repriced) -> bool:
    return item.cell.list_cost is not None and item.list_cost is not None


def _sums(items: Sequence[Repriced]) -> _Sums:
    rows = [item for item in items if _has_both(item)] or items
    return _Sums(
        _total(item.cell.list_cost for item in rows),
        _total(item.list_cost for item in rows),
        _total(item.contracted_cost for item in rows),
    )


def _calls(items: Iterable[Repriced]) -> int:
    return sum(item.cell.sums.calls for item in items)


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def repriced_cells(cells: Sequence[Cell], day: date, prices: UserPrices) -> list[Repriced]:
    """Price each cell at the rates of a day, by the model that it was."""
    found = rates_on(day, ((item.key, item.clock) for item in cells), prices)
    return [_repriced(item, found[(item.key, item.clock)]) for item in cells]


def _repriced(item: Cell, quoted: Quoted) -> Repriced:
    if not quoted.listed:
        return Repriced(item, quoted, None, None)
    return Repriced(item, quoted, exact_cost(item.sums, quoted.listed), exact_cost(item.sums, quoted.contracted))


def _in_force(quoted: Quoted, rates: Mapping[str, Decimal]) -> RatesInForce:
    names = ("uncached_input", "cache_read", "output")
    start = quoted.effective_from.isoformat() if quoted.effective_from else None
    return RatesInForce(start, *(rates[name].scaleb(_MILLION) for name in names))


def _most_used(items: Sequence[Repriced]) -> Repriced:
    return max(items, key=lambda item: (item.cell.sums.calls, repr(item.cell.key)))


def _rates_for(item: Repriced, quoted: Quoted) -> Mapping[str, Decimal] | None:
    return rates_at_length(item.cell.sums, quoted.listed).rates if quoted.listed else None


def _key_at(item: Repriced, day: date) -> PriceKey:
    return item.cell.key._replace(moment=datetime.combine(day, item.cell.clock or time(0), UTC))


def _model(provider_name: str | None, model: str, items: Sequence[Repriced], before: Quoted | None) -> RepricedModel:
    sums, typical = _sums(items), _most_used(items)
    then = _rates_for(typical, before) if before else None
    now = _rates_for(typical, typical.quoted)
    changed = then is not None and now is not None and then != now
    return RepricedModel(
        provider_name=provider_name,
        model=model,
        calls=_calls(items),
        list_cost_then=sums.then,
        list_cost=sums.now,
        contracted_cost=sums.contracted,
        why_unpriced=next((item.quoted.source for item in items if item.list_cost is None), None),
        rates_then=_in_force(before, then) if before and then and changed else None,
        rates=_in_force(typical.quoted, now) if now and changed else None,
    )


def _models(items: Sequence[Repriced], period: Period, prices: UserPrices) -> tuple[RepricedModel, ...]:
    groups = _grouped(items, lambda item: (item.cell.provider_name, item.cell.model))
    first_day = period.start.astimezone(UTC).date() if period.start < period.end else None
    keys = {name: _key_at(_most_used(rows), first_day) for name, rows in groups.items()} if first_day else {}
    before = look_up(keys.values(), prices)
    found = [_model(*name, rows, before.get(keys[name]) if name in keys else None) for name, rows in groups.items()]
    return tuple(
        sorted(found, key=lambda m: (m.list_cost is None, -(m.list_cost or ZERO), m.model, m.provider_name or ""))
    )


def _features(items: Sequence[Repriced]) -> tuple[RepricedFeature, ...]:
    found = []
    for name, rows in _grouped(items, lambda item: item.cell.feature).items():
        both = [item for item in rows if _has_both(item)]
        sums = _sums(both)
        then, now = sums.then or ZERO, sums.now or ZERO
        found.append(RepricedFeature(name, _calls(both), then, now, now - then, _calls(rows) - _calls(both)))
    return tuple(sorted(found, key=lambda f: (-f.list_cost, f.feature)))


def repricing_of(partials: Partials, period: Period, prices: UserPrices, compare: Sequence[str] = ()) -> Repricing:
    """Price the period's calls anew. compare: models to compare with (`model` or `provider/model`); () = cheaper siblings.

    The rates are those in force on the price snapshot's own date, so that the same logs and snapshot give the same answer.
    """
    day = date.fromisoformat(snapshot_date())
    items = repriced_cells([cell(row) for row in partials["token_sums"].iter_rows(named=True)], day, prices)
    both = [item for item in items if _has_both(item)]
    sums = _sums(both)
    then, now = sums.then or ZERO, sums.now or ZERO
    return Repricing(
        rates_on=day.isoformat(),
        list_cost_then=then,
        list_cost=now,
        contracted_cost=sums.contracted or ZERO,
        change=now - then,
        unpriced_calls=_calls(items) - _calls(both),
        by_model=_models(items, period, prices),
        by_feature=_features(items),
        alternatives=alternatives_of(items, day, prices, compare),
    )
