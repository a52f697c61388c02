"""Is a value of the rates file what its key asks for?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from tokaudit.errors import ConfigError
from tokaudit.prices.rates import TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.rates_text import Document, Place
from tokaudit.prices.terms import Scope

EXAMPLE = 'see the README: [[rates]], model = "name", input_usd_per_million = "2.50", output_usd_per_million = "10.00"'
RATE_KEYS = {
    **{f"{'input' if name == 'uncached_input' else name}_usd_per_million": name for name in TOKEN_CLASSES},
    **{f"{name}_usd": name for name in UNIT_CLASSES},
}
"""The key of a rate in the file -> its class (`rates.RATED`)."""
HIGHEST_RATE = Decimal(10) ** 6
"""A dollar a token, or a million for one request: more is a slip of the unit, and would not fit the ledger's decimals."""
MOST_DECIMALS = 18
"""The ledger keeps 24 decimals a token (`rates.MONEY`): 18 a million tokens."""

_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = range(2000, 2200)
"""Another year is a slip of the pen: no call was made then."""
_OTHER_UNIT = re.compile(r"_?per_(?P<unit>thousand|1_?000|1?k|token)s?(_tokens?)?(_usd)?$")


def _as_decimal(value: Any) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if _AMOUNT.fullmatch(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _as_day(value: Any) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:  # the 31st of June
        return None


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def suggestion(name: str, known: Collection[str]) -> str:
    """Say which known name was probably meant, or which there are."""
    near = get_close_matches(name.casefold(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


def _unknown_key_hint(key: str, known: Collection[str]) -> str:
    slip = _OTHER_UNIT.search(key)
    if slip is None:
        return suggestion(key, known)
    near = get_close_matches(f"{key[: slip.start()].removesuffix('_usd')}_usd_per_million", RATE_KEYS, n=1)
    factor = "1,000,000" if slip["unit"] == "token" else "1,000"
    return f"rates are USD per million tokens: write {near[0] if near else '…_usd_per_million'}, {factor} times this amount"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the rates file while it is read. noun: what one such table is called."""

    document: Document
    place: Place
    values: Mapping[str, Any]
    noun: str

    def error(self, what: str, key: str | None = None, hint: str = EXAMPLE) -> ConfigError:
        """Say what is wrong with a key, or with the table."""
        return self.document.error(what, self.place if key is None else (*self.place, key), hint)

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self.document.line(self.place)

    def check_keys(self, known: Collection[str]) -> None:
        """Raise ConfigError at the first key that is not known."""
        for key in self.values:
            if key not in known:
                raise self.error(f"unknown key {key!r} in {self.noun}", key, _unknown_key_hint(key, known))

    def name(self, key: str) -> str | None:
        """Read a name. Raises ConfigError."""
        value = self.values.get(key)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self.error(f"{key} is not a name", key, hint=f'write {key} = "…"')
        return value.strip() if value is not None else None

    def required_name(self, key: str) -> str:
        """Read a name that must be there. Raises ConfigError."""
        name = self.name(key)
        if name is None:
            raise self.error(f"{self.noun} has no {key}")
        return name

    def amount(self, key: str, highest: Decimal = HIGHEST_RATE) -> Decimal | None:
        """Read an exact amount, None = not given. Raises ConfigError for a negative, too large or too fine one."""
        if key not in self.values:
            return None
        amount = _as_decimal(self.values[key])
        if amount is None:
            raise self.error(f"{key} is not an amount of USD", key, hint=f'write {key} = "2.50"')
        if amount < 0:
            raise self.error(
                f"{key} is negative", key, hint="what is free costs 0; a percentage off is a [[discounts]] table"
            )
        if amount > highest:
            raise self.error(f"{key} is more than {highest:,f} USD", key, hint="check the amount and its unit")
        if _decimals(amount) > MOST_DECIMALS:
            raise self.error(
                f"{key} has more than {MOST_DECIMALS} decimals", key, hint="they could not be kept exactly"
            )
        return amount.copy_abs()  # of minus zero

    def required_amount(self, key: str, highest: Decimal = HIGHEST_RATE) -> Decimal:
        """Read an amount that must be there. Raises ConfigError."""
        amount = self.amount(key, highest)
        if amount is None:
            raise self.error(f"{self.noun} has no {key}", hint=f"write {key} = 0 if that is free")
        return amount

    def percent(self, key: str) -> Decimal:
        """Read a percentage, over 0 and up to 100. Raises ConfigError."""
        if key not in self.values:
            raise self.error(f"{self.noun} has no {key}", hint=f'write {key} = "15" for 15 % off')
        percent = _as_decimal(self.values[key])
        if percent is None or not 0 < percent <= 100 or _decimals(percent) > MOST_DECIMALS:
            raise self.error(
                f"{key} is not a percentage", key, hint=f'more than 0, at most 100: {key} = "15" for 15 % off'
            )
        return percent

    def day(self, key: str) -> date | None:
        """Read a UTC day, written as a date or as text. Raises ConfigError."""
        if key not in self.values:
            return None
        day = _as_day(self.values[key])
        if day is None or day.year not in _YEARS:
            raise self.error(f"{key} is not a date", key, hint=f"write {key} = 2026-01-31, a day in UTC")
        return day

    def prompt_length(self, key: str) -> int:
        """Read a number of tokens; -1 = not given. Raises ConfigError."""
        value = self.values.get(key, -1)
        is_given = key in self.values
        if is_given and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**12):
            raise self.error(f"{key} is not a number of tokens", key, hint=f"write {key} = 200000")
        return int(value)

    def flag(self, key: str) -> bool:
        """Read true or false; false = not given. Raises ConfigError."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} is neither true nor false", key, hint=f"write {key} = true")
        return value

    def names(self, key: str) -> tuple[str, ...] | None:
        """Read a list of names, None = not given. Raises ConfigError."""
        if key not in self.values:
            return None
        value = self.values[key]
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise self.error(f"{key} is not a list of names", key, hint=f'write {key} = ["input", "output"]')
        return tuple(value)

    def scope(self, model: str | None) -> Scope:
        """Read for which calls the table holds. Raises ConfigError."""
        start, end = self.day("from"), self.day("until")
        if start is not None and end is not None and start >= end:
            raise self.error(
                f"{self.noun} ends before it begins", "until", hint="until is exclusive: the first day after"
            )
        return Scope(model, self.name("provider"), self.name("tier"), start, end)

    def source(self) -> str:
        """Say where the table's terms are written down."""
        return f"{self.name('source') or 'rates file'} ({self.document.path.name})"


SCOPE_KEYS = ("provider", "tier", "from", "until", "source")
"""What every table may have."""
