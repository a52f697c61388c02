"""Which stretch of time does a line of a bill sum up?

A day is one of the bill's own time zone, 23 to 25 hours long; a text that carries an offset says itself where its day begins.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tokaudit.readers.values.spelled_times import moment_of, plain_text
from tokaudit.readers.values.times import micros, zone
from tokaudit.schema import Json, RejectRecordError

NO_DAY = "the row does not say which day it sums up"
ENDS_FIRST = "the row ends before it begins"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"(20\d{2})[-/. ]?(0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/. ](20\d{2})")
_MONTH_NAME = re.compile(r"[^\W\d_]{3,10}\.?[ -]?20\d{2}|20\d{2}[ -][^\W\d_]{3,10}\.?")
_WEEK = re.compile(r"(20\d{2})-?W(\d{2})")
_COMPACT = re.compile(r"20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_ZONE_APART = re.compile(r"(.*\d) (UTC|GMT)", re.ASCII)


class Bucket(NamedTuple):
    """UTC, half-open."""

    start: datetime
    end: datetime


def moment(value: Json, zone_name: str) -> datetime:
    """Read a time; zone_name is that of times that carry none. Raises RejectRecordError."""
    value = int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
    if type(value) is str and _COMPACT.fullmatch(value.strip()):
        value = f"{value.strip()[:4]}-{value.strip()[4:6]}-{value.strip()[6:]}"
    found = micros(value, zone_name)
    if found is None:
        raise RejectRecordError(NO_DAY)
    return _EPOCH + timedelta(microseconds=found)


def states_zone(value: Json) -> bool:
    """Say whether a time is told apart from those of other zones: a number, or a text with an offset."""
    if type(value) is not str:
        return type(value) in (int, float) or isinstance(value, Decimal)
    own = _own_time(value)
    return own is not None and own.tzinfo is not None


def _own_time(text: str) -> datetime | None:
    """Read the text as it stands, without a zone of anybody else."""
    text = text.strip()
    if apart := _ZONE_APART.fullmatch(text):
        text = f"{apart[1]}+00:00"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return moment_of(text) if text.isascii() and len(text) <= 80 else None


def has_clock(value: Json) -> bool:
    """Say whether a time is not the beginning of a day."""
    if type(value) is not str or ":" not in value:
        return False
    own = _own_time(value)
    return own is not None and (own.hour, own.minute, own.second, own.microsecond) != (0, 0, 0, 0)


def is_whole_hour(value: Json) -> bool:
    """Say whether a time is the beginning of an hour."""
    own = _own_time(value) if type(value) is str else None
    return own is not None and (own.minute, own.second, own.microsecond) == (0, 0, 0)


def after_days(start: datetime, days: int, zone_name: str) -> datetime:
    """Return the moment some days later by the clock of a zone."""
    local = start.astimezone(zone(zone_name))
    return (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=local.tzinfo).astimezone(UTC)


def day_of(value: Json, zone_name: str) -> Bucket:
    """Return the day that a time lies in, or the month or week that a text names. Raises RejectRecordError."""
    if type(value) is str and (longer := _longer(value.strip(), zone_name)):
        return longer
    start = moment(value, zone_name)
    own = _own_time(value) if type(value) is str else None
    if own is not None and own.tzinfo is not None and not has_clock(value):
        return Bucket(start, start + timedelta(days=1))
    local = start.astimezone(zone(zone_name))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
    return Bucket(midnight, after_days(midnight, 1, zone_name))


def hour_of(value: Json, zone_name: str) -> Bucket:
    """Return the hour that begins at a time. Raises RejectRecordError."""
    start = moment(value, zone_name)
    return Bucket(start, start + timedelta(hours=1))


def _longer(text: str, zone_name: str) -> Bucket | None:
    if found := _MONTH.fullmatch(text):
        return month_from(int(found[1] or found[4]), int(found[2] or found[3]), zone_name)
    if found := _WEEK.fullmatch(text):
        try:
            return week_from(datetime.fromisocalendar(int(found[1]), int(found[2]), 1), zone_name)
        except ValueError:
            return None
    if _MONTH_NAME.fullmatch(text):
        named, year = plain_text(re.sub(r"[ -]?20\d{2}[ -]?", "", text)), re.search(r"20\d{2}", text)
        first = moment_of(f"1 {named} {year[0]}") if year and named else None
        return month_from(first.year, first.month, zone_name) if first else None
    return None


def month_from(year: int, month: int, zone_name: str) -> Bucket:
    """Return a month of a zone."""
    following = (year + month // 12, month % 12 + 1)
    start, end = (datetime(*first, 1, tzinfo=zone(zone_name)).astimezone(UTC) for first in ((year, month), following))
    return Bucket(start, end)


def week_from(first: datetime, zone_name: str) -> Bucket:
    """Return the seven days from a day's beginning by the clock of a zone."""
    start = first.replace(tzinfo=zone(zone_name)).astimezone(UTC)
    return Bucket(start, after_days(start, 7, zone_name))


def month_at(start: datetime, zone_name: str) -> Bucket:
    """Return the month that a moment lies in."""
    local = start.astimezone(zone(zone_name))
    return month_from(local.year, local.month, zone_name)


def between(start: Json, end: Json, zone_name: str, *, is_inclusive: bool = False) -> Bucket:
    """Return the stretch between two times. is_inclusive: the second is the last day. Raises RejectRecordError."""
    first, last = moment(start, zone_name), moment(end, zone_name)
    last = after_days(last, 1, zone_name) if is_inclusive else last
    if last <= first:
        raise RejectRecordError(ENDS_FIRST)
    return Bucket(first, last)
