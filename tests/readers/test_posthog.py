from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.platform_calls import A, B, classes, only_call, outcomes
from tokaudit.readers.tracing.posthog import READER
from tokaudit.schema import Aside, Call

PROPERTIES: dict[str, Any] = {
    "$ai_trace_id": "t-1",
    "$ai_span_id": "sp-1",
    "$ai_parent_id": "t-1",
    "$ai_session_id": "chat-5",
    "$ai_provider": "anthropic",
    "$ai_model": "claude-sonnet-4-5-20250929",
    "$ai_http_status": 200,
    "$ai_is_error": False,
    "$ai_latency": 1.75,
    "$ai_input": [{"role": "user", "content": "Hi"}],
    "$ai_output_choices": [{"role": "assistant", "content": [{"type": "text", "text": "Ho"}]}],
    "$ai_input_tokens": 3,
    "$ai_output_tokens": 406,
    "$ai_cache_read_input_tokens": 1111,
    "$ai_total_cost_usd": 0.0064323,
}
OPENAI = {"$ai_provider": "openai", "$ai_model": "gpt-4.1-mini", "$ai_input_tokens": 1420, "$ai_output_tokens": 100}
FLAG = "$ai_cache_reporting_exclusive"


def event(name: str = "$ai_generation", **changes: Any) -> dict[str, Any]:
    properties = {key: value for key, value in {**PROPERTIES, **changes}.items() if value is not ...}
    return {
        "uuid": "0196",
        "event": name,
        "distinct_id": "kim",
        "timestamp": "2026-05-11T08:30:01.750Z",
        "properties": properties,
    }


def read(**changes: Any) -> Call:
    return only_call(READER, event(**changes))


def test_a_generation_is_a_call() -> None:
    call = read()
    assert classes(call.usage) == B
    assert (call.call_id, call.user_id, call.conversation_id, call.logged_cost) == (
        "posthog:0196",
        "kim",
        "chat-5",
        "0.0064323",
    )
    assert (call.span_id, call.parent_span_id, call.http_status) == ("t-1:sp-1", "t-1:t-1", 200)
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Hi", "Ho"]


def test_the_event_is_sent_when_the_call_has_ended() -> None:
    assert (read().started_at, read().latency_ms) == (1_778_488_200_000_000, 1750)
    assert read(**{"$ai_latency": ...}).started_at == 1_778_488_201_750_000


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({FLAG: True}, B),
        ({FLAG: "true"}, B),
        ({}, B),
        ({FLAG: False, "$ai_input_tokens": 1114}, B),
        ({FLAG: "false", "$ai_input_tokens": 1114}, B),
        ({"$ai_provider": "bedrock"}, B),  # a Claude model, wherever it runs
        ({"$ai_provider": "gateway", "$ai_framework": "vercel", "$ai_input_tokens": 1114}, B),
        ({"$ai_provider": "gateway", "$ai_framework": "vercel"}, B),
        ({**OPENAI, "$ai_cache_read_input_tokens": 1280}, A),
        ({**OPENAI, "$ai_cache_read_input_tokens": 1280, "$ai_input_tokens": 140, FLAG: True}, A),
        ({**OPENAI, "$ai_cache_read_input_tokens": ...}, (1420, None, 100, "cache_split_unknown")),
    ],
)
def test_whether_the_input_includes_the_cache(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert classes(read(**changes).usage) == expected


def test_cache_writes_are_split_by_lifetime() -> None:
    split = {"$ai_cache_creation_5m_input_tokens": 20, "$ai_cache_creation_1h_input_tokens": 30}
    usage = read(**split, **{"$ai_cache_read_input_tokens": 10}).usage
    assert (usage.input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == (63, 20, 30)


def test_the_providers_own_block_is_preferred() -> None:
    block = {"input_tokens": 3, "cache_read_input_tokens": 1111, "cache_creation_input_tokens": 0, "output_tokens": 406}
    call = read(**{"$ai_usage": block, "$ai_cache_read_input_tokens": ..., "$ai_input_tokens": 3})
    assert classes(call.usage) == B


def test_privacy_mode_keeps_no_texts() -> None:
    call = read(**{"$ai_input": None, "$ai_output_choices": None})
    assert (call.prompt, call.answer) == ((), ())
    assert classes(call.usage) == B


def test_a_failure_is_not_billed() -> None:
    call = read(
        **{
            "$ai_is_error": True,
            "$ai_http_status": 429,
            "$ai_error": "x",
            "$ai_input_tokens": 0,
            "$ai_output_tokens": 0,
            "$ai_cache_read_input_tokens": 0,
        }
    )
    assert (call.http_status, call.error_type, call.usage.input_tokens) == (429, "x", 0)
    assert read(**{"$ai_http_status": "500"}).error_type == "http_500"


def test_an_embedding_has_no_output() -> None:
    call = only_call(READER, event("$ai_embedding", **{"$ai_output_tokens": ..., "$ai_cache_read_input_tokens": ...}))
    assert (call.operation_name, call.answer) == ("embeddings", ())
    assert classes(call.usage) == (3, 0, 0, "exact")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("$ai_span", "span"), ("$ai_trace", "trace"), ("$ai_feedback", "feedback"), ("$pageview", "other event")],
)
def test_other_events_are_no_calls(name: str, kind: str) -> None:
    assert outcomes(READER, event(name)) == [Aside(kind)]


def test_the_use_case_is_a_property_of_the_teams_own() -> None:
    assert (read(feature="triage").feature, read(feature="triage").feature_from) == ("triage", "properties.feature")
    assert read(**{"$ai_span_name": "sort-ticket"}).feature == "sort-ticket"
    assert read(**{"$ai_span_name": "ChatAnthropic"}).feature is None


def test_properties_may_be_json_in_text_or_columns() -> None:
    whole = event()
    text = {**whole, "properties": json.dumps(whole["properties"])}
    columns = {key: value for key, value in whole.items() if key != "properties"}
    columns |= {
        f"properties.{key}": json.dumps(value) if isinstance(value, list) else str(value)
        for key, value in whole["properties"].items()
    }
    bare = {**whole["properties"]} | {
        "uuid": "0196",
        "timestamp": whole["timestamp"],
        "distinct_id": "kim",
    }
    calls = [only_call(READER, record) for record in (whole, text, columns, bare)]
    assert all(call == calls[0] for call in calls)


counts = st.integers(0, 5000)


@given(counts, counts, counts, st.booleans())
def test_the_flag_decides_and_counts_that_cannot_be_inside_are_beside(
    fresh: int, read_: int, output: int, flag: bool
) -> None:
    stated = fresh if flag else fresh + read_
    usage = read(
        **{FLAG: flag, "$ai_input_tokens": stated, "$ai_cache_read_input_tokens": read_, "$ai_output_tokens": output}
    ).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (fresh + read_, read_, output)


@pytest.mark.parametrize(
    "record", [{"event": "x", "uuid": "1"}, {"properties": {"apiName": "x"}}, {"event": {"message": "$ai_"}}]
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
