from __future__ import annotations

from typing import Any

import pytest

from readers.platform_calls import BODY_A, A, B, classes, only_call, outcomes
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tracing.langsmith import READER
from tokaudit.schema import Aside, Call

METADATA_A = {
    "input_tokens": 1420,
    "output_tokens": 100,
    "total_tokens": 1520,
    "input_token_details": {"cache_read": 1280},
    "output_token_details": {"reasoning": 0},
}
RUN: dict[str, Any] = {
    "id": "run-1",
    "name": "ChatOpenAI",
    "run_type": "llm",
    "start_time": "2026-05-11T08:30:00.000000",
    "end_time": "2026-05-11T08:30:01.750000",
    "status": "success",
    "error": None,
    "inputs": {},
    "outputs": {},
    "extra": {"metadata": {"ls_provider": "openai"}, "invocation_params": {"model": "gpt-4.1-mini"}},
    "trace_id": "root",
    "parent_run_id": "root",
    "dotted_order": "20260511T083000000000Zroot.20260511T083000000000Zrun-1",
    "session_id": "project-uuid",
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "total_tokens": 0,
}


def read(**changes: Any) -> Call:
    return only_call(READER, {**RUN, **changes})


def answer(content: Any = "Ho", **fields: Any) -> dict[str, Any]:
    kwargs = {"content": content, "id": "run-7", **fields}
    return {
        "generations": [
            [{"text": "Ho", "message": {"lc": 1, "type": "constructor", "id": ["AIMessage"], "kwargs": kwargs}}]
        ]
    }


@pytest.mark.parametrize("kind", ["chain", "tool", "retriever", "prompt", "parser"])
def test_only_llm_and_embedding_runs_are_calls(kind: str) -> None:
    run = {**RUN, "run_type": kind, "prompt_tokens": 1420, "completion_tokens": 100, "total_cost": "0.000344"}
    assert outcomes(READER, run) == [Aside(f"{kind} run")]


def test_langchains_sums_include_the_cache() -> None:
    assert classes(read(outputs=answer(usage_metadata=METADATA_A)).usage) == A


def test_the_providers_own_block_is_preferred() -> None:
    raw = {"input_tokens": 3, "cache_read_input_tokens": 1111, "cache_creation_input_tokens": 0, "output_tokens": 406}
    beside = {"input_tokens": 1114, "output_tokens": 406, "total_tokens": 1520}
    metadata = {"id": "msg_1", "model": "claude-sonnet-4-5-20250929", "usage": raw, "stop_reason": "end_turn"}
    call = read(outputs=answer(usage_metadata=beside, response_metadata=metadata))
    assert classes(call.usage) == B
    assert (call.response_id, call.call_id, call.finish_reason) == ("msg_1", None, "end_turn")
    assert call.response_model == "claude-sonnet-4-5-20250929"


def test_a_service_tier_prefixes_the_parts() -> None:
    details = {"priority": 140, "priority_cache_read": 1280}
    call = read(outputs=answer(usage_metadata={**METADATA_A, "input_token_details": details}))
    assert classes(call.usage) == A
    assert call.service_tier == "priority"


