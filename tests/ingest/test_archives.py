"""Is a zip archive read as the files in it, and refused file by file where it cannot be?"""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.logs import counts, ingested, json_lines, row
from ingest.test_streams import gz, zst
from tokaudit.ingest.sources import find_sources, parts_of
from tokaudit.ingest.storage import archives
from tokaudit.ingest.unpacking.streams import UnreadableError, open_unpacked

ROWS = [row(number, id=f"r{number}", prompt=f"question {number * number} " * 5) for number in range(200)]
LINES = json_lines(ROWS)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return packed.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def reasons(tmp_path: Path, data: bytes) -> dict[str, str]:
    """Ingest one file; return why what was in it was refused, by name."""
    (tmp_path / "x").write_bytes(data)
    report, _ = ingested(tmp_path / "ledger", tmp_path / "x")
    return {refusal.name.removeprefix(f"{tmp_path}/"): refusal.reason for refusal in report.refused}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_files(method: int, tmp_path: Path) -> None:
    files = {
        "usage/": b"",
        "usage/b.jsonl": json_lines(ROWS[:3]),
        "a.csv": b"model,prompt_tokens,completion_tokens\ngpt-4o,3,4\n",
        "c.jsonl.gz": gz(json_lines(ROWS[3:5])),
        "d": zst(json_lines(ROWS[5:6]).decode().encode("utf-16")),
        "__MACOSX/usage/._b.jsonl": b"\0\5\x16\7",
        ".DS_Store": b"\0",
        "usage/.hidden/e.jsonl": json_lines(ROWS[:1]),
    }
    (tmp_path / "export.bin").write_bytes(zipped(files, method))
    report, tables = ingested(tmp_path / "ledger", tmp_path / "export.bin")
    assert (report.refused, counts(tables)) == ([], (7, 0))
    inside = [f"{tmp_path}/export.bin/{name}" for name in ("a.csv", "c.jsonl.gz", "d", "usage/b.jsonl")]
    assert sorted((file["name"], file["path"]) for file in tables["files"]) == [(name, name) for name in inside]


def test_an_archive_and_its_unpacked_files_are_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "a.zip").write_bytes(zipped({"a.jsonl": LINES}))
    report, tables = ingested(tmp_path / "ledger", tmp_path / "a.jsonl", tmp_path / "a.zip")
    assert (report.known, counts(tables)) == ([f"{tmp_path}/a.zip/a.jsonl"], (200, 0))


