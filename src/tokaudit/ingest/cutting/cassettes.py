"""What are the records of a cassette, a YAML file of recorded HTTP exchanges?

Each item of its list is decoded by itself: one that is broken costs only itself, and the file may be of any length. A file
that holds one exchange, and no list, is one record a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import BOM, TOO_LONG, Frame, line_blocks, rows_of
from tokaudit.ingest.cutting.signs import INTERACTIONS
from tokaudit.ingest.cutting.yaml_values import decode_yaml
from tokaudit.schema import RejectRecordError

NOT_A_MAPPING = "the recorded exchange is not a mapping"

_ITEM = re.compile(rb"( *)-(?:\s|\Z)")
_BREAK = re.compile(rb"(?:---|\.\.\.)(?:\s|\Z)")
_NOTHING = re.compile(rb"\s*(?:#.*)?")
_EXCHANGE = re.compile(rb"(?:\A|\n)request:")


class _Item:
    """The lines of one item so far."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._offset = self._line = self._end = 0

    def add(self, offset: int, line: int, text: bytes | None) -> None:
        """Take a line; None is one that is too long. Of what is too long no more is kept than tells that it is."""
        if not self._text:
            self._offset, self._line = offset, line
        if text is None:
            text = b" " * framing.LONGEST_RECORD
        self._end = offset + len(text)
        if not self._is_too_long:
            self._text += text + b"\n"

    @property
    def _is_too_long(self) -> bool:
        return len(self._text) > framing.LONGEST_RECORD

    def frame(self) -> Iterator[Frame]:
        """Yield the item of a list, if there is one."""
        if self._is_too_long:
            yield Frame(self._offset, self._line, None, TOO_LONG)
        elif self._text:
            yield self._decoded()

    def document(self) -> Iterator[Frame]:
        """Yield the lines outside of any list, if they are an exchange."""
        if self._is_too_long or _EXCHANGE.search(self._text):
            yield from self.frame()

    def _decoded(self) -> Frame:
        try:
            value = decode_yaml(bytes(self._text))
        except RejectRecordError as error:
            return Frame(self._offset, self._line, None, str(error))
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return Frame(self._offset, self._line, None, NOT_A_MAPPING)
        return Frame(self._offset, self._line, value, end=self._end)


class _Cutter:
    """Cuts lines into items. indent: of the items of the list; in_list: whether its end is still to come."""

    def __init__(self) -> None:
        self._item = _Item()
        self._in_list = False
        self._indent: int | None = None

    def add(self, offset: int, line: int, text: bytes | None) -> Iterator[Frame]:
        """Yield the item that ends before the line, if one does."""
        row = b"" if text is None else text.rstrip()
        if self._in_list:
            begins = self._begins_item(row)
            if begins or not self._goes_on(row):
                yield from self._item.frame()
                self._item, self._in_list = _Item(), begins
        elif _BREAK.match(row):
            yield from self._item.document()
            self._item = _Item()
            return
        if not self._in_list and INTERACTIONS.fullmatch(row):
            self._item, self._in_list, self._indent = _Item(), True, None
        elif self._indent is not None or not self._in_list or text is None:
            self._item.add(offset, line, text)

    def _begins_item(self, row: bytes) -> bool:
        found = _ITEM.match(row)
        if found is None or self._indent not in (None, len(found[1])):
            return False
        self._indent = len(found[1])
        return True

    def _goes_on(self, row: bytes) -> bool:
        if _NOTHING.fullmatch(row):
            return True
        return self._indent is not None and len(row) - len(row.lstrip(b" ")) > self._indent

    def end(self) -> Iterator[Frame]:
        yield from self._item.frame() if self._in_list else self._item.document()


def frame_cassette(stream: BinaryIO) -> Iterator[Frame]:
    """Yield the recorded exchanges as mappings: `request`, `response`, and what else was recorded."""
    cutter = _Cutter()
    for offset, line, text in rows_of(line_blocks(stream)):
        yield from cutter.add(offset, line, text.removeprefix(BOM) if text and not offset else text)
    yield from cutter.end()
