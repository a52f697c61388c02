"""Spans of Arize Phoenix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readers.otel_exports import CALL_B, calls, classes, read, texts
from tokaudit.readers.tracing import phoenix
from tokaudit.schema import Aside

FLAT = {
    "llm.model_name": "claude-sonnet-4-5-20250929",
    "llm.token_count.prompt": 1114,
    "llm.token_count.completion": 406,
    "llm.token_count.prompt_details.cache_read": 1111,
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Hi",
}
NESTED = {
    "llm": {
        "model_name": "claude-sonnet-4-5-20250929",
        "token_count": {"prompt": 1114, "completion": 406, "prompt_details": {"cache_read": 1111}},
        "input_messages": [{"message": {"role": "user", "content": "Hi"}}],
    }
}
SPAN: dict[str, Any] = {
    "id": "U3Bhbjox",
    "name": "Messages",
    "context": {"trace_id": "bfd0", "span_id": "b1"},
    "span_kind": "LLM",
    "parent_id": "a1",
    "start_time": "2026-03-09T10:40:00+00:00",
    "end_time": "2026-03-09T10:40:02.500000+00:00",
    "status_code": "OK",
    "attributes": FLAT,
    "events": [],
}


def row(**changes: Any) -> dict[str, Any]:
    """The same span as a row of a data frame."""
    plain = {key: value for key, value in SPAN.items() if key not in ("context", "attributes", "events")}
    counts = {f"attributes.{key}": f"{value}.0" if isinstance(value, int) else value for key, value in FLAT.items()}
    return {**plain, "context.span_id": "b1", "context.trace_id": "bfd0", **counts, **changes}


@pytest.mark.parametrize(
    "record",
    [
        SPAN,
        {**SPAN, "attributes": NESTED},
        {**SPAN, "attributes": json.dumps(NESTED)},
        row(),
        row(**{"attributes.llm.input_messages": json.dumps([{"message.role": "user", "message.content": "Hi"}])}),
    ],
)
def test_nested_flat_and_tabular_attributes_say_the_same(record: dict[str, Any]) -> None:
    (found,) = calls(record)
    assert (found.reader, classes(found.usage), found.usage.state) == ("phoenix", CALL_B, "exact")
    assert texts(found.prompt) == [("user", "Hi")]
    assert (found.span_id, found.parent_span_id, found.latency_ms) == ("bfd0:b1", "bfd0:a1", 2500)


def test_ids_may_be_in_camel_case() -> None:
    ids = {"traceId": "a" * 32, "spanId": "b" * 16}
    record = {
        "name": "ChatCompletion",
        "spanKind": "llm",
        "context": ids,
        "attributes": '{"llm": {"model_name": "gpt-4o"}}',
    }
    (call,) = calls(record)
    assert (call.span_id, call.response_model) == (f"{'a' * 32}:{'b' * 16}", "gpt-4o")


def test_only_models_are_calls_and_sums_are_left_out() -> None:
    assert read({**SPAN, "span_kind": "CHAIN"}) == [Aside("chain span")]
    assert read({**SPAN, "span_kind": "UNKNOWN", "attributes": {}, "cumulative_llm_token_count_prompt": 1114}) == [
        Aside("other span")
    ]


def test_a_page_of_the_api_is_read_span_by_span() -> None:
    assert len(calls({"data": [SPAN, {**SPAN, "span_kind": "TOOL"}], "next_cursor": None})) == 1


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"span_kind": "LLM"},
        {"context": {"trace_id": "t", "span_id": "s"}, "kind": "SpanKind.CLIENT", "attributes": {}},
        {"context.span_id": "s"},
        {"span_kind": "LLM", "context": "text"},
    ],
)
def test_what_is_no_span_of_phoenix_is_not_claimed(record: dict[str, Any]) -> None:
    assert not phoenix.identify(record)