def test_members_that_grow(tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    export.write_bytes(zipped({"log.jsonl": json_lines(ROWS[:50])[:-20], "same.jsonl": json_lines(ROWS[190:])}))
    ingested(tmp_path / "ledger", export)
    export.write_bytes(zipped({"log.jsonl": json_lines(ROWS[:90]), "same.jsonl": json_lines(ROWS[190:])}))
    report, tables = ingested(tmp_path / "ledger", export)
    assert (report.grown, report.known) == ([f"{export}/log.jsonl"], [f"{export}/same.jsonl"])
    assert counts(tables) == (100, 0)


def test_of_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", json_lines(ROWS[:1]))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.jsonl", json_lines(ROWS[:3]))
    (tmp_path / "x").write_bytes(packed.getvalue())
    assert counts(ingested(tmp_path / "ledger", tmp_path / "x")[1]) == (3, 0)


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption on all members; their bytes need not be so for what is tested."""
    changed = bytearray(data)
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := changed.find(magic, at + 1)) >= 0:
            changed[at + flags] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (encrypted(zipped({"a": LINES})), {"x/a": archives.ENCRYPTED}),
        (zipped({"a": LINES}, zipfile.ZIP_BZIP2), {"x/a": archives.OTHER_METHOD}),
        (zipped({"a": LINES}, zipfile.ZIP_LZMA), {"x/a": archives.OTHER_METHOD}),
        (zipped({"a.zip": zipped({"a": LINES})}), {"x/a.zip": "a zip archive inside another file: unpack it first"}),
        (zipped({}), {"x": archives.NO_FILES}),
        (zipped({"__MACOSX/a": LINES, "d/": b""}), {"x": archives.NO_FILES}),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), {"x": archives.OFFICE_DOCUMENT}),
        (zipped({"read.me": b"Hello\n"}), {"x/read.me": "neither JSON nor a table of columns"}),
        (tarred("a.jsonl", LINES), {"x": "a tar archive: unpack it first"}),
        (gz(tarred("a.jsonl", LINES)), {"x": "a tar archive: unpack it first"}),
        (zst(tarred("a.jsonl", LINES)), {"x": "a tar archive: unpack it first"}),
        (zipped({"a.tgz": gz(tarred("a", LINES))}), {"x/a.tgz": "a tar archive: unpack it first"}),
        (gz(zipped({"a": LINES})), {"x": "a zip archive inside another file: unpack it first"}),
        (gz(gz(gz(gz(LINES)))), {"x": "packed more than 3 times over: unpack it first"}),
        (b"PAR1" + bytes(99) + b"PAR1", {"x": "a Parquet file: write it as JSON lines or CSV first"}),
        (gz(b"Obj\x01" + bytes(99)), {"x": "an Avro file: write it as JSON lines first"}),
        (b"SQLite format 3\x00" + bytes(99), {"x": "an SQLite database: export its table as JSON lines or CSV"}),
        (b"%PDF-1.7\n" + bytes(99), {"x": "a PDF document, no log"}),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data: bytes, refused: dict[str, str], tmp_path: Path) -> None:
    assert reasons(tmp_path, data) == refused


def test_a_log_shipper_may_pack_twice(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gz(gz(LINES)))
    assert counts(ingested(tmp_path / "ledger", tmp_path / "x")[1]) == (200, 0)


def test_a_refused_member_stops_no_other(tmp_path: Path) -> None:
    good, bad = json_lines(ROWS[:7]), json_lines(ROWS[7:])
    data = bytearray(zipped({"bad.jsonl": bad, "good.jsonl": good}, zipfile.ZIP_STORED))
    data[data.index(b"question")] ^= 1
    (tmp_path / "x").write_bytes(data)
    report, tables = ingested(tmp_path / "ledger", tmp_path / "x")
    assert [(refusal.name, refusal.reason) for refusal in report.refused] == [
        (f"{tmp_path}/x/bad.jsonl", "the zip archive is torn or damaged")
    ]
    assert counts(tables) == (7, 0)


def unzipped(path: Path) -> dict[str, bytes]:
    found = {}
    (source,) = find_sources([str(path)])
    for part in parts_of(source):
        with open_unpacked(part.place) as (stream, _):
            found[part.name.removeprefix(f"{path}/")] = b"".join(iter(lambda: stream.read(10_000), b""))
    return found


def test_a_torn_archive_is_never_a_short_one(tmp_path: Path) -> None:
    data, chance = zipped({"a": LINES, "b": LINES[:999]}), random.Random(3)
    for cut in {*chance.sample(range(4, len(data)), 60), len(data) - 1, len(data) - 22, 4}:
        (tmp_path / "x").write_bytes(data[:cut])
        with pytest.raises(UnreadableError, match="torn or damaged"):
            unzipped(tmp_path / "x")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_flipped_bit_is_an_error_or_harmless(method: int, tmp_path: Path) -> None:
    whole = {"a.jsonl": LINES[:9000], "b.jsonl": LINES[:700]}
    packed, chance, refused = zipped(whole, method), random.Random(4), 0
    for _ in range(300):
        damaged = bytearray(packed)
        damaged[chance.randrange(4, len(damaged))] ^= 1 << chance.randrange(8)
        (tmp_path / "x").write_bytes(damaged)
        try:
            found = unzipped(tmp_path / "x")
        except UnreadableError:
            refused += 1
        else:  # a name, a time, a flag that means nothing here; a name may hide a member
            assert set(found.values()) <= set(whole.values())
    assert refused > 200


def test_an_archive_that_lists_too_much_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = zipped({f"{number}.jsonl": b"{}\n" for number in range(100)})
    monkeypatch.setattr(archives, "LARGEST_DIRECTORY", 1000)
    assert reasons(tmp_path, many) == {"x": archives.TOO_MANY}
    in_64 = bytearray(many)
    end = in_64.rindex(b"PK\x05\x06")
    size = struct.unpack_from("<L", in_64, end + 12)[0]
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 100, 100, size, end - size)
    struct.pack_into("<2H2L", in_64, end + 8, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    in_64[end:end] = record + struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    assert reasons(tmp_path, bytes(in_64)) == {"x": archives.TOO_MANY}
    monkeypatch.undo()
    (tmp_path / "x").write_bytes(in_64)
    assert len(unzipped(tmp_path / "x")) == 100


def test_a_damaged_gzip_file_in_an_archive_is_named(tmp_path: Path) -> None:
    assert reasons(tmp_path, zipped({"a.gz": gzip.compress(LINES)[:-5]})) == {
        "x/a.gz": "the gzip data is torn or damaged"
    }
