"""What did the user have to pay whatever was used, and how much of it was used?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tokaudit.config import next_month
from tokaudit.prices.contracted import fitting_commitments, resolve
from tokaudit.prices.quotes import PriceKey
from tokaudit.prices.terms import Commitment, ModelName, UserPrices
from tokaudit.result import CommitmentUse, Period
from tokaudit.stages import Partials

ZERO = Decimal(0)


def committed(terms: Commitment, first: date, end: date) -> Decimal:
    """Add up the months' amounts by the days from first until end (exclusive) on which the terms are in force."""
    start, stop = max(first, terms.scope.start or first), min(end, terms.scope.end or end)
    amount = ZERO
    while start < stop:
        month, after = start.replace(day=1), next_month(start.replace(day=1))
        days = (min(stop, after) - start) // timedelta(days=1)
        amount += terms.usd_per_month * days / ((after - month) // timedelta(days=1))
        start = after
    return amount


def _key(row: Mapping[str, Any], prices: UserPrices) -> PriceKey:
    names = [name for name in (row["response_model"], row["request_model"]) if name]
    alias = next((found for name in names if (found := resolve(name, prices))), None)
    provider = alias.provider_name if alias else row["provider_name"]
    moment = datetime.combine(row["day"], time(), UTC) if row["day"] else None
    return PriceKey(provider, row["request_model"], row["response_model"], row["service_tier"], None, moment)


Counted = Sequence[tuple[Mapping[str, Any], list[Commitment]]]
"""Sums of calls, each with the commitments that they count against."""


def _used(terms: Commitment, rows: Counted) -> tuple[Decimal, int]:
    own = [row for row, fitting in rows if any(one is terms for one in fitting)]
    # The calls that a commitment pays for cost nothing more by contract: their list price says what it was worth.
    column = "contracted_cost" if terms.covers == "usage" else "list_cost"
    return sum((row[column] for row in own), ZERO), sum(row["calls"] for row in own)


def _use(terms: Commitment, rows: Counted, period: Period) -> CommitmentUse:
    used, calls = _used(terms, rows)
    is_dated = period.start < period.end
    amount = committed(terms, period.start.date(), period.end.date()) if is_dated else None
    return CommitmentUse(
        name=terms.name,
        covers=terms.covers,
        committed_usd=amount,
        used_usd=used,
        shortfall_usd=None if amount is None else max(amount - used, ZERO),
        calls=calls,
        source=terms.source,
    )


def commitments_of(partials: Partials, period: Period, prices: UserPrices) -> tuple[CommitmentUse, ...]:
    """Compare each commitment with the calls in its scope, in the order of the user's file."""
    if not prices.commitments:
        return ()
    rows = [
        (row, fitting_commitments(_key(row, prices), prices, ModelName(row["priced_provider"], row["priced_model"])))
        for row in partials["contract_days"].iter_rows(named=True)
    ]
    return tuple(_use(terms, rows, period) for terms in prices.commitments)
