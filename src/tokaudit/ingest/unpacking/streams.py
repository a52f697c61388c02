"""How is a file opened, whatever it is packed in?

Compression and encoding are told by the first bytes, never by the name; what comes out is the file's text in UTF-8. Torn
and corrupt files raise `CorruptStreamError`: a short read must never look like a short file.
"""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from typing import Any, Protocol
from zipfile import BadZipFile

from isal import igzip, isal_zlib

from tokaudit.ingest.storage.place import Place
from tokaudit.ingest.unpacking.bzip2 import Bzip2Reader
from tokaudit.ingest.unpacking.utf16 import SAMPLE_BYTES, Utf16Reader, utf16_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = tuple(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))
LARGEST_ZSTD_WINDOW_LOG = 31
BZIP2_MAGIC = b"BZh"
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""What follows the level: the mark of a block, or that of the end when there is none."""
_MAGIC_BYTES = 10
_UNPACKED_BYTES = 1 << 20
MOST_LAYERS = 3
"""Log shippers pack what was packed already, twice at most as far as is known; a file made to be endless does it on."""

NOT_UNPACKED: tuple[tuple[int, bytes, str], ...] = (
    (257, b"ustar", "a tar archive: unpack it first"),
    (0, b"PK\x03\x04", "a zip archive inside another file: unpack it first"),
    (0, b"\xfd7zXZ\x00", "an xz file: unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (0, b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (0, b"PAR1", "a Parquet file: write it as JSON lines or CSV first"),
    (0, b"Obj\x01", "an Avro file: write it as JSON lines first"),
    (0, b"ORC", "an ORC file: write it as JSON lines or CSV first"),
    (0, b"ARROW1", "an Arrow file: write it as JSON lines or CSV first"),
    (0, b"SQLite format 3\x00", "an SQLite database: export its table as JSON lines or CSV"),
    (8, b"DUCK", "a DuckDB database: export its table as JSON lines or CSV"),
    (0, b"%PDF-", "a PDF document, no log"),
    (0, b"\x89PNG", "a picture, no log"),
    (0, b"\xff\xd8\xff", "a picture, no log"),
)
"""Where a file unpacked so far tells what else it is: offset, magic bytes, what it is and what to do."""

_ERRORS: tuple[Any, ...] = (
    EOFError,
    OSError,
    UnicodeDecodeError,
    BadZipFile,
    zlib.error,
    isal_zlib.error,
    zstd.ZstdError,
)

DAMAGED = "is torn or damaged"


class UnreadableError(Exception):
    """The file cannot be read to its end; what was read before must not be kept."""


class CorruptStreamError(UnreadableError):
    """What the file is packed or encoded in is torn or damaged."""


@contextmanager
def reading() -> Iterator[None]:
    """Turn failures of the disk, and files that are gone, into `UnreadableError`."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(f"the file cannot be read: {error.strerror or type(error).__name__}") from error


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Checked(io.RawIOBase):
    """A stream whose failures are all `CorruptStreamError`, and that reads less than it is asked for at its end only."""

    def __init__(self, stream: _Reader, what: str) -> None:
        self._stream, self._what = stream, what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        filled = 0
        try:
            while filled < len(view) and (data := self._stream.read(len(view) - filled)):
                view[filled : filled + len(data)] = data
                filled += len(data)
        except _ERRORS as error:
            raise CorruptStreamError(f"the {self._what} {DAMAGED}") from error
        return filled

    def close(self) -> None:
        self._stream.close()
        super().close()


def checked(stream: _Reader, what: str) -> BufferedReader:
    """Wrap a decoding stream so that it fails with `CorruptStreamError` only. what: the noun that is torn or damaged."""
    return BufferedReader(_Checked(stream, what), buffer_size=_UNPACKED_BYTES)


def compression_of(head: bytes) -> str | None:
    """Name the compression by magic bytes: `gzip`, `zstd`, `bzip2` or None."""
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    if head.startswith((ZSTD_MAGIC, *ZSTD_SKIPPABLE)):
        return "zstd"
    block = head[len(BZIP2_MAGIC) + 1 : _MAGIC_BYTES]
    if head.startswith(BZIP2_MAGIC) and head[3:4].isdigit() and any(mark.startswith(block) for mark in _BZIP2_BLOCKS):
        return "bzip2"
    return None


def unpack(stream: BufferedReader, kind: str) -> BufferedReader:
    """Wrap a stream of packed bytes so that it reads as the unpacked bytes."""
    inner: _Reader
    if kind == "gzip":
        inner = igzip.IGzipFile(fileobj=stream)  # type: ignore[no-untyped-call]
    elif kind == "zstd":
        options = {int(zstd.DecompressionParameter.window_log_max): LARGEST_ZSTD_WINDOW_LOG}
        inner = zstd.ZstdFile(stream, "rb", options=options)
    else:
        inner = Bzip2Reader(stream)
    return checked(inner, f"{kind} data")


@contextmanager
def open_unpacked(place: Place) -> Iterator[tuple[BufferedReader, str | None]]:
    """Open a file for reading its text, and close it after.

    Yields (stream of UTF-8, packing): the layers that were taken off, None when the stream is the file as it stands.
    """
    with ExitStack() as stack:
        stream = stack.enter_context(place.open())
        layers: list[str] = []
        while len(layers) < MOST_LAYERS and (kind := compression_of(stream.peek(_MAGIC_BYTES)[:_MAGIC_BYTES])):
            stream = stack.enter_context(unpack(stream, kind))
            layers.append(kind)
        if encoding := utf16_of(stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]):
            stream = stack.enter_context(checked(Utf16Reader(stream, encoding), "UTF-16 text"))
            layers.append(encoding)
        yield stream, ", ".join(layers) or None


def not_unpacked(head: bytes) -> str | None:
    """Say why the beginning of an unpacked file is no text yet: it is packed in a way that is not taken off."""
    if compression_of(head):
        return f"packed more than {MOST_LAYERS} times over: unpack it first"
    names = (name for offset, magic, name in NOT_UNPACKED if head.startswith(magic, offset))
    return next(names, None)
