from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.anthropic_batch import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Aside, Call, RejectRecordError

USAGE = {"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 1111, "output_tokens": 406}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Ho"}],
    "stop_reason": "end_turn",
    "usage": {**USAGE, "service_tier": "batch"},
}


def result(kind: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {"custom_id": "mail-1", "result": {"type": kind, **more}}


def read(record: dict[str, Any]) -> list[Call]:
    assert choose(record) is READER
    found = [outcome for outcome in outcomes_of(READER.read(record, ReadOptions())) if isinstance(outcome, Call)]
    assert found
    return found


def test_a_message_is_read_as_any_and_costs_as_a_batch() -> None:
    (call,) = read(result(message=MESSAGE))
    usage = call.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1114, 1111, 406)
    assert (call.reader, call.service_tier, call.response_id) == ("anthropic_batch", "batch", "msg_1")
    assert call.link_id == "anthropic_batch:mail-1"


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (
            result("errored", error={"type": "error", "error": {"type": "invalid_request_error"}}),
            "invalid_request_error",
        ),
        (result("expired"), "expired"),
        (result("canceled"), "canceled"),
    ],
)
def test_what_was_not_answered_is_not_billed(record: dict[str, Any], error: str) -> None:
    (call,) = read(record)
    assert (call.error_type, call.usage.input_tokens, call.usage.output_tokens) == (error, 0, 0)


def test_a_request_tells_more_of_the_call_with_its_custom_id() -> None:
    params = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    (asked,), (answered,) = read({"custom_id": "mail-1", "params": params}), read(result(message=MESSAGE))
    assert (asked.is_fragment, asked.link_id, asked.prompt[0].text) == (True, answered.link_id, "Hi")


def test_another_model_is_a_call_of_its_own_that_no_request_belongs_to() -> None:
    advised = {"type": "advisor_message", "model": "claude-opus-4-7", "input_tokens": 20, "output_tokens": 8}
    usage = {**USAGE, "iterations": [{"type": "message", "input_tokens": 3, "output_tokens": 406}, advised]}
    call, other = read(result(message={**MESSAGE, "usage": usage}))
    assert (call.link_id, other.link_id) == ("anthropic_batch:mail-1", None)
    assert (other.response_model, other.usage.input_tokens, other.service_tier) == ("claude-opus-4-7", 20, "batch")


def test_a_message_of_vertex_lies_beside_its_request() -> None:
    asked = {"anthropic_version": "vertex-2023-10-16", "messages": [{"role": "user", "content": "Hi"}]}
    (call,) = read({"custom_id": "mail-1", "request": asked, "response": MESSAGE, "status": ""})
    assert (call.prompt[0].text, call.service_tier) == ("Hi", "batch")


def test_a_success_without_a_message_is_refused() -> None:
    with pytest.raises(RejectRecordError, match="holds no message"):
        READER.read(result(), ReadOptions())


def test_the_batch_itself_is_no_call() -> None:
    job = {"id": "msgbatch_1", "type": "message_batch", "request_counts": {"succeeded": 1}}
    assert READER.read(job, ReadOptions()) == Aside("batch job")


@pytest.mark.parametrize(
    "record",
    [
        {"custom_id": "a", "response": {"status_code": 200, "body": MESSAGE}, "error": None},
        {"custom_id": "a", "result": {"type": "other"}},
        {"custom_id": "a", "params": {"temperature": 1}},
        {"result": {"type": "succeeded", "message": MESSAGE}},
    ],
)
def test_other_records_are_not_claimed(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
