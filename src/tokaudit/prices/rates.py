"""What is a rate?

A `RateCard` is what one model's tokens and units cost at one moment, for prompts longer than `above_input_tokens` (long
prompts cost more at some providers, and then for all their tokens).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

MONEY = pl.Decimal(38, 24)
"""USD, exact: the finest published rate has 18 decimals per million tokens, so 24 per token; 14 digits stay for dollars."""

INPUT_CLASSES = (
    "uncached_input",
    "input_audio",
    "input_image",
    "input_video",
    "cache_read",
    "cache_read_audio",
    "cache_read_image",
    "cache_write_5m",
    "cache_write_1h",
)
OUTPUT_CLASSES = ("output", "output_audio", "output_image", "output_reasoning")
TOKEN_CLASSES = (*INPUT_CLASSES, *OUTPUT_CLASSES)
"""Mutually exclusive: each billed token is in exactly one of them. `uncached_input` and `output` are what no other class
names: text, mostly."""

UNIT_CLASSES = ("request", "web_search", "file_search", "audio_second")
"""What is billed beside tokens, each in its own unit."""

RATED = (*TOKEN_CLASSES, *UNIT_CLASSES)


@dataclass(frozen=True, slots=True)
class RateCard:
    """What a model costs from one moment on.

    provider_name   genai-prices id of who publishes the rates; None = unknown
    model           the id under which they are published
    rates           for each of RATED: USD per million tokens for TOKEN_CLASSES, USD per unit for UNIT_CLASSES (0 = free)
    source          who says so
    matched_by      how the log's name led to this model: `exact id`, `declared alias`, `dated id`, `Bedrock profile`, …
    rules           published rules that changed the rates: batch before its verified rate, a regional uplift, …
    effective_from  since when (UTC), None = no earlier rate is known
    has_cache_rate  cached input has a rate of its own
    """

    provider_name: str | None
    model: str
    rates: Mapping[str, Decimal]
    source: str
    matched_by: str = "exact id"
    rules: tuple[str, ...] = ()
    effective_from: datetime | None = None
    above_input_tokens: int = -1
    has_cache_rate: bool = False


def usd_per_token(usd_per_million: Decimal) -> Decimal:
    """Divide by a million without rounding.

    >>> usd_per_token(Decimal("2.50"))
    Decimal('0.00000250')
    """
    return usd_per_million.scaleb(-6)
