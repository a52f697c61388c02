"""What are the rows of a CSV file?

A row is a record: header -> cell. Rows that cannot be cut into the header's cells are rejects. Empty cells at a row's end may
be left out, or be too many: some programs do that.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import HEAD_BYTES, NOT_UTF8, TOO_LONG, Frame
from tokaudit.ingest.cutting.headers import LINES_ASKED, find_header
from tokaudit.ingest.unpacking.western import is_not_utf8, western_text
from tokaudit.readers.values.names import meaning

QUOTE_NOT_CLOSED = "a quote is opened here and never closed"
NOT_A_ROW = "not a CSV row"
NOT_A_HEADER = "the first line is not a CSV header"
WRONG_FIELDS = "the row has another number of fields than the header"

_COUNTS = ("input_tokens", "output_tokens", "total_tokens")
_NEEDED = frozenset((*_COUNTS, "started_at", "request_model", "response_model"))
"""A row that lacks one of these at its end was cut off, or its cells do not stand under their names."""

_OPENING_ESCAPED = re.compile(r'(?:^|[,;\t|])"[\[{]\\"')
_ESCAPED_QUOTE = re.compile(r'(\\+)"')


def _double(match: re.Match[str]) -> str:
    """Write a quote behind backslashes, each of which stands behind another, as CSV does."""
    backslashes = len(match[1])
    return "\\" * (backslashes // 2) + ('""' if backslashes % 2 else '"')


class _RowTooLongError(Exception):
    """The row is longer than `LONGEST_RECORD`."""


class _Lines:
    """The lines of a text for the CSV reader, which joins those of one row.

    number    lines given so far
    is_whole  the last line given has its end
    escapes   quotes in cells stand behind a backslash, as Spark writes them, and are given as CSV doubles them
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self._row_length = 0
        self.number = 0
        self.is_whole = True
        self.escapes = False

    def begin_row(self) -> None:
        self._row_length = 0

    def look_ahead(self) -> list[str]:
        """Return the first lines, which are given later."""
        size = filled = 0
        while filled < LINES_ASKED and size < HEAD_BYTES and (line := self._read()):
            self._ahead.append(line)
            size += len(line)
            filled += not line.isspace()
        return list(self._ahead)

    def _read(self) -> str:
        return self._text.readline(framing.LONGEST_RECORD + 1)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._row_length += len(line)
        if self._row_length > framing.LONGEST_RECORD:
            while line and not line.endswith(("\n", "\r")):
                line = self._ahead.popleft() if self._ahead else self._read()
            raise _RowTooLongError
        self.is_whole = line.endswith(("\n", "\r"))
        return _ESCAPED_QUOTE.sub(_double, line) if self.escapes else line


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
        rows = _reader(lines)
        header = _Header(next(rows, []))
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
            yield header.frame(number, line, cells, is_whole=lines.is_whole)


def _reader(lines: _Lines) -> Iterator[list[str]]:
    """Begin reading at the header. Raises _RowTooLongError."""
    ahead = lines.look_ahead()
    header = find_header(ahead)
    lines.escapes = any(map(_OPENING_ESCAPED.search, ahead))
    for _ in range(header.line if header else 0):
        lines.begin_row()
        next(lines)
    lines.begin_row()
    return csv.reader(lines, delimiter=header.delimiter if header else ",", strict=True)


class _Header:
    """The names of a table's columns; of those with the same name the second is `name (2)`."""

    def __init__(self, cells: list[str]) -> None:
        seen: dict[str, int] = {}
        self._names: list[str] = []
        for cell in cells:
            name = (western_text(cell) or cell).strip() if is_not_utf8(cell) else cell.strip()
            seen[name] = seen.get(name, 0) + 1
            self._names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        fields = [known.field if (known := meaning(name)) else "" for name in self._names]
        is_of_calls = any(field in _COUNTS for field in fields)
        needed = [number for number, field in enumerate(fields) if field in _NEEDED]
        self._fewest = max(needed) + 1 if is_of_calls else len(fields)

    def frame(self, number: int, line: int, cells: list[str], *, is_whole: bool) -> Frame:
        """Make a row a record. is_whole: the row has its line end, so nothing was cut off."""
        if not any(cells):
            return Frame(number, line, None)
        cells = self._fitted(cells, is_whole=is_whole)
        if len(cells) != len(self._names):
            return Frame(number, line, None, WRONG_FIELDS)
        for at, cell in enumerate(cells):
            if is_not_utf8(cell):
                text = western_text(cell)
                if text is None:
                    return Frame(number, line, None, NOT_UTF8)
                cells[at] = text
        return Frame(number, line, dict(zip(self._names, cells, strict=True)))

    def _fitted(self, cells: list[str], *, is_whole: bool) -> list[str]:
        most = len(self._names)
        if len(cells) > most and not any(cells[most:]):
            return cells[:most]
        if is_whole and self._fewest <= len(cells) < most:
            return cells + [""] * (most - len(cells))
        return cells
