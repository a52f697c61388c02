"""What did some frames of a file hold, counted?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of what was read.

    lines    frames, blank ones included: a line of JSON, a row, an element of a document
    blanks   empty frames
    formats  calls (and records that tell more of one) by reader
    asides   records of a known format that are no call, by reader and kind
    rejects  records that could not be kept, by reason
    """

    lines: int = 0
    blanks: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    asides: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count what another tally counted as well."""
        self.lines += other.lines
        self.blanks += other.blanks
        for name in _COUNTERS:
            if counted := getattr(other, name):
                getattr(self, name).update(counted)

    def remove(self, other: Tally) -> None:
        """Take out what is to be counted again."""
        self.lines -= other.lines
        self.blanks -= other.blanks
        for name in _COUNTERS:
            counter = getattr(self, name)
            counter.subtract(getattr(other, name))
            setattr(self, name, +counter)

    @property
    def text(self) -> str:
        """The tally as JSON, the same for equal tallies."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, sort_keys=True)


_COUNTERS = ("formats", "asides", "rejects")


def tally_of(text: str) -> Tally:
    """Read a tally back from its JSON."""
    found = json.loads(text)
    return Tally(found["lines"], found["blanks"], *(Counter(found[name]) for name in _COUNTERS))


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """Add up tallies."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole
