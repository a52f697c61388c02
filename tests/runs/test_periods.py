"""Which period is audited, and where does it begin?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tokaudit.config import Settings, midnight
from tokaudit.errors import NoCallsError, UsageError
from tokaudit.periods import choose_period, is_month, latest_complete_month
from tokaudit.result import Period

BERLIN = "Europe/Berlin"


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


AUGUST_TO_OCTOBER = days(
    "2026-08-01", "2026-08-31", "2026-09-01", "2026-09-15", "2026-09-30", "2026-10-01", "2026-10-30"
)


def label(period: tuple[Period, bool]) -> tuple[str, bool]:
    return period[0].label, period[1]


def test_the_latest_complete_month_is_taken_by_default() -> None:
    assert latest_complete_month(AUGUST_TO_OCTOBER) == date(2026, 9, 1)
    assert label(choose_period(Settings(), AUGUST_TO_OCTOBER)) == ("2026-09", False)
    assert label(choose_period(Settings(), reversed(AUGUST_TO_OCTOBER))) == ("2026-09", False)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("2026-09-15", "2026-09"), ("2026-09-30", "2026-08"), ("2026-09-01", "2026-08"), ("2026-10-30", "2026-09")],
)
def test_a_month_is_complete_by_its_first_and_last_day(missing: str, expected: str) -> None:
    seen = [day for day in AUGUST_TO_OCTOBER if day.isoformat() != missing]
    assert label(choose_period(Settings(), seen)) == (expected, False)


def test_december_and_february_end_where_they_end() -> None:
    assert latest_complete_month(days("2025-12-01", "2025-12-31")) == date(2025, 12, 1)
    assert latest_complete_month(days("2028-02-01", "2028-02-28")) is None
    assert latest_complete_month(days("2028-02-01", "2028-02-29")) == date(2028, 2, 1)


def test_without_a_complete_month_all_there_is_is_taken() -> None:
    period, is_all = choose_period(Settings(), days("2026-09-02", "2026-10-30"))
    assert (period.label, is_all) == ("2026-09-02_2026-10-30", True)
    assert (period.start, period.end) == (datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))
    assert not is_month(period)


def test_one_day_is_a_period() -> None:
    assert label(choose_period(Settings(), days("2026-09-02"))) == ("2026-09-02_2026-09-02", True)


def test_a_month_that_was_asked_for_is_taken_whatever_the_logs_hold() -> None:
    period, is_all = choose_period(Settings(month=date(2025, 2, 1)), AUGUST_TO_OCTOBER)
    assert (period.label, is_all, is_month(period)) == ("2025-02", False, True)
    assert period.end == datetime(2025, 3, 1, tzinfo=UTC)


def test_until_is_exclusive() -> None:
    period, is_all = choose_period(Settings(since=date(2026, 9, 10), until=date(2026, 9, 12)), AUGUST_TO_OCTOBER)
    assert (period.label, is_all) == ("2026-09-10_2026-09-11", False)
    assert period.end == datetime(2026, 9, 12, tzinfo=UTC)


def test_open_ends_reach_as_far_as_the_logs() -> None:
    assert label(choose_period(Settings(since=date(2026, 9, 10)), AUGUST_TO_OCTOBER)) == (
        "2026-09-10_2026-10-30",
        False,
    )
    assert label(choose_period(Settings(until=date(2026, 9, 10)), AUGUST_TO_OCTOBER)) == (
        "2026-08-01_2026-09-09",
        False,
    )


def test_dates_that_make_up_a_month_are_named_as_it() -> None:
    settings = Settings(since=date(2026, 9, 1), until=date(2026, 10, 1))
    assert label(choose_period(settings, AUGUST_TO_OCTOBER)) == ("2026-09", False)
    two = Settings(since=date(2026, 9, 1), until=date(2026, 11, 1))
    assert label(choose_period(two, AUGUST_TO_OCTOBER)) == ("2026-09-01_2026-10-31", False)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(since=date(2026, 9, 2), until=date(2026, 9, 2)),
        Settings(since=date(2026, 9, 3), until=date(2026, 9, 2)),
        Settings(since=date(2027, 1, 1)),
        Settings(until=date(2026, 8, 1)),
    ],
)
def test_an_empty_period_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="is empty"):
        choose_period(settings, AUGUST_TO_OCTOBER)


def test_undated_logs_are_taken_whole_and_have_no_month() -> None:
    period, is_all = choose_period(Settings(), [])
    assert (period.label, is_all, is_month(period), period.start) == ("undated", True, False, period.end)


def test_undated_logs_have_no_open_periods() -> None:
    for settings in (Settings(since=date(2026, 9, 1)), Settings(until=date(2026, 9, 1))):
        with pytest.raises(NoCallsError):
            choose_period(settings, [])
    assert (
        label(choose_period(Settings(since=date(2026, 9, 1), until=date(2026, 9, 2)), []))[0] == "2026-09-01_2026-09-01"
    )


@pytest.mark.parametrize(
    ("zone", "month", "start", "hours"),
    [
        (BERLIN, date(2026, 3, 1), "2026-02-28T23:00+00:00", 31 * 24 - 1),
        (BERLIN, date(2026, 10, 1), "2026-09-30T22:00+00:00", 31 * 24 + 1),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00+00:00", 30 * 24 + 1),
        ("Asia/Kathmandu", date(2026, 9, 1), "2026-08-31T18:15+00:00", 30 * 24),
        ("Australia/Lord_Howe", date(2026, 10, 1), "2026-09-30T13:30+00:00", 31 * 24 - 0.5),
    ],
)
def test_a_month_begins_at_midnight_in_its_zone(zone: str, month: date, start: str, hours: float) -> None:
    period, _ = choose_period(Settings(timezone=zone, month=month), [])
    assert period.start.astimezone(UTC) == datetime.fromisoformat(start)
    assert period.end.astimezone(UTC) - period.start.astimezone(UTC) == timedelta(hours=hours)
    assert period.label == f"{month:%Y-%m}"


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_have_changed() -> None:
    begin = midnight(date(2018, 11, 4), "America/Sao_Paulo").astimezone(UTC)
    assert begin == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert begin - midnight(date(2018, 11, 3), "America/Sao_Paulo").astimezone(UTC) == timedelta(hours=24)
