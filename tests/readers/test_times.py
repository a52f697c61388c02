from __future__ import annotations

import pytest

from tokaudit.errors import ConfigError
from tokaudit.readers.values.spelled_times import in_order, order_of
from tokaudit.readers.values.times import micros, zone

NOON = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z

SAME_MOMENT = [
    "2026-03-01T12:00:00Z",
    "2026-03-01 12:00:00",
    "2026-03-01T12:00:00.000000000Z",
    "2026-03-01T17:30:00+05:30",
    "20260301T120000Z",
    "2026/03/01 12:00:00",
    "2026-03-01 12:00:00 UTC",
    "2026-03-01 12:00:00 GMT",
    "2026-03-01 04:00:00 PST",
    "2026-03-01 13:00:00 Europe/Berlin",
    "Sun, 01 Mar 2026 12:00:00 GMT",
    "01/Mar/2026:12:00:00 +0000",
    "01.03.2026 12:00",
    "1.3.2026 12:00:00",
    "01-Mar-2026 12:00:00",
    "1 March 2026 12:00",
    "Mar 1, 2026 @ 12:00:00.000",
    "March 1, 2026, 12:00 PM",
    "Sun Mar  1 12:00:00 2026",
    "Sun Mar 01 04:00:00 PST 2026",
    "Sun Mar 01 2026 13:00:00 GMT+0100 (Central European Standard Time)",
    "1. März 2026 um 12:00",
    "1 mars 2026 12:00:00",
    "01.03.26 12:00",
    "2026.03.01 12:00:00",
    "2026/3/1 12:00",
    "2026-03-01 12:00:00 PM",
    "2026-03-01 13:00:00 +0100",
    "2026-03-01 13:00:00.000 +01:00",
    "2026年3月1日 12:00",
    "20260301120000",
    "46082.5",  # a spreadsheet's day
    "1.7723664000e9",
    "1772366400",
    "1772366400.0",
    "1772366400000",
    1772366400,
    1772366400.0,
    1772366400000,
    1772366400000000,
    1772366400000000000,
    639079632000000000,  # .NET ticks
    [1772366400, 0],
    {"$date": "2026-03-01T12:00:00Z"},
    {"$date": 1772366400000},
]


@pytest.mark.parametrize("value", SAME_MOMENT, ids=str)
def test_every_spelling_of_a_moment_is_the_same_moment(value: object) -> None:
    assert micros(value) == NOON


UNREADABLE = [
    None,
    "",
    "yesterday",
    "2026-02-30T00:00:00Z",
    "31.02.2026 12:00",
    "03/04/2026 12:00",
    "03-04-2026 12:00",
    "3/4/26 9:15",
    "25/12/26 9:15",
    "46082",
    "1.77237E+12",
    "13:00 PM, 1 March 2026",
    "March 1, 2026, 13:00 PM",
    "1 Floreal 2026",
    "Sun Mar 01 12:00:00 CET 2026",
    "11/22/3333",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2014-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z",
    "2026-03-01 12:00:00 XYZ",
    "2026-03-01 12:00:00 ../etc/passwd",
    "2026-03-01 12:00:00 Mars/Phobos",
    0,
    -1,
    True,
    10**40,
    float("nan"),
    float("inf"),
    1e300,
    [],
    [1, "2"],
    {},
    {"$date": {"$date": 1}},
    "1" * 500,
    "٢٠٢٦-٠٣-٠١",
]


@pytest.mark.parametrize("value", UNREADABLE, ids=repr)
def test_what_is_no_readable_time_is_unknown(value: object) -> None:
    assert micros(value) is None


def test_one_possible_order_of_day_and_month_is_read() -> None:
    assert micros("25/12/2026 01:30 PM") == micros("12/25/2026 13:30:00") == micros("2026-12-25T13:30:00Z")
    assert micros("03/03/2026 12:00 AM") == micros("2026-03-03T00:00:00Z")


def test_afternoon_is_not_morning() -> None:
    assert micros("Mar 1, 2026, 9:15:12 PM") == micros("2026-03-01T21:15:12Z")
    assert micros("1 Mar 2026 12:00 AM") == micros("2026-03-01T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("25/12/2026", "day first"),
        ("12/25/2026 1:30 PM", "month first"),
        ("3/4/2026 9:15", "either"),
        ("03-04-2026", "either"),
        ("3.4.2026", "day first"),
        ("3/4/26", "either"),
        ("12/31/26", "month first"),
        ("2026-03-04", None),
        ("a/b/2026", None),
    ],
)
def test_the_order_of_day_and_month(text: str, order: str | None) -> None:
    assert order_of(text) == order


def test_a_date_can_be_written_in_the_order_of_its_column() -> None:
    assert in_order("3/4/26 9:15", "month first") == "2026-03-04T09:15:00"
    assert in_order("3/4/2026 9:15 PM", "day first") == "2026-04-03T21:15:00"
    assert in_order("25/12/2026", "month first") is None


def test_a_leap_second_is_the_next_moment() -> None:
    assert micros("2016-12-31T23:59:60Z") == micros("2017-01-01T00:00:00Z")


def test_times_without_zone_are_in_the_zone_given() -> None:
    assert micros("2026-07-01 12:00:00", "Europe/Berlin") == micros("2026-07-01T10:00:00Z")
    assert micros("01.07.2026 12:00", "Europe/Berlin") == micros("2026-07-01T10:00:00Z")
    assert micros("2026-07-01T12:00:00Z", "Europe/Berlin") == micros("2026-07-01T12:00:00Z")
    assert micros(1772366400, "Europe/Berlin") == NOON


def test_an_unknown_zone_is_a_misuse() -> None:
    with pytest.raises(ConfigError):
        zone("Nowhere/City")


def test_microseconds_are_kept() -> None:
    assert micros("2026-03-01T12:00:00.123456Z") == NOON + 123_456
    assert micros(1772366400.25) == NOON + 250_000
    assert micros([1772366400, 123_456_789]) == NOON + 123_456


@pytest.mark.parametrize("text", ["1773052800000", "1773052800000000", "1773052800000000000", "1773052800"])
def test_seconds_in_text_are_no_day_of_the_year_1773(text: str) -> None:
    assert micros(text) == 1_773_052_800_000_000
