"""Is UTF-16 read as what it says, and nothing else taken for it?"""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.logs import Tables, counts, ingested, json_lines, row
from ingest.test_archives import reasons
from ingest.test_splits import without_file
from tokaudit.ingest import splits
from tokaudit.ingest.storage.place import LocalFile
from tokaudit.ingest.unpacking import utf16
from tokaudit.ingest.unpacking.streams import UnreadableError, open_unpacked
from tokaudit.ingest.unpacking.utf16 import utf16_of

ROWS = [row(number, id=f"r{number}", prompt="Grüße, 世界 🦊 " * number) for number in range(30)]
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\r\n" for each in ROWS)
TABLE = "model\tprompt_tokens\tcompletion_tokens\r\ngpt-4o\t3\t4\r\n\r\ngpt-4o\t5\r\n"
DOCUMENT = json.dumps(ROWS[:5], indent=2, ensure_ascii=False)

ENCODED = {
    "utf-16-le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16-le, unmarked": lambda text: text.encode("utf-16-le"),
    "utf-16-be, unmarked": lambda text: text.encode("utf-16-be"),
}


def table_rows(path: Path, data: bytes) -> Tables:
    path.with_name("log").write_bytes(data)
    return ingested(path, path.with_name("log"))[1]


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("text", [LINES, TABLE, DOCUMENT], ids=["lines", "table", "document"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_utf16_reads_as_utf8(
    encoding: str, text: str, pack: type[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utf16, "_READ_BYTES", 777)  # cuts characters
    monkeypatch.setattr(splits, "HANDED_BYTES", 2000)
    encoded = table_rows(tmp_path / "encoded", pack(ENCODED[encoding](text)))
    assert without_file(encoded) == without_file(table_rows(tmp_path / "plain", text.encode()))


def test_a_file_in_utf16_grows(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(LINES[:3001].encode("utf-16"))
    ingested(tmp_path / "ledger", log)
    log.write_bytes(LINES.encode("utf-16"))
    report, tables = ingested(tmp_path / "ledger", log)
    assert (report.grown, counts(tables)) == ([str(log)], (30, 0))


@pytest.mark.parametrize(
    "data",
    [
        LINES.encode("utf-16")[:-1],
        LINES.encode("utf-16") + b"\x00\xd8",  # half of a pair at the end
        LINES.encode("utf-16") + b"\x00\xdc" + LINES.encode("utf-16-le"),
        LINES.encode("utf-16") + b"\x00\xd8" + LINES.encode("utf-16-le"),
    ],
)
def test_what_is_not_utf16_to_its_end_is_refused(data: bytes, tmp_path: Path) -> None:
    assert reasons(tmp_path, data) == {"x": "the UTF-16 text is torn or damaged"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1}',
        b'{\0"\0',
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-32-le"),
        LINES.encode("utf-32"),
        LINES.encode("utf-32-be"),
        bytes(4096),
        b"".join(number.to_bytes(2, "little") for number in range(1, 2000)),
        ('{"a": "' + "\0" * 40).encode("utf-16-le"),
        ("世界" * 400).encode("utf-16-le"),
        "漢{\"a\": 1}".encode("utf-16-be"),
    ],
)  # fmt: skip
def test_nothing_else_is_taken_for_utf16(data: bytes) -> None:
    assert utf16_of(data) is None


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_a_text_in_utf8_is_never_taken_for_utf16(data: bytes) -> None:
    if b"\0" not in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assert utf16_of(data) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_any_text_survives(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(ENCODED[encoding]("{" + text))
    with open_unpacked(LocalFile(path)) as (stream, packing):
        assert (stream.read().decode(), packing) == ("{" + text, encoding)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(codecs.BOM_UTF16_BE + data)
    try:
        with open_unpacked(LocalFile(path)) as (stream, _):
            found = stream.read()
    except UnreadableError:
        return
    assert found.decode().encode("utf-16-be") == data.removeprefix(codecs.BOM_UTF16_BE) or not found


def test_lines_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes((json_lines(ROWS[:2]).decode() + "{torn\n\n").encode("utf-16"))
    _, tables = ingested(tmp_path / "ledger", tmp_path / "x")
    assert (counts(tables), [reject["line"] for reject in tables["rejects"]]) == ((2, 1), [3])
