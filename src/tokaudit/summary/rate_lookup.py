"""Which rates hold for sums of tokens on another date, or at another model?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tokaudit.prices.catalogue import cut_times
from tokaudit.prices.quotes import PriceKey, quote
from tokaudit.prices.rates import RATED, TOKEN_CLASSES
from tokaudit.prices.repricing import Span, SpanRates, TokenSum
from tokaudit.prices.terms import UserPrices

DEPENDS_ON_TIME = "its rate depends on the time of day, which the log does not tell"


@dataclass(frozen=True, slots=True)
class Quoted:
    """What holds for one key: rates by length of prompt, rising; none = `source` says why."""

    provider_name: str | None
    model: str | None
    source: str
    effective_from: date | None
    has_cache_rate: bool
    listed: tuple[SpanRates, ...]
    contracted: tuple[SpanRates, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of the token sums. key: without a moment; clock: from when in the day its rate holds, None = not known.

    model: as priced, else as logged. list_cost None = unpriced when the calls were made.
    """

    key: PriceKey
    clock: time | None
    feature: str
    provider_name: str | None
    model: str
    sums: TokenSum
    list_cost: Decimal | None
    billed_per_own: Decimal | None

    @property
    def tokens(self) -> int:
        """All tokens."""
        return int(sum(self.sums.amounts[name] for name in TOKEN_CLASSES))


def _amounts(row: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(row[f"{'tokens' if name in TOKEN_CLASSES else 'units'}_{name}"]) for name in RATED}


def cell(row: Mapping[str, Any]) -> Cell:
    """Read one row of the partial sums (see `frames.token_sums`)."""
    priced = row["priced_model"] is not None
    billed = row["billed_per_10000_own"]
    return Cell(
        key=PriceKey(
            row["provider_name"], row["request_model"], row["response_model"], row["service_tier"], row["region"], None
        ),
        clock=row["clock"],
        feature=row["feature"],
        provider_name=row["priced_provider"] if priced else row["provider_name"],
        model=row["priced_model"] or row["response_model"] or row["request_model"] or "unknown",
        sums=TokenSum(Span(row["prompt_above"], row["prompt_up_to"]), row["calls"], _amounts(row)),
        list_cost=row["list_cost"] if priced else None,
        billed_per_own=None if billed is None else Decimal(billed) / 10_000,
    )


def _spans(rows: list[Mapping[str, Any]], kind: str) -> tuple[SpanRates, ...]:
    return tuple(
        SpanRates(
            Span(row["above_input_tokens"], row["up_to_input_tokens"]),
            {name: row[f"{kind}_rate_{name}"] for name in RATED},
        )
        for row in rows
        if row["list_rate_output"] is not None
    )


def _quoted(rows: list[Mapping[str, Any]]) -> Quoted:
    rows = sorted(rows, key=lambda row: row["above_input_tokens"])
    first = rows[0]
    return Quoted(
        provider_name=first["priced_provider"],
        model=first["priced_model"],
        source=first["price_source"],
        effective_from=first["price_effective_from"],
        has_cache_rate=bool(first["has_cache_rate"]),
        listed=_spans(rows, "list"),
        contracted=_spans(rows, "contracted"),
    )


def look_up(keys: Iterable[PriceKey], prices: UserPrices) -> dict[PriceKey, Quoted]:
    """Quote each distinct key."""
    wanted = sorted(set(keys), key=repr)
    rows: dict[PriceKey, list[Mapping[str, Any]]] = {}
    for row in quote(wanted, prices).iter_rows(named=True):
        rows.setdefault(PriceKey(*(row[name] for name in PriceKey._fields)), []).append(row)
    return {key: _quoted(found) for key, found in rows.items()}


def _clocks(clock: time | None) -> tuple[time, ...]:
    return (clock,) if clock is not None else tuple(dict.fromkeys((time(0), *cut_times())))


Wanted = tuple[PriceKey, time | None]
"""A key without a moment, and the time of day; None = not known."""


def rates_on(day: date, wanted: Iterable[Wanted], prices: UserPrices) -> dict[Wanted, Quoted]:
    """Quote keys on a day, at the time of day of their calls; a call without a time has a rate if all day's rates agree."""
    pairs = sorted(set(wanted), key=repr)
    moments = {pair: [datetime.combine(day, clock, UTC) for clock in _clocks(pair[1])] for pair in pairs}
    found = look_up((key._replace(moment=moment) for (key, clock), at in moments.items() for moment in at), prices)
    return {pair: _agreed([found[pair[0]._replace(moment=moment)] for moment in moments[pair]]) for pair in pairs}


def _agreed(found: list[Quoted]) -> Quoted:
    first = found[0]
    if all((other.listed, other.contracted) == (first.listed, first.contracted) for other in found):
        return first
    return Quoted(first.provider_name, first.model, DEPENDS_ON_TIME, None, first.has_cache_rate, (), ())


@dataclass(frozen=True, slots=True)
class Repriced:
    """A cell at the rates of another date; None = its model has none then."""

    cell: Cell
    quoted: Quoted
    list_cost: Decimal | None
    contracted_cost: Decimal | None
