"""In which time zone does the bill cut its days?

A bucket that the bill calls 1 March is another stretch of time in each zone. A zone is told by where the calls fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tokaudit.config import microseconds

SLOT = timedelta(minutes=15)
"""Every zone in use today is a whole number of quarter hours from UTC (IANA tz database 2025b)."""

ZONES = (
    "UTC", "America/Los_Angeles", "America/New_York", "Europe/Berlin", "Asia/Shanghai", "Asia/Kolkata", "Asia/Tokyo",
    "Europe/London", "America/Chicago", "America/Denver", "America/Phoenix", "America/Sao_Paulo", "Australia/Sydney",
    "Pacific/Pago_Pago", "Pacific/Honolulu", "Pacific/Marquesas", "America/Anchorage", "Pacific/Gambier", "Pacific/Pitcairn",
    "America/Mexico_City", "America/Bogota", "America/Halifax", "America/La_Paz", "America/Santiago", "America/St_Johns",
    "America/Noronha", "Atlantic/Azores", "Atlantic/Cape_Verde", "Africa/Lagos", "Africa/Johannesburg", "Europe/Athens",
    "Europe/Moscow", "Asia/Jerusalem", "Africa/Cairo", "Asia/Tehran", "Asia/Dubai", "Asia/Kabul", "Asia/Karachi",
    "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok", "Australia/Eucla", "Australia/Darwin",
    "Australia/Adelaide", "Australia/Brisbane", "Australia/Lord_Howe", "Pacific/Noumea", "Pacific/Auckland",
    "Pacific/Fiji", "Pacific/Chatham", "Pacific/Tongatapu", "Pacific/Kiritimati",
)  # fmt: skip
"""One zone for each offset and rule of summer time in use, the likelier ones first."""


class Bucket(NamedTuple):
    """One stretch of time of the bill, start inclusive, end exclusive, in UTC."""

    start: datetime
    end: datetime


def slot_of(moment: datetime) -> int:
    """Return the quarter hour since 1970 in which a moment lies."""
    return microseconds(moment) // (SLOT // timedelta(microseconds=1))


def _read_in(moment: datetime, assumed: ZoneInfo, zone: ZoneInfo) -> datetime:
    """Return the moment at which a clock of `zone` shows what a clock of `assumed` shows at this one."""
    return moment.astimezone(assumed).replace(tzinfo=zone).astimezone(UTC)


def buckets_in(buckets: Sequence[Bucket], assumed: str, zone: str) -> tuple[Bucket, ...]:
    """Return the buckets as they lie when the bill's clock is that of another zone than the one assumed in reading it."""
    if zone == assumed:
        return tuple(buckets)
    first, second = ZoneInfo(assumed), ZoneInfo(zone)
    return tuple(Bucket(_read_in(b.start, first, second), _read_in(b.end, first, second)) for b in buckets)


def candidate_zones(buckets: Sequence[Bucket], assumed: str) -> dict[str, tuple[Bucket, ...]]:
    """Return zone -> buckets, one zone for each different cut, the assumed one first.

    >>> day = Bucket(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    >>> candidate_zones([day], "UTC")["Asia/Shanghai"][0].start.isoformat()
    '2026-02-28T16:00:00+00:00'
    """
    found: dict[tuple[Bucket, ...], str] = {}
    for zone in dict.fromkeys((assumed, *ZONES)):
        found.setdefault(buckets_in(buckets, assumed, zone), zone)
    return {zone: cut for cut, zone in found.items()}
