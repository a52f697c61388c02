"""What does the user pay, by a rates file?

TOML, one `[[rates]]` table for each model and time. Rates are exact decimals, written as text ("2.50") or numbers, in USD
per million tokens. A key that is not known is refused with its line: a rate under a misspelt key would be lost silently.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tokaudit.errors import ConfigError

_RATES = {
    "input_usd_per_million": "uncached_input",
    "cache_read_usd_per_million": "cache_read",
    "cache_write_5m_usd_per_million": "cache_write_5m",
    "cache_write_1h_usd_per_million": "cache_write_1h",
    "output_usd_per_million": "output",
}
_KEYS = {"model", "provider", "from", "until", "source", *_RATES}
_EXAMPLE = 'see the README: [[rates]], model = "name", input_usd_per_million = "2.50", output_usd_per_million = "10.00"'
_HIGHEST = Decimal(10) ** 6
"""A dollar a token: more is a slip of the unit, and would not fit the ledger's decimals."""


@dataclass(frozen=True, slots=True)
class UserRate:
    """Rates of one model in [start, end); a class without a rate costs as uncached input."""

    model: str
    provider_name: str | None
    start: date | None
    end: date | None
    uncached_input: Decimal
    cache_read: Decimal | None
    cache_write_5m: Decimal | None
    cache_write_1h: Decimal | None
    output: Decimal
    source: str

    def covers(self, day: date | None) -> bool:
        """Say whether the rate holds on a day; on an unknown day only a rate without dates does."""
        if day is None:
            return self.start is None and self.end is None
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


def _line_of(text: str, table: int, key: str | None) -> int:
    heads = [match.start() for match in re.finditer(r"^[ \t]*\[\[[ \t]*rates[ \t]*\]\]", text, re.MULTILINE)]
    start = heads[table] if table < len(heads) else 0
    found = re.compile(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=", re.MULTILINE).search(text, start) if key else None
    return text.count("\n", 0, found.end() if found else start) + 1


def _decimal(value: Any) -> Decimal:
    # A TOML float was parsed by Decimal itself, so 0.1 is 0.1.
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    if isinstance(value, bool) or not amount.is_finite() or amount.as_tuple().exponent < -18:  # type: ignore[operator]
        raise InvalidOperation
    if not 0 <= amount <= _HIGHEST:
        raise InvalidOperation
    return amount


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


class _Table:
    """One `[[rates]]` table while it is read: knows where its keys stand."""

    def __init__(self, path: Path, text: str, index: int, table: dict[str, Any]) -> None:
        self.path, self.text, self.index, self.table = path, text, index, table

    def error(self, what: str, key: str | None, hint: str = _EXAMPLE) -> ConfigError:
        return ConfigError(what, where=f"{self.path}:{_line_of(self.text, self.index, key)}", hint=hint)

    def required_rate(self, key: str) -> Decimal:
        rate = self.rate(key)
        if rate is None:
            raise self.error(f"a rate has no {key}", None)
        return rate

    def rate(self, key: str) -> Decimal | None:
        if key not in self.table:
            return None
        try:
            return _decimal(self.table[key])
        except (InvalidOperation, ValueError) as error:
            raise self.error(f"{key} is not an amount of USD", key) from error

    def name(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self.error(f"{key} is not a name", key)
        return value

    def day(self, key: str) -> date | None:
        if key not in self.table:
            return None
        try:
            return _day(self.table[key])
        except (TypeError, ValueError) as error:
            raise self.error(f"{key} is not a date", key, hint=f"write {key} = 2026-01-31") from error

    def read(self) -> UserRate:
        for key in self.table:
            if key not in _KEYS:
                raise self.error(f"unknown key {key!r} in a rate", key, hint=f"known keys: {', '.join(sorted(_KEYS))}")
        model, start, end = self.name("model"), self.day("from"), self.day("until")
        if model is None:
            raise self.error("a rate has no model", None)
        if start is not None and end is not None and start >= end:
            raise self.error("a rate ends before it begins", "until", hint="until is exclusive: the first day after")
        return UserRate(
            model=model,
            provider_name=self.name("provider"),
            start=start,
            end=end,
            uncached_input=self.required_rate("input_usd_per_million"),
            cache_read=self.rate("cache_read_usd_per_million"),
            cache_write_5m=self.rate("cache_write_5m_usd_per_million"),
            cache_write_1h=self.rate("cache_write_1h_usd_per_million"),
            output=self.required_rate("output_usd_per_million"),
            source=f"{self.name('source') or 'rates file'} ({self.path.name})",
        )


def _overlap(a: UserRate, b: UserRate) -> bool:
    return (
        (a.model.lower(), a.provider_name) == (b.model.lower(), b.provider_name)
        and (a.end is None or b.start is None or b.start < a.end)
        and (b.end is None or a.start is None or a.start < b.end)
    )


def read_rates_file(path: Path) -> tuple[UserRate, ...]:
    """Read the user's rates. Raises ConfigError naming file, line and what to write instead."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ConfigError("the rates file cannot be read", where=str(path), hint=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the rates file is not TOML: {error}", where=str(path), hint=_EXAMPLE) from error
    found = document.get("rates")
    if set(document) != {"rates"} or not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise ConfigError("the rates file holds no [[rates]] tables, or more than them", where=str(path), hint=_EXAMPLE)
    tables = [_Table(path, text, index, table) for index, table in enumerate(found)]
    rates = tuple(table.read() for table in tables)
    for index, rate in enumerate(rates):
        if any(_overlap(rate, earlier) for earlier in rates[:index]):
            hint = "give each rate of a model its own from and until; until is exclusive"
            raise tables[index].error(f"two rates of {rate.model!r} hold on the same day", "model", hint=hint)
    return rates
