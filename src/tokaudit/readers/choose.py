"""Which reader reads this record, or which readers read the records inside it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, TypeAlias

from tokaudit.readers.contract import Reader
from tokaudit.readers.listings import page_items, records_by_key, unnamed_list
from tokaudit.readers.registry import GROUPS
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.tables.token_table import is_row
from tokaudit.readers.wrappers import as_record, inner_records, with_texts_opened
from tokaudit.schema import Json, Record, RejectRecordError

_DEPTH = 4
"""Pages within wrappers within pages: deeper ones are no export but an attack."""

_NO_COLUMNS: Mapping[str, str] = {}


class Claim(NamedTuple):
    """A record and its reader; None = its format is not known."""

    reader: Reader | None
    record: Record


Group: TypeAlias = tuple[Reader, ...]


class _Index(NamedTuple):
    """Whom of a group to ask about a record.

    members  all of the group
    by_key   those who claim no record without one of their keys, by each of these
    others   those who are asked about every record
    """

    members: frozenset[Reader]
    by_key: Mapping[str, Group]
    others: Group


@lru_cache(maxsize=64)
def _index(group: Group) -> _Index:
    by_key: dict[str, list[Reader]] = {}
    for reader in group:
        for key in reader.keys or ():
            by_key.setdefault(key, []).append(reader)
    others = tuple(reader for reader in group if reader.keys is None)
    return _Index(frozenset(group), {key: tuple(readers) for key, readers in by_key.items()}, others)


def _asked(index: _Index, record: Record) -> Iterable[Reader]:
    """Return the readers that may know a record with such keys, each once."""
    if index.by_key.keys().isdisjoint(record):
        return index.others
    named = [reader for key in record if key in index.by_key for reader in index.by_key[key]]
    return dict.fromkeys((*named, *index.others))


def _claim(group: Group, record: Record, hint: Reader | None) -> Reader | None:
    """Ask one group. Raises RejectRecordError when two readers claim the record."""
    index = _index(group)
    if hint in index.members and hint.identify(record):
        return hint
    found = [reader for reader in _asked(index, record) if reader.identify(record)]
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
    return _first_claim(GROUPS, record, hint, columns)


def _first_claim(
    groups: tuple[Group, ...], record: Record, hint: Reader | None, columns: Mapping[str, str]
) -> Reader | None:
    for group in groups:
        if reader := _claim(group, record, hint):
            return reader
    return TOKEN_TABLE if columns and is_row(record, columns) else None


def claims(value: Json, hint: Reader | None = None, columns: Mapping[str, str] = _NO_COLUMNS) -> Iterator[Claim]:
    """Find the records in a decoded value, with their readers.

    A platform's record is looked for inside wrappers before anything is made of the wrapper itself. A page yields its items,
    an empty page nothing.
    Raises RejectRecordError when two readers claim a record.
    """
    return _claims(value, hint, columns, _DEPTH)


def _claims(value: Json, hint: Reader | None, columns: Mapping[str, str], depth: int) -> Iterator[Claim]:
    value = as_record(value)
    if type(value) is dict:
        found = _claim_of_record(value, hint, columns)
        if found is not None:
            yield found
            return
    items = page_items(value) if depth else None
    if items is None and depth:
        items = _listed_calls(value, hint, columns, depth)
    if items is not None:
        for item in items:
            yield from _claims(item, hint, columns, depth - 1)
    elif type(value) is dict:
        yield Claim(None, value)
    else:
        raise RejectRecordError(NOT_AN_OBJECT)


def _listed_calls(value: Json, hint: Reader | None, columns: Mapping[str, str], depth: int) -> list[Json] | None:
    """Return the list of an object that nothing else is known of, if a reader knows one of its first items."""
    items = unnamed_list(value)
    if items is None:
        return None
    return items if any(_is_known(item, hint, columns, depth - 1) for item in items[:_ITEMS_ASKED]) else None


def _is_known(value: Json, hint: Reader | None, columns: Mapping[str, str], depth: int) -> bool:
    try:
        return any(claim.reader is not None for claim in _claims(value, hint, columns, depth))
    except RejectRecordError:
        return True


_ITEMS_ASKED = 3
NOT_AN_OBJECT = "the record is not a JSON object"


def _claim_of_record(record: Record, hint: Reader | None, columns: Mapping[str, str]) -> Claim | None:
    for candidate in chain((record,), inner_records(record)):
        if reader := _claim(GROUPS[0], candidate, hint):
            return Claim(reader, candidate)
    if records_by_key(record) is not None:
        return None
    record = with_texts_opened(record)
    reader = _first_claim(GROUPS[1:], record, hint, columns)
    return Claim(reader, record) if reader else None
