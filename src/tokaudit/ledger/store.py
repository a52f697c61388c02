"""How is the ledger opened, appended to and read?

One DuckDB file. Appends are transactions of one file each: its manifest row and its rows appear together or not at all.
The database is closed off (no network, no extensions, only its own folders) and is a cache: it can be rebuilt from the
logs. It holds hashes, counts and places, no texts of users.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from importlib.resources import files as package_files
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import polars as pl

from tokaudit.errors import LedgerError

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

LEDGER_VERSION = "8"
MEMORY_LIMIT = "700MB"
_REBUILD = "move the file away and run again: the ledger is rebuilt from the logs"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file read, as the manifest holds it (see `schema.sql`)."""

    file_id: int
    name: str
    path: str
    content_hash: str
    raw_size: int
    prefix_size: int
    prefix_hash: str
    resume_at: int
    resume_line: int
    open_line: str | None
    lines: int
    blanks: int
    framing: str
    formats: Mapping[str, int]
    asides: Mapping[str, int]
    columns: Mapping[str, str]
    options: str

    @property
    def row(self) -> list[Any]:
        """The row's values, mappings as JSON."""
        values = [getattr(self, field.name) for field in fields(self)]
        return [json.dumps(dict(value), sort_keys=True) if isinstance(value, Mapping) else value for value in values]


_FILE_FIELDS = tuple(field.name for field in fields(FileRow))
_FILE_COLUMNS = ", ".join(_FILE_FIELDS)
_JSON_FIELDS = {"formats", "asides", "columns"}


def _decoded(row: tuple[Any, ...]) -> list[Any]:
    return [json.loads(value) if name in _JSON_FIELDS else value for name, value in zip(_FILE_FIELDS, row, strict=True)]


