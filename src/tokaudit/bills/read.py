"""Which lines do the user's bills hold, each once?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

import polars as pl

from tokaudit.bills.buckets import NO_DAY
from tokaudit.bills.kinds import any_table
from tokaudit.bills.kinds.table_columns import named_fields
from tokaudit.bills.kinds.table_habits import Observer
from tokaudit.bills.line import BILL_SCHEMA, Bill, BillLine, BillOptions, frame_of
from tokaudit.bills.reading import Kind, Reading
from tokaudit.bills.records import values_in
from tokaudit.bills.registry import is_call, is_table_row, known_kind, records_in, table_kind
from tokaudit.bills.repeats import Repeats, without_repeats
from tokaudit.errors import InputError
from tokaudit.ingest.sources import Source, find_sources, parts_of
from tokaudit.ingest.unpacking.streams import UnreadableError, reading
from tokaudit.readers.tables.sum_rows import is_sum
from tokaudit.readers.values.labels import is_missing
from tokaudit.readers.values.times import zone
from tokaudit.schema import Json, Record, Reject, RejectRecordError

LINES_A_BATCH = 50_000
"""Lines held as objects before they become rows of a frame."""

NO_BILL = "no bill: no record has a day beside an amount, or the names of a provider's export"
NAME_COLUMNS = "name its columns: --column start=NAME --column amount=NAME"
A_LOG = "a log of calls, not a bill"
AUDIT_IT = "read it with tokaudit audit, and give reconcile what the provider billed"
NOT_OF_BILL = "not a row of this bill"
SPELLED = "check the spelling; tokaudit reconcile reads bills, exports of costs and usage, and tables with a day and an amount"

MISSING_PAGE = "The file says that another page follows, which was not given: what it lists is not counted."
_STATED = (
    "amount",
    "list_amount",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "requests",
    "units",
)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of an API. kind: what it lists."""

    kind: str
    start: datetime
    end: datetime
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """The time and the kind of the lines of one value."""

    kind: str
    start: datetime
    end: datetime


@dataclass(slots=True)
class _File:
    """A file under way.

    frames  finished batches, + key; lines and keys: of the batch under way
    span    of the value under way
    sums    rows left out since they sum up others; others: rows of services that are no models
    """

    name: str
    kind: Kind | None = None
    frames: list[pl.DataFrame] = field(default_factory=list)
    lines: list[BillLine] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    pages: list[_Page] = field(default_factory=list)
    span: _Span | None = None
    zones: set[str | None] = field(default_factory=set)
    start: datetime | None = None
    end: datetime | None = None
    sums: int = 0
    others: int = 0
    records: int = 0

    def add(self, line: BillLine, key: int) -> None:
        """Keep a line; one that states nothing only tells the period."""
        self.start = line.start if self.start is None else min(self.start, line.start)
        self.end = line.end if self.end is None else max(self.end, line.end)
        span = self.span or _Span(line.kind, line.start, line.end)
        self.span = replace(span, start=min(span.start, line.start), end=max(span.end, line.end))
        if any(getattr(line, name) is not None for name in _STATED):
            self.lines.append(line)
            self.keys.append(key)
        if len(self.lines) >= LINES_A_BATCH:
            self.flush()

    def flush(self) -> None:
        """Make a frame of the batch."""
        self.frames.append(frame_of(self.lines).with_columns(key=pl.Series(self.keys, dtype=pl.Int64)))
        self.lines, self.keys = [], []

    def frame(self) -> pl.DataFrame:
        """Return all lines."""
        self.flush()
        return pl.concat(self.frames)


def read_bills(paths: Sequence[str], options: BillOptions) -> tuple[Bill, ...]:
    """Read the files of one or more bills; what stands in two of them is counted once.

    Returns one bill a file, in the order they were named. Raises InputError naming the file that is no bill or unreadable,
    ConfigError for an unknown zone or an unknown field of a column.
    """
    zone(options.timezone or "UTC")
    options = replace(options, columns=named_fields(options.columns))
    files = [_read_file(source, options) for source in _sources(paths)]
    found = without_repeats([file.frame() for file in files])
    return tuple(_bill(files, number, found, options) for number in range(len(files)))


def _sources(paths: Sequence[str]) -> Iterator[Source]:
    for source in find_sources(paths):
        try:
            with reading():
                parts = parts_of(source)
        except UnreadableError as error:
            raise InputError(str(error), where=source.name, hint="export the bill again") from error
        yield from parts


def _read_file(source: Source, options: BillOptions) -> _File:
    try:
        return _read(source, options)
    except UnreadableError as error:
        raise InputError(str(error), where=source.name, hint="export the bill again") from error
    except InputError as error:
        raise InputError(error.what, where=error.where or source.name, hint=error.hint or SPELLED) from error


def _read(source: Source, options: BillOptions) -> _File:
    file = _File(source.name)
    rejected: list[tuple[int, str]] = []
    is_log = False
    for line, value in values_in(source):
        if isinstance(value, RejectRecordError):
            rejected.append((line, str(value)))
            continue
        for record in records_in(value, options.columns):
            file.records += 1
            if file.kind is None:
                file.kind = _kind_of_file(record, source, options)
            if file.kind is None:
                is_log |= is_call(record)
                rejected.append((line, NOT_OF_BILL))
                continue
            _read_record(file, record, line, options)
        _note_page(file, value)
    if file.kind is None:
        _refuse(source, is_log=is_log, is_named=bool(file.records or rejected))
    file.rejects += [Reject(source.name, line, reason) for line, reason in rejected]
    file.rejects.sort(key=lambda reject: reject.line)
    return file


