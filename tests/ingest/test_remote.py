"""Are objects in a store read as files are, each once, and without holding them?"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ingest.logs import Tables, counts, ingested, json_lines, row
from ingest.store import put
from ingest.test_archives import zipped
from tokaudit.ingest import pool, splits
from tokaudit.ingest.cutting import framing
from tokaudit.ingest.fingerprints import fingerprint
from tokaudit.ingest.ingest import IngestReport, ingest
from tokaudit.ingest.sources import Source, find_sources
from tokaudit.ingest.storage import remote, stores
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions

ROWS = [row(number, id=f"r{number}") for number in range(40)]
LINES = json_lines(ROWS)


def sources_of(*addresses: str) -> list[Source]:
    return find_sources(addresses)


def read(tmp_path: Path, *addresses: str) -> tuple[IngestReport, Tables]:
    return ingested(tmp_path / "ledger", *addresses)  # type: ignore[arg-type]


def test_objects_are_read_whatever_they_are_packed_in(bucket: str, tmp_path: Path) -> None:
    local = tmp_path / "local.jsonl"
    local.write_bytes(LINES)
    archive = zipped({"in/a.jsonl": json_lines(ROWS[20:]), "b.jsonl.gz": gzip.compress(json_lines(ROWS[:20]))})
    put(bucket, plain=LINES, packed=gzip.compress(LINES), archive=archive, utf16=LINES.decode().encode("utf-16"))
    report, tables = read(tmp_path, str(local), f"s3://{bucket}/")
    assert (report.refused, counts(tables)) == ([], (4 * 40 + 40, 0))
    assert len({record["call_key"] for record in tables["records"]}) == 40
    expected = [
        f"s3://{bucket}/{name}" for name in ("archive/b.jsonl.gz", "archive/in/a.jsonl", "packed", "plain", "utf16")
    ]
    assert sorted(file["name"] for file in tables["files"]) == [str(local), *expected]


def test_a_damaged_object_is_refused_alone(bucket: str, tmp_path: Path) -> None:
    put(bucket, good=LINES, torn=gzip.compress(LINES)[:-9], archive=zipped({"a": LINES})[:-9], empty=b"")
    report, tables = read(tmp_path, f"s3://{bucket}/")
    assert {refusal.name.rpartition("/")[2]: refusal.reason for refusal in report.refused} == {
        "torn": "the gzip data is torn or damaged",
        "archive": "the zip archive is torn or damaged",
        "empty": "the file is empty",
    }
    assert counts(tables) == (40, 0)


def test_what_was_read_before_is_not_fetched_again(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, a=LINES, b=gzip.compress(json_lines(ROWS[:3])))
    first, once = read(tmp_path, f"s3://{bucket}")
    monkeypatch.setattr(remote.RemoteObject, "fetch", lambda *_: pytest.fail("bytes were fetched"))
    second, twice = read(tmp_path, f"s3://{bucket}")
    assert (second.file_ids, once) == (first.file_ids, twice)
    assert second.known == [f"s3://{bucket}/a", f"s3://{bucket}/b"]


def test_a_replaced_object_takes_the_place_of_the_earlier_one(bucket: str, tmp_path: Path) -> None:
    without_ids = [row(number) for number in range(10)]
    put(bucket, a=json_lines(without_ids[:4]), archive=zipped({"m": json_lines([row(20), row(21)])}))
    read(tmp_path, f"s3://{bucket}")
    put(bucket, a=json_lines(without_ids), archive=zipped({"m": json_lines([row(21), row(22), row(23)])}))
    report, tables = read(tmp_path, f"s3://{bucket}")
    assert (counts(tables), report.changed, report.known) == ((13, 0), [], [])
    assert len(tables["files"]) == len(report.file_ids) == 2


@pytest.mark.parametrize("moved_to", ["0-earlier", "z-later"])
def test_a_log_that_is_rotated_is_not_lost(bucket: str, tmp_path: Path, moved_to: str) -> None:
    put(bucket, current=json_lines([row(1), row(2)]))
    read(tmp_path, f"s3://{bucket}")
    put(bucket, **{moved_to: json_lines([row(1), row(2)])}, current=json_lines([row(3)]))
    report, tables = read(tmp_path, f"s3://{bucket}")
    assert counts(tables) == (3, 0)
    assert sorted(report.file_ids) == sorted(file["file_id"] for file in tables["files"])
    assert counts(read(tmp_path, f"s3://{bucket}")[1]) == (3, 0)


def test_an_object_replaced_while_it_is_read_is_refused(bucket: str, tmp_path: Path) -> None:
    put(bucket, a=LINES)
    found = sources_of(f"s3://{bucket}/a")
    put(bucket, a=LINES.replace(b"question", b"Question"))
    with open_ledger(tmp_path / "ledger") as ledger:
        report = ingest(found, ledger, ReadOptions())
        assert ledger.files() == []
    assert [refusal.reason for refusal in report.refused] == [remote.REPLACED]


def test_an_object_that_is_gone_is_refused(bucket: str, tmp_path: Path) -> None:
    put(bucket, a=LINES, b=LINES)
    found = sources_of(f"s3://{bucket}")
    stores.store_of("s3", bucket).delete("a")
    with open_ledger(tmp_path / "ledger") as ledger:
        report = ingest(found, ledger, ReadOptions())
    assert [refusal.reason for refusal in report.refused] == ["the object cannot be read: no such object"]
    assert len(report.file_ids) == 1


def test_several_processes_read_ranges(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(LINES)
    put(bucket, a=LINES, b=gzip.compress(LINES))
    here = ingested(tmp_path / "here", tmp_path / "a")[1]
    monkeypatch.setattr(pool, "SMALL_BYTES", 0)
    monkeypatch.setattr("tokaudit.ingest.ingest.SMALL_BYTES", 0)
    monkeypatch.setattr("tokaudit.ingest.ingest.worker_count", lambda: 2)
    monkeypatch.setattr(splits, "SPLIT_BYTES", 3000)
    told: list[int] = []
    with open_ledger(tmp_path / "ledger") as ledger:
        found = sources_of(f"s3://{bucket}/a", f"s3://{bucket}/b")
        assert [source.size for source in found] == [len(LINES), len(gzip.compress(LINES))]
        report = ingest(found, ledger, ReadOptions(), told.append)
        rows = ledger.scan("SELECT line, call_key FROM records ORDER BY file_id, line").collect().rows()
    expected = sorted((record["line"], record["call_key"]) for record in here["records"])
    assert (report.refused, sorted(rows)) == ([], sorted(expected * 2))
    assert told == sorted(told)


def test_progress_counts_the_bytes_of_objects(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokaudit.ingest.worker.REPORT_EVERY_BYTES", 400)
    monkeypatch.setattr(framing, "READ_BYTES", 500)
    put(bucket, a=LINES)
    told: list[int] = []
    with open_ledger(tmp_path / "ledger") as ledger:
        ingest(sources_of(f"s3://{bucket}"), ledger, ReadOptions(), told.append)
    assert len(LINES) // 2 < told[-1] <= len(LINES)


def test_a_place_can_be_handed_to_another_process(bucket: str) -> None:
    put(bucket, a=LINES)
    (source,) = sources_of(f"s3://{bucket}/a")
    assert pickle.loads(pickle.dumps(source)) == source
    assert source.place.identity == f"s3://{bucket}/a at {os.environ['AWS_ENDPOINT_URL'].removeprefix('http://')}"


def test_reading_may_begin_anywhere(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_RANGE", 100)
    monkeypatch.setattr(remote, "LARGEST_RANGE", 1000)
    put(bucket, a=LINES)
    (source,) = sources_of(f"s3://{bucket}/a")
    with source.place.open() as stream:
        assert stream.read() == LINES
        for position in (5000, 0, 99, 100, len(LINES) - 1, len(LINES) + 5):
            assert stream.seek(position) == position
            assert stream.read(300) == LINES[position : position + 300]
        assert stream.seek(-7, io.SEEK_END) == len(LINES) - 7
        assert stream.read() == LINES[-7:]


@pytest.mark.parametrize(
    ("tag", "is_of_content"),
    [
        ("0ab895c6c6a45bdae6ee1ee81c55fbd9", True),
        ("cd3bf6430ec603b98a95c78e3244d026-48", True),
        ("0x8DC1B2A3C4D5E6F", False),
    ],
)
def test_a_tag_that_is_not_made_from_the_bytes_says_nothing_of_other_places(tag: str, is_of_content: bool) -> None:
    here, there = (remote.RemoteObject("az", "logs", key, "account", 3, tag) for key in ("a", "b"))
    assert (fingerprint(here) == fingerprint(there)) is is_of_content


STREAMED = """
import re, sys
from pathlib import Path
from tokaudit.ingest.sources import find_sources, parts_of
from tokaudit.ingest.unpacking.streams import open_unpacked