class Ledger:
    """An open ledger. Use `open_ledger`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, spool: Path) -> None:
        self._connection = connection
        self.path = path
        self.spool = spool
        self._numbers = count()

    def _run(self, sql: str, parameters: Parameters = ()) -> duckdb.DuckDBPyConnection:
        with _private_files(), _clear_errors(self.path):
            return self._connection.execute(sql, parameters)

    def scan(self, sql: str) -> pl.LazyFrame:
        """Write a query's rows to the spool and return them as a frame that is read when needed.

        Rows leave through Parquet, not through Arrow: that keeps memory flat.
        """
        path = self.spool / f"scan-{next(self._numbers):04d}.parquet"
        self._run(f"COPY ({sql}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION lz4)")
        return pl.scan_parquet(path, glob=False)

    def count(self, sql: str) -> int:
        """Return the one number that a query gives."""
        row = self._run(sql).fetchone()
        return int(row[0]) if row else 0

    def run(self, sql: str) -> None:
        """Run a statement."""
        self._run(sql)

    def set_scope(self, files: Sequence[tuple[int, int, str]]) -> None:
        """Fill the temporary table `scope` (file_id, rank, name) that queries join with."""
        self._run("CREATE OR REPLACE TEMP TABLE scope (file_id UBIGINT, rank BIGINT, name VARCHAR)")
        for file in files:
            self._run("INSERT INTO scope VALUES (?, ?, ?)", file)

    def release(self) -> None:
        """Give the database's memory back: what was scanned can be read on, nothing more can be asked."""
        self._connection.close()

    def files(self) -> list[FileRow]:
        """Return the manifest, in the order the files were read."""
        rows = self._run(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY rowid").fetchall()
        return [FileRow(**dict(zip(_FILE_FIELDS, _decoded(row), strict=True))) for row in rows]

    def rename(self, file_id: int, name: str, path: str) -> None:
        """Note that a file read before stands under another name now."""
        self._run("UPDATE files SET name = ?, path = ? WHERE file_id = ?", [name, path, file_id])

    def append(
        self,
        file: FileRow,
        tables: Mapping[str, Sequence[Path]],
        line_bases: Mapping[int, int],
        *,
        after_line: int = 0,
        instead_of: Sequence[int] = (),
    ) -> None:
        """Add one file, or the part by which it has grown, in one transaction.

        tables: Parquet files by table, each with a `split` column. line_bases: by split, the lines before it.
        after_line: what the ledger holds of the file beyond this line is replaced. instead_of: files that are removed.
        """
        self._run("BEGIN")
        try:
            for stale in instead_of:
                self._remove_after(stale, 0)
                self._run("UPDATE contents SET file_id = ? WHERE file_id = ?", [file.file_id, stale])  # the same bytes
            self._remove_after(file.file_id, after_line)
            self._insert(file, tables, line_bases)
            self._run("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # the connection may be beyond that; what is not committed is gone anyway
                self._connection.execute("ROLLBACK")
            raise
        kept = self._run("SELECT content_hash FROM files WHERE file_id = ?", [file.file_id]).fetchone()
        if kept != (file.content_hash,):  # a failed statement may turn COMMIT into a rollback without an error
            raise LedgerError("the ledger did not keep the file", where=str(self.path), hint=_REBUILD)

    def _remove_after(self, file_id: int, line: int) -> None:
        if self._run("SELECT 1 FROM files WHERE file_id = ?", [file_id]).fetchone() is None:
            return  # a new file; a search for its rows would read the whole ledger
        place = [file_id, line]
        stale = "SELECT record_id FROM records WHERE file_id = ? AND line > ?"
        self._run(f"DELETE FROM parts WHERE record_id IN ({stale})", place)
        self._run("DELETE FROM records WHERE file_id = ? AND line > ?", place)
        self._run("DELETE FROM rejects WHERE file_id = ? AND line > ?", place)
        self._run("DELETE FROM lineage WHERE file_id = ? AND line > ?", place)
        self._run("DELETE FROM files WHERE file_id = ?", [file_id])

    def _insert(self, file: FileRow, tables: Mapping[str, Sequence[Path]], line_bases: Mapping[int, int]) -> None:
        self._run("CREATE OR REPLACE TEMP TABLE bases (split BIGINT, base BIGINT)")
        for base in line_bases.items():
            self._run("INSERT INTO bases VALUES (?, ?)", base)
        marks = ", ".join("?" for _ in fields(FileRow))
        self._run(f"INSERT INTO files ({_FILE_COLUMNS}) VALUES ({marks})", file.row)
        for name, sql in _INSERTS.items():
            paths = [str(path) for path in tables.get(name, ())]
            if paths:
                file_id = {"file_id": file.file_id} if "$file_id" in sql else {}
                self._run(sql.format(source="read_parquet($paths)"), {"paths": paths, **file_id})


_INSERTS = {
    "records": """
        INSERT INTO records BY NAME
        SELECT $file_id::UBIGINT AS file_id, s.* EXCLUDE (split) REPLACE (line + base AS line)
        FROM {source} s JOIN bases USING (split)""",
    "parts": """
        INSERT INTO parts BY NAME SELECT * EXCLUDE (split) FROM {source}""",
    "contents": """
        INSERT INTO contents BY NAME
        SELECT content_id, encoding, max(tokens) AS tokens, max(bytes) AS bytes,
               $file_id::UBIGINT AS file_id, min(line + base) AS line
        FROM {source} s JOIN bases USING (split) ANTI JOIN contents known USING (content_id, encoding)
        GROUP BY content_id, encoding""",
    "blocks": """
        INSERT INTO blocks BY NAME
        SELECT DISTINCT content_id, encoding, position, block_id, is_document, is_example, tokens
        FROM {source} s ANTI JOIN (SELECT DISTINCT content_id, encoding FROM blocks) known USING (content_id, encoding)""",
    "sentences": """
        INSERT INTO sentences BY NAME
        SELECT DISTINCT block_id, position, sentence_id, head_id, tail_id, words, word_bits, has_number
        FROM {source} s ANTI JOIN (SELECT DISTINCT block_id FROM sentences) known USING (block_id)""",
    "passages": """
        INSERT INTO passages BY NAME
        SELECT DISTINCT block_id, name, marks FROM {source} s ANTI JOIN passages known USING (block_id)""",
    "quotations": """
        INSERT INTO quotations BY NAME
        SELECT DISTINCT block_id, content_id, seen FROM {source} s ANTI JOIN quotations known USING (block_id, content_id)""",
    "rejects": """
        INSERT INTO rejects BY NAME
        SELECT $file_id::UBIGINT AS file_id, line + base AS line, reason FROM {source} s JOIN bases USING (split)""",
    "lineage": """
        INSERT INTO lineage BY NAME
        SELECT $file_id::UBIGINT AS file_id, s.* EXCLUDE (split) REPLACE (line + base AS line)
        FROM {source} s JOIN bases USING (split)""",
}


def _lock_down(connection: duckdb.DuckDBPyConnection, work: Path) -> None:
    folder = str(work).replace("'", "''")
    for statement in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        "allow_persistent_secrets = false",
        "python_enable_replacements = false",
        f"temp_directory = '{folder}/spill'",
        f"memory_limit = '{MEMORY_LIMIT}'",
        f"allowed_directories = ['{folder}']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {statement}")


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    connection.execute(package_files("tokaudit.ledger").joinpath("schema.sql").read_text())
    connection.execute("INSERT INTO meta VALUES ('version', ?)", [LEDGER_VERSION])
    connection.execute("COMMIT")


def _check_version(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    if connection.execute("SELECT current_setting('lock_configuration')").fetchone() == (True,):
        raise LedgerError("this process uses the ledger already", where=str(path), hint="wait for it to end")
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        _create(connection)
        return
    try:
        version = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        hint = "name another --ledger file"
        raise LedgerError("the file is a database, but no ledger", where=str(path), hint=hint) from error
    if version != (LEDGER_VERSION,):
        raise LedgerError("the ledger is of another version of tokaudit", where=str(path), hint=_REBUILD)


@contextmanager
def _private_files() -> Iterator[None]:
    """Let new files be for their owner's eyes: the ledger tells what a team sends to whom."""
    umask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(umask)


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Say what can be done about a disk that is full and a file that is damaged."""
    try:
        yield
    except duckdb.FatalException as error:
        raise LedgerError("the ledger failed", where=str(path), hint="free disk space and run again") from error
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        hint = "free disk space or memory and run again; nothing half-written was kept"
        raise LedgerError("the ledger ran out of room", where=str(path), hint=hint) from error
    except duckdb.Error as error:
        if "Corrupt" not in str(error):
            raise
        raise LedgerError("the ledger is damaged", where=str(path), hint=_REBUILD) from error


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    if "?" in str(path.absolute()):  # DuckDB takes what follows for the options of an address
        raise LedgerError(
            "a ledger's path may not hold a question mark", where=str(path), hint="name another --ledger file"
        )
    try:
        with _private_files():
            path.parent.mkdir(parents=True, exist_ok=True)
            return duckdb.connect(str(path))
    except OSError as error:
        hint = "name a file in a folder you may write to with --ledger"
        raise LedgerError(f"the ledger cannot be made: {error.strerror}", where=str(path), hint=hint) from error
    except duckdb.IOException as error:
        busy = "Could not set lock" in str(error)
        what = "another process uses the ledger" if busy else "the ledger cannot be opened"
        raise LedgerError(what, where=str(path), hint="wait for it to end" if busy else _REBUILD) from error
    except duckdb.Error as error:
        raise LedgerError("the ledger cannot be opened", where=str(path), hint=_REBUILD) from error


def _work_folder(path: Path) -> Path:
    """Make a folder for working files beside the ledger, which is ours alone: what killed runs left there is removed."""
    prefix = f"{path.name}.work-"
    for left in path.parent.iterdir():
        if left.name.startswith(prefix):
            shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent)).resolve()
    (work / "spool").mkdir()
    (work / "spill").mkdir()
    return work


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open (or create) the ledger; close it and remove its working files at the end. Raises LedgerError."""
    connection = _connect(path)
    work = None
    try:
        with _private_files(), _clear_errors(path):
            _check_version(connection, path)
        work = _work_folder(path)
        _lock_down(connection, work)
        yield Ledger(connection, path, work / "spool")
    finally:
        connection.close()
        if work:
            shutil.rmtree(work, ignore_errors=True)
