"""Which value does a JSON text hold, also one that Python, JavaScript or a database wrote a little beside the standard?

Python writes NaN and Infinity, programs that cut texts leave half a character (a lone surrogate), MongoDB wraps numbers and
dates in objects, and `print` writes a dict with single quotes. Nothing is lost by any of that, so nothing is refused for it.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable
from math import isinf

import orjson

from tokaudit.readers.values.labels import exact
from tokaudit.schema import Json

LONGEST_PRINTED = 1 << 20
"""Bytes of a printed Python value that is read: the parser of Python takes fifty times its text in memory."""

_PRINTED = ("{'", "[{'")
_WRAPPED = (b'"$oid"', b'"$date"', b'"$number')


def decode_json(text: bytes | str) -> Json:
    """Decode one value. Raises ValueError for what is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = _decode_leniently(text if isinstance(text, str) else text.decode())
    return _plain(value, _unwrapped) if _is_wrapped(text) else value


def _is_wrapped(text: bytes | str) -> bool:
    # A single character is found twenty times as fast as two: most texts have none.
    if isinstance(text, str):
        return "$" in text and '"$' in text and any(mark.decode() in text for mark in _WRAPPED)
    return b"$" in text and b'"$' in text and any(mark in text for mark in _WRAPPED)


def _decode_leniently(text: str) -> Json:
    try:
        return _plain(_printed(text) if _is_printed(text) else json.loads(text, parse_constant=_nothing), _same)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise ValueError("not a value") from error


def _is_printed(text: str) -> bool:
    return len(text) <= LONGEST_PRINTED and text[:64].lstrip().startswith(_PRINTED)


def _printed(text: str) -> Json:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they would quote the text
        return ast.literal_eval(text.strip())


def _nothing(_: str) -> None:
    return None


def _same(value: dict[str, Json]) -> Json:
    return value


def _plain(value: Json, of_object: Callable[[dict[str, Json]], Json]) -> Json:
    """Make a value one that JSON can say. Raises RecursionError where it is too deep, ValueError for a number too large."""
    if isinstance(value, dict):
        return of_object({exact(str(key)): _plain(item, of_object) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [_plain(item, of_object) for item in value]
    if isinstance(value, str):
        return exact(value)
    if isinstance(value, float) and isinf(value):
        raise ValueError("a number that no double holds")
    return value if value is None or isinstance(value, bool | int | float) else None


def _unwrapped(value: dict[str, Json]) -> Json:
    """Read a value of MongoDB's extended JSON: an id, a number, a date (which may hold a number)."""
    if len(value) != 1:
        return value
    ((name, inner),) = value.items()
    if name in ("$oid", "$date") and type(inner) in (str, int):
        return inner
    if name in ("$numberInt", "$numberLong") and type(inner) is str and inner.lstrip("-").isdecimal():
        return int(inner[:32])
    if name in ("$numberDouble", "$numberDecimal") and type(inner) is str:
        return inner  # a text keeps every digit
    return value
