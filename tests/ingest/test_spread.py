"""Are objects that a program printed over several lines of its log read, and is every other line accounted for?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ingest.logs import chat, counts, ingested, row
from ingest.test_framing import sizes
from tokaudit.ingest.cutting.framing import NOT_CLOSED, TOO_LONG, Frame, framing_of
from tokaudit.ingest.cutting.spread import NOT_AN_OBJECT, frame_spread

HEAD = b"2026-03-02 09:15:12,123 INFO Started\n"
OBJECT = {"a": 1, "b": [1, -2.5e3, True, None, "}"], "c": {"d": "x\n{"}}


def printed(value: object, before: str = "") -> bytes:
    return f"{before}{json.dumps(value, indent=2)}\n".encode()


def framed(data: bytes) -> list[Frame]:
    assert framing_of(data) == "spread"
    return list(frame_spread(io.BytesIO(data)))


def test_an_object_has_the_time_before_it() -> None:
    data = HEAD + printed(OBJECT, "2026-03-02T09:15:12Z DEBUG answer: ") + HEAD + printed(OBJECT)
    frames = framed(data)
    assert [frame.data for frame in frames] == [
        HEAD.strip(),
        {"time": "2026-03-02T09:15:12Z", "message": OBJECT},
        HEAD.strip(),
        OBJECT,
    ]
    assert [frame.line for frame in frames] == [1, 2, 15, 16]
    assert data[frames[1].offset : frames[1].after].endswith(b"}")


@pytest.mark.parametrize(
    ("lines", "reasons"),
    [
        (b"{\n  \"a\": 1,\nthen something else\n", [NOT_AN_OBJECT]),
        (b"{\n  \"a\": ,\n}\n", [NOT_AN_OBJECT]),
        (b"on error {\n", [NOT_CLOSED]),
        (b"{\n" + b'"a": [\n' * 50, [TOO_LONG]),
    ],
)  # fmt: skip
def test_what_is_no_object_costs_only_itself(lines: bytes, reasons: list[str]) -> None:
    with sizes(LONGEST_RECORD=200):
        frames = framed(HEAD + printed(OBJECT) + HEAD + lines)
    assert [frame.reject for frame in frames if frame.reject] == reasons
    assert OBJECT in [frame.data for frame in frames]


@pytest.mark.parametrize(
    "data",
    [HEAD * 3, b"server {\n  listen 80;\n}\nhttp {\n}\n", b"if x {\n  1\n}\nelse\n", b"hello {\n}\nworld\n"],
)
def test_other_texts_are_no_such_logs(data: bytes) -> None:
    assert framing_of(data) is None


def test_calls_in_a_text_log(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(HEAD + printed(chat(1), "2026-03-01 12:00:00 INFO ") + HEAD + printed(row(2)) + printed({"x": 1}))
    report, tables = ingested(tmp_path / "ledger", log)
    assert (report.refused, counts(tables)) == ([], (2, 3))
