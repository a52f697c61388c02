from __future__ import annotations

from typing import Any

import pytest

from readers.platform_calls import BODY_A, A, B, classes, only_call, outcomes
from tokaudit.readers.tracing.braintrust import READER
from tokaudit.schema import Aside, Call

METRICS_B = {
    "start": 1_778_488_200.0, "end": 1_778_488_201.75, "prompt_tokens": 1114, "prompt_cached_tokens": 1111,
    "prompt_cache_creation_tokens": 0, "completion_tokens": 406, "tokens": 1520, "estimated_cost": 0.0064323,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "id": "e-1",
    "_xact_id": "1000",
    "created": "2026-05-11T08:30:00.000Z",
    "span_id": "s-2",
    "span_parents": ["s-1"],
    "root_span_id": "s-1",
    "span_attributes": {"name": "anthropic.messages.create", "type": "llm"},
    "input": [{"role": "user", "content": "Hi"}],
    "output": {"role": "assistant", "content": [{"type": "text", "text": "Ho"}]},
    "error": None,
    "metadata": {"model": "claude-sonnet-4-5-20250929", "provider": "anthropic", "stop_reason": "end_turn"},
    "tags": ["inbox"],
    "metrics": METRICS_B,
}


def read(**changes: Any) -> Call:
    return only_call(READER, {**EVENT, **changes})


def test_a_span_of_a_model_is_a_call() -> None:
    call = read()
    assert classes(call.usage) == B
    assert (call.call_id, call.span_id, call.parent_span_id) == ("braintrust:e-1", "s-1:s-2", "s-1:s-1")
    assert (call.started_at, call.latency_ms) == (1_778_488_200_000_000, 1750)
    assert (call.logged_cost, call.finish_reason, call.feature) == ("0.0064323", "end_turn", "inbox")
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Hi", "Ho"]


@pytest.mark.parametrize("kind", ["task", "tool", "function", "eval", "score"])
def test_spans_of_other_types_are_no_calls(kind: str) -> None:
    assert outcomes(READER, {**EVENT, "span_attributes": {"type": kind}}) == [Aside(f"{kind} span")]


def test_versions_of_an_event_are_one_call() -> None:
    assert read(_xact_id="1000").call_id == read(_xact_id="1001").call_id


def test_a_deleted_event_is_none() -> None:
    assert outcomes(READER, {"id": "e-1", "_xact_id": "2", "root_span_id": "s", "_object_delete": True}) == [
        Aside("deleted event")
    ]


def test_an_older_sdk_counted_anthropics_cache_beside_the_prompt() -> None:
    metrics = {"prompt_tokens": 2003, "prompt_cached_tokens": 1111, "completion_tokens": 406, "tokens": 3520}
    assert classes(read(metrics=metrics).usage) == (3114, 1111, 406, "exact")
    assert classes(read(metrics={**metrics, "tokens": None, "prompt_tokens": 3}).usage) == B


def test_the_body_in_the_output_is_preferred() -> None:
    call = read(output=BODY_A, metadata={"model": "gpt-4.1-mini"}, metrics={"prompt_tokens": 1, "completion_tokens": 1})
    assert classes(call.usage) == A
    assert (call.response_id, call.call_id) == ("chatcmpl-a", None)


def test_a_span_before_it_was_sent_has_no_ids() -> None:
    span = {key: EVENT[key] for key in ("input", "output", "metadata", "metrics")} | {"name": "x", "type": "llm"}
    call = only_call(READER, span)
    assert classes(call.usage) == B
    assert (call.call_id, call.span_id, call.log_id) == (None, None, None)


def test_a_row_of_a_table_is_read_like_the_object() -> None:
    row = {
        "id": "e-1", "_xact_id": "1", "root_span_id": "s-1", "span_attributes": '{"type": "llm"}', "error": "",
        "metrics": '{"prompt_tokens": 1114, "prompt_cached_tokens": 1111, "completion_tokens": 406}',
        "metadata": '{"model": "claude-sonnet-4-5", "feature": "triage"}', "input": '[{"role": "user", "content": "Hi"}]',
    }  # fmt: skip
    call = only_call(READER, row)
    assert classes(call.usage) == B
    assert (call.feature, call.feature_from, call.error_type) == ("triage", "metadata.feature", None)


def test_an_embedding_counts_its_input_alone() -> None:
    call = read(
        span_attributes={"type": "llm", "name": "Embedding"}, output=None, metrics={"prompt_tokens": 5, "tokens": 5}
    )
    assert (call.operation_name, call.usage.input_tokens, call.usage.output_tokens) == ("embeddings", 5, 0)
    assert call.usage.state == "exact"


def test_a_failed_call_is_not_billed() -> None:
    call = read(error="RateLimitError: slow down", output=None, metrics={"start": 1_778_488_200.0})
    assert (call.error_type, call.usage.input_tokens) == ("RateLimitError", 0)


@pytest.mark.parametrize(
    "record",
    [
        {"_xact_id": "1"},
        {"metrics": {"prompt_tokens": 1}, "input": "x", "type": "llm"},
        {"metrics": {"latency": 1}, "metadata": {}, "input": "x", "type": "llm"},
        {"metrics": [], "metadata": {}, "input": "x", "type": "llm"},
        {"span_id": "1", "metrics": {"input_tokens": 1}, "meta": {"span.kind": "llm"}},
    ],
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
