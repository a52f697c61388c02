from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.tracing.langfuse import READER
from tokaudit.readers.usage.langfuse import details_usage
from tokaudit.schema import Aside, Call, Outcome, RejectRecordError, Usage

OBSERVATION: dict[str, Any] = {
    "id": "obs-1",
    "traceId": "tr-1",
    "type": "GENERATION",
    "name": "sort-ticket",
    "parentObservationId": None,
    "startTime": "2026-05-11T08:30:00.000Z",
    "endTime": "2026-05-11T08:30:01.750Z",
    "model": "gpt-4.1-mini",
    "level": "DEFAULT",
    "input": [{"role": "user", "content": "Hi"}],
    "output": {"role": "assistant", "content": "Ho"},
    "usageDetails": {"input": 140, "input_cached_tokens": 1280, "output": 100, "total": 1520},
    "costDetails": {"total": 0.000344},
}


def outcome(**changes: Any) -> Outcome:
    record = {**OBSERVATION, **changes}
    assert choose(record) is READER
    (told,) = outcomes_of(READER.read(record, ReadOptions()))
    return told


def read(**changes: Any) -> Call:
    told = outcome(**changes)
    assert isinstance(told, Call)
    return told


def told_of(document: dict[str, Any]) -> list[Outcome]:
    assert choose(document) is READER
    return list(outcomes_of(READER.read(document, ReadOptions())))


def document(*observations: dict[str, Any], **trace: Any) -> dict[str, Any]:
    return {
        "trace": {"id": "tr-1", "projectId": "p", **trace},
        "observations": [{**OBSERVATION, "name": "", **each} for each in observations],
    }


def classes(usage: Usage) -> tuple[int | None, int | None, int | None, str]:
    return usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens, usage.state


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        # Langfuse's own names are disjoint
        ({"input": 140, "input_cached_tokens": 1280, "output": 100, "total": 1520}, (1420, 1280, 100, "exact")),
        ({"input": 140, "input_cache_read": 1280, "output": 36, "output_reasoning": 64}, (1420, 1280, 100, "exact")),
        (
            {"input": 0, "input_text_tokens": 140, "input_cached_tokens": 1280, "output": 100},
            (1420, 1280, 100, "exact"),
        ),
        # so are Anthropic's, with or without a total
        ({"input": 3, "cache_read_input_tokens": 1111, "output": 406, "total": 1520}, (1114, 1111, 406, "exact")),
        ({"input": 3, "cache_read_input_tokens": 1111, "output": 406}, (1114, 1111, 406, "exact")),
        ({"input_tokens": 3, "cache_read_input_tokens": 1111, "output_tokens": 406}, (1114, 1111, 406, "exact")),
        # unless the total says that a gateway counted the cache inside
        ({"input": 1114, "cache_read_input_tokens": 1111, "output": 406, "total": 1520}, (1114, 1111, 406, "exact")),
        # raw names of OpenAI lie inside, whatever Langfuse added up beside them
        (
            {
                "prompt_tokens": 1420,
                "completion_tokens": 100,
                "prompt_tokens_details.cached_tokens": 1280,
                "total": 2800,
            },
            (1420, 1280, 100, "exact"),
        ),
        (
            {"input_tokens": 1420, "output_tokens": 100, "input_tokens_details": {"cached_tokens": 1280}},
            (1420, 1280, 100, "exact"),
        ),
        ({"input": 85, "prompt_details.cache_read": 60, "output": 29, "total": 114}, (85, 60, 29, "exact")),
        # Google's thoughts lie beside the output, its cache inside the input
        (
            {
                "promptTokenCount": 17713,
                "cachedContentTokenCount": 17379,
                "candidatesTokenCount": 68,
                "thoughtsTokenCount": 821,
                "totalTokenCount": 18602,
            },
            (17713, 17379, 889, "exact"),
        ),
        # a service tier of OpenAI, as older and newer tracers of LangChain wrote it
        (
            {"input": 0, "input_priority": 140, "input_priority_cache_read": 1280, "output": 100, "total": 1520},
            (1420, 1280, 100, "exact"),
        ),
        (
            {"input": 1420, "input_priority": 140, "input_priority_cache_read": 1280, "output": 100, "total": 1520},
            (1420, 1280, 100, "exact"),
        ),
        # no key of the cache: its share is not known
        ({"input": 31, "output": 96, "total": 127}, (31, None, 96, "cache_split_unknown")),
        ({"input": 5, "output": 845, "total": 2023}, (5, None, 845, "output_lower_bound")),
        ({"input": 1988, "total": 1988}, (1988, None, None, "output_lower_bound")),
        ({"output": 7, "total": 7}, (None, None, 7, "missing")),
        ({"total": 12}, (None, None, None, "missing")),
        ({}, (None, None, None, "missing")),
        # what is no count of tokens is no part of the usage
        ({"input": 3, "output": 4, "unit": "TOKENS", "seconds": 1.5}, (3, None, 4, "cache_split_unknown")),
    ],
)
def test_usage_details_are_read_by_their_names_and_their_total(
    details: dict[str, Any], expected: tuple[int | None, int | None, int | None, str]
) -> None:
    assert classes(details_usage(details)) == expected


