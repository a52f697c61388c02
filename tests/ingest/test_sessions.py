"""Are calls that stand on several records of a file put together, wherever the file is cut?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ingest.logs import assert_nothing_lost, counts, ingested, json_lines
from tokaudit.ingest import splits
from tokaudit.readers import choose as choosing
from tokaudit.readers.contract import Reader, Spot, read_alone
from tokaudit.readers.registry import GROUPS
from tokaudit.schema import Aside, Call, Outcome, Record, RejectRecordError, Usage


class Pairs:
    """A format whose answers stand on later lines than their questions."""

    def __init__(self) -> None:
        self._asked: dict[str, Spot] = {}

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        if record["kind"] == "broken":
            raise RejectRecordError("broken")
        if record["kind"] == "question":
            self._asked[record["id"]] = spot
            return []
        asked = self._asked.pop(record["id"])
        return [(asked, Aside("question")), (spot, Call("pairs", response_id=record["id"], usage=Usage(1, 1, 0)))]

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        return [(spot, Call("pairs", response_id=key)) for key, spot in self._asked.items()]


READER = Reader(
    "pairs",
    "Pairs",
    "Export.",
    lambda record: "kind" in record and "id" in record,
    read_alone(lambda options: Pairs()),
    open_session=lambda options: Pairs(),
)


@pytest.fixture(autouse=True)
def with_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "GROUPS", ((READER, *GROUPS[0]), *GROUPS[1:]))


def line(number: int, kind: str) -> dict[str, Any]:
    return {"id": str(number), "kind": kind}


def test_far_apart_lines_are_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "SPLIT_BYTES", 100)
    log = tmp_path / "log.jsonl"
    questions = [line(n, "question") for n in range(20)]
    answers = [line(n, "answer") for n in range(1, 20)]
    log.write_bytes(json_lines([*questions, line(0, "broken"), *answers]))
    _, tables = ingested(tmp_path / "ledger", log)
    assert counts(tables) == (20, 1)
    assert sorted(record["line"] for record in tables["records"]) == [1, *range(22, 41)]
    (file,) = tables["files"]
    assert (file["framing"], json.loads(file["asides"])) == ("session", {"pairs: question": 19})


def test_a_session_that_grew_is_read_anew(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([line(1, "question")]))
    _, before = ingested(tmp_path / "ledger", log)
    assert [record["input_tokens"] for record in before["records"]] == [None]
    with log.open("ab") as file:
        file.write(json_lines([line(1, "answer")]))
    report, after = ingested(tmp_path / "ledger", log)
    assert report.grown == [str(log)]
    assert [record["input_tokens"] for record in after["records"]] == [1]
    assert_nothing_lost(after)


def test_growing_by_half_a_line_counts_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    whole = json_lines([line(n, kind) for n in range(4) for kind in ("question", "answer")])
    for end in (len(whole) // 3, len(whole) // 2, len(whole)):
        log.write_bytes(whole[:end])
        _, tables = ingested(tmp_path / "ledger", log)
    assert counts(tables) == (4, 0)
