"""Which values do lines hold that are more, or less, than one JSON value?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.logs import chat, counts, ingested
from tokaudit.ingest.cutting.decoding import NOT_JSON, values_of
from tokaudit.ingest.cutting.framing import Frame, framing_of
from tokaudit.ingest.cutting.prefixed import record_behind
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


USAGE = {"prompt_tokens": 1420, "completion_tokens": 100}


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (f"2026-03-02T09:15:12Z INFO model=gpt-4o usage={json.dumps(USAGE)}",
         {"time": "2026-03-02T09:15:12Z", "model": "gpt-4o", "usage": USAGE}),
        (f"model=gpt-4o usage: {json.dumps(USAGE)} took 3 s", {"model": "gpt-4o", "usage": USAGE}),
        (f'request={{"model": "a", "messages": []}} response={json.dumps({"usage": USAGE, "id": "x"})}',
         {"request": {"model": "a", "messages": []}, "response": {"usage": USAGE, "id": "x"}}),
        (f"\x1b[32m2026-03-02 09:15:12\x1b[0m {json.dumps(USAGE)}\x1b[0m", {"time": "2026-03-02 09:15:12", "message": USAGE}),
        (f"level=info took=3 {json.dumps(USAGE)}", {"took": "3", "message": USAGE}),
        ("INFO usage {'prompt_tokens': 3, 'completion_tokens': None}", {"prompt_tokens": 3, "completion_tokens": None}),
    ],
)  # fmt: skip
def test_what_stands_beside_an_object_is_kept(line: str, record: Any) -> None:
    assert values(line.encode()) == [record]
    assert framing_of(f"{line}\n{line}\n".encode()) == "lines"


def test_what_stands_inside_a_torn_value_is_no_record() -> None:
    torn = b'{"model": "gpt-4o", "usage": {"prompt_tokens": 3, "completion_tokens": 1}'
    assert values(torn) == [NOT_JSON]


def test_two_objects_that_nothing_tells_apart_are_two_records() -> None:
    first, second = {"a": 1, "b": 2}, {"a": 3, "b": 4}
    assert values(f"data = [{json.dumps(first)}, {json.dumps(second)}];".encode()) == [[first, second]]


@pytest.mark.parametrize("line", [b"torn {", b"no object", b"x {torn}", b"a" * 600 + b'{"a": 1}', b'x {"a": 1} y'])
def test_other_lines_are_rejects(line: bytes) -> None:
    assert (record_behind(line), values(line)) == (None, [NOT_JSON])


def test_text_with_few_objects_is_no_log() -> None:
    assert framing_of(b'hello\nworld\nagain\nx {"a": 1}\n') is None
