"""What are the rows of a CSV file?

A row is a record: header -> cell. Rows that cannot be cut into the header's cells are rejects.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from tokaudit.ingest import framing
from tokaudit.ingest.framing import EXCEL_HINT, NOT_UTF8, TOO_LONG, Frame, delimiter_of, is_not_utf8

QUOTE_NOT_CLOSED = "a quote is opened here and never closed"
NOT_A_ROW = "not a CSV row"
NOT_A_HEADER = "the first line is not a CSV header"
WRONG_FIELDS = "the row has another number of fields than the header"


_OPENING_QUOTE = re.compile(r'(?:^|[,;\t|])\s*"')


class _RowTooLongError(Exception):
    """The row is longer than `LONGEST_RECORD`."""


class _Lines:
    """The lines of a text for the CSV reader, which joins those of one row. number: lines given so far."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._row_length = 0
        self.number = 0

    def begin_row(self) -> None:
        self._row_length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(framing.LONGEST_RECORD + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._row_length += len(line)
        if self._row_length > framing.LONGEST_RECORD:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(framing.LONGEST_RECORD)
            raise _RowTooLongError
        return line


def frame_table(stream: BinaryIO) -> Iterator[Frame]:
    """Yield the rows of a CSV file as header -> cell; the offset of a row is its number."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    csv.field_size_limit(framing.LONGEST_RECORD)
    try:
        yield from _rows(_Lines(text))
    finally:
        text.detach()  # the stream is its opener's to close


def _rows(lines: _Lines) -> Iterator[Frame]:
    try:
        delimiter, head = _head(lines)
        rows = csv.reader(itertools.chain(head, lines), delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(rows, [])]
    except (csv.Error, _RowTooLongError):
        yield Frame(0, 1, None, NOT_A_HEADER)
        return
    for number in itertools.count(1):
        line = lines.number + 1
        lines.begin_row()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except _RowTooLongError:
            yield Frame(number, line, None, TOO_LONG)
        except csv.Error as error:
            yield Frame(number, line, None, QUOTE_NOT_CLOSED if "unexpected end" in str(error) else NOT_A_ROW)
        else:
            yield _frame(number, line, header, cells)


def _head(lines: _Lines) -> tuple[str, list[str]]:
    """Return the delimiter and the lines of the header, which may hold line ends in quotes. Raises _RowTooLongError."""
    hint, head, is_open = None, list[str](), False
    for line in lines:
        if not head and (line.isspace() or (hint is None and EXCEL_HINT.fullmatch(line))):
            hint = hint or EXCEL_HINT.fullmatch(line)
            lines.begin_row()
            continue
        head.append(line)
        # In a row of whole cells quotes come in pairs; elsewhere than at the begin of a cell they mean nothing.
        is_open = (is_open or _OPENING_QUOTE.search(line) is not None) and is_open == (line.count('"') % 2 == 0)
        if not is_open:
            break
    text = "".join(head).encode("utf-8", "surrogateescape")
    return (hint[1] if hint else delimiter_of(text) or ","), head


def _frame(number: int, line: int, header: list[str], cells: list[str]) -> Frame:
    if not any(cells):
        return Frame(number, line, None)
    if len(cells) != len(header):
        return Frame(number, line, None, WRONG_FIELDS)
    if any(map(is_not_utf8, cells)):
        return Frame(number, line, None, NOT_UTF8)
    return Frame(number, line, dict(zip(header, cells, strict=True)))
