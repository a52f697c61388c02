"""Does a second ingest add what is new, and only that?"""

from __future__ import annotations

import bz2
import gzip
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from ingest.logs import Tables, chat, counts, digest, ingested, json_lines, row
from ingest.test_streams import SKIPPABLE, zst
from tokaudit.ingest.cutting.framing import framing_of
from tokaudit.ingest.ingest import IngestReport
from tokaudit.readers.contract import ReadOptions

ROWS = [row(number, id=f"r{number}") for number in range(6)]


def test_twice_changes_nothing(tmp_path: Path) -> None:
    log, table, packed = tmp_path / "a.jsonl", tmp_path / "b.csv", tmp_path / "c.json.gz"
    log.write_bytes(json_lines([*ROWS, chat(1)]) + b"{torn\n\n")
    table.write_text("model,prompt_tokens,completion_tokens\ngpt-4o,3,4\ngpt-4o,3\n")
    packed.write_bytes(gzip.compress(json.dumps([chat(2), 3]).encode()))
    first, once = ingested(tmp_path / "ledger", log, table, packed)
    second, twice = ingested(tmp_path / "ledger", log, table, packed)
    assert digest(once) == digest(twice)
    assert second.file_ids == first.file_ids
    assert second.known == [str(log), str(table), str(packed)]


def test_a_renamed_file_is_the_same_file(tmp_path: Path) -> None:
    log, moved = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    log.write_bytes(json_lines(ROWS))
    before, _ = ingested(tmp_path / "ledger", log)
    log.rename(moved)
    after, tables = ingested(tmp_path / "ledger", moved)
    assert after.file_ids == before.file_ids
    assert counts(tables) == (6, 0)
    assert [file["name"] for file in tables["files"]] == [str(moved)]


def test_a_copy_is_read_once(tmp_path: Path) -> None:
    log, copy = tmp_path / "a.jsonl", tmp_path / "copy.jsonl"
    log.write_bytes(json_lines(ROWS))
    copy.write_bytes(json_lines(ROWS))
    report, tables = ingested(tmp_path / "ledger", log, copy)
    assert (len(report.file_ids), report.known, counts(tables)) == (1, [str(copy)], (6, 0))


Rows = list[dict[str, Any]]


bz = bz2.compress


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def array(rows: Rows, indent: int | None = None) -> bytes:
    return json.dumps(rows, indent=indent).encode()


def table(rows: Rows) -> bytes:
    cells = (f"{r['id']},gpt-4o,{number},35\n" for number, r in enumerate(rows, 10))
    return "".join(["id,model,prompt_tokens,completion_tokens\n", *cells]).encode()


STEPS: dict[str, Callable[[Rows], list[bytes]]] = {
    "whole lines": lambda rows: [json_lines(rows[:2]), json_lines(rows[:4]), json_lines(rows)],
    "half a line": lambda rows: [json_lines(rows)[:-40], json_lines(rows)],
    "half of a number": lambda rows: [json_lines(rows[:3]) + b'{"prompt_tokens": 1', json_lines(rows)],
    "only the newline": lambda rows: [json_lines(rows[:5])[:-1], json_lines(rows[:5]), json_lines(rows)],
    "open blanks": lambda rows: [json_lines(rows[:2]) + b"  ", json_lines(rows[:2]) + b"  \n" + json_lines(rows[2:])],
    "rejects": lambda rows: [json_lines(rows[:2]) + b"{torn\n\n", json_lines(rows[:2]) + b"{torn\n\n{\n" + json_lines(rows)],
    "half an array on one line": lambda rows: [array(rows)[:-60], array(rows)],
    "an array and its bracket": lambda rows: [array(rows[:3]), array(rows)],
    "a pretty array": lambda rows: [array(rows[:3], 2), array(rows[:4], 2), array(rows, 2)],
    "an array without its end": lambda rows: [array(rows)[: array(rows).index(b"}") + 2], array(rows)],
    "a torn pretty array": lambda rows: [array(rows, 2)[:-100], array(rows, 2)],
    "objects over several lines": lambda rows: [b"".join(array([r], 2)[1:-1] for r in part) for part in (rows[:2], rows)],
    "rows of a table": lambda rows: [table(rows[:2]), table(rows)],
    "half a cell": lambda rows: [table(rows)[:-2], table(rows)],
    "half a row": lambda rows: [table(rows)[:-6], table(rows)],
    "a header, then rows": lambda rows: [table([]), table(rows)],
    "a gzip member": lambda rows: [gz(json_lines(rows[:3])), gz(json_lines(rows[:3])) + gz(json_lines(rows[3:]))],
    "a gzip member inside a line": lambda rows: [
        gz(json_lines(rows)[:500]),
        gz(json_lines(rows)[:500]) + gz(json_lines(rows)[500:700]),
        gz(json_lines(rows)[:500]) + gz(json_lines(rows)[500:700]) + gz(json_lines(rows)[700:]),
    ],
    "a zstd frame": lambda rows: [zst(json_lines(rows[:3])), zst(json_lines(rows[:3])) + zst(json_lines(rows[3:]))],
    "a bzip2 stream": lambda rows: [bz(json_lines(rows[:3])), bz(json_lines(rows[:3])) + bz(json_lines(rows[3:]))],
    "text in UTF-16": lambda rows: [json_lines(part).decode().encode("utf-16") for part in (rows[:3], rows)],
    "a packed array": lambda rows: [gz(array(rows[:3])), gz(array(rows[:3])) + gz(array(rows[3:]))],
}  # fmt: skip


