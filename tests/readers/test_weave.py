from __future__ import annotations

from typing import Any

import pytest

from readers.platform_calls import BODY_A, A, B, classes, only_call, outcomes
from tokaudit.readers.tracing.weave import READER
from tokaudit.schema import Aside, Call

CALL: dict[str, Any] = {
    "id": "c-1",
    "project_id": "team/desk",
    "op_name": "weave:///team/desk/op/openai.chat.completions.create:0f",
    "trace_id": "t-1",
    "parent_id": "c-0",
    "started_at": "2026-05-11T08:30:00.000000Z",
    "ended_at": "2026-05-11T08:30:01.750000Z",
    "attributes": {"weave": {"client_version": "0.52"}},
    "inputs": {"self": "weave:///team/desk/object/x:1", "model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]},
    "output": BODY_A,
    "exception": None,
    "summary": {"usage": {}, "weave": {"status": "success"}},
    "deleted_at": None,
}  # fmt: skip
COUNTED_B = {
    "claude-sonnet-4-5-20250929": {
        "requests": 1,
        "input_tokens": 3,
        "output_tokens": 406,
        "cache_read_input_tokens": 1111,
    }
}
ANTHROPIC = "weave:///team/desk/op/anthropic.Messages.create:0f"


def read(**changes: Any) -> Call:
    return only_call(READER, {**CALL, **changes})


def told(**changes: Any) -> Any:
    (outcome,) = outcomes(READER, {**CALL, **changes})
    return outcome


def test_the_answer_in_the_output_is_the_call() -> None:
    call = read()
    assert classes(call.usage) == A
    assert (call.response_id, call.call_id, call.log_id) == ("chatcmpl-a", None, "c-1")
    assert (call.request_model, call.response_model) == ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14")
    assert (call.span_id, call.parent_span_id, call.latency_ms) == ("t-1:c-1", "t-1:c-0", 1750)


def test_without_an_answer_the_summary_tells_the_tokens_as_the_provider_meant_them() -> None:
    call = read(op_name=ANTHROPIC, output="weave:///team/desk/object/Message:1", summary={"usage": COUNTED_B})
    assert classes(call.usage) == B
    assert (call.answer, call.provider_name, call.response_model) == ((), "anthropic", "claude-sonnet-4-5-20250929")


@pytest.mark.parametrize("operation", ["handle_ticket", "MyModel.predict", "agent.run"])
def test_functions_above_add_up_what_is_below(operation: str) -> None:
    usage = {"usage": {"gpt-4.1-mini": {"requests": 1, "prompt_tokens": 1420, "completion_tokens": 100}}}
    op_name = f"weave:///team/desk/op/{operation}:0f"
    assert told(op_name=op_name, output="Ho", summary=usage) == Aside("function span")


def test_sums_of_several_requests_are_no_usage_of_one() -> None:
    summary = {"usage": {"claude-sonnet-4-5": {"requests": 2, "input_tokens": 6, "output_tokens": 812}}}
    assert read(op_name=ANTHROPIC, output=None, summary=summary).usage.state == "missing"


def test_a_function_that_says_it_is_a_model_is_a_call() -> None:
    kind = {"weave": {"kind": "llm"}}
    op_name = "weave:///team/desk/op/my_llm:0f"
    call = read(op_name=op_name, attributes=kind, inputs={"prompt": "Hi"}, output="Ho", summary={"usage": COUNTED_B})
    assert classes(call.usage) == B
    assert told(
        attributes={"weave": {"kind": "agent"}}, op_name=op_name, output="Ho", summary={"usage": COUNTED_B}
    ) == Aside("function span")


def test_deleted_calls_are_left_out() -> None:
    assert told(deleted_at="2026-05-12T00:00:00Z") == Aside("deleted call")


def test_the_cost_is_what_weave_computed() -> None:
    costs = {
        "gpt-4.1-mini": {"prompt_tokens_total_cost": 0.000568, "completion_tokens_total_cost": 0.00016, "requests": 1}
    }
    assert read(summary={"weave": {"costs": costs}}).logged_cost == "0.000728"
    assert read().logged_cost is None


def test_an_exception_is_named_by_its_class() -> None:
    text = "Traceback (most recent call last):\n  File x\nRateLimitError: slow down"
    call = read(output=None, exception=text)
    assert (call.error_type, call.usage.input_tokens) == ("RateLimitError", 0)


def test_the_teams_attributes_name_the_use_case() -> None:
    call = read(attributes={"weave": {}, "feature": "triage", "user_id": "kim"}, thread_id="s-1")
    assert (call.feature, call.feature_from, call.user_id, call.conversation_id) == (
        "triage",
        "attributes.feature",
        "kim",
        "s-1",
    )
    assert read().feature is None
    assert read(display_name="sort ticket").feature == "sort ticket"


def test_a_row_of_a_table_is_read_like_the_object() -> None:
    row = {
        "id": "c-1", "op_name": CALL["op_name"], "trace_id": "t-1", "inputs.model": "gpt-4.1-mini",
        "output.object": "chat.completion", "output.choices": '[{"message": {"role": "assistant", "content": "Ho"}}]',
        "output.usage": '{"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}}',
    }  # fmt: skip
    assert classes(only_call(READER, row).usage) == A


@pytest.mark.parametrize(
    "record", [{"op_name": "weave:///x"}, {"op_name": 5, "trace_id": "t"}, {"op_name": "x", "trace_id": "t"}]
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
