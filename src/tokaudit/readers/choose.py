"""Which reader reads this record, or which readers read the records inside it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tokaudit.readers.contract import Reader
from tokaudit.readers.registry import GROUPS
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.tables.token_table import is_row
from tokaudit.readers.wrappers import inner_records, insights_row, page_items
from tokaudit.schema import Json, Record, RejectRecordError

_DEPTH = 4
"""Pages within wrappers within pages: deeper ones are no export but an attack."""

_NO_COLUMNS: Mapping[str, str] = {}


class Claim(NamedTuple):
    """A record and its reader; None = its format is not known."""

    reader: Reader | None
    record: Record


def _claim(group: tuple[Reader, ...], record: Record, hint: Reader | None) -> Reader | None:
    """Ask one group. Raises RejectRecordError when two readers claim the record."""
    if hint is not None and hint in group and hint.identify(record):
        return hint
    found = [reader for reader in group if reader.identify(record)]
    if len(found) > 1:
        names = " and ".join(sorted(reader.name for reader in found))
        raise RejectRecordError(f"claimed by two readers: {names}")
    return found[0] if found else None


def choose(record: Record, hint: Reader | None = None, columns: Mapping[str, str] = _NO_COLUMNS) -> Reader | None:
    """Find the reader of a record as it stands; None when its format is not known.

    hint     the reader of the record before: asked first in its group, and believed
    columns  the user's own names of columns: by them a record may be a row of a table
    Raises   RejectRecordError when two readers of a group claim the record.
    """
    for group in GROUPS:
        if reader := _claim(group, record, hint):
            return reader
    return TOKEN_TABLE if columns and is_row(record, columns) else None


def claims(value: Json, hint: Reader | None = None, columns: Mapping[str, str] = _NO_COLUMNS) -> Iterator[Claim]:
    """Find the records in a decoded value, with their readers.

    A platform's record is looked for inside wrappers before anything is made of the wrapper itself. A page yields its items,
    an empty page nothing.
    Raises RejectRecordError when two readers claim a record.
    """
    yield from _claims(value, hint, columns, _DEPTH)


def _claims(value: Json, hint: Reader | None, columns: Mapping[str, str], depth: int) -> Iterator[Claim]:
    row = insights_row(value)
    if row is not None:
        value = row
    if type(value) is dict:
        found = _claim_of_record(value, hint, columns)
        if found is not None:
            yield found
            return
    items = page_items(value) if depth else None
    if items is not None:
        for item in items:
            yield from _claims(item, hint, columns, depth - 1)
    elif type(value) is dict:
        yield Claim(None, value)
    else:
        raise RejectRecordError(NOT_AN_OBJECT)


NOT_AN_OBJECT = "the record is not a JSON object"


def _claim_of_record(record: Record, hint: Reader | None, columns: Mapping[str, str]) -> Claim | None:
    for candidate in (record, *inner_records(record)):
        if reader := _claim(GROUPS[0], candidate, hint):
            return Claim(reader, candidate)
    reader = choose(record, hint, columns)
    return Claim(reader, record) if reader else None
