"""What does the user's rates file say?

Tables of own rates, discounts off the published ones, commitments, and aliases of models (README, "Your own rates"). The
order of the tables means nothing. A file that is not sound in every line is refused as a whole.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from tokaudit.prices.rates import INPUT_CLASSES, OUTPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.rates_aliases import read_aliases
from tokaudit.prices.rates_checks import check_base_ranges, check_discounts, check_units, refuse_overlaps
from tokaudit.prices.rates_fields import EXAMPLE, RATE_KEYS, SCOPE_KEYS, Table, suggestion
from tokaudit.prices.rates_text import Document, read_document
from tokaudit.prices.terms import Commitment, Discount, UserPrices, UserRate

__all__ = ("CLASS_GROUPS", "UserPrices", "read_rates_file")

CLASS_GROUPS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in RATED},
    "input": tuple(name for name in INPUT_CLASSES if not name.startswith("cache_")),
    "cache_read": tuple(name for name in INPUT_CLASSES if name.startswith("cache_read")),
    "cache_write": tuple(name for name in INPUT_CLASSES if name.startswith("cache_write")),
    "output": OUTPUT_CLASSES,
    **{
        media: tuple(name for name in TOKEN_CLASSES if name.endswith(f"_{media}"))
        for media in ("audio", "image", "video")
    },
    "reasoning": ("output_reasoning",),
    "tokens": TOKEN_CLASSES,
    "units": UNIT_CLASSES,
}
"""What a discount may name: a class of `rates.RATED`, or several at once."""

_HIGHEST_COMMITMENT = Decimal(10) ** 9
_TABLES = {"rates": "a rate", "discounts": "a discount", "commitments": "a commitment"}
_KNOWN = ("aliases", *_TABLES)
_RATE_TABLE_KEYS = ("model", *SCOPE_KEYS, "above_input_tokens", "checked", *RATE_KEYS)
_DISCOUNT_KEYS = ("percent", "model", "classes", *SCOPE_KEYS)
_COMMITMENT_KEYS = ("name", "model", "usd_per_month", "covers", *SCOPE_KEYS)


def _rate(table: Table) -> UserRate:
    table.check_keys(_RATE_TABLE_KEYS)
    for key in ("input_usd_per_million", "output_usd_per_million"):
        table.required_amount(key)
    given = {name: amount for key, name in RATE_KEYS.items() if (amount := table.amount(key)) is not None}
    return UserRate(
        scope=table.scope(table.required_name("model")),
        rates=given,
        source=table.source(),
        above_input_tokens=table.prompt_length("above_input_tokens"),
    )


def _classes(table: Table) -> tuple[str, ...]:
    names = table.names("classes") or ("tokens",)
    for number, name in enumerate(names):
        if name not in CLASS_GROUPS:
            place = (*table.place, "classes", number)
            raise table.document.error(f"unknown class {name!r} in {table.noun}", place, suggestion(name, CLASS_GROUPS))
    meant = {one for name in names for one in CLASS_GROUPS[name]}
    return tuple(name for name in RATED if name in meant)


def _discount(table: Table) -> Discount:
    table.check_keys(_DISCOUNT_KEYS)
    return Discount(table.scope(table.name("model")), table.percent("percent"), _classes(table), table.source())


def _covers(table: Table) -> Literal["usage", "calls"]:
    covers = table.values.get("covers", "usage")
    if covers == "usage":
        return "usage"
    if covers == "calls":
        return "calls"
    hint = '"usage": usage counts against the amount; "calls": the amount pays for the calls that it covers'
    raise table.error("covers is neither usage nor calls", "covers", hint)


def _commitment(table: Table) -> Commitment:
    table.check_keys(_COMMITMENT_KEYS)
    return Commitment(
        name=table.required_name("name"),
        scope=table.scope(table.name("model")),
        usd_per_month=table.required_amount("usd_per_month", _HIGHEST_COMMITMENT),
        covers=_covers(table),
        source=table.source(),
    )


def _tables(document: Document, kind: str) -> list[Table]:
    found: Any = document.values.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(values, dict) for values in found):
        raise document.error(f"{kind} is not a list of tables", (kind,), hint=f"begin each table with [[{kind}]]")
    return [Table(document, (kind, number), values, _TABLES[kind]) for number, values in enumerate(found)]


def _check_kinds(document: Document) -> None:
    for key in document.values:
        if key not in _KNOWN:
            raise document.error(f"unknown key {key!r} in the rates file", (key,), suggestion(key, _KNOWN))
    if not any(document.values.values()):
        raise document.error("the rates file says nothing", (), EXAMPLE)


def read_rates_file(path: Path) -> UserPrices:
    """Read what the user pays. Raises ConfigError naming file, line and what to write instead."""
    document = read_document(path, EXAMPLE)
    _check_kinds(document)
    rates = [(table, _rate(table)) for table in _tables(document, "rates")]
    discounts = [(table, _discount(table)) for table in _tables(document, "discounts")]
    commitments = [(table, _commitment(table)) for table in _tables(document, "commitments")]
    aliases = read_aliases(document, [rate for _, rate in rates])
    refuse_overlaps("rates", [(table, rate.scope, (rate.above_input_tokens,)) for table, rate in rates])
    refuse_overlaps("discounts", [(table, one.scope, one.classes) for table, one in discounts])
    refuse_overlaps("commitments", [(table, one.scope, ("",)) for table, one in commitments])
    check_base_ranges(rates, aliases)
    check_units(rates, aliases)
    check_discounts(discounts, aliases)
    return UserPrices(
        rates=tuple(sorted((rate for _, rate in rates), key=repr)),
        discounts=tuple(sorted((one for _, one in discounts), key=repr)),
        commitments=tuple(sorted((one for _, one in commitments), key=repr)),
        aliases=dict(sorted(aliases.items())),
    )
