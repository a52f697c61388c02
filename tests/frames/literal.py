"""Small frames with the columns and types that the frame functions expect."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.ledger.tables import BLOCKS, CONTENTS, KINDS, PARTS, RECORDS, ROLES
from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import MONEY, OUTPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES

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
    "moment": pl.Datetime("us", "UTC"),
    "is_fixed": pl.Boolean,
    "conversations": pl.UInt32,
    "above_input_tokens": pl.Int64,
    "up_to_input_tokens": pl.Int64,
    "tokeniser_ratio": pl.Float64,
    "sequence": pl.Int64,
    "template_id": pl.String,
    **{f"tokens_{name}": pl.Int64 for name in TOKEN_CLASSES},
    **{f"{kind}_rate_{name}": MONEY for kind in ("list", "contracted") for name in RATED},
    "input_cost": MONEY,
    "output_cost": MONEY,
    "list_cost": MONEY,
}


UNSTATED = (
    "reasoning_output_tokens", "input_audio_tokens", "input_image_tokens", "input_video_tokens", "cache_read_audio_tokens",
    "cache_read_image_tokens", "output_audio_tokens", "output_image_tokens", "web_searches", "file_searches", "audio_ms",
)  # fmt: skip
"""Usage that most logs do not state."""


def text_rate(given: dict[str, str], name: str) -> Decimal:
    """Return a class's rate: where it is not given, what text costs in its place; units cost nothing."""
    if name in UNIT_CLASSES:
        return Decimal(given.get(name, "0"))
    text = given.get("output", given["uncached_input"]) if name in OUTPUT_CLASSES else given["uncached_input"]
    if name.startswith("cache_read"):
        text = given.get("cache_read", text)
    return Decimal(given.get(name, text))


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
) -> pl.DataFrame:
    """Return the rate row of one model; classes that are not named cost as text does, units nothing."""
    key = dict.fromkeys(KEY_COLUMNS)
    found = frame(
        **{name: [value] for name, value in key.items() if name not in ("request_model", "moment")},
        request_model=[model],
        moment=[None],
        above_input_tokens=[above],
        up_to_input_tokens=[up_to],
        has_cache_rate=["cache_read" in usd_per_token],
        **{f"list_rate_{name}": [text_rate(usd_per_token, name)] for name in RATED},
        **{f"contracted_rate_{name}": [text_rate(contracted or usd_per_token, name)] for name in RATED},
    )
    return found.collect()
