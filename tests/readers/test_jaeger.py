"""Traces of Jaeger."""

from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from readers.otel_exports import CALL_A, CALL_B, calls, classes, read
from tokaudit.readers.tracing import jaeger
from tokaudit.schema import Aside

SPAN: dict[str, Any] = {
    "traceID": "9ed0",
    "spanID": "b1",
    "operationName": "chat",
    "references": [
        {"refType": "FOLLOWS_FROM", "spanID": "c9"},
        {"refType": "CHILD_OF", "traceID": "9ed0", "spanID": "a1"},
    ],
    "startTime": 1773052800000000,
    "duration": 1200000,
    "tags": [
        {"key": "gen_ai.operation.name", "type": "string", "value": "chat"},
        {"key": "gen_ai.usage.input_tokens", "type": "int64", "value": 1420},
        {"key": "gen_ai.usage.cache_read.input_tokens", "type": "int64", "value": 1280},
        {"key": "gen_ai.usage.output_tokens", "type": "int64", "value": 100},
    ],
    "processID": "p1",
}


def test_a_trace_tells_each_of_its_spans() -> None:
    (document,) = records(FIXTURES / "jaeger" / "trace.json")
    found = read(document)
    assert found[:2] == [Aside("other span"), Aside("agent span")]
    answered, failed = calls(document)
    assert (classes(answered.usage), answered.feature) == (CALL_B, "parcels")
    assert (failed.error_type, failed.usage.input_tokens) == ("RateLimitError", 0)


def test_times_are_microseconds_and_parents_are_references() -> None:
    trace = {"traceID": "9ed0", "spans": [SPAN], "processes": {"p1": {"serviceName": "desk", "tags": []}}}
    (found,) = calls(trace)
    assert (found.started_at, found.latency_ms) == (1773052800000000, 1200)
    assert (found.span_id, found.parent_span_id, found.feature) == ("9ed0:b1", "9ed0:a1", "desk")
    assert classes(found.usage) == CALL_A


def test_a_document_of_the_store_has_its_process_and_its_tags_inside() -> None:
    tag = {item["key"].replace(".", "@"): str(item["value"]) for item in SPAN["tags"]}
    (found,) = calls({**SPAN, "tags": [], "tag": tag, "process": {"serviceName": "desk"}, "processID": None})
    assert (classes(found.usage), found.feature) == (CALL_A, "desk")


@pytest.mark.parametrize("record", [{}, {"spans": []}, {"traceID": "1", "spans": []}, {"traceID": "1", "spanID": "2"}])
def test_what_is_no_trace_is_not_claimed(record: dict[str, Any]) -> None:
    assert not jaeger.identify(record)
