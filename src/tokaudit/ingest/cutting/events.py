"""What are the records of a file that holds event streams as the server sent them (`data: {...}` lines)?

One stream is one record. It ends with `[DONE]`, with its API's last event, or where another begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import TOO_LONG, Frame, frame_lines, line_blocks
from tokaudit.ingest.cutting.open_streams import OpenStreams
from tokaudit.readers.values.json_text import decode_json

NOT_AN_EVENT = "not a line of an event stream"

_DONE = b"[DONE]"
_COMMENTS = (b"id:", b"retry:", b":")


def frame_events(stream: BinaryIO) -> Iterator[Frame]:
    """Yield one frame for each event stream, when it ends; the last one may end with the file."""
    streams = OpenStreams(most=1, takes_all=True)
    for frame, is_event in _events(frame_lines(line_blocks(stream))):
        event = _decode(frame.data) if is_event else None
        if is_event and frame.data == _DONE:
            yield from streams.end_last()
        elif event is None:
            yield frame  # a reject, or data that whoever reads the record rejects
        else:
            yield from streams.take(event, frame) or ()
    yield from streams.end_all()


def _decode(data: object) -> object:
    try:
        value = decode_json(data) if isinstance(data, bytes) else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class _Data:
    """The data lines of one event so far."""

    def __init__(self) -> None:
        self._first: Frame | None = None
        self._text = bytearray()
        self._end = self._lines = 0

    @property
    def is_whole(self) -> bool:
        """Loggers that drop empty lines leave one event a line: where its JSON is complete, the next line is another."""
        return self._lines == 1 and bytes(self._text[:1] + self._text[-1:]) in (b"{}", b"[]")

    def add(self, line: Frame, data: bytes, end: int) -> None:
        """Take a line; of what is too long no more is kept than tells that it is."""
        self._first, self._end = self._first or line, end
        if len(self._text) <= framing.LONGEST_RECORD:
            self._text += b"\n" + data if self._lines else data
        self._lines += 1

    def event(self) -> Iterator[tuple[Frame, bool]]:
        """Yield the event, if there is one, and begin anew."""
        first, text = self._first, self._text.strip()
        if first is not None and text:
            too_long = len(text) > framing.LONGEST_RECORD
            data, reject = (None, TOO_LONG) if too_long else (bytes(text), None)
            yield Frame(first.offset, first.line, data, reject, self._end), True
        self._first, self._text, self._lines = None, bytearray(), 0


def _events(lines: Iterator[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Yield the data of each event, and what is no part of one; which of the two it is."""
    data = _Data()
    for line in lines:
        text = line.data if isinstance(line.data, bytes) else b""
        if text.startswith(b"data:"):
            if data.is_whole:
                yield from data.event()
            data.add(line, text[5:].strip(), line.offset + len(text))
        elif not text.startswith(_COMMENTS):
            yield from data.event()
            yield from ((beside, False) for beside in _beside(line, text))
    yield from data.event()


def _beside(line: Frame, text: bytes) -> Iterator[Frame]:
    """Yield a line that is none of an event stream. An object is a record: a request, or an error in place of a stream."""
    if line.reject or text.startswith(b"{"):
        yield line
    elif text and not text.startswith(b"event:"):
        yield line._replace(data=None, reject=NOT_AN_EVENT)