def test_cache_writes_are_split_by_lifetime() -> None:
    details = {"cache_read": 10, "cache_creation": 0, "ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30}
    counts = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105, "input_token_details": details}
    usage = read(outputs=answer(usage_metadata=counts)).usage
    assert (usage.input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == (100, 20, 30)


def test_a_total_that_holds_more_is_said() -> None:
    """Google's thoughts, which older versions left out of the output."""
    counts = {"input_tokens": 5, "output_tokens": 845, "total_tokens": 2023}
    assert classes(read(outputs=answer(usage_metadata=counts)).usage) == (5, None, 845, "output_lower_bound")


def test_the_counts_beside_the_run_are_all_there_is_where_the_texts_are_elsewhere() -> None:
    counts = {
        "prompt_tokens": 1420,
        "completion_tokens": 100,
        "total_tokens": 1520,
        "prompt_token_details": {"cache_read": 1280},
    }
    call = read(**counts, outputs=None, inputs=None, inputs_s3_urls={"ROOT": {}}, total_cost="0.000344")
    assert classes(call.usage) == A
    assert (call.prompt, call.answer, call.logged_cost) == ((), (), "0.000344")


def test_zeros_where_nothing_was_reported_are_no_usage() -> None:
    assert read().usage.state == "missing"


def test_a_wrapped_client_keeps_the_bodies() -> None:
    request = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    call = read(inputs=request, outputs={**BODY_A, "usage_metadata": METADATA_A})
    assert classes(call.usage) == A
    assert call.response_id == "chatcmpl-a"
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Hi", "Ho"]


def test_times_without_a_zone_are_utc() -> None:
    call = only_call(READER, RUN, ReadOptions(timezone="Asia/Tokyo"))
    assert (call.started_at, call.latency_ms) == (1_778_488_200_000_000, 1750)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"error": "RateLimitError('Error code: 429')Traceback (most recent call last)"}, "RateLimitError"),
        ({"error": "openai.APITimeoutError('slow')"}, "APITimeoutError"),
        ({"status": "error"}, "error"),
        ({"error": "it went wrong for the user"}, "error"),
        ({"error": ""}, None),
    ],
)
def test_an_error_is_named_by_its_class(changes: dict[str, Any], error: str | None) -> None:
    assert read(**changes).error_type == error


@pytest.mark.parametrize(
    ("changes", "feature", "where"),
    [
        ({"extra": {"metadata": {"feature": "triage", "langgraph_node": "agent"}}}, "triage", "extra.metadata.feature"),
        ({"name": "write-answer"}, "write-answer", "name"),
        ({"tags": ["seq:step:1", "inbox"]}, "inbox", "tags"),
        ({"session_name": "desk"}, "desk", "session_name"),
        ({}, None, None),
    ],
)
def test_the_project_is_the_weakest_use_case(changes: dict[str, Any], feature: str | None, where: str | None) -> None:
    call = read(**changes)
    assert (call.feature, call.feature_from) == (feature, where)


@pytest.mark.parametrize("key", ["thread_id", "session_id", "conversation_id"])
def test_the_conversation_stands_in_the_metadata(key: str) -> None:
    assert read(extra={"metadata": {key: "chat-5", "user_id": "kim"}}).conversation_id == "chat-5"
    assert read().conversation_id is None


def test_an_llm_run_around_another_is_one_call() -> None:
    counts = {
        "prompt_tokens": 1420,
        "completion_tokens": 100,
        "total_tokens": 1520,
        "prompt_token_details": {"cache_read": 1280},
    }
    inner = {**RUN, **counts, "id": "inner", "parent_run_id": "run-1"}
    told = outcomes(READER, {**RUN, **counts, "child_runs": [inner]})
    assert [type(each) for each in told] == [Aside, Call]
    alone = only_call(READER, inner)
    assert (alone.span_id, alone.parent_span_id) == ("root:inner", "root:run-1")


def test_a_row_of_a_table_is_read_like_the_object() -> None:
    row = {
        "id": "run-1", "run_type": "llm", "dotted_order": "x", "trace_id": "root", "prompt_tokens": "1420",
        "completion_tokens": "100", "total_tokens": "1520", "prompt_token_details.cache_read": "1280",
        "extra.metadata.thread_id": "chat-5", "extra.invocation_params.model": "gpt-4.1-mini", "error": "",
    }  # fmt: skip
    call = only_call(READER, row)
    assert classes(call.usage) == A
    assert (call.conversation_id, call.request_model, call.error_type) == ("chat-5", "gpt-4.1-mini", None)


@pytest.mark.parametrize(
    "record", [{"run_type": "llm"}, {"run_type": ["llm"], "dotted_order": "x"}, {"dotted_order": "x"}]
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
