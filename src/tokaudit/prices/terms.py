"""What has the user agreed with providers, beside the rates that they publish?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple


class ModelName(NamedTuple):
    """A model as price lists name it; provider_name None = whoever publishes it."""

    provider_name: str | None
    model: str


@dataclass(frozen=True, slots=True)
class Scope:
    """For which calls terms are agreed; None = for any.

    Names compare without regard to case, and otherwise exactly. start, end: UTC days, end exclusive.
    """

    model: str | None = None
    provider_name: str | None = None
    service_tier: str | None = None
    start: date | None = None
    end: date | None = None

    def covers(self, day: date | None) -> bool:
        """Say whether the terms hold on a day; on an unknown day only terms without dates do.

        >>> Scope(start=date(2026, 1, 1)).covers(date(2026, 1, 1)), Scope(start=date(2026, 1, 1)).covers(None)
        (True, False)
        """
        if day is None:
            return self.start is None and self.end is None
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class UserRate:
    """A model's own rates, for prompts longer than above_input_tokens (-1 = for all).

    rates  those of `rates.RATED` that are given: USD per million tokens, or per unit
    """

    scope: Scope
    rates: Mapping[str, Decimal]
    source: str
    above_input_tokens: int = -1


@dataclass(frozen=True, slots=True)
class Discount:
    """Percent off the published rates of some classes (of `rates.RATED`)."""

    scope: Scope
    percent: Decimal
    classes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """What must be paid each month whatever is used.

    covers  `usage`: usage counts against the amount; `calls`: the amount pays for the calls in its scope
    """

    name: str
    scope: Scope
    usd_per_month: Decimal
    covers: Literal["usage", "calls"]
    source: str


@dataclass(frozen=True, slots=True)
class UserPrices:
    """All that the user's rates file says.

    aliases  name in the logs, case folded -> the model under whose rates it stands
    """

    rates: tuple[UserRate, ...] = ()
    discounts: tuple[Discount, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    aliases: Mapping[str, ModelName] = field(default_factory=dict)
