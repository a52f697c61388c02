"""What does a reader of bills know beside the row it reads?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tokaudit.bills.buckets import Bucket
from tokaudit.bills.cells import exact, money, product
from tokaudit.bills.line import BillLine, BillOptions
from tokaudit.readers.values.labels import label
from tokaudit.schema import Json, Record, RejectRecordError

NO_AMOUNT = "the row states no amount"
CENT = Decimal("0.01")
_CODES = frozenset(
    ("EUR", "GBP", "CNY", "JPY", "INR", "CHF", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "BRL", "KRW", "SGD")
)
"""Currencies that a reason may name: it never repeats what only a bill says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a row stands, and what the user said about its file.

    zone  IANA zone of days that carry none
    """

    file: str
    line: int
    options: BillOptions
    zone: str = "UTC"

    def at(self, bucket: Bucket) -> tuple[str, int, datetime, datetime]:
        """Return the first fields of a line."""
        return self.file, self.line, bucket.start, bucket.end

    def usd(self, amount: Decimal, currency: str | None) -> Decimal:
        """Convert an amount to USD; no currency is USD. Raises RejectRecordError when its rate is not known."""
        if currency is None or currency == "USD":
            return amount
        rate = self.options.currency_rates.get(currency)
        if rate is None:
            raise RejectRecordError(wanting_rate(currency))
        return product(amount, rate)

    def dollars(self, value: Json, currency: Json = None, *, comma: bool | None = False) -> Decimal | None:
        """Read an amount and convert it; None for an empty cell. currency: where a column names it. Raises RejectRecordError."""
        found = money(value, comma=comma)
        if found is None:
            return None
        code = label(currency)
        return self.usd(found.amount, code.upper() if code else found.currency)


def wanting_rate(currency: str) -> str:
    """Say that an amount is not in USD, and what to do."""
    known = currency if currency in _CODES else "another currency than USD"
    return f"the amount is in {known}: say what one unit is worth in USD with --currency-rate CODE=RATE"


def cents(amount: Decimal | None) -> Decimal | None:
    """Read an amount of cents as dollars."""
    return None if amount is None else exact(amount * CENT)


def total(*counts: int | None) -> int | None:
    """Add up what is known; None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


class Counts(NamedTuple):
    """Tokens of a line that charges for one class of them."""

    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None


def counts_of(kind: str | None, tokens: int | None) -> Counts:
    """Put a number of tokens where its class belongs; cached input is input too."""
    if tokens is None or kind is None:
        return Counts()
    if kind.startswith("output"):
        return Counts(output_tokens=tokens)
    return Counts(
        input_tokens=tokens,
        cache_read_tokens=tokens if kind.startswith("cache_read") else None,
        cache_write_tokens=tokens if kind.startswith("cache_write") else None,
        cache_write_1h_tokens=tokens if kind == "cache_write_1h" else None,
    )


def is_true(value: Json) -> bool:
    """Read a flag of JSON or of a table."""
    return value is True or (type(value) is str and value.strip().lower() == "true")


Read = Callable[[Record, Reading], Iterable[BillLine]]


class Kind(NamedTuple):
    """One kind of bill.

    name, title  as people know it
    rows         takes a record apart into rows: the buckets of a page, the models of a day
    read         turns a row into lines; a row that states nothing becomes one line that only tells its bucket, so that the
                 period is known. Raises RejectRecordError.
    zone         of its days, by its own word; None = it does not say
    measures     columns that are no part of a row's name: two rows that differ in these alone are one, at two times
    identity     columns that name a row all by themselves; empty = all but the measures do
    note_of      says what a row's bill leaves out or means otherwise than one would think, in a whole sentence
    zone_of      names the zone of a row's days where not all of the kind have one
    """

    name: str
    title: str
    rows: Callable[[Record], Iterator[Record]]
    read: Read
    zone: str | None
    measures: frozenset[str]
    identity: tuple[str, ...] = ()
    note_of: Callable[[Record], str | None] = lambda _: None
    zone_of: Callable[[Record], str | None] = lambda _: None


def itself(record: Record) -> Iterator[Record]:
    """Say that a record is one row."""
    yield record


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Return the objects of a list; [] for anything else."""
    return [item for item in value if type(item) is dict] if type(value) is list else []
