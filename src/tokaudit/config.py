"""What may the user set, and where does a month begin?"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from tokaudit.errors import ConfigError, UsageError
from tokaudit.prices.terms import UserPrices

_SETTINGS_KEYS = {"timezone", "log_timezone", "columns"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that changes a result, besides the logs.

    timezone      IANA zone of the report's days and months
    log_timezone  IANA zone of log times that carry none
    columns       our field -> the log's column, for tables with unusual names
    month         first day of the month asked for; or since/until (until exclusive); all None = the latest complete month
    prices        what the user's rates file says
    feature_names discovered feature -> the user's name for it
    compare       models to price the period's calls at, `model` or `provider/model`
    """

    timezone: str = "UTC"
    log_timezone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    month: date | None = None
    since: date | None = None
    until: date | None = None
    prices: UserPrices = field(default_factory=UserPrices)
    feature_names: Mapping[str, str] = field(default_factory=dict)
    compare: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """A short hash of all settings, for the report."""
        text = repr((self.timezone, self.log_timezone, sorted(self.columns.items()), self.month, self.since, self.until,
                     self.prices, sorted(self.feature_names.items()), self.compare))  # fmt: skip
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def check_timezone(name: str) -> str:
    """Return an IANA zone name that exists, here and on every machine. Raises UsageError."""
    try:
        ZoneInfo(name)
        pl.select(pl.from_epoch(pl.lit(0)).dt.replace_time_zone(name))  # knows no `localtime`
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.ComputeError) as error:
        raise UsageError(
            f"no time zone is called {name!r}", hint="use an IANA name such as Europe/Berlin or UTC"
        ) from error
    return name


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigError naming it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the {what} file cannot be read", where=str(path), hint=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the {what} file is not TOML: {error}", where=str(path)) from error


def read_settings(path: Path) -> Settings:
    """Read a settings file. Raises ConfigError for a key that is not known."""
    document = read_toml(path, "settings")
    unknown = sorted(set(document) - _SETTINGS_KEYS)
    if unknown:
        hint = f"known keys: {', '.join(sorted(_SETTINGS_KEYS))}"
        raise ConfigError(f"unknown key {unknown[0]!r} in the settings", where=str(path), hint=hint)
    columns = document.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        hint = '[columns]\ninput_tokens = "name in the log"'
        raise ConfigError("columns is not a table of names", where=str(path), hint=hint)
    return Settings(
        timezone=check_timezone(str(document.get("timezone", "UTC"))),
        log_timezone=check_timezone(str(document.get("log_timezone", "UTC"))),
        columns=columns,
    )


def read_feature_names(path: Path) -> dict[str, str]:
    """Read the names of discovered features: a TOML table [features] of id = "name"."""
    table = read_toml(path, "features").get("features")
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        hint = '[features]\n"template-1a2b3c4d" = "ticket triage"'
        raise ConfigError("the features file holds no [features] table of names", where=str(path), hint=hint)
    return table


_MONTH = re.compile(r"(\d{4})-(\d{2})")


def parse_month(text: str) -> date:
    """Read YYYY-MM. Raises UsageError."""
    match = _MONTH.fullmatch(text)
    try:
        first = date(int(match[1]), int(match[2]), 1) if match else date.fromisoformat("")
        next_month(first)
        return first
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is not a month", hint="write it as 2026-01") from error


def parse_day(text: str) -> date:
    """Read YYYY-MM-DD. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", hint="write it as 2026-01-31") from error


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def midnight(day: date, zone: str) -> datetime:
    """Return the first moment of a day in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def microseconds(moment: datetime) -> int:
    """Return UTC microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
