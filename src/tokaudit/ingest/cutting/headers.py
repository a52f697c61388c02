"""Where does the header of a table stand, and which sign cuts its cells?

Spreadsheets begin with a title, a date of the report, empty rows: the header is the first row that names columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tokaudit.ingest.unpacking.western import is_not_utf8, western_text
from tokaudit.readers.values.names import meaning

LINES_ASKED = 50
"""Beginning with the first line that is not blank: longer prefaces are not known."""

EXCEL_HINT = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
"""A first line by which Excel is told the delimiter."""

_DELIMITERS = (",", ";", "\t", "|")
_VALUE = re.compile(r"[$€£]?[\d.,:/+\-\s]*\d[\d.,:/+\-\s%T]*Z?")
_CODE = re.compile(r'\{"|\{\'|":|\x1b')
"""Pieces of JSON, and colours of a terminal."""
_JSON_CELL = re.compile(r'\s*"[\[{]("")?')
_FEWEST_NAMED = 2
_LONGEST_NAME = 200
_LONGEST_CELL = 32 << 20


class Header(NamedTuple):
    """delimiter: what cuts the cells. line: the lines before the header's first. names: its cells."""

    delimiter: str
    line: int
    names: Sequence[str]


class _Row(NamedTuple):
    line: int
    cells: list[str]

    @property
    def filled(self) -> int:
        return sum(not cell.isspace() for cell in self.cells if cell)


def table_lines(text: bytes) -> list[str]:
    """Decode the beginning of a table; a byte that is not UTF-8 becomes a lone surrogate."""
    lines = text.splitlines(keepends=True)
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def find_header(lines: Sequence[str]) -> Header | None:
    """Find the header in the first lines of a table; None = no line of them is one."""
    before, hint = _before(lines)
    asked = lines[before : before + LINES_ASKED]
    found = [_header(asked, mark) for mark in (hint or _DELIMITERS)]
    best = max(found, key=lambda header: len(header.names))
    if hint is None and len(best.names) < 2 and not _is_column_of_json(asked):
        return None
    if any(is_not_utf8(name) and western_text(name) is None for name in best.names):
        return None
    return best._replace(line=best.line + before)


def delimiter_of(head: bytes) -> str | None:
    """Tell a table's delimiter by its header: the one of , ; tab | that cuts it most often; None = no table."""
    header = find_header(table_lines(head))
    return header.delimiter if header is not None and not holds_values(header) else None


def holds_values(header: Header) -> bool:
    """Say whether what stands in place of a header are values: a table without one, or lines of a text log."""
    if any(map(_CODE.search, header.names)):
        return True
    return any(map(_VALUE.fullmatch, header.names)) and _named(header.names) < _FEWEST_NAMED


def lacks_header(head: bytes) -> bool:
    """Say whether a text is a table that begins with a row of values: all its first rows have as many, and not only two."""
    lines = table_lines(head)
    header = find_header(lines)
    if header is None or not holds_values(header) or any(map(_CODE.search, header.names)):
        return False
    rows = list(cut_rows(lines[header.line :][:LINES_ASKED], header.delimiter))
    widths = {len(row.cells) for row in (rows[:-1] or rows)}  # the last one may be cut off
    return len(header.names) > _FEWEST_NAMED and widths == {len(header.names)}


def _before(lines: Sequence[str]) -> tuple[int, str | None]:
    """Count the lines before the first row: blank ones, and a hint for Excel."""
    hint = None
    for number, line in enumerate(lines):
        found = EXCEL_HINT.fullmatch(line) if hint is None else None
        hint = found[1] if found else hint
        if not (found or line.isspace()):
            return number, hint
    return len(lines), hint


def _header(lines: Sequence[str], mark: str) -> Header:
    rows = list(cut_rows(lines, mark))
    row = rows[_header_row(rows)] if rows else _Row(0, [])
    return Header(mark, row.line, [cell.strip() for cell in row.cells])


def cut_rows(lines: Sequence[str], mark: str) -> Iterator[_Row]:
    """Cut lines into rows, as far as they can be cut."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(lines, delimiter=mark)
    try:
        while True:
            line = reader.line_num
            yield _Row(line, next(reader))
    except (csv.Error, StopIteration):
        return


def _header_row(rows: Sequence[_Row]) -> int:
    """Find the row that names columns of a call: the first, unless all before one that does have fewer cells."""
    most = 0
    for number, row in enumerate(rows):
        if _named(row.cells) >= _FEWEST_NAMED:
            return number if row.filled > most else 0
        most = max(most, row.filled)
    return 0


def _named(cells: Sequence[str]) -> int:
    return sum(meaning(cell) is not None for cell in cells if len(cell) <= _LONGEST_NAME)


def _is_column_of_json(lines: Sequence[str]) -> bool:
    """Tell a table of one column, whose cells are JSON in quotes: a name, and lines that begin so."""
    filled = [line for line in lines if not line.isspace()]
    return (
        len(filled) > 1
        and not filled[0].lstrip().startswith(('"{', '"[', "{", "["))
        and all(_JSON_CELL.match(line) for line in filled[1:2])
    )
