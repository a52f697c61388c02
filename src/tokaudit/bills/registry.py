"""Of which kind of bill is a record, and which rows does it hold?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokaudit.bills.kinds import (
    anthropic,
    any_table,
    clouds,
    copilot,
    dashboards,
    deepseek,
    litellm,
    openai,
    openrouter,
)
from tokaudit.bills.kinds.table_columns import columns_of
from tokaudit.bills.kinds.table_habits import Habits
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import Kind, Reading, itself
from tokaudit.readers.bills import kind_of
from tokaudit.readers.choose import claims
from tokaudit.readers.gateways import litellm_spend_logs, openrouter_activity
from tokaudit.readers.listings import page_items, unnamed_list
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.values.columns import flat
from tokaudit.readers.values.names import meaning
from tokaudit.readers.wrappers import as_record, carried
from tokaudit.schema import Json, Record, RejectRecordError

KINDS: tuple[Kind, ...] = (
    openai.KIND,
    anthropic.KIND,
    deepseek.KIND,
    openrouter.KIND,
    litellm.KIND,
    copilot.KIND,
    dashboards.ROLL_UP,
    dashboards.CCUSAGE,
    clouds.KIND,
)
"""What is recognised by names that nothing else has. Any other table of days and amounts is `any_table`."""

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
_LOGS_AS_BILLS = ((openrouter_activity.identify, openrouter.KIND), (litellm_spend_logs.identify, litellm.KIND))
"""Logs of calls that state what was billed for each."""
_DEPTH = 4
"""Pages within wrappers within pages, as far as logs are opened."""
_COUNTED = ("cost", "requests")


def known_kind(record: Record) -> Kind | None:
    """Return the kind that a record shows by its names; None when it is of no known one."""
    name = kind_of(record)
    if name is not None:
        return BY_NAME[name]
    return next((kind for fits, kind in _LOGS_AS_BILLS if fits(record)), None)


def is_table_row(record: Record, given: Mapping[str, str]) -> bool:
    """Say whether a record is a row of some table of days and amounts. given: the user's own names of columns."""
    return any_table.is_row(record, given) and (bool(given) or not is_log(record))


def is_log(record: Record) -> bool:
    """Say whether a record is one of calls, in a format that names itself."""
    try:
        found = list(claims(record))
    except RejectRecordError:
        return False
    return any(claim.reader is not None and claim.reader is not TOKEN_TABLE for claim in found)


def is_call(value: Json) -> bool:
    """Say whether a value is a record of calls that can be audited."""
    try:
        return any(claim.reader is not None for claim in claims(value))
    except RejectRecordError:
        return False


def records_in(value: Json, given: Mapping[str, str], depth: int = _DEPTH) -> Iterator[Record]:
    """Yield the records of a value that may be of a bill, as they stand or inside pages and wrappers."""
    value = as_record(value)
    if type(value) is dict and (known_kind(value) or any_table.is_row(value, given)):
        yield value
        return
    items = (page_items(value) or unnamed_list(value)) if depth else None
    if items is None and type(value) is dict and depth:
        items = [inner for inner in carried(value) if known_kind(inner)] or None
    if items is not None:
        for item in items:
            yield from records_in(item, given, depth - 1)
    elif type(value) is dict:
        yield value


def table_kind(first: Record, habits: Habits, given: Mapping[str, str]) -> Kind:
    """Make the kind of a table without a name of its own. first: its first row."""

    def read(record: Record, reading: Reading) -> Iterator[BillLine]:
        yield from any_table.read(record, reading, habits)

    names = tuple(flat(first))
    columns = columns_of(names, tuple(sorted(given.items())))
    fields = {"amount", "list_amount", "requests"} | {field for field in columns if field.endswith("_tokens")}
    measures = {columns[field] for field in fields if field in columns} | set(filter(_is_measure, names))
    zone = "UTC" if habits.states_zone else None
    return Kind(any_table.NAME, any_table.TITLE, itself, read, zone, frozenset(measures))


def _is_measure(name: str) -> bool:
    known = meaning(name)
    return known is not None and (known.field.endswith("_tokens") or known.field in _COUNTED)
