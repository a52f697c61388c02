"""When do the people of a month write? More on weekdays than at the weekend, more by day than by night."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

from tokaudit.simulation.chance import Draw
from tokaudit.simulation.scenario import Scenario

_WEEKDAYS = (1.1, 1.2, 1.15, 1.1, 1.0, 0.55, 0.45)
"""Monday first. Made up."""
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 13, 17, 18, 17, 15, 16, 17, 16, 14, 11, 9, 8, 7, 5, 3, 2)
"""Weight of each hour, UTC. Made up."""
_HOUR_MS = 3_600_000


def per_day(scenario: Scenario, conversations: int) -> list[int]:
    """Share the conversations out among the days (largest remainder), one each kept for the first and the last day."""
    weights = [_WEEKDAYS[(scenario.start + timedelta(days=day)).weekday()] for day in range(scenario.days)]
    free = max(conversations - 2, 0)
    shares = [free * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(scenario.days), key=lambda day: (counts[day] - shares[day], day))
    for day in by_remainder[: free - sum(counts)]:
        counts[day] += 1
    counts[0] += 1
    counts[-1] += conversations > 1
    return counts


def _moment_ms(draw: Draw, cumulative: list[int]) -> int:
    ticket = draw() * cumulative[-1]
    hour = bisect(cumulative, ticket)
    return int((hour + draw()) * _HOUR_MS)


def arrivals(scenario: Scenario, conversations: int, draw: Draw) -> Iterator[int]:
    """Yield when each conversation of the month begins, in order, in milliseconds since 1970."""
    start_ms = int(scenario.start.timestamp()) * 1000
    for day, count in enumerate(per_day(scenario, conversations)):
        # Nobody begins in the last hour of a month, so that its conversations end in it.
        cumulative = list(accumulate(_HOURS if day < scenario.days - 1 else _HOURS[:-1]))
        moments = sorted(_moment_ms(draw, cumulative) for _ in range(count))
        yield from (start_ms + day * 24 * _HOUR_MS + moment for moment in moments)
