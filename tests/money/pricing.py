"""Price log records as a run does: readers, usage, rates, cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.frames.cost import with_cost, with_price_moment, with_rates, with_token_classes
from tokaudit.ledger.tables import RECORDS
from tokaudit.prices.catalogue import cut_times
from tokaudit.prices.quotes import KEY_COLUMNS, NO_PRICES, PriceKey, quote
from tokaudit.prices.rates import MONEY
from tokaudit.prices.rates_file import UserPrices
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.schema import Call

_COLUMNS = [name for name in RECORDS if name in Call.__dataclass_fields__ or hasattr(Call(reader="").usage, name)]


def calls_of(records: Iterable[Any]) -> list[Call]:
    """Return the calls that records tell, in one file."""
    reader = FileReader(ReadOptions())
    told = [one for line, record in enumerate(records, 1) for one in reader.read(record, Spot(line, line))]
    return [one.telling for one in (*told, *reader.end()) if isinstance(one.telling, Call)]


def priced(calls: Sequence[Call], prices: UserPrices = NO_PRICES) -> pl.DataFrame:
    """Price calls; one row each, in their order."""
    rows = {name: [getattr(call, name, getattr(call.usage, name, None)) for call in calls] for name in _COLUMNS}
    schema = {name: RECORDS[name] for name in _COLUMNS}
    table = pl.LazyFrame(rows, schema=schema).with_row_index("record_id").pipe(with_price_moment, cut_times())
    keys = [PriceKey(*row) for row in table.select(KEY_COLUMNS).unique().collect().iter_rows()]
    costed = table.pipe(with_token_classes).pipe(with_rates, quote(keys, prices)).pipe(with_cost)
    return costed.sort("record_id").with_columns(pl.col("logged_cost").cast(MONEY)).collect()


def list_cost(record: Any) -> Decimal | None:
    """Return what the one call of a record costs at list price."""
    (cost,) = priced(calls_of([record]))["list_cost"].to_list()
    return cost  # type: ignore[no-any-return]