@pytest.mark.parametrize(
    ("details", "writes"),
    [
        ({"input": 2, "input_cached_tokens": 9, "input_cache_creation": 7}, (7, None)),
        # Langfuse keeps beside the split what it leaves over, Anthropic the sum
        ({"input": 2, "input_cache_creation": 5, "input_cache_creation_5m": 1, "input_cache_creation_1h": 3}, (6, 3)),
        ({"input": 2, "input_cache_creation": 0, "input_cache_creation_5m": 0, "input_cache_creation_1h": 3}, (0, 3)),
        (
            {"input": 2, "cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": 4}},
            (6, 4),
        ),
    ],
)
def test_cache_writes_are_split_by_lifetime(details: dict[str, Any], writes: tuple[int | None, int | None]) -> None:
    usage = details_usage({**details, "output": 1})
    assert (usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == writes
    assert usage.input_tokens == 2 + sum(tokens or 0 for tokens in writes) + (usage.cache_read_input_tokens or 0)


counts = st.integers(0, 5000)


@given(counts, counts, counts, counts, counts)
def test_disjoint_keys_add_up_to_their_total(fresh: int, read: int, written: int, visible: int, hidden: int) -> None:
    details = {
        "input": fresh, "input_cached_tokens": read, "input_cache_creation": written,
        "output": visible, "output_reasoning_tokens": hidden,
    }  # fmt: skip
    usage = details_usage({**details, "total": sum(details.values())})
    assert usage.input_tokens == fresh + read + written
    assert usage.output_tokens == visible + hidden
    assert usage.state == "exact"
    assert details_usage(details) == usage


@given(counts, counts, counts)
def test_raw_keys_lie_inside_their_whole(prompt: int, cached: int, completion: int) -> None:
    details = {
        "prompt_tokens": prompt + cached, "prompt_tokens_details.cached_tokens": cached,
        "completion_tokens": completion, "total_tokens": prompt + cached + completion,
    }  # fmt: skip
    usage = details_usage(details)
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (prompt + cached, cached)
    assert details_usage({**details, "total": sum(details.values())}) == usage


def test_what_langfuse_counted_itself_is_an_estimate() -> None:
    details = {"input": 31, "output": 1, "total": 32}
    assert read(usageDetails=details, providedUsageDetails={}).usage.state == "estimated"
    assert read(usageDetails=details, providedUsageDetails=details).usage.state == "cache_split_unknown"
    assert read(usageDetails=details).usage.state == "cache_split_unknown"


def test_the_bodys_own_usage_is_preferred() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 1,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
        "usage": usage,
    }
    call = read(output=json.dumps(body), usageDetails={"input": 542, "output": 235, "total": 777})
    assert classes(call.usage) == (9, 4, 1, "exact")
    assert (call.response_id, call.call_id) == ("chatcmpl-1", None)
    assert call.response_model == "gpt-4.1-mini-2025-04-14"


def test_the_attributes_of_the_span_tell_what_the_mapping_lost() -> None:
    """The AI SDK before version 6: Langfuse took the cache out of an input that did not hold it."""
    provider = {"anthropic": {"usage": {"input_tokens": 3, "cache_read_input_tokens": 1111, "output_tokens": 406}}}
    attributes = {"ai.response.providerMetadata": json.dumps(provider), "ai.usage.promptTokens": 3}
    call = read(
        model="claude-sonnet-4-5",
        usageDetails={"input": 0, "input_cached_tokens": 1111, "output": 406, "total": 409},
        metadata={"attributes": attributes, "scope": {"name": "ai"}},
    )
    assert classes(call.usage) == (1114, 1111, 406, "exact")


