"""Does memory stay flat, whatever unpacks from a small file?"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.logs import row
from ingest.test_streams import zstd

MIB = 1 << 20
BOMB_MIB = 40
MANY = 150
MOST_MIB = 352
"""A run on small files takes about 200 MiB, the code and two tokenisers included; 4 MiB records, their copies while they are
decoded and their words take 100 more, however many there are. The bombs blow up to 480 MiB."""

MEASURED = """
import json, re, sys
from pathlib import Path
from tokaudit.ingest.cutting import framing
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions

framing.LONGEST_RECORD = 4 << 20
framing.READ_BYTES = 1 << 20
with open_ledger(Path(sys.argv[1])) as ledger:
    report = ingest(find_sources(sys.argv[2:]), ledger, ReadOptions())
    files = {Path(file.name).name: [sum(file.formats.values()), file.lines - file.blanks] for file in ledger.files()}
refused = {Path(refusal.name).name: refusal.reason for refusal in report.refused}
# ru_maxrss would count what the parent held when it forked.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
print(json.dumps([files, refused, peak]))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def ingested_elsewhere(ledger: Path, *paths: Path) -> tuple[dict[str, list[int]], dict[str, str], int]:
    """Ingest in a fresh process. Returns (file -> [records, records and rejects], refusals, peak MiB)."""
    command = [sys.executable, "-c", MEASURED, str(ledger), *map(str, paths)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    files, refused, peak = json.loads(done.stdout)
    return files, refused, peak


def gzipped(chunks: Iterator[bytes]) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as file:
        for chunk in chunks:
            file.write(chunk)
    return packed.getvalue()


def zipped(chunks: Iterator[bytes]) -> bytes:
    compressor = zstd.ZstdCompressor(level=1)
    return b"".join([*(compressor.compress(chunk) for chunk in chunks), compressor.flush()])


def archived(name: str, chunks: Iterator[bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for chunk in chunks:
            member.write(chunk)
    return packed.getvalue()


def blown_up(before: bytes, filler: bytes, after: bytes = b"") -> Iterator[bytes]:
    yield before
    for _ in range(BOMB_MIB):
        yield filler * (MIB // len(filler))
    yield after


LINE = json.dumps(row(1)).encode() + b"\n"
TABLE = b"model,prompt_tokens,completion_tokens\ngpt-4o,1,2\n"


def test_bombs_stay_small(tmp_path: Path) -> None:
    bombs = {
        "nul.gz": gzipped(blown_up(b"", b"\0")),
        "nul.zst": zipped(blown_up(b"", b"\0")),
        "line.gz": gzipped(blown_up(LINE, b"\0", b"\n" + LINE)),
        "line.zst": zipped(blown_up(LINE, b"x", b"\n" + LINE)),
        "document.zst": zipped(blown_up(b"[" + LINE + b', {"a": "', b"x", b'"}, ' + LINE + b"]")),
        "blanks.zst": zipped(blown_up(b"[" + LINE, b" ", b"]")),
        "header.zst": zipped(blown_up(b"model,", b"a,")),
        "row.zst": zipped(blown_up(TABLE, b",", b"\ngpt-4o,3,4\n")),
        "cell.zst": zipped(blown_up(TABLE + b"gpt-4o,1,", b"9", b"\ngpt-4o,3,4\n")),
        "line.bz2": bz2.compress(b"".join(blown_up(LINE, b"x", b"\n" + LINE))),
        "line.zip": archived("a", blown_up(LINE, b"x", b"\n" + LINE)),
        "line.utf16.zst": zipped(chunk.decode().encode("utf-16-le") for chunk in blown_up(LINE, b"x", b"\n" + LINE)),
    }
    for name, data in bombs.items():
        assert len(data) < 3 * MIB, name
        (tmp_path / name).write_bytes(data)
    files, refused, peak = ingested_elsewhere(tmp_path / "ledger", *(tmp_path / name for name in bombs))
    assert refused.keys() == {"nul.gz", "nul.zst", "header.zst"}
    assert files == {
        "line.gz": [2, 3],
        "line.zst": [2, 3],
        "document.zst": [2, 3],
        "blanks.zst": [1, 1],
        "row.zst": [2, 3],
        "cell.zst": [2, 3],
        "line.bz2": [2, 3],
        "a": [2, 3],
        "line.utf16.zst": [2, 3],
    }
    assert peak < MOST_MIB, f"{peak} MiB"


def test_many_long_lines_stay_small(tmp_path: Path) -> None:
    log = tmp_path / "lines.zst"
    log.write_bytes(zipped(iter([json.dumps(row(2, prompt="A" * MIB)).encode() + b"\n"] * MANY)))
    files, refused, peak = ingested_elsewhere(tmp_path / "ledger", log)
    assert (files, refused) == ({"lines.zst": [MANY, MANY]}, {})
    assert peak < MOST_MIB, f"{peak} MiB"
