"""When was the call? Any kind of time a log may hold, to UTC microseconds since 1970.

A time that is missing, impossible, ambiguous (03/04/2026) or outside 2015-2100 is None, not a reject: the tokens beside
it are still facts, and the run counts undated calls where the user sees them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from tokaudit.errors import ConfigError
from tokaudit.readers.values.spelled_times import ZONE_HOURS, moment_of, plain_text
from tokaudit.schema import Json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = 1_420_070_400_000_000  # 2015-01-01
_LATEST = 4_102_444_800_000_000  # 2100-01-01
_DOTNET_EPOCH = 621_355_968_000_000_000  # ticks of 100 ns from year 1 to 1970

# microseconds = value * numerator // denominator, by number of digits of the whole part
_BY_DIGITS = {10: (1_000_000, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}

_ZONE_NAME = re.compile(r"(.*\d) ([A-Z]{1,3}|[A-Z][A-Za-z_]+/[A-Za-z_+/-]{2,40})")
_OFFSET_APART = re.compile(r"(.*\d) ([+-]\d{2}:?\d{2})")

_SERIAL = re.compile(r"\d{5}\.\d+")
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet knows no zones
"""Spreadsheets count days; without a fraction a number of five digits may be anything."""
_SCIENTIFIC = re.compile(r"\d\.(\d+)[eE]\+?\d{1,2}")
_FEWEST_DIGITS = 9
"""Behind the point of a number with an exponent: with fewer it was rounded, by hours."""


def micros(value: Json, timezone_name: str = "UTC") -> int | None:
    """Read a time; timezone_name is the IANA zone of times that carry none."""
    if type(value) is str:
        found = _from_text(value.strip(), timezone_name)
    elif type(value) is int or type(value) is float:
        found = _from_number(value)
    elif type(value) is list and len(value) == 2 and type(value[0]) is type(value[1]) is int:
        found = value[0] * 1_000_000 + value[1] // 1_000  # [seconds, nanoseconds]
    elif type(value) is dict and len(value) == 1 and "$date" in value:
        return micros(value["$date"], timezone_name) if type(value["$date"]) is not dict else None
    else:
        return None
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _from_number(value: float) -> int | None:
    if not 0 < value < 10**19:
        return None
    digits = len(str(int(value)))
    if digits == 18:
        return (int(value) - _DOTNET_EPOCH) // 10
    if digits not in _BY_DIGITS:
        return None
    numerator, denominator = _BY_DIGITS[digits]
    return round(value * numerator) if type(value) is float else int(value) * numerator // denominator


def _from_text(text: str, timezone_name: str) -> int | None:
    plain = plain_text(text) if 6 <= len(text) <= 80 else None
    if plain is None:
        return None
    text = plain
    if len(text.partition(".")[0]) in _BY_DIGITS and _is_number(text):
        return _from_number(_number(text))  # else `1773052800100` would be a day of the year 1773
    try:
        return _since_epoch(datetime.fromisoformat(text), timezone_name)
    except ValueError:
        return _from_number_in_text(text, timezone_name) or _from_other_text(text, timezone_name)


def _from_number_in_text(text: str, timezone_name: str) -> int | None:
    if _SERIAL.fullmatch(text):
        return _since_epoch(_SERIAL_EPOCH + timedelta(days=float(text)), timezone_name)
    if (found := _SCIENTIFIC.fullmatch(text)) and len(found[1]) >= _FEWEST_DIGITS:
        return _from_number(float(text))
    return _from_number(_number(text)) if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _since_epoch(moment: datetime, timezone_name: str) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(timezone_name))
    return (moment - _EPOCH) // _MICROSECOND


def _from_other_text(text: str, timezone_name: str) -> int | None:
    if ":60" in text:  # a leap second is the first moment of the next minute
        before = _from_text(text.replace(":60", ":59", 1), timezone_name)
        return None if before is None else before + 1_000_000
    if apart := _OFFSET_APART.fullmatch(text):
        return _in_zone(apart[1], apart[2])
    named = _ZONE_NAME.fullmatch(text)
    if named and (named[2] in ZONE_HOURS or "/" in named[2]) and (found := _in_named_zone(named[1], named[2])):
        return found
    moment = moment_of(text)
    return None if moment is None else _since_epoch(moment, timezone_name)


def _in_zone(text: str, offset: str) -> int | None:
    try:
        return _since_epoch(datetime.fromisoformat(f"{text}{offset}"), "UTC")
    except ValueError:
        moment = moment_of(f"{text} {offset}")
        return None if moment is None else _since_epoch(moment, "UTC")


def _in_named_zone(text: str, name: str) -> int | None:
    offset = ZONE_HOURS.get(name)
    try:
        moment = datetime.fromisoformat(text)
        where = timezone(timedelta(hours=offset)) if offset is not None else ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None
    return _since_epoch(moment.replace(tzinfo=where), "UTC") if moment.tzinfo is None else None


@lru_cache(maxsize=32)
def zone(name: str) -> tzinfo:
    """Find an IANA time zone. Raises ConfigError for a name that is none."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ConfigError("unknown time zone", where=name, hint="Use an IANA name such as Europe/Berlin.") from error
