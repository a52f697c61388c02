"""How is a number written? The only place that rounds.

Amounts come in exact and go out as text without a unit, the unit stands in the column head; `dollars` is for prose.
`?` is what nobody knows, `–` is what does not apply; neither is ever written as 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from tokaudit.report.safe_text import safe_text
from tokaudit.result import Range

UNKNOWN = "?"
NOT_APPLICABLE = "–"
MINUS = "−"
SMALLEST_AMOUNT = Decimal("0.000001")
"""Amounts below a millionth of a dollar are written as a bound: more digits would be noise of an apportionment."""

EVIDENCE_LIMIT = 300
"""Characters of a text or a list among the evidence."""

_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")
# fmt: on


def money(value: Decimal | None) -> str:
    """Write an amount: 2 decimals from 1 on, 4 significant digits below. None is unknown.

    >>> money(Decimal("1234.5")), money(Decimal("0.012345")), money(Decimal("-3"))
    ('1,234.50', '0.01234', '−3.00')
    """
    if value is None or not value.is_finite():
        return UNKNOWN
    size = value.copy_abs()  # abs() would round to the precision of the current context
    if 0 < size < SMALLEST_AMOUNT:
        return f"<{SMALLEST_AMOUNT}" if value > 0 else f">{MINUS}{SMALLEST_AMOUNT}"
    rounded = _round(size, 2 if size >= 1 or size == 0 else 3 - size.adjusted())
    if size < 1 <= rounded:
        rounded = _round(rounded, 2)
    return _sign(value) + f"{rounded:,f}"


def dollars(value: Decimal | None) -> str:
    """Write an amount for prose: `$1,234.50`."""
    text = money(value)
    if text == UNKNOWN:
        return text
    mark = next((at for at, letter in enumerate(text) if letter.isdigit()), 0)
    return f"{text[:mark]}${text[mark:]}"


def rate(value: Decimal) -> str:
    """Write a rate as it is published, with at least 2 decimals; only an endless one is cut, at 12.

    >>> rate(Decimal("2.5")), rate(Decimal("0.003625")), rate(Decimal("30"))
    ('2.50', '0.003625', '30.00')
    """
    places = -int(value.normalize().as_tuple().exponent)
    return f"{value:,.{min(max(places, 2), 12)}f}"


def money_range(value: Range | None) -> str:
    """Write the low and the high end, once if they are the same."""
    return UNKNOWN if value is None else _span(money(value.low), money(value.high), "–")


def dollars_range(value: Range) -> str:
    """Write the low and the high end for prose."""
    return _span(dollars(value.low), dollars(value.high), " to ")


def count(value: int | None) -> str:
    """Write a whole number with thousands separators."""
    return UNKNOWN if value is None else f"{value:,}".replace("-", MINUS)


def counted(value: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "call"), counted(1200, "call"), counted(2, "copy from another session")
    ('1 call', '1,200 calls', '2 copies from another session')
    """
    return f"{count(value)} {noun if value == 1 else _plural(noun)}"


_AFTER_NOUN = re.compile(r" (?:of|to|from|without|that|outside|in) | \(")


def _plural(noun: str) -> str:
    """Write the plural of a noun, which other words may follow."""
    after = _AFTER_NOUN.search(noun)
    head, rest = (noun[: after.start()], noun[after.start() :]) if after else (noun, "")
    rest = (
        rest.replace(" that is ", " that are ")
        .replace(" that asks ", " that ask ")
        .replace(" that tells ", " that tell ")
    )
    if head.endswith("s"):
        return noun
    return f"{head[:-1]}ies{rest}" if re.search(r"[^aeiou]y$", head) else f"{head}s{rest}"


def number(value: float | None) -> str:
    """Write a measured number: whole from 1,000 on, 4 significant digits below, no exponent.

    >>> number(1234.5), number(12.345), number(0.5)
    ('1,234', '12.34', '0.5')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    exact = Decimal(repr(value))
    places = 0 if abs(exact) >= 1000 or exact == 0 else 3 - exact.adjusted()
    text = f"{_round(abs(exact), places):,f}"
    return _sign(exact) + (text.rstrip("0").rstrip(".") if "." in text else text)


def mean(total: float, parts: int) -> str:
    """Write total / parts, whole from 10 on; without parts it does not apply, and an exact 0 has no decimals."""
    if parts == 0:
        return NOT_APPLICABLE
    value = Decimal(repr(total)) / parts
    return f"{_round(value, 0 if value >= 10 or value == 0 else 1):,f}"


def share(value: float | None) -> str:
    """Write a share of 0-1 as per cent; None does not apply. Only an exact 0 or 1 is written as 0% or 100%.

    >>> share(0.6241), share(0.00001), share(0.99999), share(1)
    ('62.4%', '<0.1%', '>99.9%', '100%')
    """
    if value is None or not math.isfinite(value):
        return NOT_APPLICABLE
    return _percent(Fraction(repr(value)))


def share_of(part: Decimal | int, whole: Decimal | int) -> str:
    """Write part / whole as per cent; without a whole it does not apply."""
    return NOT_APPLICABLE if whole == 0 else _percent(Fraction(part) / Fraction(whole))


def multiple(value: float | None) -> str:
    """Write how many times: `4.21×`."""
    if value is None or not math.isfinite(value):
        return NOT_APPLICABLE
    places = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{_round(Decimal(repr(value)), places):,f}×".replace("-", MINUS)


def multiple_of(part: Decimal, whole: Decimal) -> str:
    """Write part / whole as how many times; without a whole it does not apply."""
    return NOT_APPLICABLE if whole == 0 else multiple(float(part / whole))


def size(value: int) -> str:
    """Write a number of bytes.

    >>> size(532), size(84_300), size(1_500_000_000)
    ('532 B', '84.3 KB', '1.5 GB')
    """
    amount, unit = Decimal(value), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{count(value)} B" if unit == "B" else f"{_round(amount, 1)} {unit}"


def minute(value: datetime) -> str:
    """Write a point in time to the minute, in the zone it is in; seconds only when there are any."""
    return value.strftime("%Y-%m-%d %H:%M" if value.second == 0 else "%Y-%m-%d %H:%M:%S")


def month(value: datetime) -> str:
    """Write the month of a date: `September 2026`."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def evidence(name: str, value: Any) -> str:
    """Write a value whose unit stands in its name, as audits and gates hand them on; a Decimal is money."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return dollars(value)
        case int() | float() if "share" in name.split("_"):
            return share(value)
        case int():
            return count(value)
        case float():
            return number(value)
        case Mapping():
            value = ", ".join(f"{safe_text(str(key))}: {evidence(str(key), item)}" for key, item in value.items())
        case list() | tuple():
            value = ", ".join(evidence(name, item) for item in value)
    return safe_text(str(value), limit=EVIDENCE_LIMIT)


def _percent(value: Fraction) -> str:
    percent = value * 100
    if 0 < percent < Fraction(1, 10):
        return "<0.1%"
    if Fraction(999, 10) < percent < 100:
        return ">99.9%"
    rounded = _round(_WIDE.divide(Decimal(percent.numerator), Decimal(percent.denominator)), 1)
    text = f"{abs(rounded):,f}"
    return ("" if rounded >= 0 else MINUS) + text.removesuffix(".0" if percent in (0, 100) else "") + "%"


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), context=_WIDE)


def _sign(value: Decimal) -> str:
    return MINUS if value < 0 else ""


def _span(low: str, high: str, between: str) -> str:
    return low if low == high else f"{low}{between}{high}"
