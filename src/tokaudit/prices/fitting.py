"""Which of the user's terms fit a call, and which of them names it most closely?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from tokaudit.prices.catalogue import find_model
from tokaudit.prices.hosts import host_of
from tokaudit.prices.rates import RateCard
from tokaudit.prices.terms import Scope
from tokaudit.prices.tiers import tier_of


class CallKey(Protocol):
    """What terms depend on: a `quotes.PriceKey`."""

    @property
    def provider_name(self) -> str | None: ...  # noqa: D102
    @property
    def request_model(self) -> str | None: ...  # noqa: D102
    @property
    def response_model(self) -> str | None: ...  # noqa: D102
    @property
    def service_tier(self) -> str | None: ...  # noqa: D102
    @property
    def region(self) -> str | None: ...  # noqa: D102
    @property
    def moment(self) -> datetime | None: ...  # noqa: D102


class _Scoped(Protocol):
    @property
    def scope(self) -> Scope: ...


Terms = TypeVar("Terms", bound=_Scoped)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as terms name it: names folded, the closest first; day in UTC, None = the log does not say."""

    models: tuple[str, ...]
    providers: tuple[str, ...]
    tier: str
    day: date | None


def same_provider(name: str) -> str:
    """Return one name for all the words that mean one provider.

    >>> same_provider("Azure_OpenAI"), same_provider("Acme")
    ('azure', 'acme')
    """
    return host_of(name).provider_id or name.casefold()


def _asked(key: CallKey, listed: RateCard | None) -> str | None:
    """Return the asked name, unless it is published as another model than was served: what was served is what is billed."""
    if not (key.request_model and key.response_model):
        return key.request_model
    found = find_model(key.provider_name, key.request_model)
    is_another = found is not None and (listed is None or found[1].id != listed.model)
    return None if is_another else key.request_model


def call_of(key: CallKey, listed: RateCard | None, logged_name: str | None = None) -> Call:
    """Gather the names of a call. listed: a published card of it. logged_name: the name that an alias was applied to."""
    models = (logged_name, key.response_model, _asked(key, listed), listed.model if listed else None)
    said = key.provider_name
    # The card names who served, by rule; a gateway or a host that publishes nothing is known by the log alone.
    is_told = said is not None and (listed is None or host_of(said).provider_id is None)
    providers = (said if is_told else None, listed.provider_name if listed else None)
    return Call(
        models=tuple(dict.fromkeys(name.casefold() for name in models if name)),
        providers=tuple(dict.fromkeys(same_provider(name) for name in providers if name)),
        tier=tier_of(key.service_tier),
        day=key.moment.date() if key.moment else None,
    )


def fits(scope: Scope, call: Call) -> bool:
    """Say whether terms hold for a call."""
    return (
        (scope.model is None or scope.model.casefold() in call.models)
        and (scope.provider_name is None or same_provider(scope.provider_name) in call.providers)
        and (scope.service_tier is None or tier_of(scope.service_tier) == call.tier)
        and scope.covers(call.day)
    )


def _rank(name: str | None, names: Sequence[str]) -> int:
    return 0 if name is None else len(names) - names.index(name)


def closeness(scope: Scope, call: Call) -> tuple[int, int, bool]:
    """Rank terms that fit a call: those that name its model, then its provider, then its tier, are closer."""
    model = scope.model.casefold() if scope.model is not None else None
    provider = same_provider(scope.provider_name) if scope.provider_name is not None else None
    return _rank(model, call.models), _rank(provider, call.providers), scope.service_tier is not None


def closest_first(terms: Sequence[Terms], call: Call) -> list[Terms]:
    """Return the terms that fit a call, those first that name it more closely."""
    fitting = [one for one in terms if fits(one.scope, call)]
    return sorted(fitting, key=lambda one: closeness(one.scope, call), reverse=True)
