"""Are settings read as written, and anything else refused?"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tokaudit.config import (
    Settings,
    check_timezone,
    microseconds,
    midnight,
    next_month,
    parse_day,
    parse_month,
    read_feature_names,
    read_settings,
)
from tokaudit.errors import ConfigError, UsageError
from tokaudit.prices.terms import ModelName, UserPrices


@pytest.mark.parametrize(("text", "expected"), [("2026-09", date(2026, 9, 1)), ("0001-01", date(1, 1, 1))])
def test_a_month(text: str, expected: date) -> None:
    assert parse_month(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-9", "2026-09-01", "9999-12", "0000-01", " 2026-09"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a month"):
        parse_month(text)


def test_a_day() -> None:
    assert parse_day("2026-01-31") == date(2026, 1, 31)
    with pytest.raises(UsageError, match="is not a date"):
        parse_day("2026-02-30")


@pytest.mark.parametrize(
    ("first", "expected"), [((2026, 1, 1), (2026, 2, 1)), ((2026, 12, 1), (2027, 1, 1)), ((2028, 2, 1), (2028, 3, 1))]
)
def test_the_next_month(first: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    assert next_month(date(*first)) == date(*expected)


def test_moments_in_microseconds() -> None:
    assert microseconds(midnight(date(1970, 1, 1), "UTC")) == 0
    assert microseconds(midnight(date(1970, 1, 2), "Asia/Tokyo")) == 15 * 3600 * 10**6


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"])
def test_a_time_zone(name: str) -> None:
    assert check_timezone(name) == name


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe", "../etc/passwd", "/etc/passwd", "localtime", "Factory", "UTC\x00"]
)
def test_what_is_no_time_zone_everywhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        check_timezone(name)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_settings_file(tmp_path: Path) -> None:
    text = 'timezone = "Europe/Berlin"\nlog_timezone = "Asia/Tokyo"\n[columns]\ninput_tokens = "in"\n'
    found = read_settings(written(tmp_path / "s.toml", text))
    assert found == Settings(timezone="Europe/Berlin", log_timezone="Asia/Tokyo", columns={"input_tokens": "in"})
    assert read_settings(written(tmp_path / "empty.toml", "")) == Settings()


@pytest.mark.parametrize("text", ["timezon = 1", "columns = 1", "[columns]\na = 1", "timezone", "\xff"])
def test_a_settings_file_that_cannot_be_right_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as refused:
        read_settings(path)
    assert refused.value.where == str(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings(tmp_path / "none.toml")
    assert refused.value.where == str(tmp_path / "none.toml")


def test_feature_names(tmp_path: Path) -> None:
    path = written(tmp_path / "f.toml", '[features]\n"template-1a2b3c4d" = "ticket triage"\n')
    assert read_feature_names(path) == {"template-1a2b3c4d": "ticket triage"}
    for text in ("", "features = 1", "[features]\na = 1"):
        with pytest.raises(ConfigError):
            read_feature_names(written(tmp_path / "f.toml", text))


CHANGES: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "log_timezone": "Europe/Berlin",
    "columns": {"a": "b"},
    "month": date(2026, 9, 1),
    "since": date(2026, 9, 1),
    "until": date(2026, 9, 1),
    "compare": ("gpt-4o",),
    "prices": UserPrices(aliases={"a": ModelName(None, "gpt-4o")}),
    "feature_names": {"a": "b"},
}


def test_every_setting_changes_the_hash() -> None:
    assert set(CHANGES) == {field.name for field in fields(Settings)}
    hashes = [replace(Settings(), **{name: value}).hash for name, value in CHANGES.items()]
    assert len({Settings().hash, *hashes}) == len(CHANGES) + 1


def test_the_order_of_names_does_not_change_the_hash() -> None:
    assert Settings(columns={"a": "1", "b": "2"}).hash == Settings(columns={"b": "2", "a": "1"}).hash
