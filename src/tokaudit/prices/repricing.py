"""What would the same tokens cost at other rates?

Works on sums of tokens of calls whose prompts have a length in one range, so that long-prompt rates apply to the sums as they
do to each call. Between two vendors the tokens themselves differ: then the cost is a range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import NamedTuple

from genai_prices.types import ModelPrice, TieredPrices

from tokaudit.prices.rates import INPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.snapshot import providers
from tokaudit.prices.terms import UserPrices
from tokaudit.prices.tokeniser_ratios import TokeniserRatio

MEDIA_CLASSES = tuple(name for name in TOKEN_CLASSES if name.endswith(("_audio", "_image", "_video")))
"""Tokens that no text tokeniser makes: they are not scaled."""

NEAR_SHARES = (Decimal("0.5"), Decimal("0.75"))
"""Prompts are also told apart at these shares of a threshold: a call well below it stays there, whoever counts its tokens."""

NO_TERMS = UserPrices()
_PLACES = 60
"""Digits kept while amounts are scaled: money has 24 decimals, ratios three."""


class Span(NamedTuple):
    """above < a prompt's length <= up_to."""

    above: int
    up_to: int


@dataclass(frozen=True, slots=True)
class TokenSum:
    """Calls with prompts of a length in `span`: tokens and units by class (RATED)."""

    span: Span
    calls: int
    amounts: Mapping[str, Decimal]

    @property
    def mean_input(self) -> Decimal:
        """Mean length of a prompt."""
        return sum((self.amounts[name] for name in INPUT_CLASSES), Decimal(0)) / max(self.calls, 1)


@dataclass(frozen=True, slots=True)
class SpanRates:
    """Rates of prompts of one range of lengths: USD a token or a unit, by class (RATED)."""

    span: Span
    rates: Mapping[str, Decimal]


class CostRange(NamedTuple):
    """USD."""

    low: Decimal
    expected: Decimal
    high: Decimal


def _starts(prices: ModelPrice) -> set[int]:
    return {tier.start for price in vars(prices).values() if isinstance(price, TieredPrices) for tier in price.tiers}


@lru_cache(maxsize=1)
def _published_starts() -> frozenset[int]:
    models = [model for provider in providers() for model in provider.models]
    prices = [model.prices for model in models if isinstance(model.prices, ModelPrice)]
    prices += [dated.prices for model in models if isinstance(model.prices, list) for dated in model.prices]
    prices += [variant.prices for model in models for variant in model.price_variants or ()]
    return frozenset(start for price in prices for start in _starts(price))


def length_bounds(prices: UserPrices = NO_TERMS) -> tuple[int, ...]:
    """Return the prompt lengths above which any rate changes, published or the user's own, and points on the way, rising."""
    starts = _published_starts() | {rate.above_input_tokens for rate in prices.rates if rate.above_input_tokens >= 0}
    return tuple(sorted(starts | {int(start * share) for start in starts for share in NEAR_SHARES}))


def cost(
    sums: TokenSum, rates: Mapping[str, Decimal], factor: Decimal = Decimal(1), *, reasons: bool = True
) -> Decimal:
    """Price a sum at one set of rates: text tokens times factor, media tokens and units as they are.

    reasons False: without the hidden reasoning.
    """
    with localcontext() as context:
        context.prec = _PLACES
        text = sum(
            (sums.amounts[name] * rates[name] for name in TOKEN_CLASSES
             if name not in MEDIA_CLASSES and (reasons or name != "output_reasoning")),
            Decimal(0),
        )  # fmt: skip
        rest = sum((sums.amounts[name] * rates[name] for name in (*MEDIA_CLASSES, *UNIT_CLASSES)), Decimal(0))
        return text * factor + rest


def _in_reach(sums: TokenSum, ranges: Sequence[SpanRates], factor: Decimal) -> list[SpanRates]:
    above, up_to = sums.span.above * factor, sums.span.up_to * factor
    return [item for item in ranges if item.span.above < up_to and item.span.up_to > above] or list(ranges[-1:])


def rates_at_length(sums: TokenSum, ranges: Sequence[SpanRates], factor: Decimal = Decimal(1)) -> SpanRates:
    """Choose the rates for prompts of the sum's mean length, times factor."""
    mean = sums.mean_input * factor
    return next((item for item in ranges if item.span.above < mean <= item.span.up_to), ranges[0])


def exact_cost(sums: TokenSum, ranges: Sequence[SpanRates]) -> Decimal:
    """Price a sum whose tokens stay what they are."""
    return cost(sums, rates_at_length(sums, ranges).rates)


def cost_range(
    sums: TokenSum, ranges: Sequence[SpanRates], ratio: TokeniserRatio, *, reasons_for_sure: bool
) -> CostRange:
    """Price a sum at a model that may count and reason otherwise.

    ranges: the model's rates by length of prompt. reasons_for_sure: it is the model that was called; otherwise the low end
    leaves hidden reasoning out. Where a longer count may carry prompts over a threshold, the high end takes the rates beyond.
    """
    expected = cost(sums, rates_at_length(sums, ranges, ratio.expected).rates, ratio.expected)
    low = [cost(sums, item.rates, ratio.low, reasons=reasons_for_sure) for item in _in_reach(sums, ranges, ratio.low)]
    high = [cost(sums, item.rates, ratio.high) for item in _in_reach(sums, ranges, ratio.high)]
    return CostRange(min(expected, *low), expected, max(expected, *high))


def is_cheaper(rates: Mapping[str, Decimal], than: Mapping[str, Decimal], classes: Sequence[str] = RATED) -> bool:
    """Say whether rates are below others somewhere and above them nowhere."""
    return all(rates[name] <= than[name] for name in classes) and any(rates[name] < than[name] for name in classes)