@pytest.mark.parametrize("kind", ["SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL"])
def test_only_generations_and_embeddings_are_calls(kind: str) -> None:
    assert isinstance(outcome(type=kind, model=None, usageDetails={}, costDetails={}), Aside)
    assert isinstance(outcome(type=kind), Aside if kind != "SPAN" else Call)


def test_a_span_that_its_library_calls_an_agent_is_no_call() -> None:
    for attributes in ({"gen_ai.operation.name": "invoke_agent"}, {"openinference.span.kind": "CHAIN"}):
        assert outcome(type="SPAN", metadata={"attributes": attributes}) == Aside("span")
    assert isinstance(outcome(type="SPAN", metadata={"attributes": {"gen_ai.operation.name": "chat"}}), Call)


def test_a_generation_that_tells_nothing_is_no_call() -> None:
    assert outcome(input=None, output=None, usageDetails={}, costDetails={}) == Aside("empty generation")
    assert isinstance(outcome(input=None, output=None, usageDetails={}, costDetails={}, level="ERROR"), Call)


def test_an_embedding_has_no_output_and_no_cache() -> None:
    call = read(type="EMBEDDING", usageDetails={"input": 6, "total": 6}, output=[0.1, 0.2])
    assert call.operation_name == "embeddings"
    assert classes(call.usage) == (6, 0, 0, "exact")
    assert call.answer == ()


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({}, "0.000344"),
        ({"costDetails": {"input": 0.1, "output": "0.2"}}, "0.3"),
        ({"costDetails": {}, "totalCost": 0}, None),  # no price for the model
        ({"costDetails": {}, "totalCost": "0.5"}, "0.5"),
        ({"costDetails": {"total": 0}}, "0"),
        ({"costDetails": None, "calculatedTotalCost": 0.25}, "0.25"),
    ],
)
def test_the_cost_is_the_one_that_stands_there(changes: dict[str, Any], cost: str | None) -> None:
    assert read(**changes).logged_cost == cost


@pytest.mark.parametrize(
    ("changes", "feature", "where"),
    [
        ({"metadata": {"feature": "triage"}, "promptName": "sorter"}, "triage", "metadata.feature"),
        ({"promptName": "sorter"}, "sorter", "promptName"),
        ({}, "sort-ticket", "name"),
        ({"name": "ChatOpenAI", "traceTags": ["prod", "inbox"], "traceName": "POST /in"}, "inbox", "tags"),
        ({"name": "chat gpt-4.1-mini", "traceName": "POST /in"}, "POST /in", "traceName"),
        ({"name": "OpenAI-generation", "traceName": "LangGraph"}, None, None),
        (
            {"name": "", "metadata": {"resourceAttributes": {"service.name": "desk"}}},
            "desk",
            "metadata.resourceAttributes.service.name",
        ),
        ({"name": "", "metadata": {"resourceAttributes": {"service.name": "unknown_service:node"}}}, None, None),
        ({"name": "", "metadata": {"tags": ["seq:step:2"]}}, None, None),
    ],
)
def test_the_use_case_is_what_the_team_named(changes: dict[str, Any], feature: str | None, where: str | None) -> None:
    call = read(**changes)
    assert (call.feature, call.feature_from) == (feature, where)


def test_two_exports_of_an_observation_are_one_call() -> None:
    assert (
        read(updatedAt="2026-05-11T08:31:00Z").call_id
        == read(updatedAt="2026-05-11T08:32:00Z").call_id
        == "langfuse:obs-1"
    )


def test_the_trace_tells_of_its_calls() -> None:
    trace = {
        "id": "tr-1", "timestamp": "2026-05-11 08:29:59.900", "name": "POST /in", "user_id": "kim", "session_id": "s-1",
        "release": "", "public": False, "tags": [], "input": "x", "output": "y",
    }  # fmt: skip
    assert choose(trace) is READER
    fragment = READER.read(trace, ReadOptions())
    assert isinstance(fragment, Call)
    assert fragment.is_fragment
    assert fragment.link_id == read().link_id == "langfuse:tr-1"
    assert (fragment.user_id, fragment.conversation_id, fragment.feature) == ("kim", "s-1", "POST /in")
    assert fragment.prompt == fragment.answer == ()


