"""How are the amounts and counts of a bill read: exactly, with their sign and their currency?

A bill's sums are larger than any call's, may be negative (credits, refunds), and are written for people: `$1,234.50`,
`(0.04)`, `1.234,56 €`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from math import isnan
from typing import NamedTuple

from tokaudit.readers.values.labels import is_missing
from tokaudit.readers.values.numbers import decimal_comma, plain_number
from tokaudit.schema import Json, RejectRecordError

MAX_AMOUNT = Decimal(10) ** 12
"""USD. More than any bill; the sum of a bill's lines must fit into the 14 digits of `MONEY` before its point."""
MAX_COUNT = 10**15
PLACES = Decimal(1).scaleb(-24)
"""The finest amount that `MONEY` holds."""
UNIT_PLACES = Decimal(1).scaleb(-9)
MAX_UNITS = Decimal(10) ** 24
EXACT = Context(prec=80)

NOT_MONEY = "the amount is not a number"
TOO_LARGE = "the amount is absurdly large"
TWO_READINGS = "the amount can be read in two ways"
NOT_A_COUNT = "the count is not a whole number"
COUNT_RANGE = "the count is out of range"
FORMULA = "the cell holds a formula"

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}
"""`¥` is two currencies, and stays as it is."""
_CODE = re.compile(
    r"(?P<head>US\$|[A-Z]{3}(?=[\s\d.,(-])|[$€£¥₹])?\s*"
    r"(?P<number>[^A-Za-z$€£¥₹元]*(?:[eE][+-]?\d+)?)\s*"
    r"(?P<tail>US\$|[A-Z]{3}|[$€£¥₹元])?"
)
_MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})


class Money(NamedTuple):
    """An amount as written. currency: ISO code, where the cell itself names one."""

    amount: Decimal
    currency: str | None


def money(value: Json, *, comma: bool | None = False) -> Money | None:
    """Read an amount; None for an empty cell. comma: decimals are written with one; None = the file is of two minds.

    Raises RejectRecordError for what is no amount.
    """
    if is_missing(value):
        return None
    if type(value) is str:
        return _from_text(value.strip().translate(_MINUS), comma)
    if type(value) is float:
        return None if isnan(value) else Money(_checked(repr(value)), None)  # data frames write nothing as NaN
    if type(value) is int or isinstance(value, Decimal):
        return Money(_checked(value), None)
    raise RejectRecordError(NOT_MONEY)


def _from_text(text: str, comma: bool | None) -> Money:
    if text.startswith(("=", "@")):
        raise RejectRecordError(FORMULA)
    sign = 1
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1
    if text.startswith(("-", "+")):
        text, sign = text[1:].strip(), -sign if text[0] == "-" else sign
    found = _CODE.fullmatch(text) if len(text) <= 100 else None
    if found is None:
        raise RejectRecordError(NOT_MONEY)
    number = found["number"].strip()
    if number.startswith("-"):
        number, sign = number[1:].strip(), -sign
    elif number.endswith("-"):
        number, sign = number[:-1].strip(), -sign
    code = found["head"] or found["tail"]
    return Money(sign * _checked(_plain(number, comma)), None if code is None else currency_of(code))


def _plain(number: str, comma: bool | None) -> str:
    plain = plain_number(number, decimal_comma=comma)
    if plain is not None:
        return plain
    is_either = comma is None and plain_number(number, decimal_comma=True) is not None
    raise RejectRecordError(TWO_READINGS if is_either else NOT_MONEY)


def currency_of(text: str) -> str:
    """Name a currency as ISO does, from its code or sign."""
    return _SYMBOLS.get(text[-1:], text.strip().upper())


def _checked(value: Decimal | int | str) -> Decimal:
    try:
        number = Decimal(value) if type(value) is not int or abs(value) <= MAX_COUNT else Decimal("inf")
    except InvalidOperation as error:
        raise RejectRecordError(NOT_MONEY) from error
    if number.is_nan():
        raise RejectRecordError(NOT_MONEY)
    if not abs(number) <= MAX_AMOUNT:
        raise RejectRecordError(TOO_LARGE)
    return exact(number)


def exact(number: Decimal) -> Decimal:
    """Round to what `MONEY` holds: dashboards write up to 30 decimals."""
    if number.adjusted() < -40:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    is_fine = type(exponent) is int and exponent >= -24
    return number if is_fine else number.quantize(PLACES, rounding=ROUND_HALF_EVEN, context=EXACT)


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply without losing digits, then round to what `MONEY` holds."""
    return exact(EXACT.multiply(left, right))


def counted(value: Json, *, comma: bool | None = False) -> int | None:
    """Read a sum of tokens or requests; None for an empty cell. Raises RejectRecordError for what is none."""
    number = units(value, comma=comma)
    if number is None:
        return None
    if not 0 <= number <= MAX_COUNT:
        raise RejectRecordError(COUNT_RANGE)
    if number != int(number):
        raise RejectRecordError(NOT_A_COUNT)
    return int(number)


def units(value: Json, *, comma: bool | None = False) -> Decimal | None:
    """Read a quantity, which may have a fraction; None for an empty cell. Raises RejectRecordError for what is none."""
    if is_missing(value) or (type(value) is float and isnan(value)):
        return None
    if type(value) is bool or type(value) in (dict, list):
        raise RejectRecordError(NOT_A_COUNT)
    text = value.strip() if type(value) is str else str(value)
    is_negative = text.startswith("-")
    plain = text if type(value) is not str else plain_number(text.removeprefix("-"), decimal_comma=comma)
    try:
        number = Decimal(plain or "x")
    except InvalidOperation as error:
        raise RejectRecordError(NOT_A_COUNT) from error
    if not (number.is_finite() and abs(number) < MAX_UNITS):
        raise RejectRecordError(COUNT_RANGE)
    number = -number if is_negative and type(value) is str else number
    return number if number.adjusted() >= -9 or not number else number.quantize(UNIT_PLACES, context=EXACT)


def signs_of(cells: Iterable[Json]) -> set[bool]:
    """Say what cells show of their decimal sign: True for a comma, False for a point; empty when nothing shows."""
    texts = (_bare(cell) for cell in cells if type(cell) is str)
    return {sign for text in texts if (sign := decimal_comma([text])) is not None}


def comma_of(signs: set[bool]) -> bool | None:
    """Say whether decimals are written with a comma: False when nothing shows, None when the cells disagree."""
    return None if len(signs) > 1 else True in signs


def _bare(cell: str) -> str:
    found = _CODE.fullmatch(cell.strip().translate(_MINUS).lstrip("(-+").rstrip(")"))
    return found["number"].strip().lstrip("-") if found else ""


def decimals(number: Decimal) -> int:
    """Count the decimals an amount is written with."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if type(exponent) is int else 0
