"""Is a packed file read whole, or refused whole?"""

from __future__ import annotations

import bz2
import gzip
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.logs import counts, ingested, json_lines, row
from tokaudit.ingest.storage.place import LocalFile
from tokaudit.ingest.unpacking.streams import (
    CorruptStreamError,
    UnreadableError,
    compression_of,
    open_unpacked,
    reading,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES = json_lines(row(number, prompt=f"prompt {number * number} " * 3) for number in range(900))
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
CHECKSUM = {int(zstd.CompressionParameter.checksum_flag): 1}
LONG_WINDOW = {
    int(zstd.CompressionParameter.window_log): 30,
    int(zstd.CompressionParameter.enable_long_distance_matching): 1,
}


def gz(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, compresslevel=level, mtime=0)


def zst(data: bytes) -> bytes:
    return zstd.compress(data, options=CHECKSUM)


def streamed(data: bytes, options: dict[int, int]) -> bytes:
    """As a pipe writes it: without the size in the header."""
    compressor = zstd.ZstdCompressor(options=options)
    return compressor.compress(data) + compressor.flush()


def unpacked(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    with open_unpacked(LocalFile(path)) as (stream, _):
        return b"".join(iter(lambda: stream.read(10_000), b""))


WHOLE = {
    "gzip": gz(LINES),
    "gzip stored": gz(LINES, level=0),
    "gzip of two members": gz(LINES[:5000]) + gz(LINES[5000:]),
    "gzip members cut inside a line": b"".join(gz(LINES[start : start + 777]) for start in range(0, len(LINES), 777)),
    "gzip with an empty member": gz(LINES) + gz(b""),
    "gzip with zero padding": gz(LINES) + b"\0" * 512,
    "zstd": zstd.compress(LINES),
    "zstd with checksum": zst(LINES),
    "zstd of two frames": zst(LINES[:5001]) + zst(LINES[5001:]),
    "zstd skippable frame between": zst(LINES[:5000]) + SKIPPABLE + zst(LINES[5000:]),
    "zstd skippable frame first": SKIPPABLE + zst(LINES),
    "zstd skippable frame last": zst(LINES) + SKIPPABLE,
    "zstd long window": zstd.compress(LINES, options=LONG_WINDOW),
    "zstd long window, streamed": streamed(LINES, LONG_WINDOW),
    "bzip2": bz2.compress(LINES),
    "bzip2 of two streams": bz2.compress(LINES[:5000]) + bz2.compress(LINES[5000:]),
    "bzip2 streams cut inside a line": b"".join(
        bz2.compress(LINES[start : start + 7777]) for start in range(0, len(LINES), 7777)
    ),
    "bzip2 with an empty stream": bz2.compress(b"") + bz2.compress(LINES, 1) + bz2.compress(b""),
    "gzip with padding between": gz(LINES[:5000]) + b"\0" * 70_000 + gz(LINES[5000:]) + b"\0",
    "gzip within bzip2 within zstd": zstd.compress(bz2.compress(gz(LINES))),
    "plain": LINES,
}


@pytest.mark.parametrize("name", WHOLE)
def test_packed_is_plain(name: str, tmp_path: Path) -> None:
    assert unpacked(tmp_path / "log", WHOLE[name]) == LINES


@pytest.mark.parametrize("pack", [gz, zst, bz2.compress], ids=["gzip", "zstd", "bzip2"])
def test_a_torn_stream_is_never_a_short_file(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    packed = pack(LINES)
    cuts = {*random.Random(1).sample(range(4, len(packed)), 60), len(packed) - 1, len(packed) - 4, len(packed) - 8, 4}
    for cut in cuts:
        with pytest.raises(CorruptStreamError):
            unpacked(tmp_path / "log", packed[:cut])


@pytest.mark.parametrize(
    "pack", [gz, lambda data: gz(data, level=0), zst, bz2.compress], ids=["gzip", "gzip stored", "zstd", "bzip2"]
)
def test_a_flipped_bit_is_an_error_or_harmless(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    packed, chance, refused = pack(LINES[:20_000]), random.Random(2), 0
    for _ in range(150):
        damaged = bytearray(packed)
        damaged[chance.randrange(4, len(damaged))] ^= 1 << chance.randrange(8)
        try:
            assert unpacked(tmp_path / "log", bytes(damaged)) == LINES[:20_000]  # a flag or time in the header
        except CorruptStreamError:
            refused += 1
    assert refused > 140


@pytest.mark.parametrize("pack", [gz, zst, bz2.compress], ids=["gzip", "zstd", "bzip2"])
def test_bytes_after_the_end_are_an_error(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with pytest.raises(CorruptStreamError):
        unpacked(tmp_path / "log", pack(LINES) + b"garbage")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (SKIPPABLE, "zstd"),
        (b"BZh91AY&SY", "bzip2"),
        (b"BZh", None),
        (b"BZh9 is a name", None),
        (b"{", None),
        (b"", None),
        (b"\x1f", None),
    ],
)
def test_compression_is_told_by_the_first_bytes(head: bytes, kind: str | None) -> None:
    assert compression_of(head) == kind


def test_failures_of_the_disk_are_values() -> None:
    with pytest.raises(UnreadableError, match="Input/output error"), reading():
        raise OSError(5, "Input/output error", "/secret/name")


def test_names_say_nothing_about_the_packing(tmp_path: Path) -> None:
    """Plain lines named .gz and packed lines named .jsonl are the same records."""
    names = {
        "a.jsonl.gz": LINES,
        "b.jsonl": gz(LINES + json_lines([row(901)])),
        "c.csv": zst(LINES + json_lines([row(902)])),
    }
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    report, tables = ingested(tmp_path / "ledger", *(tmp_path / name for name in names))
    assert report.refused == []
    assert counts(tables) == (900 + 901 + 901, 0)


@pytest.mark.parametrize("pack", [gz, zst, bz2.compress], ids=["gzip", "zstd", "bzip2"])
def test_nothing_of_a_torn_file_is_in_the_ledger(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    packed = pack(LINES * 9)  # the head is whole: the tear shows only after records were read
    damaged = bytearray(packed)
    damaged[-6] ^= 0xFF
    (tmp_path / "torn.jsonl").write_bytes(packed[: len(packed) * 2 // 3])
    (tmp_path / "flipped.jsonl").write_bytes(bytes(damaged))
    (tmp_path / "good.jsonl").write_bytes(LINES)
    report, tables = ingested(
        tmp_path / "ledger", tmp_path / "torn.jsonl", tmp_path / "flipped.jsonl", tmp_path / "good.jsonl"
    )
    assert [refusal.name.rpartition("/")[2] for refusal in report.refused] == ["torn.jsonl", "flipped.jsonl"]
    assert all("torn or damaged" in refusal.reason for refusal in report.refused)
    assert [file["name"].rpartition("/")[2] for file in tables["files"]] == ["good.jsonl"]
    assert counts(tables) == (900, 0)
