"""Which day and hour does a text spell that is not ISO: with the name of a month, the day first, AM and PM?

Spreadsheets, browsers, web servers and people write times so. A text that can be read in two ways is not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Literal

Order = Literal["day first", "month first"]

ZONE_HOURS: Mapping[str, int] = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
"""Zone names of RFC 5322; every other abbreviation means different hours in different countries."""

_MONTHS = """
    january jan januar janvier janv enero ene gennaio gen janeiro januari
    february feb februar fevrier fevr febrero febbraio fevereiro fev februari
    march mar marz mrz mars marzo marco maart mrt
    april apr avril avr abril abr aprile
    may mai mayo maggio mag maio mei
    june jun juni juin junio giugno giu junho
    july jul juli juillet juil julio luglio lug julho
    august aug aout agosto ago augustus
    september sep sept septembre septiembre settembre set setembro
    october oct oktober okt octobre octubre ottobre ott outubro out
    november nov novembre noviembre novembro
    december dec dezember dez decembre diciembre dic dicembre dezembro
"""
"""English, German, French, Spanish, Italian, Portuguese, Dutch, without accents: a line a month."""
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS.split("\n")) for name in names.split()}

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_TIME = rf"{_CLOCK}(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
_ZONE = r"(?: ?(?:GMT|UTC)?(?P<offset>[+-]\d{2}:?\d{2})| ?(?P<zone>[A-Z]{1,4}))?(?: \([^()]{1,60}\))?"
_AT = rf"(?:(?:,? at |[ T,:@]+)(?:a las |um )?{_TIME}{_ZONE})?"
_WEEKDAY = r"(?:[A-Za-z]{2,10}\.?,? )?"
_YEAR = r"(?P<year>\d{4})"
_NAME = r"(?P<name>[A-Za-z]{3,10})\.?"

_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ /-](?:de )?{_NAME},?[ /-](?:de )?{_YEAR}{_AT}",
        rf"{_WEEKDAY}{_NAME} {{1,2}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}{_AT}",
        rf"{_WEEKDAY}{_NAME} {{1,2}}(?P<day>\d{{1,2}}) {_TIME}(?: (?P<zone>[A-Z]{{1,4}}))? {_YEAR}",
        rf"(?P<year>\d{{4}})(?P<sign>[./-])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_AT}",
        r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})",
    )
)
_BY_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<sign>[./-])(?P<second_number>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}}){_AT}", re.ASCII
)
_EAST_ASIAN = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII)
_CENTURY = 2000
_FIRST_SHORT_YEAR = 15
"""Years of two digits begin in 2015, as all times of logs of models do."""


def plain_text(text: str) -> str | None:
    """Take accents and other blanks off a text; None when other letters remain."""
    if text.isascii():
        return text
    spread = unicodedata.normalize("NFKD", _EAST_ASIAN.sub(r"\1-\2-\3", text))
    plain = "".join(character for character in spread if not unicodedata.combining(character))
    return plain if plain.isascii() else None


def moment_of(text: str) -> datetime | None:
    """Read the time; without a zone if the text names none, None when it is no time or two are possible."""
    for form in _FORMS:
        if match := form.fullmatch(text):
            found = match.groupdict()
            month = _MONTH_OF.get(found["name"].lower()) if "name" in found else int(found["month"])
            return None if month is None else _moment(found, int(found["year"]), month, int(found["day"]))
    match = _BY_NUMBERS.fullmatch(text)
    order = order_of(text)
    return _by_numbers(match.groupdict(), order) if match and order in ("day first", "month first") else None


def order_of(text: str) -> Order | Literal["either"] | None:
    """Say whether a date of three numbers begins with the day or the month; None for what is no such date.

    With points the day is first everywhere; 25/12/2026 and 12/25/2026 have one order; 3/3/2026 is the same in both.
    """
    match = _BY_NUMBERS.fullmatch(text)
    if match is None:
        return None
    first, second, is_short = int(match["first"]), int(match["second_number"]), len(match["year"]) == 2
    if is_short and (int(match["year"]) < _FIRST_SHORT_YEAR or match["sign"] == "-"):
        return None
    if match["sign"] == "." or first == second <= 12:
        return "day first"
    if second > 12:
        return "month first"
    if first > 12:
        return "either" if is_short and first >= _FIRST_SHORT_YEAR else "day first"  # 25/12/26 may begin with the year
    return "either"


def in_order(text: str, order: Order) -> str | None:
    """Write a date of three numbers year first, in the order that its column has; None where it cannot be."""
    match = _BY_NUMBERS.fullmatch(text)
    moment = _by_numbers(match.groupdict(), order) if match else None
    return moment.isoformat() if moment else None


def _by_numbers(found: Mapping[str, str], order: str) -> datetime | None:
    first, second, year = int(found["first"]), int(found["second_number"]), int(found["year"])
    day, month = (first, second) if order == "day first" else (second, first)
    return _moment(found, year if year >= _CENTURY else year + _CENTURY, month, day)


def _moment(found: Mapping[str, str], year: int, month: int, day: int) -> datetime | None:
    hour = int(found.get("hour") or 0)
    if half := found.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    micros = int(f"{found.get('fraction') or '0':0<6}"[:6])
    numbers = (year, month, day, hour, int(found.get("minute") or 0), int(found.get("second") or 0), micros)
    try:
        moment = datetime(*numbers)  # noqa: DTZ001 - the zone is the caller's to add
    except ValueError:
        return None
    offset, name = found.get("offset"), found.get("zone")
    if offset:
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        return moment.replace(tzinfo=timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))
    if name:
        hours = ZONE_HOURS.get(name)
        return None if hours is None else moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    return moment
