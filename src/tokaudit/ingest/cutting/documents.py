"""Where do records begin and end in a JSON text that is not one record a line?

A JSON array of records, or records written over several lines, one after the other. The text is scanned once for strings
and brackets, in pieces: it may be of any length, a record of at most `LONGEST_RECORD` bytes. A longer one that is a page
(`pages`) is read item by item: each item becomes a page that holds nothing else, so that readers see no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import BOM, NOT_CLOSED, TOO_LONG, Frame
from tokaudit.ingest.cutting.pages import TOKEN, RecordList, find_list

_BETWEEN = b" \t\r\n,:\x1e"
_MOST_LEVELS = 4
"""The text, and pages within pages: an OTLP export is one of resources, of scopes, of spans."""
_MOST_LISTS = 8
"""Lists of records in one page. Each is looked for anew, so there must be an end."""


@dataclass(slots=True)
class _Level:
    """A sequence of records: the text itself, or the items of a page.

    inside   brackets open around the records
    page     the list whose items they are, and what each is written between; None for the text itself
    start    where the record under way begins in the buffer; None = there is none, or its items are read one by one
    lead     what opens the objects in which a page goes on after its list; empty for any other record
    lists    lists of the record under way that were read item by item
    dropped  stands for the record under way once it is too long to be held
    """

    inside: int
    page: RecordList | None = None
    before: bytes = b""
    after: bytes = b""
    start: int | None = None
    lead: bytes = b""
    lists: int = 0
    dropped: Frame | None = None

    def finish(self) -> None:
        self.start, self.lead, self.lists, self.dropped = None, b"", 0, None


class _Scanner:
    """What is known of the text so far.

    buffer  the bytes still needed, from file byte `base` on; `position`: where scanning goes on in it
    line    the number of the line that holds buffer[line_at]
    depth   brackets open
    levels  the text, and the pages that are read item by item, the innermost last
    """

    def __init__(self) -> None:
        self.buffer = b""
        self.base = self.position = 0
        self.line, self.line_at = 1, 0
        self.depth = 0
        self.levels = [_Level(0)]

    def read(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the records that the next chunk completes; an empty chunk is the end."""
        self.buffer += chunk
        if self.base == self.position == 0 and self.buffer.startswith(BOM):
            self.position = len(BOM)
        yield from self._scan(at_end=not chunk)
        while self._enter_page():
            yield from self._scan(at_end=not chunk)
        self._forget()

    def _scan(self, *, at_end: bool) -> Iterator[Frame]:
        for match in TOKEN.finditer(self.buffer, self.position):
            token, first = match.group(), self.buffer[match.start()]
            may_go_on = not at_end and match.end() == len(self.buffer) and first not in b"{}[]"
            if token == b'"' or may_go_on:
                break
            self.position = match.end()
            if first in b"{[":
                self._open(match.start(), is_list=first in b"[")
            elif first in b"}]":
                yield from self._close()
            elif self.depth == self.levels[-1].inside:  # a bare scalar where a record should stand
                yield self._frame(match.start())
        else:
            self.position = len(self.buffer)  # what follows the last token only separates

    def _frame(self, start: int) -> Frame:
        level = self.levels[-1]
        self._count_lines(start)
        data = self._text(start, self.position)
        if level.page is None and not level.lead:
            return Frame(self.base + start, self.line, data)
        return Frame(self.base + start, self.line, level.before + data + level.after, end=self.base + self.position)

    def _text(self, start: int, end: int) -> bytes:
        """Return the record under way as an object of its own."""
        lead = self.levels[-1].lead
        return lead + self.buffer[start:end].lstrip(_BETWEEN) if lead else self.buffer[start:end]

    def _count_lines(self, until: int) -> None:
        self.line += self.buffer.count(b"\n", self.line_at, until)
        self.line_at = until

    def _open(self, start: int, *, is_list: bool) -> None:
        level = self.levels[-1]
        if self.depth == 0 and is_list:
            level.inside = 1
        elif self.depth == level.inside:
            level.start = start
        self.depth += 1

    def _close(self) -> Iterator[Frame]:
        self.depth = max(self.depth - 1, 0)
        level = self.levels[-1]
        if self.depth < level.inside and level.page is not None:
            self._leave_page(level.page)
        elif self.depth == level.inside and level.start is not None:
            if level.dropped is not None:
                yield level.dropped
            elif not level.lead or find_list(self._text(level.start, self.position)) is not None:
                yield self._frame(level.start)
            level.finish()
        if self.depth == 0:
            self.levels = [_Level(0)]

    def _leave_page(self, page: RecordList) -> None:
        """Go on with the fields that follow a page's list: they may hold another one."""
        self.levels.pop()
        level = self.levels[-1]
        level.start, level.lead = self.position, page.around
        level.lists += 1
        if level.lists >= _MOST_LISTS:
            self._drop(level, self.position)

    def _enter_page(self) -> bool:
        """Give up the record under way if it is too long, but for the items of its list; say whether it has one."""
        level = self.levels[-1]
        if level.start is None or level.dropped or len(self.buffer) - level.start <= framing.LONGEST_RECORD:
            return False
        text = self._text(level.start, len(self.buffer))
        page = find_list(text) if len(self.levels) < _MOST_LEVELS else None
        if page is None:
            self._drop(level, level.start)
            return False
        self.position = len(self.buffer) - len(text) + page.first
        self.depth = level.inside + len(page.keys) + 1
        level.start = None
        before, after = level.before + page.before(text), page.after + level.after
        self.levels.append(_Level(self.depth, page, before, after))
        return True

    def _drop(self, level: _Level, start: int) -> None:
        self._count_lines(start)
        level.dropped = Frame(self.base + start, self.line, None, TOO_LONG)

    def _forget(self) -> None:
        """Cut off what is not needed any more, and what is too long to be kept."""
        level = self.levels[-1]
        keep = self.position if level.start is None or level.dropped else level.start
        rest = self.buffer[keep:]
        if len(rest) > framing.LONGEST_RECORD:  # one endless string, number or gap
            rest = _stub(rest)
            self.position = keep = len(self.buffer) - len(rest)
        self._count_lines(keep)
        self.base += keep
        self.buffer, self.position, self.line_at = rest, self.position - keep, 0
        level.start = None if level.start is None else 0

    def end(self) -> Iterator[Frame]:
        """Yield what stays open when the text is at its end."""
        dropped = self.levels[-1].dropped
        if dropped is not None:
            yield dropped
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


def frames_within(line: Frame) -> tuple[Frame, ...]:
    """Cut a line that is not one JSON value into its values, if there are two that are objects or lists; one may be torn."""
    if not isinstance(line.data, bytes):
        return (line,)
    frames = tuple(
        frame._replace(offset=line.offset + frame.offset, line=line.line)
        for frame in frame_document(BytesIO(line.data))
    )
    opened = [frame for frame in frames if not isinstance(frame.data, bytes) or frame.data[:1] in (b"{", b"[")]
    return frames if len(opened) > 1 and opened[0].data is not None else (line,)
