"""What will a feature really cost, when there are no logs yet?

The price page counts a question and an answer. Every call also carries the system prompt, the retrieved documents and
the conversation so far, and some calls are made twice. All amounts are list prices in USD, exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from tokaudit.errors import UsageError

Lengths: TypeAlias = Literal["equal", "geometric"]

VOLUMES = (1_000, 10_000, 100_000, 1_000_000)
"""Queries a day in the table."""
DAYS_OF_YEAR = 365
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is known beforehand. The defaults are the price-page example: $330, then $150, $360 and $42.

    days              of a month
    input_tokens      the question alone; output_tokens the answer
    document_tokens   one retrieved document with its tags
    retry_share       share of the queries billed a second time
    turns             mean turns of a conversation
    lengths           how the conversations' lengths spread around that mean, see `history_tokens`

    Raises UsageError for an amount below zero, or less than one turn.
    """

    queries_per_day: int = 10_000
    days: int = 30
    input_tokens: int = 200
    output_tokens: int = 300
    system_tokens: int = 500
    documents: int = 3
    document_tokens: int = 400
    retry_share: Decimal = Decimal("0.05")
    turns: Decimal = Decimal("2.5")
    lengths: Lengths = "equal"
    input_usd_per_million: Decimal = Decimal(1)
    output_usd_per_million: Decimal = Decimal(3)

    def __post_init__(self) -> None:
        for field in fields(self):
            amount = getattr(self, field.name)
            if isinstance(amount, int | Decimal) and not (Decimal(amount).is_finite() and amount >= 0):
                raise UsageError(f"{field.name} cannot be {amount}", hint="give a number from 0 up")
        if self.turns < 1:
            raise UsageError(f"turns cannot be {self.turns}", hint="a conversation has at least one turn")


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """One step from the price-page sum to the real one, named as in the bridge of an audit.

    tokens_per_query  what each query carries because of it, on average; None where tokens of both rates are in it
    """

    line: str
    tokens_per_query: Decimal | None
    usd_per_month: Decimal


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """The same feature at another volume: the price-page sum and the real one."""

    queries_per_day: int
    naive_usd_per_month: Decimal
    total_usd_per_month: Decimal
    naive_usd_per_year: Decimal
    total_usd_per_year: Decimal


@dataclass(frozen=True, slots=True)
class Estimate:
    """The lines add up to the total, the first is the naive one. multiplier = total / naive, None when that is 0."""

    assumptions: Assumptions
    naive_usd_per_month: Decimal
    lines: tuple[EstimateLine, ...]
    total_usd_per_month: Decimal
    multiplier: float | None
    volumes: tuple[VolumeRow, ...]


def history_tokens(assumptions: Assumptions) -> Decimal:
    """Estimate the tokens of earlier turns that a query sends again, on average.

    The call of turn t carries t - 1 questions and answers, so a conversation of T turns re-sends 0 + 1 + … + (T - 1)
    = T (T - 1) / 2 of them; over many conversations that is E[T (T - 1)] / (2 E[T]) a query. With mean m:

    equal      every conversation has m turns: (m - 1) / 2. The least that is possible for the mean
    geometric  after each turn the same share goes on: E[T (T - 1)] = 2 m (m - 1), so m - 1, twice as much

    Documents of earlier turns are not counted: a bot that sends them again pays for them again.

    >>> history_tokens(Assumptions(turns=Decimal(3)))
    Decimal('500')
    """
    earlier_turns = assumptions.turns - 1
    if assumptions.lengths == "equal":
        earlier_turns /= 2
    return earlier_turns * (assumptions.input_tokens + assumptions.output_tokens)


def _lines(assumptions: Assumptions) -> tuple[EstimateLine, ...]:
    queries = assumptions.queries_per_day * assumptions.days

    def usd(tokens: Decimal | int, rate: Decimal) -> Decimal:
        return queries * tokens * rate / _MILLION

    def of_input(line: str, tokens: Decimal) -> EstimateLine:
        return EstimateLine(line, tokens, usd(tokens, assumptions.input_usd_per_million))

    question = usd(assumptions.input_tokens, assumptions.input_usd_per_million)
    answer = usd(assumptions.output_tokens, assumptions.output_usd_per_million)
    single = (
        EstimateLine("naive", None, question + answer),
        of_input("system_prompt", Decimal(assumptions.system_tokens)),
        of_input("rag_context", Decimal(assumptions.documents * assumptions.document_tokens)),
    )
    # First questions are the ones retried, so no history is sent twice.
    retries = assumptions.retry_share * sum((line.usd_per_month for line in single), Decimal(0))
    return (*single, EstimateLine("retries", None, retries), of_input("history", history_tokens(assumptions)))


def _total(lines: tuple[EstimateLine, ...]) -> Decimal:
    return sum((line.usd_per_month for line in lines), Decimal(0))


def _volume(assumptions: Assumptions, queries_per_day: int) -> VolumeRow:
    month = _lines(replace(assumptions, queries_per_day=queries_per_day))
    year = _lines(replace(assumptions, queries_per_day=queries_per_day, days=DAYS_OF_YEAR))
    return VolumeRow(queries_per_day, month[0].usd_per_month, _total(month), year[0].usd_per_month, _total(year))


def estimate(assumptions: Assumptions) -> Estimate:
    """Work out the price-page sum, every hidden line, and the real total.

    >>> [(line.line, str(line.usd_per_month)) for line in estimate(Assumptions()).lines][:2]
    [('naive', '330'), ('system_prompt', '150')]
    """
    lines = _lines(assumptions)
    naive, total = lines[0].usd_per_month, _total(lines)
    return Estimate(
        assumptions=assumptions,
        naive_usd_per_month=naive,
        lines=lines,
        total_usd_per_month=total,
        multiplier=float(total / naive) if naive else None,
        volumes=tuple(_volume(assumptions, volume) for volume in VOLUMES),
    )
