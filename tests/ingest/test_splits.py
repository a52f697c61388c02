"""Does the ledger hold the same rows however the work is cut up and whoever does it?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ingest.logs import Tables, chat, digest, ingested, json_lines, row
from tokaudit.ingest import framing, pool, splits, worker

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


@pytest.mark.parametrize("split_bytes", [1, 2000])
def test_ranges_of_a_plain_file(
    split_bytes: int, log: Path, at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "SPLIT_BYTES", split_bytes)
    monkeypatch.setattr(framing, "READ_BYTES", 700)
    assert ingested(tmp_path / "ledger", log)[1] == at_once


@pytest.mark.parametrize("handed_bytes", [1, 5000])
def test_lines_handed_over_from_a_packed_file(
    handed_bytes: int, at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "HANDED_BYTES", handed_bytes)
    monkeypatch.setattr(framing, "READ_BYTES", 700)
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(MANY_KINDS))
    tables = ingested(tmp_path / "ledger", packed)[1]
    assert without_file(tables) == without_file(at_once)


@pytest.mark.parametrize("batch", [5])
def test_batches_within_a_split(
    batch: int, log: Path, at_once: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ROWS_A_BATCH", batch)
    assert ingested(tmp_path / "ledger", log)[1] == at_once


def test_batches_within_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "log.json"
    document.write_text(json.dumps([chat(number) for number in range(60)], indent=1))
    whole = ingested(tmp_path / "at-once", document)[1]
    monkeypatch.setattr(worker, "ROWS_A_BATCH", 7)
    monkeypatch.setattr(framing, "READ_BYTES", 1000)
    assert ingested(tmp_path / "ledger", document)[1] == whole


def test_several_processes(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert [refusal.name for refusal in there.refused] == [str(torn)]


def without_file(tables: Tables) -> dict[str, list[str]]:
    """All that does not name the file by its bytes."""
    own = {"file_id", "record_id", "call_key"}
    return {
        name: sorted(repr({key: value for key, value in row.items() if key not in own}) for row in rows)
        for name, rows in tables.items()
        if name != "files"
    }