read = 0
for source in find_sources(sys.argv[1:]):
    for part in parts_of(source):
        with open_unpacked(part.place) as (stream, _):
            while data := stream.read(1 << 20):
                read += len(data)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
print(read >> 20, peak)
"""
LARGE_MIB = 64
MOST_MIB = 60
"""The code takes about 25 MiB, the ranges and buffers of an object 13."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_flat_on_large_objects(bucket: str) -> None:
    large = os.urandom(1 << 20) * LARGE_MIB
    put(bucket, plain=large, archive=zipped({"a": large}, zipfile.ZIP_STORED))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STREAMED, f"s3://{bucket}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    read, peak = map(int, done.stdout.split())
    assert read == 2 * LARGE_MIB
    assert peak < MOST_MIB, f"{peak} MiB"


WITHOUT_ADDRESS = """
import socket, sys
from pathlib import Path

def refuse(*_, **__):
    raise AssertionError("a socket was opened")

socket.socket.connect = socket.getaddrinfo = refuse
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions
import tokaudit.cli.main
with open_ledger(Path(sys.argv[1])) as ledger:
    assert len(ingest(find_sources(sys.argv[2:]), ledger, ReadOptions()).file_ids) == 1
assert not [name for name in sys.modules if name.partition(".")[0] == "obstore"]
"""


def test_without_an_address_the_store_library_is_not_even_loaded(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_bytes(LINES)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WITHOUT_ADDRESS, str(tmp_path / "ledger"), str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
