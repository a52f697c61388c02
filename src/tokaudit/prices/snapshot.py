"""Which snapshot of published prices is installed, as of when, and at which times of day do its rates change?

The snapshot is genai-prices', as installed: it is never updated over the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from functools import lru_cache
from importlib.metadata import version

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider, StartDateConstraint, TimeOfDateConstraint

Constraint = StartDateConstraint | TimeOfDateConstraint | None
MIDNIGHT = time()


@lru_cache(maxsize=1)
def providers() -> tuple[Provider, ...]:
    """Return the snapshot's providers with their models."""
    return tuple(get_snapshot().providers)


@lru_cache(maxsize=1)
def provider_by_id() -> dict[str, Provider]:
    """Return the snapshot's providers by their ids."""
    return {provider.id: provider for provider in providers()}


@lru_cache(maxsize=1)
def package() -> str:
    """Name the package that the snapshot is part of, with its version."""
    return f"genai-prices {version('genai-prices')}"


def constraints(model: ModelInfo) -> Iterator[Constraint]:
    """Yield when each of a model's prices holds; None = always."""
    yield from (price.constraint for price in model.prices) if isinstance(model.prices, list) else (None,)
    yield from (variant.constraint for variant in model.price_variants or ())


@lru_cache(maxsize=1)
def snapshot_date() -> str:
    """Return the newest day on which the installed snapshot's rates were checked, as YYYY-MM-DD.

    The package carries no date of its own, but genai-prices dates a newly verified variant (batch, flex, …) from the day
    it was verified. Changes announced for a coming month begin on its first day, so first days are left out.
    """
    variants = [v for p in providers() for model in p.models for v in model.price_variants or ()]
    starts = [v.constraint.start_date for v in variants if isinstance(v.constraint, StartDateConstraint)]
    return max(start for start in starts if start.day > 1).isoformat()


@lru_cache(maxsize=1)
def cut_times() -> tuple[time, ...]:
    """Return the times of day (UTC, without zone) at which some rate changes, midnight first."""
    found = {MIDNIGHT}
    for constraint in (c for p in providers() for model in p.models for c in constraints(model)):
        if isinstance(constraint, TimeOfDateConstraint):
            found |= {constraint.start_time.replace(tzinfo=None), constraint.end_time.replace(tzinfo=None)}
    return tuple(sorted(found))
