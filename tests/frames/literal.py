"""Small frames with the columns and types that the frame functions expect."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.ledger.tables import BLOCKS, CONTENTS, KINDS, PARTS, RECORDS, ROLES
from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES

SECOND = 1_000_000

TYPES: dict[str, Any] = {
    **RECORDS,
    **PARTS,
    **BLOCKS,
    **CONTENTS,
    "operation_id": pl.UInt64,
    "parent_id": pl.UInt64,
    "root_id": pl.UInt64,
    "conversation_key": pl.UInt64,
    "position": pl.Int64,
    "started_at": pl.Int64,
    "tokens": pl.Int64,
    "day": pl.Date,
    "is_fixed": pl.Boolean,
    "conversations": pl.UInt32,
    "above_input_tokens": pl.Int64,
    "up_to_input_tokens": pl.Int64,
    "tokeniser_ratio": pl.Float64,
    "sequence": pl.Int64,
    "template_id": pl.String,
    **{f"tokens_{name}": pl.Int64 for name in TOKEN_CLASSES},
    **{f"{kind}_rate_{name}": MONEY for kind in ("list", "contracted") for name in TOKEN_CLASSES},
    "input_cost": MONEY,
    "output_cost": MONEY,
    "list_cost": MONEY,
}


def frame(**columns: Sequence[Any]) -> pl.LazyFrame:
    """Make a frame; known columns get their type."""
    return pl.LazyFrame(columns, schema_overrides={name: TYPES[name] for name in columns if name in TYPES})


def rows(table: pl.LazyFrame, *columns: str, by: str | Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    """Return rows as tuples, sorted by `by` (default: the first column)."""
    found = table.collect()
    return found.sort(by or columns[0], nulls_last=True).select(columns).rows()


def role(name: str) -> int:
    return ROLES.index(name)  # type: ignore[arg-type]


def kind(name: str) -> int:
    return KINDS.index(name)


def rates(
    usd_per_token: dict[str, str],
    *,
    above: int = -1,
    up_to: int = 2**62,
    model: str = "m",
    contracted: dict[str, str] | None = None,
) -> pl.LazyFrame:
    """Return the rate row of one model; classes that are not named cost as uncached input."""

    def of(given: dict[str, str], name: str) -> Decimal:
        return Decimal(given.get(name, given["uncached_input"]))

    key = dict.fromkeys(KEY_COLUMNS)
    return frame(
        **{name: [value] for name, value in key.items() if name not in ("request_model", "day")},
        request_model=[model],
        day=[None],
        above_input_tokens=[above],
        up_to_input_tokens=[up_to],
        has_cache_rate=["cache_read" in usd_per_token],
        **{f"list_rate_{name}": [of(usd_per_token, name)] for name in TOKEN_CLASSES},
        **{f"contracted_rate_{name}": [of(contracted or usd_per_token, name)] for name in TOKEN_CLASSES},
    )
