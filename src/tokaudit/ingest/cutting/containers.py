"""What are the records of a container's log, whose long lines the runtime has cut into pieces?

What belongs together is one record, with the time of its first piece. The pieces of standard output and standard error may be
mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import TOO_LONG, Frame, frame_lines, line_blocks
from tokaudit.ingest.cutting.pieces import Piece, piece_of


class _Line:
    """The pieces of one line so far. Of a line that is too long no more is kept than tells that it is."""

    def __init__(self, first: Frame, piece: Piece) -> None:
        self._first, self._piece = first, piece
        self._texts: list[str] = []
        self._size = self._end = 0

    def add(self, piece: Piece, end: int) -> None:
        self._end = end
        self._size += len(piece.text)
        if self._is_kept:
            self._texts.append(piece.text)
        else:
            self._texts = []

    @property
    def _is_kept(self) -> bool:
        return self._size <= framing.LONGEST_RECORD

    def frame(self) -> Frame:
        offset, line = self._first.offset, self._first.line
        if not self._is_kept:
            return Frame(offset, line, None, TOO_LONG)
        text = "".join(self._texts)
        if not text.strip():
            return Frame(offset, line, None)
        return Frame(offset, line, {"time": self._piece.time, "stream": self._piece.stream, "log": text}, end=self._end)


def frame_container(stream: BinaryIO) -> Iterator[Frame]:
    """Yield each line that was logged as `time`, `stream` and `log`, and any other line as it stands."""
    begun: dict[str, _Line] = {}
    for frame in frame_lines(line_blocks(stream)):
        piece = piece_of(frame.data) if isinstance(frame.data, bytes) else None
        if piece is None:
            yield frame
            continue
        line = begun.pop(piece.stream, None) or _Line(frame, piece)
        line.add(piece, frame.after)
        if piece.ends:
            yield line.frame()
        else:
            begun[piece.stream] = line
    for line in begun.values():
        yield line.frame()
