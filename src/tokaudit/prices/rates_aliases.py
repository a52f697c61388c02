"""Which names in the logs does the rates file say stand for which models?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from tokaudit.prices.catalogue import published_rates, snapshot_date
from tokaudit.prices.hosts import host_of
from tokaudit.prices.rates import RateCard
from tokaudit.prices.rates_text import Document
from tokaudit.prices.terms import ModelName, UserRate

_EXAMPLE = 'below [aliases], write "name in the logs" = "provider/model"'


def published(name: ModelName, service_tier: str | None = None, day: date | None = None) -> list[RateCard]:
    """Return a model's published rates on a day, or on the newest day that the snapshot knows; [] = nobody publishes any."""
    for one in (day, date.fromisoformat(snapshot_date())):
        moment = datetime.combine(one, time(), UTC) if one else None
        cards = published_rates(name.provider_name, name.model, service_tier, None, moment) if moment else []
        if cards:
            return cards
    return []


def _published_as(target: str) -> ModelName | None:
    """Find the published model that `provider/model` or `model` names; a model's own name may hold a slash."""
    prefix, _, model = target.partition("/")
    provider = host_of(prefix).provider_id if model else None
    readings = [*([ModelName(provider, model)] if provider else []), ModelName(None, target)]
    return next((name for name in readings if published(name)), None)


def _given(target: str, rates: Sequence[UserRate]) -> ModelName | None:
    """Find the model that the user gives rates for under a name, or under `provider/name`."""
    meant = target.casefold()
    models = {
        ModelName(rate.scope.provider_name, rate.scope.model or "")
        for rate in rates
        if meant in ((rate.scope.model or "").casefold(), f"{rate.scope.provider_name}/{rate.scope.model}".casefold())
    }
    providers = {model.provider_name for model in models}
    if not models or (len(providers) > 1 and None not in providers):
        return None
    provider = None if None in providers else providers.pop()
    return ModelName(provider, min(model.model for model in models))


def _target(document: Document, name: str, target: object, rates: Sequence[UserRate]) -> ModelName:
    place = ("aliases", name)
    if isinstance(target, dict):
        raise document.error("an alias holds a table", place, "put a name that holds dots in quotes")
    if not (isinstance(target, str) and target.strip() and name.strip()):
        raise document.error("an alias is not a name for a model", place, _EXAMPLE)
    if target.strip().casefold() == name.strip().casefold():
        raise document.error("an alias stands for itself", place, _EXAMPLE)
    found = _given(target.strip(), rates) or _published_as(target.strip())
    if found is None:
        hint = "name a model whose rates are published, as provider/model, or give its rates in [[rates]]"
        raise document.error("an alias stands for a model without rates", place, hint)
    return found


def read_aliases(document: Document, rates: Sequence[UserRate]) -> dict[str, ModelName]:
    """Read the aliases, their names case folded. rates: the file's own. Raises ConfigError."""
    written = document.values.get("aliases", {})
    if not isinstance(written, dict):
        raise document.error("aliases is not a table of names", ("aliases",), _EXAMPLE)
    aliases: dict[str, ModelName] = {}
    lines: dict[str, int] = {}
    for name, target in written.items():
        model = _target(document, name, target, rates)
        folded = name.strip().casefold()
        if folded in aliases:
            hint = "names compare without regard to case: keep one of the two"
            raise document.error(f"an alias is given twice, here and on line {lines[folded]}", ("aliases", name), hint)
        aliases[folded], lines[folded] = model, document.line(("aliases", name))
    return aliases
