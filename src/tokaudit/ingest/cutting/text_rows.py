"""What are the rows of a text log?

A line of pairs is a record: name -> value. A line that is none is a reject.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest.cutting.framing import NOT_UTF8, Frame, frame_lines, line_blocks
from tokaudit.ingest.cutting.text_lines import row_of_line

NO_PAIRS = "the line is neither an access log line nor pairs of names and values"


def frame_text(stream: BinaryIO) -> Iterator[Frame]:
    """Yield the rows of a text log as name -> value."""
    return (_row(line) for line in frame_lines(line_blocks(stream)))


def _row(line: Frame) -> Frame:
    if not isinstance(line.data, bytes):
        return line
    try:
        row = row_of_line(line.data.decode())
    except UnicodeDecodeError:
        return line._replace(data=None, reject=NOT_UTF8)
    if row is None:
        return line._replace(data=None, reject=NO_PAIRS)
    return Frame(line.offset, line.line, row, end=line.offset + len(line.data))
