"""What does a table of days and amounts say, when only the names of its columns tell what it holds?

A column of a day (or a month, or a beginning and an end) beside one of an amount make a bill; a model, counts, a project and what
is charged for are read where columns name them. Units stand in the names: `cost_cents`, `Kosten (EUR)`. Decimals and dates are
read as the whole file shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tokaudit.bills.buckets import NO_DAY, Bucket, between, day_of, hour_of, moment, month_at
from tokaudit.bills.cells import counted, currency_of, money
from tokaudit.bills.kinds.openai import LineItem, line_item
from tokaudit.bills.kinds.table_columns import columns_of, unit_of
from tokaudit.bills.kinds.table_habits import Habits, month_begun
from tokaudit.bills.line import BillLine
from tokaudit.bills.model_names import names_model
from tokaudit.bills.reading import CENT, NO_AMOUNT, Counts, Reading, total
from tokaudit.bills.skus import item_of, read_sku
from tokaudit.readers.tables.sum_rows import is_sum
from tokaudit.readers.values.columns import flat
from tokaudit.readers.values.labels import is_missing, label
from tokaudit.readers.values.providers import provider_of_model, provider_of_name
from tokaudit.schema import Json, Record, RejectRecordError

NAME, TITLE = "any_table", "a table of days and amounts"
_FREE = frozenset(("included", "free", "no charge", "waived"))
IS_A_SUM = "the row sums up those above it"


def is_row(record: Record, given: Mapping[str, str]) -> bool:
    """Say whether the names of a record's columns promise a day and an amount, and its cells keep the promise."""
    row = flat(record)
    columns = columns_of(tuple(row), tuple(sorted(given.items())))
    if "start" not in columns or "amount" not in columns or not all(name in row for name in columns.values()):
        return False
    amount = row[columns["amount"]]
    return type(amount) in (int, float, str, type(None)) or isinstance(amount, Decimal)


def read(record: Record, reading: Reading, habits: Habits) -> Iterator[BillLine]:
    """Turn a row into a line. Raises RejectRecordError."""
    row = flat(record)
    columns = columns_of(tuple(row), tuple(sorted(reading.options.columns.items())))
    if "start" not in columns or "amount" not in columns:
        raise RejectRecordError(NO_DAY if "amount" in columns else NO_AMOUNT)
    if is_sum(record, {"request_model": columns.get("model", ""), "started_at": columns["start"]}, row):
        raise RejectRecordError(IS_A_SUM)
    cell = {field: row.get(name) for field, name in columns.items()}
    bucket = _bucket(cell, reading, habits)
    amount = _amount(columns["amount"], cell["amount"], cell.get("currency"), reading, habits)
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    listed = None
    if "list_amount" in cell:
        listed = _amount(columns["list_amount"], cell["list_amount"], cell.get("currency"), reading, habits)
    charged = _charged(cell)
    yield BillLine(
        *reading.at(bucket), "cost", _provider(cell, charged.model), charged.model, charged.item, charged.token_class,
        amount, listed,
        **_counts(cell, habits)._asdict(),
        requests=counted(cell.get("requests"), comma=habits.comma),
        service_tier=charged.tier or label(cell.get("service_tier")),
        scope=label(cell.get("scope")),
        rounding=_rounding(columns["amount"], cell["amount"], cell.get("currency"), reading, habits),
    )  # fmt: skip


def _counts(cell: Mapping[str, Json], habits: Habits) -> Counts:
    """Read the tokens; cached ones are added to an input that is stated without them."""
    sent, uncached, given, read_, written = (
        counted(cell.get(f"{name}_tokens"), comma=habits.comma)
        for name in ("input", "uncached_input", "output", "cache_read", "cache_write")
    )
    if sent is None and uncached is not None:
        sent = total(uncached, read_, written)
    elif sent is not None and habits.is_exclusive:
        sent = total(sent, read_, written)
    return Counts(sent, read_, written, None, given)


def _bucket(cell: Mapping[str, Json], reading: Reading, habits: Habits) -> Bucket:
    start, end = cell["start"], cell.get("end")
    if is_missing(start):
        raise RejectRecordError(NO_DAY)
    if not is_missing(end):
        return between(start, end, reading.zone, is_inclusive=habits.is_inclusive)
    if habits.bucket == "hour":
        return hour_of(start, reading.zone)
    return (
        month_at(moment(start, reading.zone), reading.zone) if _is_month(start, habits) else day_of(start, reading.zone)
    )


def _is_month(start: Json, habits: Habits) -> bool:
    return habits.bucket == "month" and type(start) is str and month_begun(start) is not None


def _is_free(value: Json) -> bool:
    return type(value) is str and value.strip().lower() in _FREE


def _amount(name: str, value: Json, currency: Json, reading: Reading, habits: Habits) -> Decimal | None:
    if _is_free(value):
        return Decimal(0)
    found = money(value, comma=habits.comma)
    return None if found is None else _dollars(found.amount, name, found.currency, currency, reading)


def _dollars(amount: Decimal, name: str, written: str | None, currency: Json, reading: Reading) -> Decimal:
    """Convert an amount of a column, in the unit that its cell, the row or the column's name states."""
    unit, stated = unit_of(name), label(currency)
    code = currency_of(stated) if stated else written or (None if unit == "cents" else unit)
    return reading.usd(amount * CENT if unit == "cents" else amount, code)


def _rounding(name: str, value: Json, currency: Json, reading: Reading, habits: Habits) -> Decimal | None:
    """Return the unit to which the amounts are rounded, in USD: they are so in the unit in which they are written."""
    found = None if _is_free(value) else money(value, comma=habits.comma)
    if habits.rounding is None or found is None:
        return None
    return _dollars(habits.rounding, name, found.currency, currency, reading)


def _charged(cell: Mapping[str, Json]) -> LineItem:
    """Read what is charged for: from the model's cell, and what stands in an item's."""
    model, item = label(cell.get("model")), label(cell.get("item"))
    told = line_item(item if item and (names_model(item) or "," in item) else model)
    if told.item == "tokens" and model is not None:
        own = line_item(model)
        told = own if own.token_class or not item else own._replace(model=own.model or model)
    if item is None:
        return told if told.model or model is None else LineItem("tokens", model)
    sku = read_sku(item)
    kind = told.token_class or (sku.token_class if sku.item == "tokens" else None)
    named = item_of(item)
    what = named if named is not None and kind is None else "tokens" if kind or told.model or model else told.item
    kind = what if what in ("web_search", "file_search") else kind
    return LineItem(what, told.model or model or sku.model, kind, told.tier or sku.tier)


def _provider(cell: Mapping[str, Json], model: str | None) -> str | None:
    stated = label(cell.get("provider_name"))
    return (provider_of_name(stated) if stated else None) or provider_of_model(model)
