"""Which files does a zip archive hold, and how is each read?

An archive is told by its first bytes. Its members are read as streams, each checked against its checksum; what unpacks to
much takes time, not memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import SEEK_END, BufferedReader
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipExtFile, ZipFile, ZipInfo

from tokaudit.ingest.storage.place import Place, Version
from tokaudit.ingest.unpacking.streams import DAMAGED, CorruptStreamError, UnreadableError, checked

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
"""A first member, or the end of an archive that holds none."""
LARGEST_DIRECTORY = 8 << 20
"""Bytes. The list of members is read whole: an archive of millions must not fill the memory. 8 MiB name about 100,000."""

ENCRYPTED = "the file is encrypted: unpack the archive with its password first"
OTHER_METHOD = "the archive packs the file in a way that is not read here: unpack it first"
NO_FILES = "the archive holds no files"
TOO_MANY = f"the archive lists its files on more than {LARGEST_DIRECTORY >> 20} MiB: unpack it first"
OFFICE_DOCUMENT = "an office document, no archive of logs: save it as CSV"

_METHODS = (ZIP_STORED, ZIP_DEFLATED)
"""zipfile unpacks the other methods without a limit on what a few bytes may become."""
_OFFICE_MEMBER = "[Content_Types].xml"
_DAMAGED = f"the zip archive {DAMAGED}"
_HEADER = struct.Struct("<4s22xHH")
_END = struct.Struct("<4s8xL")
_END_BYTES = 22 + 0xFFFF
_LOCATOR = struct.Struct("<4s4xQ4x")
_END_64 = struct.Struct("<4s36xQ")
_IN_64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip archive. offset: where its own header stands in the archive."""

    archive: Place
    name: str
    offset: int
    packed_size: int
    size: int
    checksum: int
    method: int
    is_encrypted: bool

    @property
    def identity(self) -> str:
        """Return the archive's place and the member's name."""
        return f"{self.archive.identity}/{self.name}"

    @property
    def version(self) -> Version | None:
        """Return the archive's version with the member's name, when it has one."""
        whole = self.archive.version
        return whole and Version(self.size, f"{whole.tag}/{self.checksum:08x}/{self.name}")

    @property
    def is_seekable(self) -> bool:
        """Say no: unpacking begins at the first byte."""
        return False

    def open(self) -> BufferedReader:
        """Open the member for reading its unpacked bytes. Raises OSError or UnreadableError."""
        if self.is_encrypted:
            raise UnreadableError(ENCRYPTED)
        if self.method not in _METHODS:
            raise UnreadableError(OTHER_METHOD)
        if self.offset < 0:
            raise CorruptStreamError(_DAMAGED)
        stream = self.archive.open()
        try:
            stream.seek(self.offset)
            header = stream.read(_HEADER.size)
            if len(header) < _HEADER.size or not header.startswith(ZIP_MAGIC[0]):
                raise CorruptStreamError(_DAMAGED)
            _, name, extra = _HEADER.unpack(header)
            stream.seek(self.offset + _HEADER.size + name + extra)
            return checked(ZipExtFile(stream, "r", self._info(), close_fileobj=True), "zip archive")
        except BaseException:
            stream.close()
            raise

    def _info(self) -> ZipInfo:
        info = ZipInfo(self.name)
        info.compress_type, info.CRC = self.method, self.checksum
        info.compress_size, info.file_size = self.packed_size, self.size
        return info


def _directory_size(stream: BufferedReader) -> int:
    """Return the bytes of the list of members, as the end of the archive says; 0 when it says nothing."""
    size = stream.seek(0, SEEK_END)
    tail_at = stream.seek(max(0, size - _END_BYTES))
    tail = stream.read()
    end = tail.rfind(ZIP_MAGIC[1])
    if end < 0 or len(tail) - end < _END.size:
        return 0
    _, directory = _END.unpack_from(tail, end)
    if directory < _IN_64 or end < _LOCATOR.size:
        return int(directory)
    magic, place = _LOCATOR.unpack_from(tail, end - _LOCATOR.size)
    if magic != b"PK\x06\x07" or place > tail_at + end:
        return int(directory)
    stream.seek(place)
    record = stream.read(_END_64.size)
    return int(_END_64.unpack(record)[1]) if len(record) == _END_64.size else 0


def _listed(stream: BufferedReader) -> list[ZipInfo]:
    if _directory_size(stream) > LARGEST_DIRECTORY:
        raise UnreadableError(TOO_MANY)
    stream.seek(0)
    try:
        with ZipFile(stream) as archive:
            return archive.infolist()
    except (BadZipFile, NotImplementedError, OverflowError, ValueError, EOFError, struct.error) as error:
        raise CorruptStreamError(_DAMAGED) from error


def is_hidden(name: str) -> bool:
    """Tell whether a path leads through something that is not meant to be seen."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in {".", ".."} for part in parts)


def _member(archive: Place, name: str, info: ZipInfo) -> Member:
    return Member(
        archive=archive,
        name=name,
        offset=info.header_offset,
        packed_size=info.compress_size,
        size=info.file_size,
        checksum=info.CRC,
        method=info.compress_type,
        is_encrypted=bool(info.flag_bits & 1),
    )


def members_of(place: Place) -> list[Member] | None:
    """Return the files in a zip archive by name, None when the place is none. Raises OSError or UnreadableError.

    Of members with the same name only the last counts, as when the archive is unpacked.
    """
    with place.open() as stream:
        if not stream.peek(4).startswith(ZIP_MAGIC):
            return None
        listed = {info.filename.replace("\\", "/"): info for info in _listed(stream)}
    if _OFFICE_MEMBER in listed:
        raise UnreadableError(OFFICE_DOCUMENT)
    names = sorted(name for name in listed if not name.endswith("/") and not is_hidden(name))
    if not names:
        raise UnreadableError(NO_FILES)
    return [_member(place, name, listed[name]) for name in names]
