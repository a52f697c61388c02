"""Where does one record end and the next begin?

Three framings: `lines` (JSONL, here), `document` (a JSON array, or JSON values written over several lines: `documents`),
`table` (CSV: `csv_rows`). Each yields frames: a record's first line (1-based), its first byte, and either its bytes or the
reason why it is unusable.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import orjson

LONGEST_RECORD = 32 << 20
"""Bytes. Longer records are rejected, so that a file of one endless line cannot fill the memory."""
READ_BYTES = 4 << 20
HEAD_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"

TOO_LONG = f"the record is longer than {LONGEST_RECORD >> 20} MiB"
NOT_CLOSED = "the JSON value is not closed before the file ends"


class Frame(NamedTuple):
    """One record as bytes (lines, document) or cells (table); blank lines have neither data nor reject."""

    offset: int
    line: int
    data: bytes | dict[str, str] | None
    reject: str | None = None


class LineBlock(NamedTuple):
    """Whole lines from `offset` on. too_long: the block stands for one line that was skipped."""

    offset: int
    data: bytes
    too_long: bool = False


_ARRAY = re.compile(rb"\s*\[\s*(?:[\[{\]]|null\b|\Z)")
"""The beginning of an array of records; text logs begin with things like `[2026-01-31` or `[info]`."""


def framing_of(head: bytes) -> str | None:
    """Tell a file's framing by its beginning: `lines`, `document`, `table`, or None when it is none of them.

    >>> framing_of(b'{"a": 1}\\n{"a": 2}\\n'), framing_of(b'[{"a": 1}]'), framing_of(b'{\\n "a": 1\\n}')
    ('lines', 'document', 'document')
    >>> framing_of(b"model,prompt_tokens\\ngpt-4o,3\\n"), framing_of(b"\\x00\\x01")
    ('table', None)
    """
    text = head.removeprefix(BOM)
    start = text.lstrip()[:1]
    if not start or (b"\0" in text[:4096] and start not in b"{["):
        return None
    if _ARRAY.match(text):
        return "document"
    lines = text.splitlines()
    whole = lines[:-1] if len(lines) > 1 and len(head) >= HEAD_BYTES else lines
    opened = [_is_object(line) for line in whole[:1000] if line[:1] == b"{"]
    if opened and 2 * sum(opened) >= len(opened):  # a torn line among them makes no document
        return "lines"
    if start == b"{":
        # Hardly a whole object on any line: values over several lines, or a single line longer than the head.
        return "document" if len(lines) > 1 or len(head) < HEAD_BYTES else "lines"
    return "table" if delimiter_of(text) else None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


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


def frame_lines(blocks: Iterator[LineBlock] | tuple[LineBlock, ...]) -> Iterator[Frame]:
    """Yield each line of the blocks; lines are numbered from 1 in the first block."""
    line = 0
    for block in blocks:
        if block.too_long:
            line += 1
            yield Frame(block.offset, line, None, TOO_LONG)
            continue
        offset = block.offset
        rows = block.data.split(b"\n")
        for row in rows[:-1] if not rows[-1] else rows:
            line += 1
            text = row.removeprefix(BOM).strip() if offset == 0 else row.strip()
            # A line may outgrow the limit within the last read of its block.
            yield (
                Frame(offset, line, None, TOO_LONG) if len(row) > LONGEST_RECORD else Frame(offset, line, text or None)
            )
            offset += len(row) + 1


def delimiter_of(head: bytes) -> str | None:
    """Tell a table's delimiter by its first line: the one of , ; tab | that cuts it most often; None = no table."""
    first = head.splitlines()[0] if head else b""
    csv.field_size_limit(LONGEST_RECORD)
    try:
        text = first.decode("utf-8")
        cells = {mark: len(next(csv.reader([text], delimiter=mark), [])) for mark in (",", ";", "\t", "|")}
    except (UnicodeDecodeError, csv.Error):
        return None
    best = max(cells, key=lambda mark: cells[mark])
    return best if cells[best] > 1 else None
