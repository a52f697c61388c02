"""Is a text UTF-16, and how is it read as UTF-8?

Spreadsheets and Windows tools write it. It is told by its byte order mark, or, without one, by the zero in every second
byte of Western text, when the beginning allows no other reading.
"""

from __future__ import annotations

import codecs
from io import BufferedReader

SAMPLE_BYTES = 4096
_READ_BYTES = 256 << 10
_FEWEST_CHARACTERS = 4
_ORDERS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def utf16_of(head: bytes) -> str | None:
    """Name the encoding of a text by its beginning: `utf-16-le`, `utf-16-be`, or None for any other.

    >>> utf16_of(b"\\xff\\xfe{\\0"), utf16_of('{"a": 1}'.encode("utf-16-be")), utf16_of(b'{"a": 1}')
    ('utf-16-le', 'utf-16-be', None)
    """
    if head.startswith(codecs.BOM_UTF32_LE):  # begins like the mark of UTF-16
        return None
    for encoding, mark in _ORDERS.items():
        if head.startswith(mark) or _is_certain(head[:SAMPLE_BYTES], encoding):
            return encoding
    return None


def _is_certain(head: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    plain = sum(" " <= character <= "~" or character in "\t\r\n" for character in text)
    controls = sum(character < " " and character not in "\t\r\n" for character in text)
    starts_plain = text[:2].isascii()
    return len(text) >= _FEWEST_CHARACTERS and starts_plain and not controls and 2 * plain > len(text)


class Utf16Reader:
    """Reads UTF-16 as UTF-8, without its byte order mark. Raises UnicodeDecodeError for what is not UTF-16."""

    def __init__(self, stream: BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = memoryview(b"")
        if stream.peek(2).startswith(_ORDERS[encoding]):
            stream.read(2)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        while not self._ready:
            data = self._stream.read(_READ_BYTES)
            self._ready = memoryview(self._decoder.decode(data, final=not data).encode())
            if not data:
                break
        found, self._ready = bytes(self._ready[:size]), self._ready[size:]
        return found

    def close(self) -> None:
        """Do nothing: the stream is its opener's to close."""
