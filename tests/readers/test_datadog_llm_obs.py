from __future__ import annotations

from typing import Any

import pytest

from readers.platform_calls import A, B, classes, only_call, outcomes
from tokaudit.readers.choose import claims
from tokaudit.readers.tracing.datadog_llm_obs import READER
from tokaudit.schema import Aside, Call

META: dict[str, Any] = {
    "span": {"kind": "llm"},
    "model_name": "claude-sonnet-4-5-20250929",
    "model_provider": "anthropic",
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "output": {"messages": [{"role": "assistant", "content": "Ho"}]},
    "metadata": {},
}
METRICS_A = {"input_tokens": 1420, "output_tokens": 100, "total_tokens": 1520, "cache_read_input_tokens": 1280}
SPAN: dict[str, Any] = {
    "span_id": "7",
    "trace_id": "69a5",
    "parent_id": "undefined",
    "name": "anthropic.request",
    "start_ns": 1_778_488_200_000_000_000,
    "duration": 1_750_000_000,
    "status": "ok",
    "tags": ["service:desk", "env:prod", "ml_app:ticket-desk", "session_id:chat-5", "version:"],
    "meta": META,
    "metrics": {"input_tokens": 1114, "output_tokens": 406, "total_tokens": 1520, "cache_read_input_tokens": 1111},
}
EXPORTED: dict[str, Any] = {
    "id": "501",
    "type": "span",
    "attributes": {
        "span_id": "501", "trace_id": "69a6", "parent_id": "7", "name": "llm_call", "span_kind": "llm", "ml_app": "ticket-desk",
        "start_ns": 1_778_488_200_000, "duration": 1_750_000_000, "status": "ok", "tags": ["env:prod"],
        "model_name": "gpt-4.1-mini", "model_provider": "openai", "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "output": {"messages": [{"role": "assistant", "content": "Ho"}]}, "metadata": {},
        "metrics": {**METRICS_A, "estimated_total_cost": 344_000}, "tool_definitions": [{"name": "look"}],
    },
}  # fmt: skip


def read(**changes: Any) -> Call:
    return only_call(READER, {**SPAN, **changes})


def test_a_span_of_the_sdk_is_a_call() -> None:
    call = read()
    assert classes(call.usage) == B
    assert (call.call_id, call.span_id, call.parent_span_id) == ("datadog:69a5:7", "69a5:7", None)
    assert (call.started_at, call.latency_ms, call.conversation_id) == (1_778_488_200_000_000, 1750, "chat-5")
    assert (call.feature, call.feature_from, call.provider_name) == ("ticket-desk", "ml_app", "anthropic")
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Hi", "Ho"]


@pytest.mark.parametrize("place", [{"span": {"kind": "llm"}}, {"span.kind": "llm"}, {"kind": "llm"}])
def test_the_kind_is_spelled_in_three_ways(place: dict[str, Any]) -> None:
    meta = {key: value for key, value in META.items() if key != "span"} | place
    assert classes(read(meta=meta).usage) == B


@pytest.mark.parametrize("kind", ["agent", "workflow", "tool", "task", "retrieval"])
def test_spans_of_other_kinds_are_no_calls(kind: str) -> None:
    assert outcomes(READER, {**SPAN, "meta": {"span": {"kind": kind}}}) == [Aside(f"{kind} span")]


def test_a_page_of_the_export_api_holds_the_same_span_flat() -> None:
    (claim,) = claims({"data": [EXPORTED], "meta": {"status": "done"}})
    assert claim.reader is READER
    call = only_call(READER, claim.record)
    assert classes(call.usage) == A
    assert (call.span_id, call.parent_span_id, call.started_at) == ("69a6:501", "69a6:7", 1_778_488_200_000_000)
    assert call.tools == [{"name": "look"}]


def test_estimated_costs_are_billionths_of_a_dollar() -> None:
    """The documentation's own example: 10 tokens in at $0.15 and 10 out at $0.60 a million are 1,500 + 6,000."""
    assert only_call(READER, EXPORTED["attributes"]).logged_cost == "0.000344"
    metrics = {"input_tokens": 10, "output_tokens": 10, "estimated_total_cost": 7500}
    assert read(metrics=metrics).logged_cost == "0.0000075"


def test_stated_costs_are_dollars() -> None:
    metrics = {"input_tokens": 1, "output_tokens": 1, "input_cost": 0.1, "output_cost": 0.2}
    assert read(metrics=metrics).logged_cost == "0.3"
    assert read(metrics={**metrics, "total_cost": 0.5}).logged_cost == "0.5"


def test_a_payload_of_the_intake_holds_many_spans() -> None:
    inner = {**SPAN, "tags": []}
    root = {**inner, "span_id": "1", "meta": {"kind": "agent"}}
    payload = {
        "data": {
            "type": "span",
            "attributes": {"ml_app": "desk", "session_id": "chat-6", "tags": ["user_id:lee"], "spans": [root, inner]},
        }
    }
    told = outcomes(READER, payload)
    assert told[0] == Aside("agent span")
    assert isinstance(told[1], Call)
    assert (told[1].conversation_id, told[1].user_id, told[1].feature) == ("chat-6", "lee", "desk")
    assert [type(each) for each in outcomes(READER, {"event_type": "span", "spans": [inner]})] == [Call]


def test_texts_that_were_dropped_are_none() -> None:
    dropped = {"value": "[This value has been dropped because this span's size exceeds the 1MB size limit.]"}
    call = read(meta={**META, "input": dropped, "output": dropped})
    assert (call.prompt, call.answer) == ((), ())
    assert classes(call.usage) == B


def test_tool_calls_have_no_function_around_them() -> None:
    output = {
        "messages": [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"name": "look", "arguments": {"q": 1}, "tool_id": "c"}],
            }
        ]
    }
    assert [part.text for part in read(meta={**META, "output": output}).answer] == ['look({"q":1})']


def test_an_error_is_named_by_its_class() -> None:
    call = read(status="error", metrics={}, meta={**META, "error": {"type": "openai.RateLimitError", "message": "x"}})
    assert (call.error_type, call.usage.input_tokens) == ("RateLimitError", 0)
    assert (
        read(status="error", metrics={}, meta={**META, "error.type": "TimeoutError"}).usage.state
        == "output_lower_bound"
    )


def test_the_teams_tags_name_the_use_case() -> None:
    call = read(tags=["feature:triage", "env:prod", "user_id:kim"])
    assert (call.feature, call.feature_from, call.user_id) == ("triage", "tags.feature", "kim")
    assert read(name="sort-ticket").feature == "sort-ticket"


def test_an_embedding_has_no_output() -> None:
    meta = {
        **META,
        "span": {"kind": "embedding"},
        "input": {"documents": [{"text": "Hi"}]},
        "output": {"value": "[1 embedding]"},
    }
    call = read(meta=meta, metrics={"input_tokens": 6})
    assert (call.operation_name, call.answer) == ("embeddings", ())
    assert classes(call.usage) == (6, 0, 0, "exact")
    assert [part.text for part in call.prompt] == ["Hi"]


@pytest.mark.parametrize(
    "record",
    [
        {"start_ns": 1},
        {"start_ns": 1, "duration": 2, "meta": []},
        {"spans": [{"start_ns": 1}]},
        {"data": {"attributes": []}},
    ],
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
