"""What are the records of a file that holds the chunks of streams, one a line, side by side, or in a JSON array?

The chunks of one stream are one record. What is no chunk is a record of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from tokaudit.ingest.cutting.documents import frame_document
from tokaudit.ingest.cutting.framing import HEAD_BYTES, Frame, frame_lines, is_document, line_blocks
from tokaudit.ingest.cutting.open_streams import MOST_OPEN, OpenStreams
from tokaudit.readers.values.json_text import decode_json

_DONE = (b"[DONE]", b'"[DONE]"')


class _Again:
    """A stream whose beginning was read already and is read again."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._stream.read(size)
        head, self._head = self._head, b""
        return head


def frame_chunks(stream: BinaryIO) -> Iterator[Frame]:
    """Yield one frame for each stream of chunks, when its last chunk is read, and one for each other record."""
    head = stream.read(HEAD_BYTES)
    whole = cast("BinaryIO", _Again(head, stream))
    yield from _grouped(frame_document(whole) if is_document(head) else frame_lines(line_blocks(whole)))


def _grouped(frames: Iterator[Frame]) -> Iterator[Frame]:
    streams = OpenStreams(MOST_OPEN)
    for frame in frames:
        if frame.data in _DONE:
            yield frame._replace(data=None)
            yield from streams.end_last()
            continue
        done = streams.take(_decoded(frame), frame)
        yield from (frame,) if done is None else done
    yield from streams.end_all()


def _decoded(frame: Frame) -> object:
    try:
        return decode_json(frame.data) if isinstance(frame.data, bytes) else None
    except ValueError:
        return None
