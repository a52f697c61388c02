"""Which short texts of a record may be kept as names, ids and codes?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tokaudit.schema import Json

MAX_LABEL = 256
"""Longer names and ids are cut: they are keys to group by, not content."""

MISSING_WORDS = frozenset(
    (
        *("", "null", "none", "nan", "na", "n/a", "nil", "undefined", "-", "–", "—"),
        *("\\n", "<na>", "nat", "(null)", "<null>", "#n/a", "(none)"),  # databases, data frames, spreadsheets
    )
)
"""How tables and loggers write a value that is not there."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def is_missing(value: Json) -> bool:
    """Say whether a value stands for nothing: null, empty, or a word for it."""
    return value is None or (type(value) is str and len(value) <= 9 and value.strip().lower() in MISSING_WORDS)


def exact(text: str) -> str:
    """Return the text unchanged, unless it cannot be written as UTF-8: then each lone surrogate becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def begins(value: Json, prefix: str | tuple[str, ...]) -> bool:
    """Say whether a value is a text that begins so."""
    return type(value) is str and value.startswith(prefix)


def label(value: Json) -> str | None:
    """Read a name or an id: text or a whole number, cut at `MAX_LABEL`; anything else is None."""
    if type(value) is int:
        return str(value) if value.bit_length() <= MAX_LABEL else None
    if type(value) is not str or (len(value) <= 9 and is_missing(value)):
        return None
    return exact(value.strip()[:MAX_LABEL])


def first_label(place: Mapping[str, Json], *names: str) -> str | None:
    """Read the first of the keys that holds a name or an id."""
    return next((found for name in names if (found := label(place.get(name)))), None)


def code(value: Json) -> str | None:
    """Read a short machine code such as `rate_limit_exceeded`; None when the value is none (prose is never kept)."""
    if type(value) is int:
        return str(value) if 0 <= value < 10**6 else None
    if type(value) is not str or len(value) > 64:
        return None
    joined = "_".join(value.split())
    return joined if _CODE.fullmatch(joined) else None
