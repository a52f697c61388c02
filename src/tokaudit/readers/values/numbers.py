"""How is a number of a log read exactly, or refused?

JSON numbers say what they are. Numbers in text may use either decimal sign; a text that can be read in two ways is
decided by `decimal_comma` (what the rest of the row shows) or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from math import isinf, isnan

from tokaudit.readers.values.labels import is_missing
from tokaudit.schema import Json, RejectRecordError

MAX_TOKENS = 2**31
"""No call has more tokens: the largest context windows are near 2**24."""

MAX_AMOUNT = Decimal(10) ** 15
"""Enough for a day in nanoseconds; no amount of money comes near it."""

MAX_AMOUNT_LENGTH = 80

_SPACED = re.compile(r"\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?", re.ASCII)
_SPACES = str.maketrans("", "", " \u00a0\u202f'’")
_GROUPED = {
    ",": re.compile(r"\d{1,3}(,\d{3})+", re.ASCII),
    ".": re.compile(r"\d{1,3}(\.\d{3})+", re.ASCII),
}
_PLAIN = re.compile(r"\d+(\.\d+)?|\.\d+", re.ASCII)
_SCIENTIFIC = re.compile(r"\d+(\.\d+)?[eE][+-]?\d{1,3}", re.ASCII)


def count(value: Json, row: Iterable[Json] = ()) -> int | None:
    """Read a token count; None when there is none.

    row     the other values beside it, asked only when a text such as `1.000` has two readings
    Raises  RejectRecordError for a value that cannot be a token count.
    """
    if type(value) is int:
        return _in_range(value)
    if value is None:
        return None
    if type(value) is float:
        return _from_float(value)
    if type(value) is str:
        return _from_text(value, row)
    raise RejectRecordError("token count is not a number")


def _in_range(value: int) -> int:
    if 0 <= value <= MAX_TOKENS:
        return value
    raise RejectRecordError("token count is negative" if value < 0 else "token count is out of range")


def _from_float(value: float) -> int | None:
    if isnan(value):  # how data frames write a missing number
        return None
    if isinf(value):
        raise RejectRecordError("token count is out of range")
    if not value.is_integer():
        raise RejectRecordError("token count is not a whole number")
    return _in_range(int(value))


def _from_text(text: str, row: Iterable[Json]) -> int | None:
    if is_missing(text):
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return _in_range(int(text[:32]))
    if text.startswith("-") and plain_number(text[1:], decimal_comma=False) is not None:
        raise RejectRecordError("token count is negative")
    return _from_decimal(_whole_number(text, row))


def _whole_number(text: str, row: Iterable[Json]) -> str | None:
    """Write a count as plain digits; a group of three after one sign is thousands, since tokens have no fractions."""
    as_point, as_comma = (plain_number(text, decimal_comma=comma) for comma in (False, True))
    if as_point == as_comma or as_point is None or as_comma is None:
        return as_point or as_comma
    if not text.endswith("000"):
        return as_comma if "." in text else as_point
    comma = decimal_comma(row)
    if comma is None and "." in text:
        raise RejectRecordError("token count can be read in two ways")
    return as_comma if comma else as_point


def _from_decimal(text: str | None) -> int:
    if text is None:
        raise RejectRecordError("token count is not a number")
    value = Decimal(text)
    if value > MAX_TOKENS:
        raise RejectRecordError("token count is out of range")
    if value != int(value):
        raise RejectRecordError("token count is not a whole number")
    return int(value)


def plain_number(text: str, *, decimal_comma: bool | None) -> str | None:
    """Write an unsigned number without grouping: `1.234,56` -> `1234.56`.

    None when it is no number, or when it has two readings and decimal_comma is None.
    """
    text = text.strip()
    if len(text) > MAX_AMOUNT_LENGTH:
        return None
    if _SPACED.fullmatch(text):
        text = text.translate(_SPACES)
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0 and point < 0:
        return text if _PLAIN.fullmatch(text) or _SCIENTIFIC.fullmatch(text) else None
    if comma >= 0 and point >= 0:
        return _both_signs(text, decimal_sign="," if comma > point else ".")
    return _one_sign(text, "," if comma >= 0 else ".", decimal_comma)


def _both_signs(text: str, decimal_sign: str) -> str | None:
    grouping = "." if decimal_sign == "," else ","
    whole, _, fraction = text.rpartition(decimal_sign)
    if not _GROUPED[grouping].fullmatch(whole) or not (fraction.isascii() and fraction.isdigit()):
        return None
    return f"{whole.replace(grouping, '')}.{fraction}"


def _one_sign(text: str, sign: str, decimal_comma: bool | None) -> str | None:
    as_decimal = text.replace(",", ".")
    if not _PLAIN.fullmatch(as_decimal) and not _SCIENTIFIC.fullmatch(as_decimal):
        as_decimal = ""
    as_groups = text.replace(sign, "") if _GROUPED[sign].fullmatch(text) and not text.startswith("0") else ""
    if not (as_decimal and as_groups):
        return as_decimal or as_groups or None
    if decimal_comma is None:
        return None
    return as_decimal if (sign == ",") == decimal_comma else as_groups


def decimal_comma(row: Iterable[Json]) -> bool | None:
    """Say whether a row writes decimals with a comma; None when no value of it shows, or two disagree."""
    shown = {sign for value in row if type(value) is str for sign in _decimal_signs(value)}
    return None if len(shown) != 1 else shown == {","}


def _decimal_signs(text: str) -> str:
    if len(text) > MAX_AMOUNT_LENGTH or not ("," in text or "." in text):
        return ""
    readings = [plain_number(text, decimal_comma=comma) for comma in (False, True)]
    if readings[0] != readings[1] or readings[0] is None or "." not in readings[0]:
        return ""
    return "," if text.rfind(",") > text.rfind(".") else "."


def amount(value: Json, *, decimal_comma: bool | None = False) -> Decimal | None:
    """Read an amount of money exactly as the log writes it; None for a missing, negative or absurd one."""
    if type(value) is int or type(value) is float:
        text: str | None = repr(value)
    elif type(value) is str:
        text = plain_number(value.strip().strip("$").removesuffix("USD"), decimal_comma=decimal_comma)
    else:
        return None
    try:
        number = Decimal(text or "x")
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= MAX_AMOUNT else None


def decimal_text(number: Decimal) -> str | None:
    """Write a decimal without exponent and without trailing zeros; None when that is absurdly long."""
    if number.adjusted() < -MAX_AMOUNT_LENGTH:
        return "0" if number == 0 else None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
