"""Does a survey count a file as ingest does, and say what it can show?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ingest.logs import chat, ingested, json_lines, row
from tokaudit.ingest import survey as module
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.survey import FileSurvey, Seen, survey
from tokaudit.readers.contract import ReadOptions


def surveyed(path: Path) -> FileSurvey:
    (source,) = find_sources([str(path)])
    return survey(source, ReadOptions())


def test_counts_are_those_of_ingest(tmp_path: Path) -> None:
    log = tmp_path / "mixed.jsonl.gz"
    records = [chat(1), row(2), {"x": 1}, chat(3), {"object": "list", "data": []}]
    log.write_bytes(gzip.compress(json_lines(records) + b"\n{torn\n"))
    found = surveyed(log)
    _, tables = ingested(tmp_path / "ledger", log)
    assert {name: own.calls for name, own in found.formats.items()} == json.loads(tables["files"][0]["formats"])
    assert {reason: rejects.count for reason, rejects in found.rejects.items()} == {
        "no reader knows this record": 1,
        "not valid JSON": 1,
    }
    assert found.rejects["not valid JSON"].first_lines == [7]
    assert (found.blanks, dict(found.unnamed), found.layers, found.calls) == (
        1,
        {"empty page": 1},
        ("gzip", "lines"),
        3,
    )


def test_what_the_calls_show(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    silent = {"ts": "2026-03-02T12:00:00Z", "model": "gpt-4o", "prompt_tokens": 3, "completion_tokens": 1}
    tagged = {**silent, "feature": "triage", "session_id": "s", "cached_tokens": 0}
    log.write_bytes(json_lines([silent, tagged, {**silent, "completion_tokens": None}, {**silent, "ts": None}]))
    own = surveyed(log).formats["token_table"]
    assert dict(own.shown) == {"money": 3, "cache split": 1, "features": 1, "conversations": 1}
    assert (own.undated, own.first_at, own.last_at) == (1, 1772452800000000, 1772452800000000)


def test_calls_that_were_seen_before_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, records in (("a", [chat(1), chat(2), row(3)]), ("b", [chat(2), chat(2), chat(4), row(3)])):
        (tmp_path / name).write_bytes(json_lines(records))
    first, second = find_sources([str(tmp_path / "a"), str(tmp_path / "b")])
    seen = Seen()
    assert [survey(each, ReadOptions(), seen=seen).repeated for each in (first, second)] == [0, 2]
    monkeypatch.setattr(module, "MOST_KEYS", 1)  # then only the first is remembered
    seen = Seen()
    assert [survey(each, ReadOptions(), seen=seen).repeated for each in (second, first)] == [1, 1]


def test_the_names_of_what_no_reader_knows(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([row(1), {"data": [{"x": 1, "y": 2}]}, {"z": 1}]))
    assert surveyed(log).unknown == ("x", "y")


@pytest.mark.parametrize(("content", "reason"), [(b"", "the file is empty"), (b"hello\nworld\n", "neither JSON nor"),
     (b"2026-03-02,gpt-4o,1420,100\n2026-03-02,gpt-4o,3,1\n", "a table without the names of its columns"),
     (b"2026-03-02 09:15:12,123 INFO up\n2026-03-02 09:15:12,124 INFO on\n", "neither JSON nor")],
)  # fmt: skip
def test_what_is_no_log_is_said(tmp_path: Path, content: bytes, reason: str) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    assert reason in (surveyed(log).refused or "")


def test_a_torn_archive_is_said(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    log.write_bytes(gzip.compress(json_lines([row(n) for n in range(2000)]))[:-20])
    assert "torn or damaged" in (surveyed(log).refused or "")


def test_bodies_that_a_bedrock_log_set_apart_are_no_calls(tmp_path: Path) -> None:
    folder = tmp_path / "AWSLogs/1/BedrockModelInvocationLogs/us-east-1/2026/03/02/09"
    (folder / "data").mkdir(parents=True)
    body = folder / "data" / "20260302T09_output.json.gz"
    body.write_bytes(gzip.compress(json.dumps(chat(1)["response"]).encode()))
    assert "set apart" in (surveyed(body).refused or "")
