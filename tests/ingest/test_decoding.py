"""Which values do lines hold that are more, or less, than one JSON value?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.logs import chat, counts, ingested
from tokaudit.ingest.decoding import NOT_JSON, values_of
from tokaudit.ingest.framing import Frame, framing_of
from tokaudit.ingest.prefixed import record_behind
from tokaudit.schema import RejectRecordError


def values(data: bytes) -> list[Any]:
    return [
        str(value) if isinstance(value, RejectRecordError) else value for _, value in values_of(Frame(100, 7, data))
    ]


def test_a_line_of_two_values_holds_two() -> None:
    assert values(b'{"a": 1} {"b": 2}') == [{"a": 1}, {"b": 2}]
    assert values(b'{"a": 1}{"b": ') == [{"a": 1}, "the JSON value is not closed before the file ends"]


@pytest.mark.parametrize(
    ("prefix", "time"),
    [
        ("2026-03-02T09:15:12.123456789Z stdout F ", "2026-03-02T09:15:12.123456789Z"),
        ("2026-03-02T09:15:12.000Z ", "2026-03-02T09:15:12.000Z"),
        ("2026-03-02 09:15:12,123 INFO app ", "2026-03-02 09:15:12,123"),
        ("INFO:app:", None),
        ("web-1  | ", None),
    ],
)
def test_an_object_behind_a_text_is_the_record(prefix: str, time: str | None, tmp_path: Path) -> None:
    line = (prefix + json.dumps(chat(1))).encode()
    assert values(line) == [{"time": time, "message": chat(1)} if time else chat(1)]
    log = tmp_path / "pod.log"
    log.write_bytes(b"starting up\n" + line + b"\n" + line.replace(b"chatcmpl-1", b"chatcmpl-2") + b"\n")
    _, tables = ingested(tmp_path / "ledger", log)
    assert counts(tables) == (2, 1)
    assert all(record["started_at"] for record in tables["records"])


@pytest.mark.parametrize("line", [b"{torn", b"no object", b"x {torn}", b"a" * 600 + b'{"a": 1}', b'x {"a": 1} y'])
def test_other_lines_are_rejects(line: bytes) -> None:
    assert (record_behind(line), values(line)) == (None, [NOT_JSON])


def test_text_with_few_objects_is_no_log() -> None:
    assert framing_of(b'hello\nworld\nagain\nx {"a": 1}\n') is None
