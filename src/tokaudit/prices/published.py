"""What do a model's published prices come to for each class of tokens and units?

genai-prices charges a token at the price of the narrowest unit that has one: cached audio as cached audio, else as cached
input or as audio, else as input. The same is done here once for each model, so that calls need a multiplication only.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from genai_prices.types import ModelPrice, TieredPrices

from tokaudit.prices.rates import RATED

Price = Decimal | TieredPrices

FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "uncached_input": ("input_mtok",),
    "input_audio": ("input_audio_mtok", "input_mtok"),
    "input_image": ("input_image_mtok", "input_mtok"),
    "input_video": ("input_video_mtok", "input_mtok"),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_read_audio": ("cache_audio_read_mtok", "input_audio_mtok", "cache_read_mtok", "input_mtok"),
    "cache_read_image": ("cache_image_read_mtok", "input_image_mtok", "cache_read_mtok", "input_mtok"),
    "cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "output_audio": ("output_audio_mtok", "output_mtok"),
    "output_image": ("output_image_mtok", "output_mtok"),
    "output_reasoning": ("output_reasoning_mtok", "output_mtok"),
    "request": ("requests_kcount",),
    "web_search": ("web_searches_kcount",),
    "file_search": ("storage_searches_kcount",),
    "audio_second": ("input_audio_hours", "audio_hours"),
}
"""The prices that a class may have, narrowest first. Where both a class's modality and its caching have a price, genai-prices
demands that the two together have one (validation.validate_join_coverage), so the order of the middle ones never matters."""

_PER: Mapping[str, int] = {"request": 1000, "web_search": 1000, "file_search": 1000, "audio_second": 3600}
"""Units to a price: thousands of calls, hours of audio."""
_MONEY_DIGITS = Decimal(1).scaleb(-24)
"""An hour's price is not always a whole number of the finest digit a second: such rates are rounded there."""


_OWN_KEYS: Mapping[str, int] = {"cache_write_5m": 2, "audio_second": 2}
"""How many of a class's keys are prices of its own; one, if not said."""


def own_classes(prices: ModelPrice) -> frozenset[str]:
    """Return the classes that have a price of their own, and not that of a wider class."""
    return frozenset(
        name for name, keys in FALLBACKS.items() if _price(prices, keys[: _OWN_KEYS.get(name, 1)]) is not None
    )


def _price(prices: ModelPrice, keys: tuple[str, ...]) -> Price | None:
    return next((price for key in keys if (price := getattr(prices, key, None)) is not None), None)


def _at(price: Price | None, above: int) -> Decimal:
    if price is None:
        return Decimal(0)
    if isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= above), price.base)


def _per_unit(name: str, price: Decimal) -> Decimal:
    per = _PER.get(name)
    if per is None:
        return price
    exact = price / per
    return exact if exact * per == price else exact.quantize(_MONEY_DIGITS)


def rates_at(prices: ModelPrice, above: int) -> dict[str, Decimal]:
    """Return the rate of each of RATED for prompts longer than `above` tokens; 0 = nothing is charged for it."""
    return {name: _per_unit(name, _at(_price(prices, FALLBACKS[name]), above)) for name in RATED}


def length_starts(prices: ModelPrice) -> tuple[int, ...]:
    """Return the prompt lengths above which other rates hold, in order; the first is -1 (any length)."""
    found = {tier.start for value in vars(prices).values() if isinstance(value, TieredPrices) for tier in value.tiers}
    return (-1, *sorted(found))


def is_counted(prices: ModelPrice) -> bool:
    """Say whether anything that logs count is charged: not so for models billed by the page or the character alone."""
    keys = {key for key, value in vars(prices).items() if value is not None}
    return not keys or bool(keys & {key for names in FALLBACKS.values() for key in names})
