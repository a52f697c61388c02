from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.gemini_batch import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Aside, Call

ASKED = {"contents": [{"role": "user", "parts": [{"text": "Where is my parcel?"}]}]}
ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Late."}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 1, "totalTokenCount": 13},
}


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_input_and_output_are_joined_by_their_key() -> None:
    asked, answered = read({"key": "a", "request": ASKED}), read({"key": "a", "response": ANSWER})
    assert asked.is_fragment
    assert not answered.is_fragment
    assert asked.link_id == answered.link_id == "gemini_batch:a"
    assert [part.text for part in asked.prompt] == ["Where is my parcel?"]


def test_a_line_of_vertex_holds_both() -> None:
    call = read({"status": "", "processed_time": "2026-03-02T09:15:12+00:00", "request": ASKED, "response": ANSWER})
    assert (call.service_tier, call.started_at, call.usage.input_tokens) == ("batch", 1772442912000000, 12)
    assert READER.read({"request": ASKED}, ReadOptions()) == Aside("line of a batch's input")


@pytest.mark.parametrize(
    "record", [{"key": "a", "error": {"code": 3}}, {"key": "a", "request": ASKED, "error": {"code": 3}}]
)
def test_what_failed_is_not_charged(record: dict[str, Any]) -> None:
    call = read(record)
    assert (call.error_type, call.usage.input_tokens, call.usage.output_tokens) == ("3", 0, 0)


@pytest.mark.parametrize(
    "record",
    [
        {"key": "a", "request": ASKED, "response": ANSWER},
        {"key": "a", "value": 1},
        {"request": ASKED, "response": ANSWER},
        {"processed_time": "2026-03-02T09:15:12Z", "status": "done"},
    ],
)
def test_other_records_are_no_lines_of_a_batch(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
