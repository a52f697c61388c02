"""Which sentences divide a group of prompts into parts that exclude each other?

The largest first: a sentence is taken when most of its calls lie in no other part. Two that mix, as documents drawn together
do, are both left out.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

STATIC_SHARE = 0.9
"""Of a group's calls that send a sentence for it to be static: leaves room for a version that began late."""
MIXED_SHARE = 0.1
"""Branches exclude each other but for this share; documents drawn together do not."""
END_SHARE = 0.5
"""Words with which sentences begin or end are chosen ahead of a sentence that makes less than this share of their calls."""
BESIDE_SHARE = 0.5
"""Of the shorter part's time, that two parts which are sent side by side have in common; versions follow each other."""


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence or its first or last words. ends: of a sentence, the items of its ends. is_user: only users' texts hold it.
    is_definition: it is a tool or a response schema. word_bits: one of 64 for each word, 0 = not known."""

    words: int
    is_sentence: bool
    ends: tuple[int, ...] = ()
    is_user: bool = False
    is_definition: bool = False
    word_bits: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """Openings with the same recurring items. layout: (block, sentence) in prompt order; words: all of one such opening."""

    calls: int
    openings: int
    threads: int
    first_at: int
    last_at: int
    words: int
    items: frozenset[int]
    layout: tuple[tuple[int, int], ...]


def weight(static: Iterable[int], items: Mapping[int, Item]) -> int:
    """Count the words of sentences, and of ends whose sentence is not among them."""
    held = frozenset(static)
    sentences = [item for item in held if items[item].is_sentence]
    ends = {end for item in sentences for end in items[item].ends}
    return sum(items[item].words for item in sentences) + sum(
        items[item].words for item in held - ends if not items[item].is_sentence
    )


class Cover:
    """Markers that divide rows, the largest first, chosen so that they exclude each other."""

    def __init__(
        self, rows: Sequence[Prompt], eligible: Sequence[Sequence[int]], support: float, items: Mapping[int, Item]
    ) -> None:
        self.rows = rows
        self.where: dict[int, list[int]] = defaultdict(list)
        self._total: Counter[int] = Counter()
        self._eligible = eligible
        self._owner: list[int | None] = [None] * len(rows)
        for number, (row, own) in enumerate(zip(rows, eligible, strict=True)):
            for item in own:
                self.where[item].append(number)
                self._total[item] += row.calls
        self._left = Counter(self._total)
        self._items = items
        self._words = {item: items[item].words for item in self._total}
        self._heap = [self._entry(item) for item in self._total if self._total[item] >= support]
        heapq.heapify(self._heap)
        self.chosen: list[int] = []
        self._contested: set[int] = set()
        self._choose(support)

    def _entry(self, item: int) -> tuple[float, int, int, int]:
        share = 1 if self._items[item].is_sentence else END_SHARE
        return (-share * self._left[item], self._total[item], -self._words[item], item)

    def _choose(self, support: float) -> None:
        contested = self._contested
        while self._heap:
            entry = heapq.heappop(self._heap)
            item = entry[-1]
            if item in contested or item in self.chosen or self._left[item] < support:
                continue
            if entry != self._entry(item):
                heapq.heappush(self._heap, self._entry(item))
            elif self._total[item] - self._left[item] <= MIXED_SHARE * self._total[item]:
                self._take(item)
            else:
                self._contest(item)

    def _contest(self, item: int) -> None:
        """Leave out an item and the chosen ones it mixes with.

        The words with which sentences begin or end may be the same by chance: a whole sentence wins against them, unless it
        is one of those that they stand for.
        """
        shared = self._shared(item)
        rivals = [owner for owner, calls in shared.items() if calls >= MIXED_SHARE * self._total[owner]]
        weaker = [owner for owner in shared if self._is_weaker(owner, item)]
        wins = bool(weaker) and all(self._is_weaker(rival, item) for rival in rivals)
        for rival in weaker if wins else rivals:
            if wins or not self._is_weaker(item, rival):
                self._contested.add(rival)
                self._release(rival)
        if wins:
            heapq.heappush(self._heap, self._entry(item))
        else:
            self._contested.add(item)

    def _is_weaker(self, one: int, other: int) -> bool:
        first, second = self._items[one], self._items[other]
        if first.is_sentence == second.is_sentence:
            return False
        return other in first.ends if first.is_sentence else one not in second.ends

    def _take(self, item: int) -> None:
        self.chosen.append(item)
        for number in self.where[item]:
            if self._owner[number] is None:
                self._owner[number] = item
                for other in self._eligible[number]:
                    self._left[other] -= self.rows[number].calls

    def _shared(self, item: int) -> Counter[int]:
        """Count an item's calls in each of the chosen markers."""
        both: Counter[int] = Counter()
        for number in self.where[item]:
            owner = self._owner[number]
            if owner is not None:
                both[owner] += self.rows[number].calls
        return both

    def _release(self, marker: int) -> None:
        self.chosen.remove(marker)
        freed: set[int] = set()
        for number in self.where[marker]:
            if self._owner[number] == marker:
                heirs = [other for other in self.chosen if other in self.rows[number].items]
                self._owner[number] = heirs[0] if heirs else None
                if heirs:
                    continue
                for other in self._eligible[number]:
                    self._left[other] += self.rows[number].calls
                    freed.add(other)
        for other in freed:
            heapq.heappush(self._heap, self._entry(other))

    @property
    def free(self) -> list[int]:
        """The numbers of the rows that no marker owns."""
        return [number for number, owner in enumerate(self._owner) if owner is None]

    def owned(self, marker: int) -> int:
        """Count the calls of the rows that a marker owns."""
        return sum(self.rows[number].calls for number in self.where[marker] if self._owner[number] == marker)

    def threads(self, markers: Sequence[int]) -> int:
        """Count the conversations in the rows that some markers own."""
        kept = set(markers)
        return sum(row.threads for row, owner in zip(self.rows, self._owner, strict=True) if owner in kept)

    def contested_share(self, marker: int) -> float:
        """Return the share of a marker's calls that also hold an item which was no marker because it mixes."""
        owned = [row for row, owner in zip(self.rows, self._owner, strict=True) if owner == marker]
        mixed = sum(row.calls for row in owned if not self._contested.isdisjoint(row.items))
        return mixed / max(sum(row.calls for row in owned), 1)

    def wandering(self, chosen: Sequence[int]) -> frozenset[int]:
        """Find items that several parts send now and then at the same time: they are variables wherever they stand."""
        kept = set(chosen)
        size: Counter[int] = Counter()
        times: dict[int, tuple[int, int]] = {}
        parts: dict[int, Counter[int]] = defaultdict(Counter)
        for row, owner in zip(self.rows, self._owner, strict=True):
            if owner is not None and owner in kept:
                size[owner] += row.calls
                first, last = times.get(owner, (row.first_at, row.last_at))
                times[owner] = min(first, row.first_at), max(last, row.last_at)
                for item in row.items:
                    parts[item][owner] += row.calls
        beside = {pair for pair in combinations(sorted(kept), 2) if _overlap(*(times.get(part) for part in pair))}
        return frozenset(
            item
            for item, counts in parts.items()
            if not beside.isdisjoint(
                combinations(sorted(part for part, calls in counts.items() if calls < STATIC_SHARE * size[part]), 2)
            )
        )


def _overlap(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Tell whether two parts are sent side by side, not one after the other."""
    if one is None or other is None:
        return False
    both = min(one[1], other[1]) - max(one[0], other[0])
    return both >= BESIDE_SHARE * min(one[1] - one[0], other[1] - other[0])
