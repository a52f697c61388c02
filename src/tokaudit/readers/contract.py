"""What must a reader be?

One reader is one file: `identify(record)` says whether a decoded record is of its format, `read(record, options)` tells
what it is: a call, no call (`Aside`), or several of them where one record holds many. Readers are pure, know nothing of
files or prices, and never guess. A format whose calls stand on several records of a file has a `Session` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

from tokaudit.schema import Aside, Call, Outcome, Record, RejectRecordError

Ability: TypeAlias = Literal["money", "cache split", "content", "features", "conversations", "retries"]
"""What a log can show."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user may say about the logs.

    columns   our field -> the log's column name, for files that name theirs in an unusual way
    timezone  IANA zone of times that carry none
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


class Spot(NamedTuple):
    """Where a record stands: its first line (1-based) and its first byte (or row) in the unpacked file."""

    line: int
    offset: int


class Session(Protocol):
    """The records of one format in one file, in their order.

    Every record has an outcome: at once, later (a call is known once its last record is read), or at the end. A call
    stands where the record stands that tells its tokens. What is held must be bounded: when too much waits, the oldest is
    let go.
    """

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        """Take a record; return what is known now. Raises RejectRecordError."""
        ...

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        """Return what still waits."""
        ...


Read: TypeAlias = Callable[[Record, ReadOptions], Outcome | Sequence[Outcome]]
OpenSession: TypeAlias = Callable[[ReadOptions], Session]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """One format. Compared by identity.

    name           the id shown and stored
    title          what the format is called
    sign           by what a record is recognised, for people
    how_to_export  one sentence: how a team gets such a file
    switch_on      what to switch on at the source to see more: ability -> one sentence, for each ability that the format
                   has and an export may lack
    limits         what no export of this format can show, or shows otherwise than one would think: ability -> why
    identify       says whether a record is of the format
    read           tells what a record is; raises `RejectRecordError` with a fixed reason when it cannot be kept
    open_session   for a format whose calls stand on several records: used in place of `read`
    keys           `identify` is asked only about records that have at least one of these keys: each record that it claims
                   has one; None = it is asked about all
    """

    name: str
    title: str
    how_to_export: str
    identify: Callable[[Record], bool]
    read: Read
    sign: str = ""
    switch_on: Mapping[Ability, str] = field(default_factory=dict)
    limits: Mapping[Ability, str] = field(default_factory=dict)
    open_session: OpenSession | None = None
    keys: frozenset[str] | None = None


def read_alone(open_session: OpenSession) -> Read:
    """Make a `read` for a format with sessions: the record as if its file held nothing else."""

    def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
        session = open_session(options)
        spot = Spot(1, 0)
        return [outcome for _, outcome in (*session.add(record, spot), *session.end())]

    return read


def outcomes_of(read: Outcome | Sequence[Outcome]) -> Sequence[Outcome]:
    """Return the outcomes of a record as a sequence."""
    return (read,) if isinstance(read, (Call, Aside, RejectRecordError)) else read
