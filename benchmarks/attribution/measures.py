"""How alike are two groupings of the same calls?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs of calls put together: precision (of ours, how many are true), recall (of the true ones, how many we have), and
    the adjusted Rand index: 1 = the same groups, 0 = no better than chance (Hubert and Arabie 1985)."""

    precision: float
    recall: float
    index: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return (
            2 * self.precision * self.recall / (self.precision + self.recall) if self.precision + self.recall else 0.0
        )


def agreement(found: Sequence[Hashable], truth: Sequence[Hashable]) -> Agreement:
    """Compare two groupings of the same calls.

    >>> agreement([1, 1, 2], ["a", "a", "b"])
    Agreement(precision=1.0, recall=1.0, index=1.0)
    """
    both = sum(_pairs(count) for count in Counter(zip(found, truth, strict=True)).values())
    ours, theirs = (sum(_pairs(count) for count in Counter(names).values()) for names in (found, truth))
    chance = ours * theirs / _pairs(len(found)) if len(found) > 1 else 0.0
    most = (ours + theirs) / 2
    return Agreement(
        precision=both / ours if ours else 1.0,
        recall=both / theirs if theirs else 1.0,
        index=(both - chance) / (most - chance) if most != chance else 1.0,
    )
