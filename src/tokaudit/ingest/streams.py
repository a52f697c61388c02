"""How is a file opened, whatever it is packed in?

Compression is told by the first bytes, never by the name. Torn and corrupt archives raise `CorruptStreamError`: a short
read must never look like a short file.
"""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from isal import igzip, isal_zlib

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = tuple(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))
LARGEST_ZSTD_WINDOW_LOG = 31

_ERRORS: tuple[Any, ...] = (EOFError, OSError, zlib.error, isal_zlib.error, zstd.ZstdError)


DAMAGED = "is torn or damaged"


class UnreadableError(Exception):
    """The file cannot be read to its end; what was read before must not be kept."""


class CorruptStreamError(UnreadableError):
    """The compressed stream is torn or damaged."""


@contextmanager
def reading() -> Iterator[None]:
    """Turn failures of the disk, and files that are gone, into `UnreadableError`."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(f"the file cannot be read: {error.strerror or type(error).__name__}") from error


class _Checked(io.RawIOBase):
    """A decompressing stream whose failures are all `CorruptStreamError`."""

    def __init__(self, stream: IO[bytes], kind: str) -> None:
        self._stream, self._kind = stream, kind

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            data = self._stream.read(len(view))
        except _ERRORS as error:
            raise CorruptStreamError(f"the {self._kind} data {DAMAGED}") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def compression_of(head: bytes) -> str | None:
    """Name the compression by magic bytes: `gzip`, `zstd` or None."""
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    if head.startswith((ZSTD_MAGIC, *ZSTD_SKIPPABLE)):
        return "zstd"
    return None


def unpack(stream: BinaryIO, kind: str | None) -> BinaryIO:
    """Wrap a stream of packed bytes so that it reads as the unpacked bytes."""
    if kind is None:
        return stream
    if kind == "gzip":
        inner = cast("IO[bytes]", igzip.IGzipFile(fileobj=stream))  # type: ignore[no-untyped-call]
    else:
        options = {int(zstd.DecompressionParameter.window_log_max): LARGEST_ZSTD_WINDOW_LOG}
        inner = cast("IO[bytes]", zstd.ZstdFile(stream, "rb", options=options))
    return cast("BinaryIO", io.BufferedReader(_Checked(inner, kind), buffer_size=1 << 20))


def open_unpacked(path: Path) -> tuple[BinaryIO, BinaryIO, str | None]:
    """Open a file for reading its unpacked bytes.

    Returns (unpacked stream, raw stream whose tell() shows progress, compression).
    """
    raw = path.open("rb")
    kind = compression_of(raw.read(4))
    raw.seek(0)
    return unpack(raw, kind), raw, kind
