"""Is a row of a table no call, but the sum or the mean of those above it?

Spreadsheets and database clients end tables with such a row: a word for it stands where a label would, or nothing but numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from tokaudit.readers.values.labels import is_missing
from tokaudit.readers.values.numbers import plain_number
from tokaudit.schema import Json, Record

_WORDS = frozenset(
    (
        *("total", "totals", "grand total", "overall", "sum", "sums", "subtotal", "sub total", "all", "average", "avg"),
        *("mean", "median", "summe", "gesamt", "gesamtsumme", "gesamtergebnis", "insgesamt", "zwischensumme"),
        *(
            "mittelwert",
            "durchschnitt",
            "total general",
            "somme",
            "sous total",
            "moyenne",
            "suma",
            "promedio",
            "totale",
        ),
        *("totale complessivo", "somma", "soma", "razem", "totaal", "eindtotaal", "gemiddelde", "totalt", "summa"),
        *("合計", "総計", "小計", "平均", "合计", "总计", "小计", "итого", "всего", "среднее", "toplam", "yhteensa"),
    )
)
_NOTE = re.compile(r"\([^()]*\)|\d+|[:*.=#_\-–]")
_LONGEST = 40
_NOT_NUMBERS = str.maketrans("", "", "$€£%+- ")


def is_sum(record: Record, columns: Mapping[str, str], row: Mapping[str, Json]) -> bool:
    """Say whether a row sums up others. columns: our fields -> the names of the row's."""
    model, time = (row.get(columns.get(field, "")) for field in ("request_model", "started_at"))
    if _is_word(model) or _is_word(time):
        return True
    if not (is_missing(model) or is_missing(time)):
        return False
    texts = {columns[field] for field in ("prompt", "answer", "system_prompt") if field in columns}
    labels = [value for name, value in row.items() if name not in texts]
    return any(map(_is_word, labels)) or _is_nameless(record, columns, model, time, labels)


def _is_nameless(record: Record, columns: Mapping[str, str], model: Json, time: Json, labels: Iterable[Json]) -> bool:
    """Tell a last row without a word: of a table that has times and models it has neither, and only numbers."""
    if not (is_missing(model) and is_missing(time) and "request_model" in columns and "started_at" in columns):
        return False
    return all(type(value) is str for value in record.values()) and all(map(_is_number, labels))


def _is_number(value: Json) -> bool:
    if type(value) is not str or is_missing(value):
        return type(value) is str
    return plain_number(value.translate(_NOT_NUMBERS).removesuffix("USD"), decimal_comma=True) is not None


def _is_word(value: Json) -> bool:
    if type(value) is not str or not 2 <= len(value) <= _LONGEST or value[0].isdecimal():
        return False
    return _plain(value) in _WORDS


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    spread = unicodedata.normalize("NFKD", _NOTE.sub(" ", text.casefold()))
    return " ".join("".join(c for c in spread if not unicodedata.combining(c)).split())
