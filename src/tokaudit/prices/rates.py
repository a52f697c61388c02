"""What is a rate?

A `RateCard` is what one model's tokens cost on one day: USD per million tokens by exclusive token class, for prompts
longer than `above_input_tokens` (long prompts cost more at some providers, and then for all their tokens).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

MONEY = pl.Decimal(38, 24)
"""USD, exact: the finest published rate has 18 decimals per million tokens, so 24 per token; 14 digits stay for dollars."""

TOKEN_CLASSES = ("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
"""Mutually exclusive: each billed token is in exactly one of them."""


@dataclass(frozen=True, slots=True)
class RateCard:
    """USD per million tokens. source: who says so; effective_from: since when, None = no earlier rate is known."""

    provider_name: str | None
    model: str
    uncached_input: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    output: Decimal
    source: str
    effective_from: date | None = None
    above_input_tokens: int = -1
    has_cache_rate: bool = False


def usd_per_token(usd_per_million: Decimal) -> Decimal:
    """Divide by a million without rounding.

    >>> usd_per_token(Decimal("2.50"))
    Decimal('0.00000250')
    """
    return usd_per_million.scaleb(-6)
