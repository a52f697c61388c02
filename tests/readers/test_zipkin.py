"""Spans of Zipkin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readers.otel_exports import CALL_A, calls, classes, read, texts
from tokaudit.readers.tracing import zipkin
from tokaudit.schema import Aside

SPAN: dict[str, Any] = {
    "traceId": "afd0",
    "id": "b1",
    "parentId": "a1",
    "name": "chat",
    "timestamp": 1773052800000000,
    "duration": 1200000,
    "localEndpoint": {"serviceName": "desk"},
    "tags": {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": "1420",
        "gen_ai.usage.cache_read.input_tokens": "1280",
        "gen_ai.usage.output_tokens": "100",
    },
}
CHOICE = {"message": '{"content":"Ho"}', "finish_reason": "stop"}


def test_tags_are_texts_and_times_microseconds() -> None:
    (found,) = calls(SPAN)
    assert (classes(found.usage), found.started_at, found.latency_ms) == (CALL_A, 1773052800000000, 1200)
    assert (found.span_id, found.parent_span_id, found.feature) == ("afd0:b1", "afd0:a1", "desk")


def test_an_answer_of_the_api_is_a_list_of_traces() -> None:
    page: Any = [[SPAN, {**SPAN, "id": "b2"}], [{**SPAN, "id": "b3", "tags": {}}]]
    assert [found.span_id for found in calls(page)] == ["afd0:b1", "afd0:b2"]


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"gen_ai.choice": CHOICE}),
        f'"gen_ai.choice": {json.dumps(CHOICE)}',
        f"gen_ai.choice {json.dumps(CHOICE)}",
    ],
)
def test_an_event_is_written_into_an_annotation(value: str) -> None:
    (found,) = calls({**SPAN, "annotations": [{"timestamp": 1, "value": "cs"}, {"timestamp": 1, "value": value}]})
    assert (texts(found.answer), found.finish_reason) == ([("assistant", "Ho")], "stop")


def test_an_error_is_a_tag() -> None:
    (found,) = calls({**SPAN, "tags": {"gen_ai.operation.name": "chat", "error": "quota of Jane"}})
    assert (found.error_type, found.usage.input_tokens) == ("error", 0)
    assert read({**SPAN, "tags": {"http.method": "GET"}}) == [Aside("other span")]


@pytest.mark.parametrize(
    "changes",
    [{"traceId": None, "id": None}, {"timestamp": "2026-03-09", "duration": None}, {"attributes": {}}, {"tags": []}],
)
def test_what_is_no_span_of_zipkin_is_not_claimed(changes: dict[str, Any]) -> None:
    assert not zipkin.identify({**SPAN, **changes})
