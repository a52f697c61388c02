"""What are the records of a text log that holds objects printed over several lines?

An object is a record, with the time that stands before it on its first line. Any other line stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import NOT_CLOSED, TOO_LONG, Frame, frame_lines, line_blocks
from tokaudit.ingest.cutting.prefixed import with_time
from tokaudit.ingest.cutting.spread_objects import OpenObject, object_begins_at

NOT_AN_OBJECT = "what begins here is no JSON object"


class _Open:
    """An object under way, and the line it began on."""

    def __init__(self, first: Frame, line: bytes, at: int) -> None:
        self._first, self._prefix = first, line[:at]
        self.object = OpenObject(line[at:])
        self._end = first.after

    def add(self, frame: Frame, line: bytes) -> None:
        self.object.add(line)
        self._end = frame.after

    def frame(self) -> Frame:
        offset, line = self._first.offset, self._first.line
        value = self.object.value()
        if value is None:
            return Frame(offset, line, None, NOT_AN_OBJECT)
        return Frame(offset, line, with_time(self._prefix, value), end=self._end)

    def rejected(self, reason: str) -> Frame:
        return Frame(self._first.offset, self._first.line, None, reason)


def frame_spread(stream: BinaryIO) -> Iterator[Frame]:
    """Yield each object when its last line is read, and each line outside of objects."""
    begun: _Open | None = None
    for frame in frame_lines(line_blocks(stream)):
        line = frame.data if isinstance(frame.data, bytes) else b""
        if begun is not None and (not line or begun.object.goes_on(line)) and frame.reject is None:
            begun.add(frame, line)
            if begun.object.size > framing.LONGEST_RECORD:
                yield begun.rejected(TOO_LONG)
                begun = None
            elif begun.object.is_closed:
                yield begun.frame()
                begun = None
            continue
        if begun is not None:
            yield begun.rejected(NOT_AN_OBJECT)
        at = object_begins_at(line)
        begun = _Open(frame, line, at) if at is not None else None
        if begun is None:
            yield frame
    if begun is not None:
        yield begun.rejected(NOT_CLOSED)
