"""What is one line of a bill, whoever wrote it?

A line sums up a bucket of time for one group: a model, a token class, a project. Unknown is None, never 0: a line without a
model is of all models, a line without counts does not say how many tokens it charges for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Literal, TypeAlias

import polars as pl

from tokaudit.prices.rates import MONEY
from tokaudit.schema import Reject

LineKind: TypeAlias = Literal["cost", "usage"]

ITEMS = (
    *("tokens", "web_search", "file_search", "code_execution", "storage", "audio", "image", "fine_tuning"),
    *("credit", "tax", "fee", "other"),
)
"""What a line charges for. `other`: the bill names something else, or nothing."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One row of a bill. None = the bill does not say.

    file, line     where it stands; 1-based, for JSON documents the line its record starts on
    start, end     UTC, half-open: the bucket it sums up (a minute, an hour, a day, a month)
    kind           `cost` has an amount, and may have counts beside it; `usage` has counts alone
    provider_name  genai-prices id of who bills the inference
    model          as the bill names it; None = not by model
    item           one of ITEMS
    token_class    one of `prices.rates.RATED`, or `input` or `output` where the bill splits no further; None = whole; cache
                   writes of unstated lifetime are `cache_write_5m`
    amount         USD billed, after discounts; list_amount USD before them
    input_tokens   includes cache reads and writes; cache_write_tokens includes cache_write_1h_tokens
    units          what a line that charges for no tokens counts: searches, sessions, seconds, images, bytes, hours
    service_tier   `batch` for batch; else as the bill writes it
    scope          project, workspace, key or team
    rounding       the unit to which the amount was rounded
    """

    file: str
    line: int
    start: datetime
    end: datetime
    kind: LineKind
    provider_name: str | None = None
    model: str | None = None
    item: str = "tokens"
    token_class: str | None = None
    amount: Decimal | None = None
    list_amount: Decimal | None = None
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None
    units: Decimal | None = None
    service_tier: str | None = None
    region: str | None = None
    scope: str | None = None
    rounding: Decimal | None = None


_TIME = pl.Datetime("us", "UTC")

BILL_SCHEMA = pl.Schema(
    {
        "file": pl.String(),
        "line": pl.Int64(),
        "start": _TIME,
        "end": _TIME,
        "kind": pl.String(),
        "provider_name": pl.String(),
        "model": pl.String(),
        "item": pl.String(),
        "token_class": pl.String(),
        "amount": MONEY,
        "list_amount": MONEY,
        "input_tokens": pl.Int64(),
        "cache_read_tokens": pl.Int64(),
        "cache_write_tokens": pl.Int64(),
        "cache_write_1h_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "requests": pl.Int64(),
        "units": pl.Decimal(38, 9),
        "service_tier": pl.String(),
        "region": pl.String(),
        "scope": pl.String(),
        "rounding": MONEY,
    }
)
"""A frame of lines: the fields of `BillLine`."""


@dataclass(frozen=True, slots=True)
class Bill:
    """One file of a bill.

    kind      what wrote it: the name of one of `bills.kinds.KINDS`
    lines     as BILL_SCHEMA says, in the order of the file
    timezone  IANA zone of its days, by its own word or the user's; None = it does not say, and they were read as UTC
    notes     what the reader of the lines should know, in whole sentences
    has_more  it is a page of an API that says that another one follows, and that is not among the files read with it
    start     UTC: where the first bucket begins, an empty one too, and end: where the last ends; None = it holds none
    """

    name: str
    kind: str
    title: str
    lines: pl.DataFrame
    rejects: tuple[Reject, ...] = ()
    timezone: str | None = None
    notes: tuple[str, ...] = ()
    has_more: bool = False
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class BillOptions:
    """What the user may say about the bills.

    columns         field of a bill -> the table's column name; the fields are those of `kinds.table_columns.FIELDS`
    timezone        IANA zone of days that carry none; None = the kind's own, else UTC
    currency_rates  ISO code -> USD for one unit of it
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    currency_rates: Mapping[str, Decimal] = field(default_factory=dict)


_VALUES = attrgetter(*BILL_SCHEMA)


def frame_of(lines: Sequence[BillLine]) -> pl.DataFrame:
    """Make a frame of lines, as BILL_SCHEMA says."""
    return pl.DataFrame([_VALUES(line) for line in lines], schema=BILL_SCHEMA, orient="row")
