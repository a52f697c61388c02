"""Where does one record end and the next begin?

The framings are `lines` (JSONL, here), `document` (a JSON array, or JSON values written over several lines: `documents`),
`chunks` (pieces of streams, as lines or items: `chunks`), `events` (event streams: `events`), `cassette` (recorded HTTP
exchanges in YAML: `cassettes`), `container` (lines that a container's runtime has cut: `containers`), `spread` (objects over
several lines of a text log: `spread`), `text` (lines of pairs: `text_rows`), `table` (CSV: `csv_rows`). Each yields frames: a
record's first line (1-based), its first byte, and either its data or the reason why it is unusable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from tokaudit.ingest.cutting.headers import LINES_ASKED as HEADER_LINES_ASKED
from tokaudit.ingest.cutting.headers import cut_rows, delimiter_of, find_header, holds_values, table_lines
from tokaudit.ingest.cutting.pages import find_list
from tokaudit.ingest.cutting.pieces import is_container_log
from tokaudit.ingest.cutting.prefixed import are_prefixed
from tokaudit.ingest.cutting.signs import (
    LINES_ASKED,
    are_written,
    begins_with_two,
    first_values,
    holds_chunks,
    is_cassette,
    is_events,
    is_text_log,
    known_refusal,
)
from tokaudit.ingest.cutting.spread_objects import are_spread
from tokaudit.ingest.cutting.text_lines import row_of_line
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json

LONGEST_RECORD = 32 << 20
"""Bytes. Longer records are rejected, so that a file of one endless line cannot fill the memory."""
READ_BYTES = 4 << 20
HEAD_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"
SEPARATOR = b"\x1e"
"""Begins each record of a JSON text sequence (RFC 7464)."""
BLANKS = b" \t\r\n\x0b\x0c" + SEPARATOR

TOO_LONG = f"the record is longer than {LONGEST_RECORD >> 20} MiB"
NOT_CLOSED = "the JSON value is not closed before the file ends"
NOT_UTF8 = "not valid UTF-8"


class Frame(NamedTuple):
    """One record: bytes of JSON, or decoded already. Blank lines have neither data nor reject.

    end: the byte after it, where it is not `data` that stands in the file.
    """

    offset: int
    line: int
    data: bytes | dict[str, Json] | None
    reject: str | None = None
    end: int | None = None

    @property
    def after(self) -> int:
        """The byte after the record, as far as it was read."""
        if self.end is not None:
            return self.end
        return self.offset + (len(self.data) if isinstance(self.data, bytes) else 0)


class LineBlock(NamedTuple):
    """Whole lines from `offset` on. too_long: the block stands for one line that was skipped."""

    offset: int
    data: bytes
    too_long: bool = False


_ARRAY = re.compile(rb'\s*\[\s*(?:[\[{\]]|null\b|"\s*[\[{]|\Z)')
"""The beginning of an array of records, also written as texts; text logs begin with things like `[2026-01-31` or `[info]`."""


def framing_of(head: bytes) -> str | None:
    """Tell a file's framing by its beginning; None when it is none of them.

    >>> framing_of(b'{"a": 1}\\n{"a": 2}\\n'), framing_of(b'[{"a": 1}]'), framing_of(b'{\\n "a": 1\\n}')
    ('lines', 'document', 'document')
    >>> framing_of(b"model,prompt_tokens\\ngpt-4o,3\\n"), framing_of(b'data: {"a": 1}\\n\\n'), framing_of(b"\\x00\\x01")
    ('table', 'events', None)
    """
    text = head.removeprefix(BOM).lstrip(SEPARATOR)
    start = text.lstrip()[:1]
    if not start or (b"\0" in text[:4096] and start not in b"{["):
        return None
    lines = _whole_lines(text, head)
    if is_document(head):
        return "chunks" if holds_chunks(first_values(text)) else "document"
    if is_container_log(lines):
        return "container"
    objects = _objects(lines)
    if start == b"{" or _are_mostly_whole(objects):
        # Text logs and event streams may hold a few whole objects too.
        return "events" if is_events(lines) else "chunks" if holds_chunks(objects) else "lines"
    return "lines" if are_written(lines) else _framing_of_text(text, lines)


def is_document(head: bytes) -> bool:
    """Say whether JSON values are not one a line: items of an array, or objects side by side or over several lines."""
    text = head.removeprefix(BOM).lstrip(SEPARATOR)
    if _ARRAY.match(text):
        return True
    if text.lstrip()[:1] != b"{" or _are_mostly_whole(_objects(_whole_lines(text, head))):
        return False
    # Hardly a whole object on any line: values over several lines, or a single line longer than the head.
    is_one_line = len(head) >= HEAD_BYTES and b"\n" not in text.strip()
    return not is_one_line or begins_with_two(text) or find_list(text) is not None


def _whole_lines(text: bytes, head: bytes) -> list[bytes]:
    lines = text.splitlines()
    return lines[:-1] if len(lines) > 1 and len(head) >= HEAD_BYTES else lines


def _objects(lines: list[bytes]) -> list[dict[str, Json] | None]:
    """Decode the lines that begin an object; None stands for one that is not whole."""
    return [_object(line) for line in map(_unseparated, lines[:LINES_ASKED]) if line[:1] == b"{"]


def _are_mostly_whole(objects: list[dict[str, Json] | None]) -> bool:
    return bool(objects) and 2 * objects.count(None) <= len(objects)  # a torn line among them makes no document


def _framing_of_text(text: bytes, lines: list[bytes]) -> str | None:
    if is_events(lines):
        return "events"
    if is_cassette(lines):
        return "cassette"
    if known_refusal(text):
        return None
    if are_prefixed(lines):
        return "lines"
    if are_spread(lines):
        return "spread"
    if is_text_log(lines) and not _has_a_header(text, lines):
        return "text"
    return "table" if delimiter_of(text) else None


def _unseparated(line: bytes) -> bytes:
    return line.removeprefix(SEPARATOR)


def _object(line: bytes) -> dict[str, Json] | None:
    try:
        value = decode_json(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def line_blocks(stream: BinaryIO, offset: int = 0, end: int | None = None) -> Iterator[LineBlock]:
    """Cut a stream that stands at a line's first byte, `offset`, into blocks of whole lines.

    end: where to stop; a line's first byte too. The last line of a file may lack its newline.
    """
    parts: list[bytes] = []
    held = 0  # bytes of a line that is not complete yet
    skipping = False
    position = offset
    while chunk := stream.read(READ_BYTES if end is None else min(READ_BYTES, end - position)):
        position += len(chunk)
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            held += len(chunk)
            parts = [] if skipping else [*parts, chunk]
        elif skipping:
            first = chunk.find(b"\n") + 1
            yield LineBlock(offset, b"", too_long=True)
            offset += held + first
            if first < cut:
                yield LineBlock(offset, chunk[first:cut])
                offset += cut - first
            parts, held, skipping = [chunk[cut:]], len(chunk) - cut, False
        else:
            data = b"".join((*parts, chunk[:cut]))
            yield LineBlock(offset, data)
            offset += len(data)
            parts, held = [chunk[cut:]], len(chunk) - cut
        if held > LONGEST_RECORD:
            parts, skipping = [], True
    if skipping:
        yield LineBlock(offset, b"", too_long=True)
    elif held:
        yield LineBlock(offset, b"".join(parts))


def rows_of(blocks: Iterable[LineBlock]) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield (offset, line, bytes without the newline) of each line, numbered from 1; None stands for one that is too long."""
    line = 0
    for block in blocks:
        if block.too_long:
            line += 1
            yield block.offset, line, None
            continue
        offset = block.offset
        rows = block.data.split(b"\n")
        for row in rows[:-1] if not rows[-1] else rows:
            line += 1
            # A line may outgrow the limit within the last read of its block.
            yield offset, line, None if len(row) > LONGEST_RECORD else row
            offset += len(row) + 1


def frame_lines(blocks: Iterable[LineBlock]) -> Iterator[Frame]:
    """Yield each line of the blocks; lines are numbered from 1 in the first block."""
    for offset, line, row in rows_of(blocks):
        if row is None:
            yield Frame(offset, line, None, TOO_LONG)
        else:
            yield Frame(offset, line, (row if offset else row.removeprefix(BOM)).strip(BLANKS) or None)


def _has_a_header(text: bytes, lines: list[bytes]) -> bool:
    """Tell a table that holds pairs from a log of pairs: its first line has none, its rows are cut alike, not all into pairs."""
    first = next(line for line in lines if line.strip())
    table = table_lines(text)
    header = find_header(table)
    if header is None or holds_values(header) or row_of_line(first.decode("utf-8", "replace")) is not None:
        return False
    asked = table[header.line : header.line + HEADER_LINES_ASKED]
    rows = [row.cells for row in cut_rows(asked, header.delimiter)][1:]
    whole = rows[:-1] or rows  # the last one may be cut off
    is_even = all(len(row) == len(header.names) for row in whole)
    return is_even and any(all("=" not in row[column] for row in whole) for column in range(len(header.names)))
