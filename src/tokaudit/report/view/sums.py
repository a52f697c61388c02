"""What do several features add up to, for a row `other (n)` or a total?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tokaudit.result import Feature, Totals


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over features; costs cover priced calls only."""

    calls: int
    unpriced_calls: int
    input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    input_cost: Decimal
    output_cost: Decimal
    list_cost: Decimal

    def known(self, cost: Decimal) -> Decimal | None:
        """Give the cost, or None when no call has a price: then it is unknown, not 0."""
        return None if self.calls and self.calls == self.unpriced_calls else cost


def sums_of(items: Sequence[Feature] | Sequence[Totals]) -> Sums:
    """Add features up, or take the totals as they are."""
    return Sums(
        calls=sum(item.calls for item in items),
        unpriced_calls=sum(item.unpriced_calls for item in items),
        input_tokens=sum(item.input_tokens for item in items),
        cache_read_input_tokens=sum(item.cache_read_input_tokens for item in items),
        output_tokens=sum(item.output_tokens for item in items),
        input_cost=sum((item.input_cost for item in items), Decimal(0)),
        output_cost=sum((item.output_cost for item in items), Decimal(0)),
        list_cost=sum((item.list_cost for item in items), Decimal(0)),
    )


def component_tokens(features: Sequence[Feature]) -> Counter[str]:
    """Add up the input tokens of each component."""
    tokens: Counter[str] = Counter()
    for feature in features:
        tokens.update({key: component.tokens for key, component in feature.components.items()})
    return tokens
