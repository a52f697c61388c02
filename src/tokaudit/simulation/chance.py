"""How is a random month the same month on every machine?

Only `random()` is used: Python promises its sequence for a seed across versions, and promises it for no other method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeAlias, TypeVar

Draw: TypeAlias = Callable[[], float]
"""Returns the next number of a stream, in [0, 1)."""

Item = TypeVar("Item")


def stream(*key: object) -> Draw:
    """Open the stream of a key, independent of the streams of other keys."""
    return Random(":".join(map(str, key))).random  # noqa: S311 - made-up traffic, nothing secret


def pick(draw: Draw, items: Sequence[Item]) -> Item:
    """Take one item, each as likely as the others."""
    return items[int(draw() * len(items))]


def lots(draw: Draw, wins: int, tickets: int) -> Iterator[bool]:
    """Draw `tickets` lots of which exactly `wins` win, each set of winners as likely (selection sampling).

    >>> sum(lots(stream(1), 3, 10))
    3
    """
    for left in range(tickets, 0, -1):
        won = draw() * left < wins
        wins -= won
        yield won


def paired_sizes(draw: Draw, mean: int, spread: float) -> Iterator[int]:
    """Yield sizes around a mean without end, each second one the mirror of the one before: every pair has the mean.

    spread: largest deviation as a share of the mean; deviations near 0 are the most frequent (triangular).
    """
    reach = int(mean * spread)
    while True:
        deviation = round((draw() + draw() - 1) * reach)
        yield mean + deviation
        yield mean - deviation
