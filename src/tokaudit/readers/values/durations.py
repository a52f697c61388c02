"""How long did a call take, in milliseconds?"""

from __future__ import annotations

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
