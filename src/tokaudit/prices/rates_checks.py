"""Do the tables of a rates file agree with each other, and with what is published?

A table that can never hold, or whose amounts are some thousand times off, is more likely a slip than meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tokaudit.prices.fitting import same_provider
from tokaudit.prices.hosts import host_of
from tokaudit.prices.rates import TOKEN_CLASSES
from tokaudit.prices.rates_aliases import published
from tokaudit.prices.rates_fields import RATE_KEYS, Table, suggestion
from tokaudit.prices.snapshot import provider_by_id
from tokaudit.prices.terms import Discount, ModelName, Scope, UserRate
from tokaudit.prices.tiers import tier_of

SLIP_FACTOR = 200
"""No negotiated rate is known to be 200 times off the published one; one per thousand tokens is 1,000 times off."""
CHEAPEST_PUBLISHED = {"uncached_input": Decimal("0.003"), "output": Decimal("0.01")}
"""USD per million tokens: the lowest published rates of any model (genai-prices 0.2.3, 2026-10)."""

_KEY_OF = {name: key for key, name in RATE_KEYS.items()}
_CHECKED = "checked = true in this table accepts it"


def _model(scope: Scope) -> str | None:
    return None if scope.model is None else scope.model.casefold()


def _provider(scope: Scope) -> str | None:
    return None if scope.provider_name is None else same_provider(scope.provider_name)


def _tier(scope: Scope) -> str | None:
    return None if scope.service_tier is None else tier_of(scope.service_tier)


def _share_a_day(a: Scope, b: Scope) -> bool:
    return (a.end is None or b.start is None or b.start < a.end) and (
        b.end is None or a.start is None or a.start < b.end
    )


def refuse_overlaps(kind: str, entries: Sequence[tuple[Table, Scope, Collection[object]]]) -> None:
    """Raise ConfigError where two tables of one scope hold for the same part on the same day.

    kind: what the tables are called. entries: table, its scope, and the parts (classes, ranges) of a call that it is about.
    """
    earlier: dict[object, list[tuple[Table, Scope]]] = defaultdict(list)
    for table, scope, parts in entries:
        for part in parts:
            same = earlier[_model(scope), _provider(scope), _tier(scope), part]
            for other, theirs in same:
                if _share_a_day(scope, theirs):
                    what = f"two {kind} hold for the same calls on the same day: this one and that on line {other.line}"
                    raise table.error(what, _scope_key(table), "give each its own from and until; until is exclusive")
            same.append((table, scope))


def _scope_key(table: Table) -> str | None:
    return next((key for key in ("from", "until", "model", "provider", "name") if key in table.values), None)


def _is_wider(base: UserRate, rate: UserRate) -> bool:
    a, b = base.scope, rate.scope
    return (
        base.above_input_tokens < 0
        and _model(a) == _model(b)
        and _provider(a) in (None, _provider(b))
        and _tier(a) in (None, _tier(b))
    )


def _has_base(rate: UserRate, rates: Sequence[UserRate]) -> bool:
    """Say whether other tables hold for short prompts on each day on which this one holds for long ones."""
    bases = [base.scope for base in rates if _is_wider(base, rate)]
    day = rate.scope.start or date.min
    last = (rate.scope.end or date.max) - timedelta(1)
    while day <= last:
        ends = [scope.end or date.max for scope in bases if scope.covers(day)]
        if not ends:
            return False
        day = max(ends)
    # A call without a date needs a table without dates.
    is_dated = rate.scope.start is not None or rate.scope.end is not None
    return is_dated or any(scope.covers(None) for scope in bases)


def check_base_ranges(rates: Sequence[tuple[Table, UserRate]], aliases: Mapping[str, ModelName]) -> None:
    """Raise ConfigError for rates of long prompts where nothing says what short ones cost."""
    every = [rate for _, rate in rates]
    for table, rate in rates:
        if rate.above_input_tokens > 0 and not _published(rate, aliases) and not _has_base(rate, every):
            hint = "give the model a table without above_input_tokens that holds on the same days"
            raise table.error("nothing says what shorter prompts cost", "above_input_tokens", hint)


def _published(rate: UserRate, aliases: Mapping[str, ModelName]) -> dict[str, Decimal]:
    """Return the published rates that a table of own rates stands beside; {} = nobody publishes any."""
    scope = rate.scope
    name = aliases.get((scope.model or "").casefold(), ModelName(scope.provider_name, scope.model or ""))
    day = scope.start or (scope.end - timedelta(1) if scope.end else None)
    cards = [
        card
        for card in published(name, scope.service_tier, day)
        if card.above_input_tokens <= max(rate.above_input_tokens, -1)
    ]
    return dict(cards[-1].rates) if cards else {}


def _is_slip(own: Decimal, listed: Decimal) -> bool:
    return own > 0 and listed > 0 and (own * SLIP_FACTOR < listed or own > listed * SLIP_FACTOR)


def _check_unit(table: Table, rate: UserRate, listed: Mapping[str, Decimal]) -> None:
    for name, own in rate.rates.items():
        key, unit = _KEY_OF[name], "per million tokens" if name in TOKEN_CLASSES else "each"
        if listed and _is_slip(own, listed[name]):
            hint = f"the published rate is {listed[name].normalize():f} USD {unit}; {_CHECKED}"
            raise table.error(f"{key} is over {SLIP_FACTOR} times off the published rate", key, hint)
        if not listed and 0 < own < CHEAPEST_PUBLISHED.get(name, 0):
            least = CHEAPEST_PUBLISHED[name]
            hint = f"rates are USD per million tokens, and no such rate is published below {least}; {_CHECKED}"
            raise table.error(f"{key} is lower than any published rate", key, hint)


def check_units(rates: Sequence[tuple[Table, UserRate]], aliases: Mapping[str, ModelName]) -> None:
    """Raise ConfigError for amounts that look as if they were meant per thousand tokens, per token, or in cents."""
    for table, rate in rates:
        if not table.flag("checked"):
            _check_unit(table, rate, _published(rate, aliases))


def check_discounts(discounts: Sequence[tuple[Table, Discount]], aliases: Mapping[str, ModelName]) -> None:
    """Raise ConfigError for a discount off rates that nobody publishes: it would never be taken."""
    for table, discount in discounts:
        provider, model = discount.scope.provider_name, discount.scope.model
        if provider is not None and host_of(provider).provider_id is None:
            raise table.error("provider publishes no rates", "provider", suggestion(provider, provider_by_id()))
        if model and not published(aliases.get(model.casefold(), ModelName(provider, model))):
            hint = "name the model as its provider does; a model that nobody publishes has its rates in [[rates]]"
            raise table.error("nobody publishes rates of this model", "model", hint)
