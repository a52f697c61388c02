from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.choose import choose, claims
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.litellm_payload import READER
from tokaudit.schema import Call

PAYLOAD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "trace_id": "t1",
    "call_type": "acompletion",
    "status": "success",
    "custom_llm_provider": "anthropic",
    "startTime": 1772442912.0,
    "endTime": 1772442914.5,
    "model": "claude-sonnet-4-5",
    "model_group": "smart",
    "metadata": {"user_api_key_alias": "checkout", "user_api_key_team_alias": "payments"},
    "messages": [{"role": "user", "content": "Hi"}],
    "response": {
        "id": "chatcmpl-1",
        "model": "claude-sonnet-4-5-20250929",
        "choices": [{"message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1114, "completion_tokens": 406, "prompt_tokens_details": {"cached_tokens": 1111}},
    },
    "prompt_tokens": 1114,
    "completion_tokens": 406,
    "response_cost": 0.0064323,
}


def read(**changes: Any) -> Call:
    record = {**PAYLOAD, **changes}
    assert choose(record) is READER
    return READER.read(record, ReadOptions())


def test_counts_already_hold_the_cache() -> None:
    call = read()
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens, call.usage.output_tokens) == (1114, 1111, 406)
    assert call.logged_cost == "0.0064323"
    assert (call.provider_name, call.request_model) == ("anthropic", "smart")
    assert (call.started_at, call.latency_ms) == (1772442912_000_000, 2500)


def test_the_same_tokens_noted_twice_count_once() -> None:
    usage = {**PAYLOAD["response"]["usage"], "cache_read_input_tokens": 1111, "cache_creation_input_tokens": 0}
    assert read(response={**PAYLOAD["response"], "usage": usage}).usage.input_tokens == 1114


def test_cache_writes_are_split_by_lifetime() -> None:
    details = {"cached_tokens": 10, "cache_creation_token_details": {"ephemeral_1h_input_tokens": 400}}
    noted = {"prompt_tokens_details": details, "cache_creation_input_tokens": 418}
    usage = read(response=None, metadata={"usage_object": noted}).usage
    assert (usage.cache_read_input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == (
        10,
        18,
        400,
    )
    assert usage.input_tokens == 1114


@pytest.mark.parametrize(
    ("changes", "feature", "place"),
    [
        ({"request_tags": ["User-Agent: x", "triage"]}, "triage", "request_tags"),
        ({"request_tags": ["prod", "feature:triage"]}, "triage", "request_tags"),
        ({"request_tags": '["triage"]'}, "triage", "request_tags"),
        ({"metadata": {"requester_metadata": {"feature": "triage"}}, "request_tags": ["prod"]}, "triage",
         "metadata.requester_metadata.feature"),
        ({"metadata": {"spend_logs_metadata": {"use_case": "triage"}}}, "triage", "metadata.spend_logs_metadata.use_case"),
        ({"request_tags": ["User-Agent: x"]}, "checkout", "metadata.user_api_key_alias"),
        ({"metadata": {"user_api_key_team_alias": "payments"}}, "payments", "metadata.user_api_key_team_alias"),
        ({"metadata": None, "request_tags": None}, None, None),
    ],
)  # fmt: skip
def test_the_use_case_is_what_the_team_named(changes: dict[str, Any], feature: str | None, place: str | None) -> None:
    call = read(**changes)
    assert (call.feature, call.feature_from) == (feature, place)


def test_a_cache_hit_of_the_gateway_has_tokens_and_no_cost() -> None:
    call = read(cache_hit=True)
    assert (call.gateway_cache_hit, call.logged_cost, call.usage.input_tokens) == (True, "0", 1114)
    assert not read(cache_hit="None").gateway_cache_hit


def test_zeros_of_a_failure_are_no_report() -> None:
    failed = {"status": "failure", "response": {}, "prompt_tokens": 0, "completion_tokens": 0, "response_cost": 0.0}
    refused = read(**failed, error_information={"error_code": "429", "error_class": "RateLimitError"})
    assert (refused.http_status, refused.error_type, refused.usage.state) == (429, "RateLimitError", "exact")
    assert (refused.usage.input_tokens, refused.usage.output_tokens) == (0, 0)
    cut = read(**failed, error_str="litellm.Timeout: the customer Jane Doe")
    assert (cut.error_type, cut.usage.state, cut.usage.input_tokens) == ("Timeout", "output_lower_bound", None)


def test_a_session_named_in_metadata_is_the_conversation_else_the_trace() -> None:
    named = read(metadata={"requester_metadata": {"session_id": "s"}})
    assert (named.conversation_id, named.operation_id) == ("s", "t1")
    assert (read().conversation_id, read().operation_id) == ("t1", None)
    assert read(trace_id=None).conversation_id is None


def texts(call: Call) -> tuple[list[str], list[str]]:
    return [part.text for part in call.prompt], [part.text for part in call.answer]


def test_hidden_texts_are_no_texts() -> None:
    hidden = "redacted-by-litellm"
    answer = {**PAYLOAD["response"], "choices": [{"message": {"role": "assistant", "content": hidden}}]}
    assert texts(read(messages=[{"role": "user", "content": hidden}], response=answer)) == ([], [])
    assert texts(read(messages=hidden, response={"text": hidden})) == ([], [])


def test_texts_that_were_cut_off_are_no_texts() -> None:
    cut = "[{'role': 'user', 'content': 'Hi...truncated by litellm, this logger does not support large content"
    assert texts(read(messages=cut, response="Ho...truncated by litellm")) == ([], [])


@pytest.mark.parametrize(
    ("call_type", "messages", "response"),
    [
        (
            "aresponses",
            "Hi",
            {"id": "resp_1", "object": "response", "model": "m", "status": "completed",
             "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ho"}]}]},
        ),
        ("atext_completion", "Hi", {"id": "cmpl-1", "object": "text_completion", "model": "m", "choices": [{"text": "Ho"}]}),
        ("acompletion", "Hi", "Ho"),
        ("acompletion", {"messages": [{"role": "user", "content": "Hi"}]}, PAYLOAD["response"]),
        ("acompletion", '[{"role": "user", "content": "Hi"}]', PAYLOAD["response"]),
        ("anthropic_messages", [{"role": "user", "content": "Hi"}],
         {"id": "msg_1", "type": "message", "model": "m", "content": [{"type": "text", "text": "Ho"}]}),
    ],
)  # fmt: skip
def test_texts_are_read_whichever_api_was_called(call_type: str, messages: Any, response: Any) -> None:
    assert texts(read(call_type=call_type, messages=messages, response=response)) == (["Hi"], ["Ho"])


def test_an_answers_own_usage_cannot_spoil_the_counts() -> None:
    answer = {**PAYLOAD["response"], "usage": {"prompt_tokens": 3, "completion_tokens": 406, "total_tokens": 1}}
    assert read(response=answer, metadata={}).usage.input_tokens == 1114


def test_what_is_not_billed_by_tokens_has_none() -> None:
    usage = read(call_type="arerank", prompt_tokens=0, completion_tokens=0, response={"results": []}).usage
    assert (usage.state, usage.input_tokens) == ("missing", None)


@pytest.mark.parametrize("key", ["standard_logging_object", "standard_logging_payload"])
def test_what_callbacks_are_handed_holds_the_payload(key: str) -> None:
    (claim,) = list(claims({"model": "smart", "kwargs": {}, key: PAYLOAD}))
    assert (claim.reader, claim.record) == (READER, PAYLOAD)
