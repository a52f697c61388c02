"""Spans that stand alone, in the names of each exporter, store and table."""

from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from readers.otel_exports import CALL_A, CALL_B, TRACE, calls, classes, read, texts
from tokaudit.readers.tracing import otel_spans
from tokaudit.schema import Aside

CONSOLE: dict[str, Any] = {
    "name": "chat gpt-4.1-mini",
    "context": {"trace_id": f"0x{TRACE}", "span_id": "0x00000000000000b1"},
    "parent_id": "0x00000000000000a1",
    "kind": "SpanKind.CLIENT",
    "start_time": "2026-03-09T10:40:00.000000Z",
    "end_time": "2026-03-09T10:40:01.500000Z",
    "status": {"status_code": "UNSET"},
    "attributes": {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4.1-mini",
        "gen_ai.usage.input_tokens": 1420,
        "gen_ai.usage.cache_read.input_tokens": 1280,
        "gen_ai.usage.output_tokens": 100,
    },
    "resource": {"attributes": {"service.name": "desk"}},
}


@pytest.mark.parametrize("log", sorted((FIXTURES / "otel_spans").glob("*.*l")) + sorted((FIXTURES / "otel_spans").glob("*.csv")),
                         ids=lambda log: log.name)  # fmt: skip
def test_every_exporters_span_of_a_call_has_its_tokens_and_its_time(log: Any) -> None:
    seen = 0
    for record in records(log):
        for found in calls(record):
            seen += 1
            assert classes(found.usage) in (CALL_A, CALL_B)
            assert found.usage.state == "exact"
            assert found.started_at == 1_773_052_800_000_000
            assert found.latency_ms in (1200, 2500)
            assert found.feature is not None
    assert seen


def test_a_span_that_is_no_call_is_told_as_such() -> None:
    assert read({**CONSOLE, "attributes": {"http.method": "GET"}}) == [Aside("other span")]


@pytest.mark.parametrize(
    "changes",
    [
        {"span_kind": "LLM"},
        {"context": {"user": 1}},
        {"context": "text"},
        {"attributes": None},
        {"attributes": "free text"},
        {"attributes": {"mlflow.spanType": '"LLM"'}},
        {"body": "a log record"},
        {"severity_number": 9},
        {"response_code": 200},
    ],
)
def test_what_belongs_to_others_is_not_claimed(changes: dict[str, Any]) -> None:
    assert not otel_spans.identify({**CONSOLE, **changes})


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"trace_id": "t", "attributes": {}},
        {"trace_id": "t", "span_id": "s", "attributes": {}},
        {"traceId": "t", "id": "i", "type": "GENERATION", "usageDetails": {}},
        {"trace_id": "t", "id": "i", "usage_details": {}, "provided_model_name": "m"},
        {"trace_id": "t", "span_id": "s", "meta": {"span.kind": "llm"}, "metrics": {}, "start_ns": 1},
        {"operation_Id": "t", "id": "i", "name": "GET", "customDimensions": '{"a": 1}'},
        {"gen_ai.usage.input_tokens": 5, "start_time": "2026-03-09T10:40:00Z"},
    ],
)
def test_what_is_no_span_is_not_claimed(record: dict[str, Any]) -> None:
    assert not otel_spans.identify(record)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"status": {"status_code": "ERROR"}}, "error"),
        ({"status": {"code": 2}}, "error"),
        ({"status": None, "StatusCode": "STATUS_CODE_ERROR"}, "error"),
        ({"is_exception": True}, "error"),
        ({"success": "False"}, "error"),
        ({"status": {"code": 1}}, None),
    ],
)
def test_an_error_is_an_error_in_each_spelling(changes: dict[str, Any], error: str | None) -> None:
    (found,) = calls({**CONSOLE, **changes})
    assert found.error_type == error
    assert classes(found.usage) == CALL_A


def test_clickhouse_maps_in_csv_are_read_with_their_escapes() -> None:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": "7",
                  "gen_ai.usage.output_tokens": "1", "gen_ai.prompt": "It\\'s 1\\n{2}, \\'a\\':\\'b\\' \\\\"}  # fmt: skip
    text = "{" + ",".join(f"'{key}':'{value}'" for key, value in attributes.items()) + "}"
    row = {
        "Timestamp": "2026-03-09 10:40:00",
        "TraceId": TRACE,
        "SpanId": "00000000000000b1",
        "SpanName": "x",
        "SpanAttributes": text,
    }
    (found,) = calls(row)
    assert texts(found.prompt) == [("user", "It's 1\n{2}, 'a':'b' \\")]
    assert found.usage.input_tokens == 7


def test_nested_attributes_are_the_same_as_flat_ones() -> None:
    usage = {"input_tokens": 1420, "output_tokens": 100, "cache_read": {"input_tokens": 1280}}
    nested = {"gen_ai": {"operation": {"name": "chat"}, "request": {"model": "m"}, "usage": usage}}
    (found,) = calls({**CONSOLE, "attributes": nested})
    assert classes(found.usage) == CALL_A


def test_structured_messages_may_be_spread_over_columns() -> None:
    columns = {f"attributes.{key}": str(value) for key, value in CONSOLE["attributes"].items()}
    message = {"role": "user", "parts.0.type": "text", "parts.0.content": "Hi"}
    spread = {f"attributes.gen_ai.input.messages.0.{key}": value for key, value in message.items()}
    row = {"trace_id": TRACE, "span_id": "00000000000000b1", **columns, **spread}
    (found,) = calls(row)
    assert (classes(found.usage), texts(found.prompt)) == (CALL_A, [("user", "Hi")])


def test_the_root_of_the_ai_sdk_is_no_call() -> None:
    root = {
        "name": "ai.generateText",
        "spanContext": {"traceId": TRACE, "spanId": "00000000000000a1"},
        "startTime": [1773052800, 0],
        "attributes": {
            "ai.operationId": "ai.generateText",
            "ai.usage.promptTokens": 14,
            "ai.usage.completionTokens": 20,
        },
    }
    assert read(root) == [Aside("agent span")]
