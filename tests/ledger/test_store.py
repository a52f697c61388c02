"""Is the ledger closed off, private, and clear about what is wrong with it?"""

from __future__ import annotations

import os
import random
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ingest.logs import chat, counts, ingested, json_lines, row, tables_of
from tokaudit.errors import LedgerError
from tokaudit.ledger.store import FileRow, Ledger, open_ledger
from tokaudit.ledger.tables import TABLES


@contextmanager
def no_sockets() -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


def file_row(file_id: int, **changes: object) -> FileRow:
    values: dict[str, object] = {
        "file_id": file_id, "name": "a", "path": "/a", "content_hash": "h", "raw_size": 1, "prefix_size": 1, "prefix_hash": "p",
        "resume_at": 1, "resume_line": 1, "open_line": None, "lines": 1, "blanks": 0, "framing": "lines",
        "formats": {"x": 1}, "asides": {}, "columns": {}, "options": "",
    }  # fmt: skip
    return FileRow(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.duckdb"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as opened:
        yield opened


def spooled(ledger: Ledger, name: str, rows: list[dict[str, object]]) -> Path:
    path = ledger.spool / f"{name}.parquet"
    pl.DataFrame(rows, schema={**TABLES[name], "split": pl.Int64}).write_parquet(path)
    return path


def test_a_file_and_its_rows_appear_together(ledger: Ledger) -> None:
    reject = {"line": 2, "reason": "torn", "split": 1}
    ledger.append(file_row(1), {"rejects": [spooled(ledger, "rejects", [reject])]}, {0: 0, 1: 40})
    assert ledger.files() == [file_row(1)]
    assert ledger.scan("SELECT * FROM rejects").collect().rows() == [(1, 42, "torn")]


def test_an_append_that_fails_leaves_nothing(ledger: Ledger) -> None:
    broken = ledger.spool / "broken.parquet"
    broken.write_bytes(b"PAR1 no parquet PAR1")
    rejects = spooled(ledger, "rejects", [{"line": 2, "reason": "torn", "split": 0}])
    ledger.append(file_row(1), {}, {0: 0})
    with pytest.raises((LedgerError, duckdb.Error)):
        ledger.append(file_row(2), {"rejects": [rejects], "records": [broken]}, {0: 0})
    assert [file.file_id for file in ledger.files()] == [1]
    assert ledger.scan("SELECT * FROM rejects").collect().height == 0
    ledger.append(file_row(3), {}, {0: 0})
    assert [file.file_id for file in ledger.files()] == [1, 3]


def test_what_stands_after_a_line_is_replaced(ledger: Ledger) -> None:
    def lines(*numbers: int) -> dict[str, list[Path]]:
        return {"rejects": [spooled(ledger, "rejects", [{"line": n, "reason": f"{n}", "split": 0} for n in numbers])]}

    ledger.append(file_row(1), lines(1, 2, 3), {0: 0})
    ledger.append(file_row(2), lines(3), {0: 0})
    ledger.append(file_row(1, lines=4), lines(1, 2), {0: 2}, after_line=2)
    assert sorted(ledger.scan("SELECT file_id, line FROM rejects").collect().rows()) == [
        (1, 1),
        (1, 2),
        (1, 3),
        (1, 4),
        (2, 3),
    ]
    ledger.append(file_row(3), {}, {0: 0}, instead_of=[1])
    assert ledger.scan("SELECT file_id FROM rejects").collect().rows() == [(2,)]
    assert [file.file_id for file in ledger.files()] == [2, 3]


def test_contents_and_blocks_of_another_file_are_not_doubled(tmp_path: Path) -> None:
    same = [chat(number, answer="Yes.\n\nNo.") for number in (1, 2)]
    for name, number in (("a", 0), ("b", 1)):
        (tmp_path / name).write_bytes(json_lines([row(number), same[number]]))
    _, tables = ingested(tmp_path / "ledger", tmp_path / "a", tmp_path / "b")
    for name, key in (("contents", ("content_id", "encoding")), ("blocks", ("content_id", "encoding", "position"))):
        keys = [tuple(row[column] for column in key) for row in tables[name]]
        assert len(keys) == len(set(keys)), name


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{outside}')",
        "SELECT * FROM '{outside}'",
        "SELECT * FROM read_text('{spool}/../../outside.txt')",
        "SELECT * FROM read_text('{spool}/link')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "SELECT * FROM read_json('http://127.0.0.1:9/x.json')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSTALL sqlite FROM community",
        "SET lock_configuration = false",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "SET allowed_directories = ['/']",
        "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    ],
)
def test_it_reaches_nothing_but_its_own_folder(sql: str, ledger: Ledger) -> None:
    folder = ledger.path.parent
    (folder / "outside.txt").write_text("outside")
    (ledger.spool / "link").symlink_to(folder / "outside.txt")
    with no_sockets(), pytest.raises((LedgerError, duckdb.Error)):
        ledger.run(sql.format(outside=folder / "outside.txt", spool=ledger.spool, folder=folder))


