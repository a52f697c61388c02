"""How long did a call take, in milliseconds?"""

from __future__ import annotations

import re
from decimal import Decimal

from tokaudit.readers.values.numbers import amount
from tokaudit.schema import Json

LONGEST_CALL_MS = 24 * 3600 * 1000
"""What is longer is no duration of a call."""


def milliseconds(*stated: Json) -> int | None:
    """Read the first of the durations in milliseconds that is one: not missing, negative or absurd."""
    numbers = (number for value in stated if (number := amount(value)) is not None)
    return next((round(number) for number in numbers if number <= LONGEST_CALL_MS), None)


def elapsed_ms(started_at: int | None, ended_at: int | None) -> int | None:
    """Subtract two times, which are microseconds; None where one is missing or they are in the wrong order."""
    if started_at is None or ended_at is None or not 0 <= ended_at - started_at <= LONGEST_CALL_MS * 1000:
        return None
    return round((ended_at - started_at) / 1000)


_UNITS = {
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), Decimal(1)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden"), Decimal(1000)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten"), Decimal(60_000)),
    **dict.fromkeys(("h", "hr", "hour", "hours"), Decimal(3_600_000)),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs"), Decimal("0.001")),
    "ns": Decimal("0.000001"),
}
_MEASURE = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-z\u00b5\u03bc]+)[ ,]*", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d{1,9})?)", re.ASCII)


def spelled_duration(text: str) -> Decimal | None:
    """Read a text that states its units, `1.2 s`, `1m2.5s`, `PT1.2S`, or a clock, `0:00:01.2`; None for any other."""
    text = text.strip().lower()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (Decimal(part.replace(",", ".")) for part in clock.groups())
        return (hours * 3600 + minutes * 60 + seconds) * 1000
    text = text.removeprefix("pt")
    measures = list(_MEASURE.finditer(text))
    if not measures or "".join(match[0] for match in measures) != text:
        return None
    if not all(match[2] in _UNITS for match in measures):
        return None
    return sum((Decimal(match[1].replace(",", ".")) * _UNITS[match[2]] for match in measures), Decimal(0))
