"""How well does one grouping of things agree with another, pair by pair?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def _pairs(groups: Sequence[Hashable]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


def pairwise(found: Sequence[Hashable], truth: Sequence[Hashable]) -> tuple[float, float]:
    """Return precision and recall over pairs of things in one group; 1 where there are no such pairs."""
    both = _pairs(list(zip(found, truth, strict=True)))
    ours, theirs = _pairs(found), _pairs(truth)
    return both / ours if ours else 1.0, both / theirs if theirs else 1.0
