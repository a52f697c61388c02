"""Does the ledger hold the same rows however the work is cut up and whoever does it?"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ingest.logs import Tables, chat, digest, ingested, json_lines, row
from tokaudit.errors import InputError
from tokaudit.ingest import pool, splits, worker
from tokaudit.ingest.cutting import framing
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.storage.place import LocalFile
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions

MANY_KINDS = b"".join(
    (
        b"\xef\xbb\xbf",
        json_lines(row(number, id=f"r{number}") for number in range(12)),
        b"\n   \n{torn\n[1]\r\n",
        json_lines(chat(number, answer=f"answer {number % 7}") for number in range(16)),
        # What was an answer above is a question here, and the other way round: one split may see either first.
        json_lines(chat(50 + number, [{"role": "user", "content": f"answer {number % 9}\n\nmore"}]) for number in range(10)),
        json_lines(chat(80 + number, [{"role": "user", "content": f"answer {number % 9}"}], "Yes.") for number in range(10)),
        json_lines(chat(110 + number, answer="What?", tools=[{"name": f"f{number % 3}"}]) for number in range(5)),
        json_lines([row(200, prompt="x" * 3000), row(201)]).rstrip(b"\n"),
    )
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(MANY_KINDS)
    return path


@pytest.fixture
def at_once(log: Path, tmp_path: Path) -> Tables:
    return ingested(tmp_path / "at-once", log)[1]


def test_the_sample_has_all_kinds_of_lines(at_once: Tables) -> None:
    (file,) = at_once["files"]
    assert (file["lines"], file["blanks"], len(at_once["rejects"])) == (59, 2, 2)
    assert json.loads(file["formats"]) == {"openai_chat": 41, "token_table": 14}
    assert sorted(record["line"] for record in at_once["records"]) == [*range(1, 13), *range(17, 60)]


def test_ranges_of_a_plain_file(log: Path, at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "SPLIT_BYTES", 1500)
    monkeypatch.setattr(framing, "READ_BYTES", 700)
    assert ingested(tmp_path / "ledger", log)[1] == at_once


def test_lines_handed_over_from_a_packed_file(at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "HANDED_BYTES", 2000)
    monkeypatch.setattr(framing, "READ_BYTES", 700)
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(MANY_KINDS))
    tables = ingested(tmp_path / "ledger", packed)[1]
    assert without_file(tables) == without_file(at_once)


def test_batches_within_a_split(log: Path, at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    class Watched(worker.Collector):
        def drain(self) -> dict[str, pl.DataFrame]:
            held.append(self.held)
            return super().drain()

    monkeypatch.setattr(worker, "ROWS_A_BATCH", 5)
    monkeypatch.setattr(worker, "Collector", Watched)
    assert ingested(tmp_path / "ledger", log)[1] == at_once
    assert len(held) > 20
    assert max(held) < 5 + 10, "the rows of one call at most are held beyond the batch"


def test_batches_within_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "log.json"
    document.write_text(json.dumps([chat(number) for number in range(60)], indent=1))
    whole = ingested(tmp_path / "at-once", document)[1]
    monkeypatch.setattr(worker, "ROWS_A_BATCH", 7)
    monkeypatch.setattr(framing, "READ_BYTES", 1000)
    assert ingested(tmp_path / "ledger", document)[1] == whole


def test_several_processes(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    packed, table, torn = tmp_path / "packed.gz", tmp_path / "table.csv", tmp_path / "torn.gz"
    packed.write_bytes(gzip.compress(json_lines(row(number, id=f"p{number}") for number in range(200))))
    table.write_text("model,prompt_tokens,completion_tokens\ngpt-4o,3,4\n")
    torn.write_bytes(packed.read_bytes()[:-9])
    paths = (log, packed, torn, table)
    here, alone = ingested(tmp_path / "here", *paths)
    monkeypatch.setattr(pool, "SMALL_BYTES", 0)
    monkeypatch.setattr("tokaudit.ingest.ingest.SMALL_BYTES", 0)
    monkeypatch.setattr("tokaudit.ingest.ingest.worker_count", lambda: 2)
    monkeypatch.setattr(splits, "SPLIT_BYTES", 9000)
    monkeypatch.setattr(splits, "HANDED_BYTES", 9000)
    there, together = ingested(tmp_path / "there", *paths)
    assert digest(together) == digest(alone)
    assert (there.file_ids, there.refused) == (here.file_ids, here.refused)
    assert capfd.readouterr().err == ""  # workers end in silence
    assert [refusal.name for refusal in there.refused] == [str(torn)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_progress_tells_the_bytes_read(
    pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, size in (
        (splits, "SPLIT_BYTES", 2000),
        (splits, "HANDED_BYTES", 2000),
        (framing, "READ_BYTES", 500),
    ):
        monkeypatch.setattr(module, name, size)
    monkeypatch.setattr(worker, "REPORT_EVERY_BYTES", 400)
    (tmp_path / "log").write_bytes(pack(MANY_KINDS))
    told: list[int] = []
    with open_ledger(tmp_path / "ledger") as ledger:
        ingest(find_sources([str(tmp_path / "log")]), ledger, ReadOptions(), told.append)
    assert told == sorted(told)
    assert len(MANY_KINDS) // 3 < told[-1] <= len(MANY_KINDS)


class Deadly(ReadOptions):
    """Options that kill the process that is handed them."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return os._exit, (1,)


def test_a_worker_that_dies_is_said_clearly(log: Path, tmp_path: Path) -> None:
    tasks = [
        worker.Task(split, 7, number, tmp_path, Deadly())
        for number, split in enumerate(splits.cut(LocalFile(log), "lines", None, 0, 100))
    ]
    with pytest.raises(InputError, match="a worker process died") as caught:
        list(pool.run_in_processes(tasks, 1, lambda _: None))
    assert caught.value.where == str(log)
    assert caught.value.hint


def without_file(tables: Tables) -> dict[str, list[str]]:
    """All that does not name the file by its bytes."""
    own = {"file_id", "record_id", "call_key"}
    return {
        name: sorted(repr({key: value for key, value in row.items() if key not in own}) for row in rows)
        for name, rows in tables.items()
        if name != "files"
    }
