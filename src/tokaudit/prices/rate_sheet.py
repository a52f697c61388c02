"""What does a model cost at each time of a day, by the published list and by what the user pays?

The same look-up that prices the calls of a log, for one name: what is shown is what is charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tokaudit.prices.catalogue import cut_times
from tokaudit.prices.quotes import NO_PRICES, PriceKey, quote
from tokaudit.prices.rates import INPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.rates_file import UserPrices

UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class RateRow:
    """Rates of prompts with above_input_tokens < length <= up_to_input_tokens (None = any longer one).

    listed, contracted: USD per million tokens for TOKEN_CLASSES, USD per unit for UNIT_CLASSES.
    """

    above_input_tokens: int
    up_to_input_tokens: int | None
    listed: Mapping[str, Decimal]
    contracted: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class RateSheet:
    """All rates of a model from one moment of a day on, with what they rest on.

    source         who says so, and of what user's rates stand beside the list
    rules          published rules that were applied; None = none
    """

    starts_at: datetime
    provider_name: str | None
    model: str
    matched_by: str
    source: str
    effective_from: date | None
    rules: str | None
    rows: tuple[RateRow, ...]

    @property
    def is_contracted(self) -> bool:
        """Say whether the user pays other rates than the published ones."""
        return any(row.listed != row.contracted for row in self.rows)


@dataclass(frozen=True, slots=True)
class NoRate:
    """Why a model has no rate."""

    reason: str


def _rates(row: Mapping[str, Any], kind: str) -> dict[str, Decimal]:
    per = {name: 6 if name in TOKEN_CLASSES else 0 for name in RATED}
    return {name: row[f"{kind}_rate_{name}"].scaleb(per[name]).normalize() for name in RATED}


def _row(row: Mapping[str, Any]) -> RateRow:
    up_to = row["up_to_input_tokens"]
    return RateRow(
        row["above_input_tokens"], None if up_to >= UNLIMITED else up_to, _rates(row, "list"), _rates(row, "contracted")
    )


def _sheet(rows: Sequence[Mapping[str, Any]], moment: datetime) -> RateSheet:
    first = rows[0]
    return RateSheet(
        starts_at=moment,
        provider_name=first["priced_provider"],
        model=first["priced_model"],
        matched_by=first["matched_by"],
        source=first["price_source"],
        effective_from=first["price_effective_from"],
        rules=first["price_rules"],
        rows=tuple(_row(row) for row in sorted(rows, key=lambda row: row["above_input_tokens"])),
    )


def moments_of(day: date) -> list[datetime]:
    """Return the moments of a day at which some published rate may change, midnight UTC first."""
    return [datetime.combine(day, at, UTC) for at in cut_times()]


def last_cut(moment: datetime) -> datetime:
    """Return the last moment at or before a given one at which a rate may change.

    >>> last_cut(datetime(2026, 1, 15, 0, 29, tzinfo=UTC)).isoformat()
    '2026-01-15T00:00:00+00:00'
    """
    return max(cut for cut in moments_of(moment.astimezone(UTC).date()) if cut <= moment)


def rate_sheets(key: PriceKey, moments: Sequence[datetime], prices: UserPrices = NO_PRICES) -> list[RateSheet] | NoRate:
    """Return the rates of a model at moments, each once for as long as nothing changes. key: its own moment is not used."""
    table = quote([key._replace(moment=moment) for moment in moments], prices)
    sheets: list[RateSheet] = []
    for moment in moments:
        rows = table.filter(table["moment"] == moment).to_dicts()
        if rows[0]["priced_model"] is None:
            return NoRate(rows[0]["price_source"])
        sheet = _sheet(rows, moment)
        if not sheets or sheets[-1].rows != sheet.rows:
            sheets.append(sheet)
    return sheets


_PLAIN = ("uncached_input", "output")


def _wider(name: str) -> str:
    if name in ("cache_read_audio", "cache_read_image"):
        return "cache_read"
    return "uncached_input" if name in INPUT_CLASSES else "output"


def telling_classes(sheet: RateSheet) -> list[str]:
    """Return the classes whose rates say more than those of wider ones; units only where they cost something."""
    listed = [rates for row in sheet.rows for rates in (row.listed, row.contracted)]
    costs = {name for name in RATED if any(rates[name] > 0 for rates in listed)}
    own = {
        name
        for name in TOKEN_CLASSES
        if name not in _PLAIN and any(rates[name] != rates[_wider(name)] for rates in listed)
    }
    plain = set(_PLAIN) if costs & set(TOKEN_CLASSES) or not costs else set()
    return [name for name in RATED if name in own | plain or (name in costs and name in UNIT_CLASSES)]