def grow(tmp_path: Path, stages: dict[str, list[bytes]]) -> tuple[list[IngestReport], Tables]:
    """Write the first, second … state of all files, ingesting after each."""
    reports = []
    for stage in range(max(map(len, stages.values()))):
        for name, states in stages.items():
            (tmp_path / name).write_bytes(states[min(stage, len(states) - 1)])
        report, tables = ingested(tmp_path / "ledger", *(tmp_path / name for name in stages))
        reports.append(report)
    return reports, tables


def by_file(tables: Tables) -> dict[str, Any]:
    """What the ledger holds of each file, without ids: a grown file keeps its first id, a fresh reading has another."""
    name_of = {file["file_id"]: file["name"] for file in tables["files"]}
    record_of = {record["record_id"]: (name_of[record["file_id"]], record["line"]) for record in tables["records"]}
    own = {"file_id", "record_id", "call_key"}
    found: dict[str, Any] = {name: [] for name in name_of.values()}
    for kind in ("files", "records", "rejects", "parts"):
        for told in tables[kind]:
            name = name_of[told["file_id"]] if "file_id" in told else record_of[told["record_id"]][0]
            line = record_of[told["record_id"]][1] if kind == "parts" else None
            found[name].append(repr((kind, line, [(key, value) for key, value in told.items() if key not in own])))
    return {name: sorted(rows) for name, rows in found.items()}


def texts(tables: Tables) -> tuple[set[Any], set[Any]]:
    """Which contents and blocks there are; those of a text that was torn for a while may stay."""
    contents = {(row["content_id"], row["encoding"], row["tokens"], row["bytes"]) for row in tables["contents"]}
    return contents, {tuple(row.values()) for row in tables["blocks"]}


def assert_as_if_read_at_once(tmp_path: Path, grown: Tables, names: Iterable[str]) -> None:
    _, at_once = ingested(tmp_path / "fresh", *(tmp_path / name for name in names))
    for name, rows in by_file(at_once).items():
        assert by_file(grown)[name] == rows, name
    for found, expected in zip(texts(grown), texts(at_once), strict=True):
        assert expected <= found
    keys = [(content["content_id"], content["encoding"]) for content in grown["contents"]]
    assert len(keys) == len(set(keys))


def test_files_that_grow(tmp_path: Path) -> None:
    stages = {name: make([row(n, id=f"{name} {n}") for n in range(6)]) for name, make in STEPS.items()}
    reports, tables = grow(tmp_path, stages)
    assert reports[0].grown == []
    assert reports[1].grown == [str(tmp_path / name) for name in stages]
    assert reports[2].grown == [str(tmp_path / name) for name, states in stages.items() if len(states) > 2]
    assert {len(report.file_ids) for report in reports} == {len(stages)}
    assert sorted(reports[0].file_ids) == sorted(reports[2].file_ids)
    assert_as_if_read_at_once(tmp_path, tables, stages)


def test_any_way_to_grow_ends_the_same(tmp_path: Path) -> None:
    chance, stages = random.Random(5), {}
    for number in range(10):
        rows = [*(row(n, id=f"{number} {n}", prompt=f"{number}") for n in range(5)), {"id": number}]
        whole = (json_lines(rows), array(rows), array(rows, 2), table(rows))[number % 4]
        cuts = sorted(chance.choices(range(len(whole)), k=3))
        stages[f"{number}"] = [whole[:cut] for cut in cuts] + [whole]
    _, tables = grow(tmp_path, stages)
    assert_as_if_read_at_once(tmp_path, tables, stages)


@pytest.mark.parametrize("more", [gzip.compress(b"", mtime=0), SKIPPABLE])
def test_growth_by_nothing(more: bytes, tmp_path: Path) -> None:
    pack: Callable[[bytes], bytes] = zst if more == SKIPPABLE else gzip.compress
    log = tmp_path / "log"
    log.write_bytes(pack(json_lines(ROWS)))
    before, _ = ingested(tmp_path / "ledger", log)
    log.write_bytes(log.read_bytes() + more)
    after, tables = ingested(tmp_path / "ledger", log)
    assert (after.file_ids, after.refused, counts(tables)) == (before.file_ids, [], (6, 0))


