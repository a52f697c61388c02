"""Which column of a table of days and amounts holds which field of a bill, and in which unit?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from tokaudit.errors import ConfigError
from tokaudit.readers.values.names import meaning, words_of

FIELDS = (
    *("start", "end", "model", "amount", "list_amount", "currency", "requests", "input_tokens", "output_tokens"),
    *(
        "uncached_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "item",
        "scope",
        "provider_name",
        "service_tier",
    ),
)
"""What a user may name a column for."""

_AMOUNTS = """
    net amount, amount billed, billed cost, cost billed, billed, net cost, amount due, total cost, cost total, cost, spend, total
    spend, amount, charge, charges, total charge, total amount, usage cost, cost amount, amount value, net, invoiced amount,
    expense, expenses, total, total price, price, line total, subtotal, usage charge, nettobetrag, rechnungsbetrag,
    gesamtbetrag, gesamtpreis, ausgaben, depense, gasto, spesa, kwota, valor,
"""
"""Better names first; the last one is empty: nothing but a unit, as in `USD`."""
_LISTS = "list cost, list price, list amount, gross cost, gross amount, gross, cost before discount, undiscounted cost"
_STARTS = """
    date, day, usage date, start time, start date, start, period start, start at, starting at, from, bucket start, month, usage
    month, billing month, invoice month, period, billing period, week, usage day, timestamp, time, datetime, bucket, jour, dia,
    giorno, dag, dzien, nutzungsdatum, nutzungstag, monat, mois, mes, mese, maand, miesiac, abrechnungsmonat, rechnungsmonat, tag
"""
_ENDS = "end time, end date, end, period end, end at, ending at, to, until, bucket end"
_MODELS = "model, model name, model id, model version, model used, deployment, deployment name, engine, llm"
_ITEMS = """
    line item, item, description, sku, sku name, meter, meter name, charge type, cost type, type, category, product, usage type,
    token type, charge description, operation
"""
_SCOPES = "project, project name, project id, workspace, team, api key name, api key, key, department, cost center, user, account"
_COUNTS = {
    "input_tokens": "input_tokens",
    "uncached_input_tokens": "uncached_input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_write_input_tokens": "cache_write_tokens",
    "requests": "requests",
    "currency": "currency",
    "provider": "provider_name",
    "service_tier": "service_tier",
}
"""Fields of logs that mean the same here."""
_FILLERS = frozenset(("in",))
"""As in `amount in USD`."""
_CODES = re.compile(
    r"(?<![A-Za-z])(USD|EUR|GBP|CNY|RMB|JPY|INR|CHF|CAD|AUD|SEK|NOK|DKK|PLN|BRL|KRW|SGD)(?![A-Za-z])", re.IGNORECASE
)
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "¥", "₹": "INR"}
_CENTS = re.compile(r"(?<![a-z])cents?(?![a-z])", re.IGNORECASE)


_OTHER_WORDS = {"day": "start", "date": "start", "cost": "amount", "spend": "amount", "provider": "provider_name"}
"""What a user may call a field just as well."""


def named_fields(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the user's field -> column by the fields' own names. Raises ConfigError for a field that is none."""
    named = {_OTHER_WORDS.get(field, field): column for field, column in given.items()}
    if not named.keys() <= set(FIELDS):
        raise ConfigError("unknown field of a column", hint=f"the fields are {', '.join(FIELDS)}")
    return named


def _ranked(phrases: str) -> Mapping[frozenset[str], int]:
    return {frozenset(phrase.split()): rank for rank, phrase in enumerate(phrases.split(","))}


_VOCABULARY = {
    "amount": _ranked(_AMOUNTS),
    "list_amount": _ranked(_LISTS),
    "start": _ranked(_STARTS),
    "end": _ranked(_ENDS),
    "model": _ranked(_MODELS),
    "item": _ranked(_ITEMS),
    "scope": _ranked(_SCOPES),
}


@lru_cache(maxsize=256)
def columns_of(names: tuple[str, ...], given: tuple[tuple[str, str], ...] = ()) -> Mapping[str, str]:
    """Map our fields to columns by their names; given (field -> column) wins."""
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        for field, rank in _meanings(name):
            if field not in best or rank < best[field][0]:
                best[field] = (rank, name)
    taken = {name for _, name in given}
    return {field: name for field, (_, name) in best.items() if name not in taken} | dict(given)


def _meanings(name: str) -> Iterator[tuple[str, int]]:
    words = words_of(name) - _FILLERS
    for field, phrases in _VOCABULARY.items():
        if words in phrases and (words or unit_of(name) is not None):
            yield field, phrases[words]
    known = meaning(name)
    if known is not None and known.field in _COUNTS:
        yield _COUNTS[known.field], known.rank
    if known is not None and known.field == "cost":
        yield "amount", 100 + known.rank
    if known is not None and known.field == "started_at":
        yield "start", 100 + known.rank
    if known is not None and known.field == "request_model":
        yield "model", 100 + known.rank


def unit_of(name: str) -> str | None:
    """Name the unit in a column's name: `cents`, or the ISO code of a currency."""
    if _CENTS.search(name.replace("_", " ")):
        return "cents"
    if code := _CODES.search(name.replace("_", " ")):
        return {"RMB": "CNY"}.get(code[1].upper(), code[1].upper())
    return next((code for sign, code in _SIGNS.items() if sign in name), None)
