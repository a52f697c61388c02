"""Which month of traffic is to be made?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

from tokaudit.errors import UsageError
from tokaudit.schema import Json

AnswerKind: TypeAlias = Literal["prose", "label", "fields"]

MOST_TURNS = 12
"""Longer conversations might run over the end of the month."""
EXAMPLE_SCALE = Fraction(1, 100)
"""Share of a scenario's volume that is made unless the user asks for more."""
_MONTH = re.compile(r"(19[7-9]|2\d\d)\d-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Feature:
    """One use case. Tokens are means over the month, exact in every call for the system prompt and the documents.

    queries_per_day  logical requests at full scale; retries and failed attempts come on top
    document_tokens  one retrieved document with its tags; the tags around all of them are taken from their tokens too
    length_spread    largest deviation of a question or an answer from its mean, as a share of it
    mean_turns       turns of a conversation, geometric up to most_turns; constant when the two are equal
    retry_share      share of the queries, first turns only, whose answer came too late, was billed, and was asked again
    error_share      share of the queries answered by an error first; errors are not billed
    answers          `label` one word, `fields` JSON with the properties of the response format
    caches           the provider reads a repeated prompt prefix from its cache
    private          the model has no published rate, so a rates file is needed

    Raises UsageError for turns that cannot be.
    """

    name: str
    model: str
    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    cache_read_usd_per_million: Decimal | None = None
    queries_per_day: int = 10_000
    question_tokens: int = 200
    answer_tokens: int = 300
    system_tokens: int = 500
    documents: int = 0
    document_tokens: int = 400
    length_spread: float = 0.4
    mean_turns: Decimal = Decimal(1)
    most_turns: int = 8
    retry_share: Decimal = Decimal(0)
    error_share: Decimal = Decimal("0.01")
    answers: AnswerKind = "prose"
    tools: Json = None
    response_format: Json = None
    caches: bool = False
    private: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.mean_turns <= self.most_turns <= MOST_TURNS:
            hint = f"use a mean from 1 to most_turns, and most_turns up to {MOST_TURNS}"
            raise UsageError(f"{self.name} cannot have {self.mean_turns} turns on average", hint=hint)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A month of some features. `tagged` False leaves feature names and session ids out of the log.

    Raises UsageError for a month that is none, or a volume of no queries.
    """

    seed: int
    month: str
    features: tuple[Feature, ...]
    scale: Fraction = EXAMPLE_SCALE
    tagged: bool = True

    def __post_init__(self) -> None:
        if not _MONTH.fullmatch(self.month):
            raise UsageError(f"{self.month!r} is not a month", hint="write a month as 2026-09")
        for feature in self.features:
            if queries(self, feature) < 1:
                raise UsageError(f"no query of {feature.name} is left at this volume", hint="ask for a larger volume")

    @property
    def start(self) -> datetime:
        """First moment of the month, UTC."""
        return datetime.strptime(self.month, "%Y-%m").replace(tzinfo=UTC)

    @property
    def days(self) -> int:
        """Days of the month."""
        return ((self.start + timedelta(days=31)).replace(day=1) - self.start).days


def queries(scenario: Scenario, feature: Feature) -> int:
    """Count the queries of a feature in the month."""
    return round(feature.queries_per_day * scenario.days * scenario.scale)