def test_a_file_that_grew_into_a_torn_one_keeps_what_it_had(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    log.write_bytes(gzip.compress(json_lines(ROWS[:3])))
    _, before = ingested(tmp_path / "ledger", log)
    log.write_bytes(log.read_bytes() + gzip.compress(json_lines(ROWS[3:]))[:-5])
    report, after = ingested(tmp_path / "ledger", log)
    assert [refusal.name for refusal in report.refused] == [str(log)]
    assert digest(after) == digest(before)


def test_a_longer_copy_beside_the_file_is_another_file(tmp_path: Path) -> None:
    log, longer = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    log.write_bytes(json_lines(ROWS[:3]))
    ingested(tmp_path / "ledger", log)
    longer.write_bytes(json_lines(ROWS))
    report, tables = ingested(tmp_path / "ledger", log, longer)
    assert len(report.file_ids) == 2
    assert len({record["call_key"] for record in tables["records"]}) == 6


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_copy_of_what_the_file_was_does_not_hide_what_it_has_become(order: tuple[str, str], tmp_path: Path) -> None:
    log, copy = tmp_path / "a", tmp_path / "b"
    log.write_bytes(json_lines(ROWS[:3]))
    ingested(tmp_path / "ledger", log)
    copy.write_bytes(log.read_bytes())
    log.write_bytes(json_lines(ROWS))
    _, tables = ingested(tmp_path / "ledger", *(tmp_path / name for name in order))
    assert len({record["call_key"] for record in tables["records"]}) == 6
    assert len({file["file_id"] for file in tables["files"]}) == len(tables["files"])


def test_an_old_copy_of_a_file_that_has_grown_brings_nothing_back(tmp_path: Path) -> None:
    log, old = tmp_path / "a.jsonl", tmp_path / "old.jsonl"
    log.write_bytes(json_lines(ROWS[:3]))
    old.write_bytes(json_lines(ROWS[:3]))
    ingested(tmp_path / "ledger", log)
    log.write_bytes(json_lines(ROWS))
    ingested(tmp_path / "ledger", log)
    report, tables = ingested(tmp_path / "ledger", old)
    assert report.known == [str(old)]
    assert counts(tables) == (6, 0)


def test_a_file_with_another_beginning_is_another_file(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_bytes(json_lines(ROWS[:3]))
    ingested(tmp_path / "ledger", log)
    log.write_bytes(json_lines(ROWS[3:]) + json_lines(ROWS[:3]))
    report, tables = ingested(tmp_path / "ledger", log)
    assert (report.grown, report.changed) == ([], [str(log)])
    assert counts(tables) == (9, 0)


def test_other_options_replace_the_reading(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_bytes(json_lines([{**row(1), "ts": "2026-03-01 12:00:00"}, chat(1)]))
    _, utc = ingested(tmp_path / "ledger", log)
    _, berlin = ingested(tmp_path / "ledger", log, options=ReadOptions(timezone="Europe/Berlin"))
    times = [{record["line"]: record["started_at"] for record in tables["records"]}[1] for tables in (utc, berlin)]
    assert times[0] - times[1] == 3_600_000_000
    assert counts(berlin) == (2, 0)
    known = {file["file_id"] for file in berlin["files"]}
    assert {content["file_id"] for content in berlin["contents"]} == known


def test_files_that_are_no_logs_stop_nothing(tmp_path: Path) -> None:
    contents = {
        "a.bin": b"\0\1\2",
        "b.txt": b"Hello\n",
        "c.jsonl": json_lines(ROWS),
        "d.jsonl": b"",
        "e.csv": b"x,y\n1,2\n",
        "f.json": b'{"a": 1}',
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    report, tables = ingested(tmp_path / "ledger-of-logs" / "ledger", *(tmp_path / name for name in contents))
    refused = {refusal.name.rpartition("/")[2]: refusal.reason for refusal in report.refused}
    assert refused == {
        "a.bin": "neither JSON nor a table of columns",
        "b.txt": "neither JSON nor a table of columns",
        "d.jsonl": "the file is empty",
        "e.csv": "no reader knows this record: none of its 1 records could be kept",
        "f.json": "no reader knows this record: none of its 1 records could be kept",
    }
    assert counts(tables) == (6, 0)


def test_a_refusal_names_the_commonest_reason(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines([row(1, prompt_tokens=-1), row(2, prompt_tokens=-1), {"a": 1}]))
    report, _ = ingested(tmp_path / "ledger", tmp_path / "a.jsonl")
    assert [refusal.reason for refusal in report.refused] == [
        "token count is negative: none of its 3 records could be kept"
    ]


def test_a_file_that_vanishes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, log = tmp_path / "gone.jsonl", tmp_path / "log.jsonl"
    gone.write_bytes(json_lines(ROWS[:2]))
    log.write_bytes(json_lines(ROWS))

    def framing_of_a_file_in_flight(head: bytes) -> str | None:
        gone.unlink(missing_ok=True)
        return framing_of(head)

    monkeypatch.setattr("tokaudit.ingest.sniff.framing_of", framing_of_a_file_in_flight)
    report, tables = ingested(tmp_path / "ledger", gone, log)
    assert [(refusal.name, refusal.reason) for refusal in report.refused] == [
        (str(gone), "the file cannot be read: No such file or directory")
    ]
    assert [file["name"] for file in tables["files"]] == [str(log)]
