"""By which law does a call grow from turn to turn?

Three laws are tried on the means of the turns: a call stays as it is, grows by as much each turn (a conversation then costs with
the square of its length), or grows up to a plateau (history is cut or summed up). The simplest that explains them is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from tokaudit.result import GrowthLaw, GrowthShape

FEWEST_TURNS = 3
"""Two turns lie on a line of whatever law."""
FEWEST_TURNS_OF_A_PLATEAU = 3
"""Turns after growth has ended; fewer may be chance."""
FEWEST_CALLS = 12
"""Below this a mean is one conversation's."""
SMALLEST_SHARE_OF_CALLS = 0.02
"""Turns that fewer of the calls reach, for one of the commonest turn: their mean is that of a few long conversations."""
NEGLIGIBLE_CHANGE = 0.1
"""A call that changes by less than this share from its first to its last turn is one that does not grow."""
CLEARLY_BETTER = 0.5
"""A plateau is believed where it leaves at most this share of the squared misses that a straight line leaves."""
NEGLIGIBLE_MISS = 0.01
"""Misses of this share of the mean say nothing for or against a law."""


@dataclass(frozen=True, slots=True)
class Point:
    """Calls that are the n-th turn of their conversation, and their mean."""

    turn: int
    calls: int
    mean: float


@dataclass(frozen=True, slots=True)
class _Line:
    base: float
    per_turn: float
    plateau_turn: int | None

    def at(self, turn: int) -> float:
        return self.base + self.per_turn * (_steps(turn, self.plateau_turn))


def _steps(turn: int, plateau_turn: int | None) -> int:
    return min(turn, plateau_turn or turn) - 1


def well_known(points: Sequence[Point]) -> list[Point]:
    """Leave out the turns that only a few conversations reach."""
    most = max((point.calls for point in points), default=0)
    return [point for point in points if point.calls >= SMALLEST_SHARE_OF_CALLS * most]


def _weighted(points: Sequence[Point], value: Callable[[Point], float]) -> float:
    return sum(point.calls * value(point) for point in points) / sum(point.calls for point in points)


def _line(points: Sequence[Point], plateau_turn: int | None = None) -> _Line:
    """Fit a line, flat from the plateau's turn on, by least squares weighted by calls."""
    x_mean = _weighted(points, lambda p: _steps(p.turn, plateau_turn))
    y_mean = _weighted(points, lambda p: p.mean)
    spread = _weighted(points, lambda p: (_steps(p.turn, plateau_turn) - x_mean) ** 2)
    together = _weighted(points, lambda p: (_steps(p.turn, plateau_turn) - x_mean) * (p.mean - y_mean))
    slope = together / spread if spread else 0.0
    return _Line(y_mean - slope * x_mean, slope, plateau_turn)


def _squares(points: Sequence[Point], line: _Line) -> float:
    return _weighted(points, lambda p: (p.mean - line.at(p.turn)) ** 2)


def _candidates(points: Sequence[Point]) -> list[tuple[GrowthShape, int, _Line]]:
    """Fit each law. Returns (shape, parameters, line)."""
    level = _weighted(points, lambda p: p.mean)
    found: list[tuple[GrowthShape, int, _Line]] = [
        ("constant", 1, _Line(level, 0.0, None)),
        ("linear", 2, _line(points)),
    ]
    bent = [_line(points, point.turn) for point in points[1 : -FEWEST_TURNS_OF_A_PLATEAU + 1]]
    best = min(bent, key=lambda line: _squares(points, line), default=None)
    if best and _squares(points, best) <= CLEARLY_BETTER * _squares(points, found[1][2]):
        found.append(("saturating", 3, best))
    return found


def _chosen(points: Sequence[Point]) -> tuple[GrowthShape, _Line]:
    """Choose the law by the Bayesian information criterion (Schwarz 1978): a parameter must be worth its place."""
    level = _weighted(points, lambda p: p.mean)
    noise = (NEGLIGIBLE_MISS * level) ** 2
    candidates = _candidates(points)
    shape, _, line = min(
        candidates,
        key=lambda law: (len(points) * log(_squares(points, law[2]) + noise) + law[1] * log(len(points)), law[1]),
    )
    first, last = line.at(points[0].turn), line.at(points[-1].turn)
    if abs(last - first) < NEGLIGIBLE_CHANGE * abs(first):
        return "constant", candidates[0][2]
    return shape, line


def law_of(points: Sequence[Point]) -> GrowthLaw | None:
    """Fit the law of a mean that depends on the turn. points: in order of turns.

    None: too few turns or calls, or nothing but zeros.

    >>> law = law_of([Point(turn, 10, 100.0 + 50 * turn) for turn in range(1, 7)])
    >>> law.shape, round(law.base), round(law.per_turn), law.plateau
    ('linear', 150, 50, None)
    """
    known = well_known(points)
    calls = sum(point.calls for point in known)
    if len(known) < FEWEST_TURNS or calls < FEWEST_CALLS or not any(point.mean for point in known):
        return None
    shape, line = _chosen(known)
    level = _weighted(known, lambda p: p.mean)
    spread = _weighted(known, lambda p: (p.mean - level) ** 2)
    missed = _weighted(known, lambda p: abs(p.mean - line.at(p.turn)))
    return GrowthLaw(
        shape=shape,
        base=line.base,
        per_turn=line.per_turn,
        plateau=line.at(line.plateau_turn) if line.plateau_turn else None,
        plateau_turn=line.plateau_turn,
        r_squared=1 - _squares(known, line) / spread if shape != "constant" and spread else None,
        mean_miss_share=missed / level if level else 0.0,
        turns=len(known),
        calls=calls,
    )
