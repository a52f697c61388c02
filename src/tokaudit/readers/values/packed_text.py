"""Which text does a packed one hold: base64 or hexadecimal digits, of bytes that are plain or gzip?

Proxies, test recordings and message queues keep bodies so. A text is opened where its first characters are those of packed
JSON, of a packed event stream or of gzip, or where the log says that it is packed.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence

LONGEST_UNPACKED = 32 << 20
"""Bytes. A body that unpacks to more is no body."""

_GZIP = b"\x1f\x8b"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BASE64_STARTS = ("H4sI", "eyJ", "ewo", "ew0", "ewk", "eyA", "W3s", "Wwo", "ZGF0YT", "ZXZlbnQ")
"""gzip, `{"`, `{` and a line end or a blank, `[{`, `data:`, `event`."""
_HEX_STARTS = ("1f8b08", "7b22", "7b0a", "5b7b22", "646174613a", "6576656e743a")
_FEWEST_CHARACTERS = 16


def is_packed(text: str) -> bool:
    """Say whether a text begins as packed JSON, a packed event stream or gzip does."""
    return text.startswith(_BASE64_STARTS) or text.startswith(_HEX_STARTS)


def open_packed(text: str) -> str | None:
    """Unpack a text; None when it is none that is packed."""
    if len(text) < _FEWEST_CHARACTERS or not is_packed(text):
        return None
    return text_of(_bytes_of(text, is_hex=text.startswith(_HEX_STARTS)))


def open_chunks(chunks: Sequence[str]) -> str | None:
    """Unpack a body that was kept in pieces, each packed by itself."""
    if not (chunks and is_packed(chunks[0])):
        return None
    is_hex = chunks[0].startswith(_HEX_STARTS)
    return text_of(b"".join(_bytes_of(chunk, is_hex=is_hex) for chunk in chunks))


def open_base64(text: str) -> str | None:
    """Unpack a text of which the log says that it is base64."""
    return text_of(_unbase64(text))


def text_of(data: bytes) -> str | None:
    """Decode bytes, plain or gzip; None when there are none, or none of a text."""
    try:
        return (_unpacked(data) if data.startswith(_GZIP) else data).decode() or None
    except (UnicodeDecodeError, zlib.error):
        return None


def _bytes_of(text: str, *, is_hex: bool) -> bytes:
    if not is_hex:
        return _unbase64(text)
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _unpacked(data: bytes) -> bytes:
    """Unpack gzip. Raises zlib.error also when it is torn, or longer than a body may be."""
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    text = stream.decompress(data, LONGEST_UNPACKED)
    if not stream.eof:
        raise zlib.error
    return text
