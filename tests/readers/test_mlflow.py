from __future__ import annotations

import json
from typing import Any

import pytest

from readers.platform_calls import BODY_A, A, B, classes, only_call, outcomes
from tokaudit.readers.tracing.mlflow import READER
from tokaudit.schema import Aside, Call, RejectRecordError

USAGE_B = {"input_tokens": 1114, "output_tokens": 406, "total_tokens": 1520, "cache_read_input_tokens": 1111}


def span(name: str, parent: str | None = None, kind: str = "CHAT_MODEL", **attributes: Any) -> dict[str, Any]:
    written = {
        "mlflow.spanType": kind,
        **{f"mlflow.{key.replace('__', '.')}": value for key, value in attributes.items()},
    }
    return {
        "trace_id": "EjRWeBI0VngSNFZ4EjRWeA==",
        "span_id": name,
        "parent_span_id": parent,
        "name": name,
        "start_time_unix_nano": 1_778_488_200_000_000_000,
        "end_time_unix_nano": 1_778_488_201_750_000_000,
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": {key: json.dumps(value) for key, value in written.items()},
    }


def trace(*spans: dict[str, Any], **info: Any) -> dict[str, Any]:
    return {"info": {"trace_id": "tr-1", "state": "OK", **info}, "data": {"spans": list(spans)}}


def test_attributes_are_json_in_text() -> None:
    call = only_call(
        READER,
        trace(
            span(
                "s",
                chat__tokenUsage=USAGE_B,
                llm__model="claude-sonnet-4-5",
                llm__provider="anthropic",
                spanInputs={"messages": [{"role": "user", "content": "Hi"}]},
                spanOutputs={"content": "Ho"},
                llm__cost={"total_cost": 0.0064323},
            )
        ),
    )
    assert classes(call.usage) == B
    assert (call.request_model, call.provider_name, call.logged_cost) == ("claude-sonnet-4-5", "anthropic", "0.0064323")
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Hi", "Ho"]
    assert (call.started_at, call.latency_ms) == (1_778_488_200_000_000, 1750)


def test_ids_in_base64_are_those_of_opentelemetry() -> None:
    call = only_call(READER, trace(span("AAAAAAAAAAI=", "AAAAAAAAAAE=", chat__tokenUsage=USAGE_B)))
    assert call.span_id == "12345678123456781234567812345678:0000000000000002"
    assert call.parent_span_id == "12345678123456781234567812345678:0000000000000001"


def test_the_deepest_span_with_counts_is_the_call() -> None:
    told = outcomes(
        READER,
        trace(
            span("chain", None, "CHAIN", chat__tokenUsage=USAGE_B),
            span("outer", "chain", "LLM", chat__tokenUsage=USAGE_B),
            span("inner", "outer", chat__tokenUsage=USAGE_B),
            span("silent", "inner"),
        ),
    )
    (call,) = [each for each in told if isinstance(each, Call)]
    assert call.log_id == "inner"


def test_a_wrapper_with_other_counts_is_no_call_either() -> None:
    whole = {"input_tokens": 9000, "output_tokens": 406, "total_tokens": 9406}
    outer, inner = span("a", kind="LLM", chat__tokenUsage=whole), span("b", "a", chat__tokenUsage=USAGE_B)
    assert only_call(READER, trace(outer, inner)).log_id == "b"


@pytest.mark.parametrize("kind", ["AGENT", "CHAIN", "TOOL", "RETRIEVER", "PARSER", "RERANKER", "MEMORY"])
def test_spans_of_other_kinds_are_no_calls(kind: str) -> None:
    told = outcomes(READER, trace(span("s", kind=kind, chat__tokenUsage=USAGE_B)))
    assert told == [Aside("trace"), Aside(f"{kind.lower()} span")]


def test_a_span_of_no_kind_is_a_call_if_it_counts() -> None:
    assert classes(only_call(READER, trace(span("s", kind="UNKNOWN", chat__tokenUsage=USAGE_B))).usage) == B
    assert outcomes(READER, trace(span("s", kind="UNKNOWN")))[1:] == [Aside("other span")]


def test_the_body_in_the_outputs_is_preferred() -> None:
    """Older autologgers wrote Anthropic's uncached rest as the whole input."""
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Ho"}],
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 1111, "cache_creation_input_tokens": 0, "output_tokens": 406},
    }  # fmt: skip
    request = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    short = {"input_tokens": 3, "output_tokens": 406, "total_tokens": 409}
    call = only_call(READER, trace(span("s", spanInputs=request, spanOutputs=body, chat__tokenUsage=short)))
    assert classes(call.usage) == B
    assert call.response_id == "msg_1"


def test_older_traces_have_other_names() -> None:
    old = {
        "info": {"request_id": "tr-3", "request_metadata": {"mlflow.trace.session": "s-1"}, "tags": {"feature": "x"}},
        "data": {
            "spans": [
                {
                    "name": "Completions",
                    "context": {"span_id": "0x00000000000000a1", "trace_id": "0x000000000000000000000000000000b2"},
                    "parent_id": None,
                    "start_time": 1_778_488_200_000_000_000,
                    "end_time": 1_778_488_201_750_000_000,
                    "status_code": "OK",
                    "attributes": {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanOutputs": json.dumps(BODY_A)},
                }
            ]
        },
    }  # fmt: skip
    call = only_call(READER, old)
    assert classes(call.usage) == A
    assert (call.conversation_id, call.feature, call.feature_from) == ("s-1", "x", "tags.feature")
    assert call.span_id == "000000000000000000000000000000b2:00000000000000a1"
    assert (call.started_at, call.latency_ms) == (1_778_488_200_000_000, 1750)


@pytest.mark.parametrize("column", ["trace", "spans"])
def test_a_row_of_found_traces_is_a_trace(column: str) -> None:
    whole = trace(span("s", chat__tokenUsage=USAGE_B))
    cell = whole if column == "trace" else whole["data"]["spans"]
    row = {"trace_id": "tr-1", column: json.dumps(cell), "trace_metadata": '{"mlflow.trace.user": "kim"}'}
    call = only_call(READER, row)
    assert classes(call.usage) == B
    assert call.user_id == (None if column == "trace" else "kim")


def test_the_traces_own_sum_is_no_call() -> None:
    told = outcomes(
        READER,
        trace(span("s", chat__tokenUsage=USAGE_B), trace_metadata={"mlflow.trace.tokenUsage": json.dumps(USAGE_B)}),
    )
    assert sum(isinstance(each, Call) for each in told) == 1


def test_an_error_is_named_by_its_class() -> None:
    failed = span("s", spanInputs={"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]})
    failed |= {
        "status": {"code": "STATUS_CODE_ERROR", "message": "slow down"},
        "events": [{"name": "exception", "attributes": {"exception.type": "openai.RateLimitError"}}],
    }
    call = only_call(READER, trace(failed))
    assert (call.error_type, call.usage.input_tokens) == ("RateLimitError", 0)


def test_one_broken_span_costs_its_trace_nothing() -> None:
    told = outcomes(
        READER, trace(span("a", chat__tokenUsage={"input_tokens": -1}), span("b", chat__tokenUsage=USAGE_B))
    )
    assert [type(each) for each in told] == [Aside, RejectRecordError, Call]


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"spans": []}, "info": {}},
        {"data": {"spans": [{"attributes": {"gen_ai.system": "openai"}}]}},
        {"spans": "x"},
        {"trace": 5},
    ],
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
