"""What do the records of one file tell, one after the other?

The only place that knows of all of it: which reader a record has, which records are pages of many, which formats need the
records before. Every decoded value has at least one outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple, TypeAlias

from tokaudit.readers.choose import Claim, claims
from tokaudit.readers.contract import Reader, ReadOptions, Session, Spot, outcomes_of
from tokaudit.schema import Aside, Call, Json, Outcome, RejectRecordError

UNKNOWN_FORMAT = "no reader knows this record"
EMPTY_PAGE = Aside("empty page")
_FIRST_OF_SESSIONS = 1 << 32
"""More calls than any one record tells."""

Telling: TypeAlias = Call | Aside | RejectRecordError


class Told(NamedTuple):
    """One outcome: where its record stands, who read it (None = nobody knows it), and what it is.

    number  tells apart the calls at one spot; the same each time the file is read
    """

    spot: Spot
    reader: Reader | None
    telling: Telling
    number: int = 0


class FileReader:
    """The records of one file, in their order."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._hint: Reader | None = None
        self._sessions: dict[str, tuple[Reader, Session]] = {}
        # A session may tell calls of one spot at different times: its calls are numbered through, apart from all others.
        self._session_numbers = count(_FIRST_OF_SESSIONS)

    def read(self, value: Json, spot: Spot) -> Iterator[Told]:
        """Tell what a decoded value is: one record, or a page of many."""
        is_empty = True
        numbers = count()
        try:
            for claim in claims(value, self._hint, self._options.columns):
                is_empty = False
                is_session = claim.reader is not None and claim.reader.open_session is not None
                yield from _numbered(self._read_claim(claim, spot), self._session_numbers if is_session else numbers)
        except RejectRecordError as error:  # the value itself is none, or two readers claim a record of it
            yield Told(spot, None, error)
            return
        if is_empty:
            yield Told(spot, None, EMPTY_PAGE)

    def _read_claim(self, claim: Claim, spot: Spot) -> Iterator[Told]:
        reader, record = claim
        if reader is None:
            yield Told(spot, None, RejectRecordError(UNKNOWN_FORMAT))
            return
        try:
            if reader.open_session is not None:
                told = list(self._session(reader).add(record, spot))
            else:
                told = [(spot, outcome) for outcome in outcomes_of(reader.read(record, self._options))]
        except RejectRecordError as error:
            yield Told(spot, reader, error)
            return
        self._hint = reader
        yield from (Told(where, reader, outcome) for where, outcome in told)

    def _session(self, reader: Reader) -> Session:
        if reader.name not in self._sessions:
            assert reader.open_session is not None  # noqa: S101 - for the type checker: the caller has asked
            self._sessions[reader.name] = reader, reader.open_session(self._options)
        return self._sessions[reader.name][1]

    def end(self) -> Iterator[Told]:
        """Tell what still waited for further records."""
        for reader, session in self._sessions.values():
            yield from _numbered(_told(reader, session.end()), self._session_numbers)


def _told(reader: Reader, outcomes: Iterable[tuple[Spot, Outcome]]) -> Iterator[Told]:
    return (Told(spot, reader, outcome) for spot, outcome in outcomes)


def _numbered(told: Iterable[Told], numbers: Iterator[int]) -> Iterator[Told]:
    return (each._replace(number=next(numbers)) if isinstance(each.telling, Call) else each for each in told)
