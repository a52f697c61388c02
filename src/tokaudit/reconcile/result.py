"""What does a reconciliation say? A bridge from our list cost to the billed amount, by day and model and in total.

list_cost + every cause + residual = billed, exactly, in each cell and in total.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from tokaudit.result import Period, Tool, plain

SCHEMA_VERSION = "1"

CAUSES = (
    "period",
    "time_zone",
    "calls_missing_from_logs",
    "calls_not_on_the_bill",
    "unpriced",
    "tier",
    "cache_semantics",
    "rate",
    "discount",
    "unit_charges",
    "commitment_shortfall",
    "credits",
    "tax",
    "rounding",
)
"""In the order in which they are worked out: each is priced from the state that those before it leave."""

Basis: TypeAlias = Literal["counted", "inferred"]
"""counted: the bill's own counts or lines say so. inferred: only the amounts do."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One step of the bridge.

    amount    USD that it adds to our list cost on the way to the bill
    evidence  name -> value; units are in the names
    """

    cause: str
    amount: Decimal
    basis: Basis
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One day (or one longer bucket of the bill) and model. model None: the bill does not tell models apart here.

    start, end are the bill's own bucket, in its time zone; calls are ours, requests the bill's (None = it does not say).
    """

    provider_name: str | None
    model: str | None
    start: datetime
    end: datetime
    calls: int
    requests: int | None
    list_cost: Decimal
    causes: Mapping[str, Decimal]
    residual: Decimal
    billed: Decimal


@dataclass(frozen=True, slots=True)
class OtherSpend:
    """Calls of the period whose provider is not on the bill. list_cost None = unpriced."""

    provider_name: str | None
    calls: int
    list_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class SameModel:
    """A name on the bill that is a model of the logs, as the amounts of so many days show."""

    billed_as: str
    model: str
    days: int
    provider_name: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The ledger against one or more bills of a period.

    time_zone       in which the bill cuts its days, by its own word or as the amounts show
    residual_share  |residual| / billed; None = nothing was billed
    """

    schema_version: str
    tool: Tool
    bills: tuple[str, ...]
    period: Period
    currency: str
    time_zone: str
    list_cost: Decimal
    causes: tuple[Cause, ...]
    residual: Decimal
    residual_share: float | None
    billed: Decimal
    calls: int
    cells: tuple[Cell, ...]
    not_on_this_bill: tuple[OtherSpend, ...]
    same_models: tuple[SameModel, ...]

    def amount_of(self, cause: str) -> Decimal:
        """Return what a cause adds; 0 when it was not found."""
        return sum((found.amount for found in self.causes if found.cause == cause), Decimal(0))


def to_json(found: Reconciliation) -> str:
    """Write the result: sorted keys, two spaces, one final newline."""
    return json.dumps(plain(found), sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
