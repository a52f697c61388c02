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
                yield from self._read_claim(claim, spot, numbers)
        except RejectRecordError as error:  # the value itself is none, or two readers claim a record of it
            yield Told(spot, None, error)
            return
        if is_empty:
            yield Told(spot, None, EMPTY_PAGE)

    def _read_claim(self, claim: Claim, spot: Spot, numbers: Iterator[int]) -> list[Told]:
        reader, record = claim
        if reader is None:
            return [Told(spot, None, RejectRecordError(UNKNOWN_FORMAT))]
        try:
            if reader.open_session is not None:
                told = list(self._session(reader).add(record, spot))
                numbers = self._session_numbers
            else:
                told = [(spot, outcome) for outcome in outcomes_of(reader.read(record, self._options))]
        except RejectRecordError as error:
            return [Told(spot, reader, error)]
        self._hint = reader
        return _numbered(reader, told, numbers)

    def _session(self, reader: Reader) -> Session:
        if reader.name not in self._sessions:
            assert reader.open_session is not None  # noqa: S101 - for the type checker: the caller has asked
            self._sessions[reader.name] = reader, reader.open_session(self._options)
        return self._sessions[reader.name][1]

    def end(self) -> Iterator[Told]:
        """Tell what still waited for further records."""
        for reader, session in self._sessions.values():
            yield from _numbered(reader, session.end(), self._session_numbers)


def _numbered(reader: Reader, outcomes: Iterable[tuple[Spot, Outcome]], numbers: Iterator[int]) -> list[Told]:
    return [
        Told(spot, reader, outcome, next(numbers) if isinstance(outcome, Call) else 0) for spot, outcome in outcomes
    ]
