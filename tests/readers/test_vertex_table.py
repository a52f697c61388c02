from __future__ import annotations

import json
from typing import Any

import pytest

from readers.golden import FIXTURES, plain, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.vertex_table import READER
from tokaudit.schema import Aside, Call

ROWS = records(FIXTURES / "vertex_table" / "rows.jsonl")


def read(record: Any) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_bodies_as_objects_and_as_texts_tell_the_same() -> None:
    row = ROWS[0]
    as_text = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in row.items()}
    assert plain(read(as_text)) == plain(read(row))


def test_a_streamed_answer_counts_its_last_chunk() -> None:
    for row in ROWS[1:3]:
        usage = read(row).usage
        assert (usage.input_tokens, usage.output_tokens, usage.state) == (800, 5, "exact")


def test_the_call_began_before_its_row_was_written() -> None:
    call = read({**ROWS[3], "logging_time": "2026-03-02 09:15:22.500000 UTC", "metadata": {"request_latency": 500.0}})
    assert (call.started_at, call.latency_ms) == (1772442922000000, 500)


def test_calls_of_claude_stand_in_the_same_table() -> None:
    for row in ROWS[3:5]:
        call = read(row)
        usage = call.usage
        assert (call.provider_name, call.request_model) == ("google", "claude-sonnet-4-5@20250929")
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1114, 1111, 406)


def test_labels_name_the_use_case() -> None:
    call = read(ROWS[0])
    assert (call.feature, call.feature_from, call.conversation_id) == ("triage", "request.labels.feature", "s1")


def test_a_refused_call_is_not_billed() -> None:
    for answer in ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, [{"error": {"code": 429}}]):
        call = read({**ROWS[5], "full_response": answer})
        assert call.error_type is not None
        assert (call.usage.input_tokens, call.usage.output_tokens) == (0, 0)


def test_predictions_of_other_models_are_no_calls() -> None:
    assert READER.read(ROWS[6], ReadOptions()) == Aside("prediction of another model")


def test_elastics_copy_tells_what_the_row_does() -> None:
    own = plain(read(ROWS[8]["gcp"]["vertexai"]["prompt_response_logs"]))
    assert plain(read(ROWS[8])) == own


@pytest.mark.parametrize(
    "record",
    [
        {"logging_time": "2026-03-02", "message": "x"},
        {"full_request": {}, "full_response": {}},
        {"gcp": {"vertexai": 1}},
    ],
)
def test_other_rows_are_left(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
