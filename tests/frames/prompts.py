"""Calls with pieces of known components, laid out and divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from frames.literal import UNSTATED, frame, text_rate
from tokaudit.frames.components import call_components, with_explained
from tokaudit.frames.cost import with_cost, with_token_classes
from tokaudit.frames.definitions import with_learnt_definitions
from tokaudit.ledger.tables import NO_MESSAGE
from tokaudit.prices.rates import RATED
from tokaudit.tokens.chat_format import chat_format_tokens

RATES = {
    "uncached_input": "0.000003",
    "cache_read": "0.0000003",
    "cache_write_5m": "0.00000375",
    "cache_write_1h": "0.000006",
    "output": "0.000015",
}
DEFINITIONS = ("tool_schemas", "response_schema")


class Piece(NamedTuple):
    """A piece of a prompt by our count. message: None = definitions, which stand before the first message."""

    component: str
    tokens: int
    message: int | None = 0


@dataclass(frozen=True)
class Call:
    """One call: its pieces in prompt order and what the provider billed."""

    pieces: Sequence[Piece]
    billed: int | None
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    exact: bool = True
    ratio: float = 1.0
    gateway: bool = False
    tool_calls: int = 0
    """Tokens around calls of tools and their results."""
    model: str | None = None
    """None = a model of its own: no other call teaches what its definitions cost."""
    media_billed: int | None = None
    """Of the billed tokens, those of images, as the bill states them."""
    rates: dict[str, str] | None = field(default_factory=lambda: dict(RATES))

    @property
    def visible(self) -> int:
        return sum(piece.tokens for piece in self.pieces if piece.component != "media")

    @property
    def messages(self) -> int:
        return len({piece.message for piece in self.pieces if piece.message is not None})

    @property
    def format_tokens(self) -> int:
        return chat_format_tokens(self.messages) + self.tool_calls


def _of_call(record_id: int, call: Call) -> dict[str, Any]:
    rates = {name: None if call.rates is None else text_rate(call.rates, name) for name in RATED}
    return {
        "record_id": record_id,
        "input_tokens": call.billed,
        "cache_read_input_tokens": call.cache_read,
        "cache_write_5m_input_tokens": call.cache_write_5m,
        "cache_write_1h_input_tokens": call.cache_write_1h,
        "output_tokens": call.output,
        "visible_input_tokens": call.visible,
        "definition_tokens": sum(piece.tokens for piece in call.pieces if piece.component in DEFINITIONS),
        "format_tokens": call.format_tokens,
        "tool_call_tokens": call.tool_calls,
        "messages": call.messages,
        "tools_id": 1 if any(piece.component == "tool_schemas" for piece in call.pieces) else None,
        "request_model": str(record_id) if call.model is None else call.model,
        "response_model": None,
        "usage_state": "exact",
        "media": sum(piece.component == "media" for piece in call.pieces),
        "encoding_is_exact": call.exact,
        "tokeniser_ratio": call.ratio,
        "gateway_cache_hit": call.gateway,
        **dict.fromkeys(UNSTATED),
        "input_image_tokens": call.media_billed,
        **{f"{kind}_rate_{name}": rate for kind in ("list", "contracted") for name, rate in rates.items()},
    }


def priced(calls: Sequence[Call]) -> pl.LazyFrame:
    """Price the calls; record_id is their number, from 0."""
    rows = [_of_call(number, call) for number, call in enumerate(calls)]
    table = frame(**{name: [row[name] for row in rows] for name in rows[0]})
    return table.pipe(with_token_classes).pipe(with_cost).pipe(with_learnt_definitions).pipe(with_explained)


def piece_rows(calls: Sequence[Call]) -> pl.LazyFrame:
    """Return the rows of `part_components` for the calls."""
    rows = [
        (number, position, 0, NO_MESSAGE if piece.message is None else piece.message, piece.component, piece.tokens)
        for number, call in enumerate(calls)
        for position, piece in enumerate(call.pieces)
    ]
    names = ("record_id", "position", "sequence", "message", "component", "tokens")
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    found = frame(**{name: list(values) for name, values in zip(names, columns, strict=True)})
    is_media = pl.col("component") == "media"
    return found.with_columns(tokens=pl.when(~is_media).then("tokens"), component=pl.col("component").cast(pl.String))


def divided(calls: Sequence[Call], *, backwards: bool = False) -> pl.DataFrame:
    """Divide each call's billed input. backwards: give all rows in reverse order."""
    rows, table = piece_rows(calls), priced(calls)
    if backwards:
        rows, table = rows.reverse(), table.reverse()
    return call_components(rows, table).collect().sort("record_id", "component")


def components(call: Call) -> dict[str, int]:
    """Return the tokens of each component of one call."""
    return dict(divided([call]).select("component", "tokens").rows())
