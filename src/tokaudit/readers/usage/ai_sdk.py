"""What did the provider itself report to Vercel's AI SDK?

The SDK hands on the provider's own usage in `providerMetadata`, where it is whole: its own counts lack the lifetimes of
cache writes, and before version 6 they mean what each provider meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.searches import google_searches
from tokaudit.readers.values.attempts import UNTOLD, Tried, attempts, before_the_last, joined
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, count, decimal_text
from tokaudit.schema import MISSING_USAGE, Json, Usage

_READ_KEYS = ("cacheReadInputTokens", "cachedPromptTokens", "promptCacheHitTokens", "cachedTokens")
_WRITE_KEYS = ("cacheWriteInputTokens", "cacheCreationInputTokens")


class Reported(NamedTuple):
    """What the provider reported; usage is `MISSING_USAGE` where it reported none, provider the name it goes by."""

    usage: Usage = MISSING_USAGE
    cache_read: int | None = None
    cache_write: int | None = None
    service_tier: str | None = None
    cost: str | None = None
    provider: str | None = None
    tried: Tried = UNTOLD


def reported_in(metadata: Json, model: str | None) -> Reported:
    """Read the provider's metadata. Raises RejectRecordError for counts that are none."""
    found = Reported()
    for provider, held in metadata.items() if type(metadata) is dict else ():
        if type(held) is dict:
            found = _with(found, provider, held, model)
    return found


def _with(found: Reported, provider: str, held: Mapping[str, Json], model: str | None) -> Reported:
    """Add what one provider says: the gateway and the router say a cost, the others their usage."""
    if provider != "gateway":
        found = found._replace(provider=label(provider))
    elif type(held.get("routing")) is dict:
        found = found._replace(tried=_tried(held["routing"]))
    usage = held.get("usage")
    usage = usage if type(usage) is dict else {}
    if "input_tokens" in usage:
        whole = messages_usage(usage, model)
        return found._replace(
            usage=replace(whole, rule=f"provider's usage, {whole.rule}"), service_tier=label(usage.get("service_tier"))
        )
    if type(held.get("usageMetadata")) is dict:
        whole = content_usage(held["usageMetadata"])
        searches = google_searches([held], model)  # the grounding stands beside the usage, as in a candidate
        whole = with_media(whole, {"web_searches": searches})
        return found._replace(usage=replace(whole, rule=f"provider's usage, {whole.rule}"))
    cost = amount(held.get("cost")) if provider == "gateway" else amount(usage.get("cost"))
    details = usage.get("promptTokensDetails")
    places = (usage, details if type(details) is dict else {}, held)
    return found._replace(
        cache_read=_first(places, _READ_KEYS, found.cache_read),
        cache_write=_first(places, _WRITE_KEYS, found.cache_write),
        service_tier=found.service_tier or label(held.get("serviceTier")),
        cost=found.cost if cost is None else decimal_text(cost),
    )


def _tried(routing: Mapping[str, Json]) -> Tried:
    """Read whom Vercel's AI Gateway asked before the provider that answered. Source: Vercel's AI Gateway, provider options."""
    models = before_the_last(routing.get("modelAttempts"), "modelId")
    providers = before_the_last(routing.get("attempts"), "provider")
    made = attempts(routing.get("totalProviderAttemptCount"))
    return Tried(made - 1 if made else providers.retries, joined((models.names, providers.names)))


def _first(places: tuple[Mapping[str, Json], ...], names: tuple[str, ...], known: int | None) -> int | None:
    stated = (count(place[name]) for place in places for name in names if name in place)
    return next((tokens for tokens in stated if tokens is not None), known)