def test_names_of_python_are_no_tables(ledger: Ledger) -> None:
    frame = pl.DataFrame({"a": [1]})
    assert len(frame) == 1
    with pytest.raises(duckdb.CatalogException):
        ledger.scan("SELECT * FROM frame")


def test_its_files_are_for_the_owners_eyes(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([chat(1)]))
    umask = os.umask(0)
    try:
        with open_ledger(path) as ledger:
            ledger.append(file_row(1), {}, {0: 0})
            modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in [path.parent, *path.parent.rglob("*")]}
        assert os.umask(0) == 0, "the caller's own files are not touched"
    finally:
        os.umask(umask)
    assert f"{path.name}.wal" in modes
    assert {mode & 0o077 for name, mode in modes.items() if name not in ("spool", "spill")} == {0}


def test_working_files_are_gone_afterwards(path: Path) -> None:
    with open_ledger(path) as ledger:
        (ledger.spool / "x.parquet").write_bytes(b"x")
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    with suppress(ZeroDivisionError), open_ledger(path) as ledger:
        ledger.append(file_row(1), {}, {0: 0})
        raise ZeroDivisionError
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    with open_ledger(path) as ledger:
        assert len(ledger.files()) == 1


def test_working_files_of_a_killed_run_are_removed_but_not_those_of_another_ledger(path: Path) -> None:
    left, others = path.parent / f"{path.name}.work-abc", path.parent / "other.duckdb.work-abc"
    for folder in (left, others):
        (folder / "spill").mkdir(parents=True)
        (folder / "spill/x").write_bytes(b"x")
    with open_ledger(path):
        assert not left.exists()
    assert others.exists()


def test_it_is_opened_once(path: Path) -> None:
    program = f"""
from pathlib import Path
from tokaudit.errors import LedgerError
from tokaudit.ledger.store import open_ledger
try:
    with open_ledger(Path({str(path)!r})): pass
except LedgerError as error:
    print(error.what, error.hint, sep="|")
"""
    with open_ledger(path) as ledger:
        with pytest.raises(LedgerError, match="this process uses the ledger"), open_ledger(path):
            pass
        assert ledger.spool.is_dir(), "the first one goes on"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        assert done.stdout == "another process uses the ledger|wait for it to end\n"
        ledger.append(file_row(1), {}, {0: 0})
    with open_ledger(path) as ledger:
        assert len(ledger.files()) == 1


def other_version(path: Path) -> None:
    with open_ledger(path):
        pass
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = '0'")


def other_database(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")


def other_meta(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE meta (a INTEGER)")


WRONG = {
    "garbage": (lambda path: path.write_bytes(b"garbage" * 999), "the ledger cannot be opened"),
    "text": (lambda path: path.write_text("{}"), "the ledger cannot be opened"),
    "folder": (lambda path: path.mkdir(), "the ledger cannot be opened"),
    "another version": (other_version, "the ledger is of another version of tokaudit"),
    "another database": (other_database, "the file is a database, but no ledger"),
    "another database with a table called meta": (other_meta, "the file is a database, but no ledger"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_ledger_is_said_clearly_and_left_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "block-of-locks"
    make, what = WRONG[name]
    make(path)  # type: ignore[no-untyped-call]
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError) as caught, open_ledger(path):
        pass
    assert (caught.value.what, caught.value.where) == (what, str(path))
    assert caught.value.hint
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert before is None or path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"), open_ledger(tmp_path / "file" / "ledger"):
        pass


def test_a_path_that_duckdb_would_misread_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LedgerError, match="question mark"), open_ledger(tmp_path / "why?" / "ledger"):
        pass
    (tmp_path / "why?").mkdir()
    monkeypatch.chdir(tmp_path / "why?")
    with pytest.raises(LedgerError, match="question mark"), open_ledger(Path("ledger")):
        pass


def test_a_damaged_ledger_is_refused_not_misread(tmp_path: Path) -> None:
    log, path = tmp_path / "log.jsonl", tmp_path / "ledger"
    log.write_bytes(json_lines(chat(number, answer=f"answer {number} " * 20) for number in range(500)))
    _, whole = ingested(path, log)
    data, chance, hints = path.read_bytes(), random.Random(4), []
    for _ in range(10):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            with open_ledger(path) as ledger:
                assert tables_of(ledger) == whole  # a bit that is not in use
        except LedgerError as error:
            hints.append(error.hint or "")
    assert len(hints) > 4
    assert all("rebuilt from the logs" in hint for hint in hints)


def test_an_empty_scope_is_no_error(ledger: Ledger) -> None:
    ledger.set_scope([])
    assert ledger.scan("SELECT * FROM scope").collect().height == 0


def test_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([row(1), chat(1)]))
    for name in ("it's", "x[1]*", 'say "hi"', "漢 字", "a;b--c"):
        _, tables = ingested(tmp_path / name / "ledger.duckdb", log)
        assert counts(tables) == (2, 0)
