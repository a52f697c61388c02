"""How is bzip2 read so that no torn file looks like a short one?

The standard library's file object takes what follows the first stream for garbage when it cannot read it, and says nothing.
"""

from __future__ import annotations

import bz2
from io import BufferedReader

_PACKED_BYTES = 64 << 10


class Bzip2Reader:
    """Reads one bzip2 stream after the other. Raises OSError for damaged data, EOFError for a torn stream."""

    def __init__(self, packed: BufferedReader) -> None:
        self._packed = packed
        self._decompressor = bz2.BZ2Decompressor()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        while True:
            data = b""
            if self._decompressor.eof:
                data = self._decompressor.unused_data or self._packed.read(_PACKED_BYTES)
                if not data:
                    return b""
                self._decompressor = bz2.BZ2Decompressor()
            elif self._decompressor.needs_input:
                data = self._packed.read(_PACKED_BYTES)
                if not data:
                    raise EOFError("the stream has no end")
            if unpacked := self._decompressor.decompress(data, size):
                return unpacked

    def close(self) -> None:
        """Do nothing: the packed stream is its opener's to close."""