def _refuse(source: Source, *, is_log: bool, is_named: bool) -> None:
    if is_log:
        raise InputError(A_LOG, where=source.name, hint=AUDIT_IT)
    raise InputError(NO_BILL if is_named else "the file holds no records", where=source.name, hint=NAME_COLUMNS)


def _kind_of_file(record: Record, source: Source, options: BillOptions) -> Kind | None:
    given = options.columns
    if given and any_table.is_row(record, given) and all(name in record for name in given.values()):
        return _table(record, source, options)
    return known_kind(record) or (_table(record, source, options) if is_table_row(record, given) else None)


def _table(first: Record, source: Source, options: BillOptions) -> Kind:
    """Read the whole file for what its rows only show together. Raises InputError when it is a log of calls."""
    seen = Observer(options.columns)
    for _, value in values_in(source):
        if not isinstance(value, RejectRecordError):
            for record in records_in(value, options.columns):
                seen.see(record)
    habits = seen.habits()
    if habits.has_calls and not options.columns and is_call(first):
        raise InputError(A_LOG, where=source.name, hint=AUDIT_IT)
    return table_kind(first, habits, options.columns)


def _read_record(file: _File, record: Record, line: int, options: BillOptions) -> None:
    kind = file.kind if file.kind and file.kind.name == any_table.NAME else known_kind(record)
    if kind is None:
        is_total = is_sum(record, {}, record)
        file.sums += is_total
        if not is_total:
            file.rejects.append(Reject(file.name, line, NOT_OF_BILL))
        return
    for row in kind.rows(record):
        at = Reading(file.name, line, options, options.timezone or kind.zone or "UTC")
        try:
            found = list(kind.read(row, at))
        except RejectRecordError as reject:
            _reject(file, row, line, str(reject))
            continue
        file.others += not found
        key = _key(kind, row)
        for each in found:
            file.add(each, key)
        file.zones.add(kind.zone_of(row) or kind.zone or options.timezone)
        if found and (note := kind.note_of(row)) is not None:
            file.notes[note] = None


def _reject(file: _File, row: Record, line: int, reason: str) -> None:
    """Count a row that sums up others, or keep the reason why it is none of the bill."""
    if reason == any_table.IS_A_SUM or (reason == NO_DAY and is_sum(row, {}, row)):
        file.sums += 1
    else:
        file.rejects.append(Reject(file.name, line, reason))


def _key(kind: Kind, row: Record) -> int:
    """Put what names a row into a number: an id where it has one, else all that is no amount and no count."""
    named = [(name, str(row[name])) for name in kind.identity if not is_missing(row.get(name))]
    cells = named or sorted((name, _text(cell)) for name, cell in row.items() if name not in kind.measures)
    digest = blake2b(repr((kind.name, cells)).encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), signed=True)


def _text(cell: Json) -> str:
    return "" if is_missing(cell) else str(cell)


def _note_page(file: _File, value: Json) -> None:
    """Remember what a page of an API lists, and whether it says that another one follows."""
    about = value.get("metadata") if type(value) is dict and "has_more" not in value else value
    if type(about) is dict and "has_more" in about and file.kind is not None and file.span is not None:
        file.pages.append(
            _Page(f"{file.kind.name} {file.span.kind}", file.span.start, file.span.end, about["has_more"] is True)
        )
    file.span = None


def _lacks_page(page: _Page, pages: Sequence[_Page]) -> bool:
    """Say whether the page after one is not among those given: it begins where this one ends."""
    return page.has_more and not any(other.kind == page.kind and other.start == page.end for other in pages)


def _bill(files: Sequence[_File], number: int, found: Repeats, options: BillOptions) -> Bill:
    file = files[number]
    assert file.kind is not None  # noqa: S101 - a file without one is refused
    pages = [page for each in files for page in each.pages]
    has_more = any(_lacks_page(page, pages) for page in file.pages)
    return Bill(
        file.name, file.kind.name, file.kind.title, found.kept[number].select(BILL_SCHEMA.names()), tuple(file.rejects),
        timezone=_zone_of(file, options),
        notes=tuple(_notes(files, number, found, has_more=has_more)),
        has_more=has_more,
        start=file.start,
        end=file.end,
    )  # fmt: skip


def _zone_of(file: _File, options: BillOptions) -> str | None:
    stated = {name for name in file.zones if name is not None}
    return next(iter(stated)) if len(stated) == 1 else options.timezone


def _notes(files: Sequence[_File], number: int, found: Repeats, *, has_more: bool) -> Iterator[str]:
    file = files[number]
    yield from file.notes
    if has_more:
        yield MISSING_PAGE
    if file.sums:
        yield f"{_rows(file.sums)} summing up others left out."
    if file.others:
        yield f"{_rows(file.others)} of services that are no language models left out."
    if found.repeated[number]:
        yield f"{_rows(found.repeated[number])} left out: another file has the same bucket and group."
    if found.regrouped[number]:
        yield f"{_rows(found.regrouped[number])} left out: another file states the same totals of these buckets by finer groups."
    for left, right in found.overlaps:
        if number in (left, right):
            other = files[left if number == right else right].name
            yield f"{other} bills the same provider for the same time: if both state the same costs, give one of them."


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
