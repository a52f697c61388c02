"""What of a log's text may reach a terminal, a page or a spreadsheet cell?

Names of features, models and files come from logs and are hostile: they may carry terminal escapes, text that turns
the reading direction, invisible characters, formulas. Here they become inert and short, and stay recognisable.
"""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\ufffd"
NAME_LIMIT = 60
"""Characters of a name that are shown; longer ones lose their middle, so that two long names still differ."""

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls (C0, C1), format characters (bidi, zero-width, tags), lone surrogates, line and paragraph separators."""

_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols by category, but drawn as nothing."""

_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20\u2212")
_CELL_BREAKS = ("\t", "\r", "\n")


def safe_text(text: str, limit: int = NAME_LIMIT) -> str:
    """Replace every control, direction and invisible character and cut the middle out of a text over the limit.

    >>> safe_text("a\\x1b[31mb")
    'a\ufffd[31mb'
    """
    if len(text) > limit:
        tail = limit // 4
        text = f"{text[: limit - tail - 1]}…{text[len(text) - tail :]}"
    return clean(text)


def clean(text: str) -> str:
    """Replace what `safe_text` replaces, at any length."""
    return text if text.isascii() and text.isprintable() else "".join(map(_safe_character, text))


def safe_cell(text: str) -> str:
    """Make a text inert in a spreadsheet: one that could be read as a formula gets an apostrophe in front.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell("search")
    ("'=HYPERLINK(1)", 'search')
    """
    start = "".join(letter for letter in text if _safe_character(letter) != REPLACEMENT).lstrip()
    dangerous = start.startswith(_FORMULA_STARTS) or text.startswith(_CELL_BREAKS)
    return f"'{clean(text)}" if dangerous else clean(text)


def _safe_character(letter: str) -> str:
    unsafe = letter in _BLANK_LETTERS or unicodedata.category(letter) in _UNSAFE_CATEGORIES
    return REPLACEMENT if unsafe else letter
