"""Which of our calls does a bill speak of, and under which model name?

A bill names providers or not, and models as ids or as display names. A call belongs to the bill of its provider; where the bill
names none, to the bill that names its model, or another model of its provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from tokaudit.bills.model_names import model_key

NAMES = ("provider_name", "priced_provider", "response_model", "request_model", "priced_model")
NO_MODEL = "unknown"


@dataclass(frozen=True, slots=True)
class Side:
    """One provider of the bill (None = it names none) and the models it names."""

    provider_name: str | None
    models: frozenset[str]


def sides_of(lines: pl.DataFrame) -> tuple[Side, ...]:
    """Return the providers of a bill. lines: provider_name, model_key."""
    rows = lines.group_by("provider_name").agg(pl.col("model_key").drop_nulls().unique()).sort("provider_name")
    return tuple(Side(provider, frozenset(models)) for provider, models in rows.iter_rows())


def with_model_key(lines: pl.DataFrame) -> pl.DataFrame:
    """Add the name that models are compared by (null = the line names none)."""
    names = lines["model"].drop_nulls().unique().to_list()
    keys = {name: model_key(name) for name in names}
    return lines.with_columns(model_key=pl.col("model").replace_strict(keys, default=None, return_dtype=pl.String))


def shown_names(lines: pl.DataFrame, rows: pl.DataFrame) -> dict[str, str]:
    """Return the name to show for each name models are compared by: as the bill writes it, else as the logs do.

    lines: as of `with_model_key`; rows: the distinct NAMES of the calls.
    """
    logged = [name for row in rows.select(NAMES).to_dicts() for name in _models(row)]
    shown = {model_key(name): name for name in sorted(logged, reverse=True)}
    billed = lines.select("model_key", "model").drop_nulls().unique().sort("model", descending=True)
    return {**shown, **dict(billed.iter_rows())}


def _lower(name: str | None) -> str | None:
    return name.lower() if name else None


def _own_side(row: Mapping[str, str | None], sides: Iterable[Side]) -> Side | None:
    providers = {_lower(row["priced_provider"]), _lower(row["provider_name"])} - {None}
    named = [side for side in sides if side.provider_name is not None]
    found = next((side for side in named if _lower(side.provider_name) in providers), None)
    if found or providers:
        return found
    return next((side for side in named if side.models & _keys(row)), None)


def _keys(row: Mapping[str, str | None]) -> set[str]:
    return set(_ordered_keys(row))


def _ordered_keys(row: Mapping[str, str | None]) -> list[str]:
    return [model_key(name) for name in _models(row)]


def _models(row: Mapping[str, str | None]) -> list[str]:
    return [name for name in (row["response_model"], row["request_model"], row["priced_model"]) if name]


def _nameless(sides: Iterable[Side]) -> Side | None:
    return next((side for side in sides if side.provider_name is None), None)


def match(rows: pl.DataFrame, sides: Iterable[Side]) -> pl.DataFrame:
    """Say to which side each kind of call belongs.

    rows: the distinct NAMES of the calls. Out: NAMES, side (the provider as billed, "" = of the bill that names none; null = on
    no bill), model (the name to compare by).
    """
    sides = tuple(sides)
    nameless = _nameless(sides)
    found = [(row, _own_side(row, sides)) for row in rows.select(NAMES).to_dicts()]
    served = {
        row["priced_provider"] or row["provider_name"]
        for row, side in found
        if side is None and nameless and (not nameless.models or nameless.models & _keys(row))
    }
    result = []
    for row, side in found:
        own = side
        if own is None and nameless and (row["priced_provider"] or row["provider_name"]) in served:
            own = nameless
        keys = _ordered_keys(row)
        model = next((key for key in keys if own and key in own.models), keys[0] if keys else NO_MODEL)
        result.append({**row, "side": (own.provider_name or "") if own else None, "model": model})
    schema = dict.fromkeys((*NAMES, "side", "model"), pl.String)
    return pl.DataFrame(result, schema=schema)
