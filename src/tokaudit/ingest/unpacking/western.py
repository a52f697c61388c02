"""Which text is a cell that is not UTF-8, as Excel writes tables in Western Europe (Windows-1252)?

Every byte means something in that encoding, so it proves nothing that a text can be decoded: only letters and signs of
Western languages are believed, where such languages have them.
"""

from __future__ import annotations

import re

_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýŒœŠšŽž"
_SIGNS = "\xa0€£§°«»“”„‘’–—…·¿¡ªº´²³µ"
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_WESTERN = re.compile(rf"[{_LETTERS}]{{1,2}}|[{_SIGNS}]")
"""Languages have at most two such letters in a row; what was UTF-8 and was cut has other signs, or more."""


def is_not_utf8(cell: str) -> bool:
    """Say whether a text that was decoded with surrogates for what is not UTF-8 holds such a byte."""
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


def western_text(cell: str) -> str | None:
    """Decode such a text as Windows-1252; None where it is no text of a Western language."""
    try:
        text = cell.encode("utf-8", "surrogateescape").decode("cp1252")
    except UnicodeDecodeError:
        return None
    return text if all(map(_WESTERN.fullmatch, _FOREIGN.findall(text))) else None
