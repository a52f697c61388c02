"""Where do records begin and end in a JSON text that is not one record a line?

A JSON array of records, or records written over several lines, one after the other. The text is scanned once for strings
and brackets, in pieces: it may be of any length, a record of at most `LONGEST_RECORD` bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest import framing
from tokaudit.ingest.framing import BOM, NOT_CLOSED, TOO_LONG, Frame

_STRUCTURE = re.compile(rb'"(?:[^"\\]+|\\.)*+"|[{}\[\]"]|[^\s,{}\[\]":]+', re.DOTALL)
"""A whole string, a bracket, a quote whose string is not complete, or a run of anything else."""

_BETWEEN = b" \t\r\n,:"


class _Scanner:
    """What is known of the text so far.

    buffer    the bytes still needed, from file byte `base` on; `position`: where scanning goes on in it
    line      the number of the line that holds buffer[line_at]
    depth     brackets open; `inside`: 1 while in a top-level array
    start     where the record under way begins in the buffer
    dropped   stands for the record under way once it is too long to be held
    """

    def __init__(self) -> None:
        self.buffer = b""
        self.base = self.position = 0
        self.line, self.line_at = 1, 0
        self.depth = self.inside = 0
        self.start: int | None = None
        self.dropped: Frame | None = None

    def read(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the records that the next chunk completes; an empty chunk is the end."""
        self.buffer += chunk
        if self.base == self.position == 0 and self.buffer.startswith(BOM):
            self.position = len(BOM)
        for match in _STRUCTURE.finditer(self.buffer, self.position):
            token, first = match.group(), self.buffer[match.start()]
            may_go_on = bool(chunk) and match.end() == len(self.buffer) and first not in b"{}[]"
            if token == b'"' or may_go_on:
                break
            self.position = match.end()
            if first in b"{[":
                self._open(match.start(), is_list=first in b"[")
            elif first in b"}]":
                yield from self._close()
            elif self.depth == self.inside:  # a bare scalar where a record should stand
                yield self._frame(match.start())
        else:
            self.position = len(self.buffer)  # what follows the last token only separates
        self._forget()

    def _frame(self, start: int) -> Frame:
        self._count_lines(start)
        return Frame(self.base + start, self.line, self.buffer[start : self.position])

    def _count_lines(self, until: int) -> None:
        self.line += self.buffer.count(b"\n", self.line_at, until)
        self.line_at = until

    def _open(self, start: int, *, is_list: bool) -> None:
        if self.depth == 0 and is_list:
            self.inside = 1
        elif self.depth == self.inside:
            self.start = start
        self.depth += 1

    def _close(self) -> Iterator[Frame]:
        self.depth = max(self.depth - 1, 0)
        if self.start is not None and self.depth == self.inside:
            yield self.dropped or self._frame(self.start)
            self.start = self.dropped = None
        if self.depth == 0:
            self.inside = 0

    def _forget(self) -> None:
        """Cut off what is not needed any more, and what is too long to be kept."""
        if self.start is not None and not self.dropped and len(self.buffer) - self.start > framing.LONGEST_RECORD:
            self._count_lines(self.start)
            self.dropped = Frame(self.base + self.start, self.line, None, TOO_LONG)
        keep = self.position if self.start is None or self.dropped else self.start
        rest = self.buffer[keep:]
        if len(rest) > framing.LONGEST_RECORD:  # one endless string, number or gap
            rest = _stub(rest)
            self.position = keep = len(self.buffer) - len(rest)
        self._count_lines(keep)
        self.base += keep
        self.buffer, self.position, self.line_at = rest, self.position - keep, 0
        self.start = None if self.start is None else 0

    def end(self) -> Iterator[Frame]:
        """Yield what stays open when the text is at its end."""
        if self.dropped:
            yield self.dropped
            return
        rest = self.buffer.lstrip(_BETWEEN)
        if self.depth or rest:
            at = len(self.buffer) - len(rest)
            self._count_lines(at)
            yield Frame(self.base + at, self.line, None, NOT_CLOSED)


def _stub(rest: bytes) -> bytes:
    """Shorten what is too long to be held so that scanning goes on in the same state: in a string or not."""
    if not rest.lstrip(_BETWEEN).startswith(b'"'):
        return rest[-1:]
    escapes = len(rest) - len(rest.rstrip(b"\\"))
    return b'"\\' if escapes % 2 else b'"'


def frame_document(stream: BinaryIO) -> Iterator[Frame]:
    """Yield the elements of top-level arrays and the top-level objects of a JSON text of any length."""
    scanner = _Scanner()
    while chunk := stream.read(framing.READ_BYTES):
        yield from scanner.read(chunk)
    yield from scanner.read(b"")
    yield from scanner.end()