def test_times_without_a_zone_are_utc_and_the_latency_is_measured() -> None:
    call = READER.read(
        {
            "id": "b", "trace_id": "t", "type": "GENERATION", "parent_observation_id": "", "provided_model_name": "gpt-4o",
            "start_time": "2026-05-11 08:30:00.000", "end_time": "2026-05-11 08:30:01.750", "latency": 1750,
            "usage_details": {"input": 1, "output": 1}, "input": "x",
        },
        ReadOptions(timezone="America/New_York"),
    )  # fmt: skip
    assert isinstance(call, Call)
    assert (call.started_at, call.latency_ms) == (1_778_488_200_000_000, 1750)


def test_a_wrapper_repeats_the_call_inside_it() -> None:
    """The wrapper's tokens were counted by Langfuse, but its body says what the call inside says."""
    body = {
        "id": "chatcmpl-2",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 163,
            "completion_tokens": 20,
            "total_tokens": 183,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }
    told = told_of(
        document(
            {"id": "root", "type": "SPAN"},
            {
                "id": "outer",
                "parentObservationId": "root",
                "usageDetails": {"input": 542, "output": 235},
                "output": body,
            },
            {"id": "inner", "parentObservationId": "outer", "usageDetails": {"input": 163, "output": 20}},
        )
    )
    (call,) = [each for each in told if isinstance(each, Call)]
    assert (call.log_id, call.response_id) == ("inner", "chatcmpl-2")
    assert classes(call.usage) == (163, 0, 20, "exact")


def test_a_generation_around_others_of_other_counts_is_a_call_too() -> None:
    told = told_of(
        document(
            {"id": "a", "usageDetails": {"input": 100, "output": 10}, "output": "one"},
            {"id": "b", "parentObservationId": "a", "usageDetails": {"input": 7, "output": 3}, "output": "two"},
        )
    )
    calls = [each for each in told if isinstance(each, Call)]
    assert [call.usage.input_tokens for call in calls] == [100, 7]
    assert calls[1].parent_span_id == calls[0].span_id == "tr-1:a"


def test_an_agent_counts_only_where_no_generation_below_it_does() -> None:
    agent = {"id": "agent", "type": "AGENT", "usageDetails": {"input": 44, "output": 180}}
    alone = told_of(document(agent))
    assert [each.usage.input_tokens for each in alone if isinstance(each, Call)] == [44]
    below = {"id": "g", "parentObservationId": "tool", "usageDetails": {"input": 77, "output": 86}}
    told = told_of(
        document(agent, {"id": "tool", "type": "TOOL", "parentObservationId": "agent", "usageDetails": {}}, below)
    )
    assert [each.usage.input_tokens for each in told if isinstance(each, Call)] == [77]


def test_of_an_observation_that_stands_twice_the_later_counts() -> None:
    told = told_of(
        document(
            {"id": "a", "usageDetails": {"input": 2, "output": 2}, "updatedAt": "2026-05-11T08:32:00Z"},
            {"id": "a", "usageDetails": {"input": 1, "output": 1}, "updatedAt": "2026-05-11T08:31:00Z"},
        )
    )
    assert [each.usage.input_tokens for each in told if isinstance(each, Call)] == [2]


def test_one_broken_observation_costs_its_trace_nothing() -> None:
    told = told_of(document({"id": "a", "usageDetails": {"input": -1}}, {"id": "b"}))
    assert [type(each) for each in told] == [Aside, RejectRecordError, Call]


def test_a_circle_of_parents_ends() -> None:
    told = told_of(document({"id": "a", "parentObservationId": "b"}, {"id": "b", "parentObservationId": "a"}))
    assert any(isinstance(each, Call) for each in told)


@pytest.mark.parametrize(
    "record",
    [
        {"traceId": "5b8e", "spanId": "eee1", "name": "chat", "startTimeUnixNano": "1", "attributes": []},
        {"trace_id": "t", "usage": {"prompt_tokens": 1}, "id": "x"},
        {"type": "GENERATION", "id": "x"},
        {"observations": [1, 2]},
        {"observations": [], "trace": {"id": "t"}},
        {"traceId": ["x"], "type": ["GENERATION"], "startTime": 1},
        {"timestamp": 1, "user_id": 2, "release": 3},
    ],
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
