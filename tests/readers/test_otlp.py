"""Spans in OTLP JSON: which are calls, what they counted, what they hold, who stands above whom."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from readers.golden import FIXTURES, records
from readers.otel_exports import (
    CALL_A,
    CALL_B,
    CHAT,
    START,
    TRACE,
    asides,
    call,
    calls,
    classes,
    event,
    export,
    pairs,
    read,
    span,
    texts,
)
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tracing import otlp
from tokaudit.schema import Call, RejectRecordError

CLAUDE = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
B_WHOLE = {"gen_ai.usage.input_tokens": 1114, "gen_ai.usage.output_tokens": 406}
B_REST = {"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 406}


def test_each_fixture_of_call_a_and_b_has_its_classes() -> None:
    whole = {CALL_A: "exact", CALL_B: "exact", (1420, None, 100): "cache_split_unknown"}
    seen = set()
    for log in sorted((FIXTURES / "otlp").glob("*.jsonl")):
        for record in records(log):
            for found in calls(record):
                if classes(found.usage) in whole:
                    seen.add(classes(found.usage))
                    assert found.usage.state == whole[classes(found.usage)]
    assert seen == set(whole)


@pytest.mark.parametrize(
    ("attributes", "scope", "expected"),
    [
        ({**B_WHOLE, "gen_ai.usage.cache_read.input_tokens": 1111}, "app", "exact"),
        ({**B_REST, "gen_ai.usage.cache_read_input_tokens": 1111}, "app", "exact"),
        ({**B_REST, "gen_ai.usage.cache_read.input_tokens": 1111}, "app", "exact"),
        ({**B_REST, "gen_ai.usage.cache_read.input_tokens": 1111}, "openlit.otel.tracing", "exact"),
        ({**B_WHOLE, "gen_ai.usage.cache_read_input_tokens": 1111}, "opentelemetry.instrumentation.anthropic", "exact"),
        ({**B_WHOLE, "gen_ai.usage.details.cache_read_tokens": 1111}, "pydantic-ai", "exact"),
        ({**B_WHOLE, "gen_ai.usage.cache_read_input_tokens": 1111}, "litellm", "exact"),
        ({**B_REST, "gen_ai.usage.cache_read_input_tokens": 1111, "gen_ai.usage.total_tokens": 1520}, "strands", "exact"),
        ({**B_REST, "gen_ai.usage.input_cached_tokens": 1111}, "app", "exact"),
    ],
)  # fmt: skip
def test_call_b_is_the_same_whoever_counts(attributes: dict[str, Any], scope: str, expected: str) -> None:
    usage = call({**CLAUDE, **attributes}, scope).usage
    assert (classes(usage), usage.state) == (CALL_B, expected)


def test_where_the_counts_leave_it_open_the_library_decides() -> None:
    """800 cached beside or inside 1,000: Anthropic's own counts are beside, those of the conventions inside."""
    counts = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 5}
    older = call({**CLAUDE, **counts, "gen_ai.usage.cache_read_input_tokens": 800}).usage
    newer = call({**CLAUDE, **counts, "gen_ai.usage.cache_read.input_tokens": 800}).usage
    openai = call({**CHAT, **counts, "gen_ai.usage.cache_read_input_tokens": 800}).usage
    assert [usage.input_tokens for usage in (older, newer, openai)] == [1800, 1000, 1000]


def test_a_library_that_leaves_out_zeros_states_that_nothing_was_cached() -> None:
    assert call({**CHAT, "model_request_parameters": "{}"}, "pydantic-ai").usage.cache_read_input_tokens == 0
    assert call(CHAT).usage.state == "cache_split_unknown"


def test_a_total_that_no_count_explains_makes_the_output_a_lower_bound() -> None:
    usage = call({**CHAT, "llm.usage.total_tokens": 1848}).usage
    assert (usage.state, usage.output_tokens) == ("output_lower_bound", 100)


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}, "missing"),
        ({"gen_ai.usage.input_tokens": 7}, "output_lower_bound"),
        ({"gen_ai.usage.output_tokens": 7}, "missing"),
        ({"gen_ai.usage.total_tokens": 7}, "missing"),
        ({}, "missing"),
    ],
)
def test_missing_counts_are_not_zero(attributes: dict[str, Any], state: str) -> None:
    usage = call({**CLAUDE, **attributes}).usage
    assert usage.state == state
    assert usage.output_tokens in (None, 7)


def test_embeddings_have_no_output_and_no_cache() -> None:
    found = call({"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 9})
    assert (found.operation_name, found.usage.output_tokens, found.usage.state) == ("embeddings", 0, "exact")
    total = call({"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "m", "ai.usage.tokens": 9}, "ai")
    assert (total.operation_name, total.usage.input_tokens) == ("embeddings", 9)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.operation.name": "invoke_agent"}, "agent span"),
        ({"gen_ai.operation.name": "create_agent"}, "agent span"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "chain span"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool span"),
        ({"gen_ai.operation.name": "plan_task"}, "other span"),
        ({"gen_ai.operation.name": "agent_step"}, "agent span"),
        ({"openinference.span.kind": "CHAIN"}, "chain span"),
        ({"openinference.span.kind": "AGENT"}, "agent span"),
        ({"openinference.span.kind": "RERANKER"}, "retrieval span"),
        ({"traceloop.span.kind": "workflow"}, "chain span"),
        ({"langfuse.observation.type": "tool"}, "tool span"),
        ({"ai.operationId": "ai.streamText"}, "agent span"),
        ({"operation.name": "ai.generateText my-function"}, "agent span"),
        ({"ai.operationId": "ai.toolCall"}, "tool span"),
        ({"gen_ai.tool.name": "search"}, "tool span"),
        ({"agent_name": "triage", "all_messages_events": "[]"}, "agent span"),
    ],
)
def test_what_repeats_the_usage_of_calls_is_none(attributes: dict[str, Any], kind: str) -> None:
    counts = {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 5}
    assert asides(export(span({**counts, **attributes}))) == [kind]


def test_spans_of_other_libraries_are_no_calls() -> None:
    record = export(span({"http.request.method": "GET"}), span({"db.system": "postgresql"}, 2))
    assert asides(record) == ["other span", "other span"]


def test_an_operation_that_is_not_known_counts_if_it_counts_tokens() -> None:
    assert call({**CHAT, "gen_ai.operation.name": "converse_fast"}).usage.input_tokens == 1420
    assert asides(export(span({"gen_ai.operation.name": "converse_fast"}))) == ["other span"]


def test_a_span_in_a_teams_own_names_is_a_call_if_it_has_counts_and_a_model() -> None:
    own = {
        "acme.model": "gpt-4.1-mini",
        "acme.prompt_tokens": 1420,
        "acme.cached_tokens": 1280,
        "acme.completion_tokens": 100,
    }
    found = call(own)
    assert (classes(found.usage), found.request_model) == (CALL_A, "gpt-4.1-mini")
    assert (
        asides(export(span({"acme.model": "x", "acme.prompt_tokens": 5}), span({"auth.token": "x"}, 2)))
        == ["other span"] * 2
    )


def test_the_span_above_is_the_nearest_call() -> None:
    record = export(
        span({"note": "root"}, 1, 99),
        span(CHAT, 2, 1),
        span({"openinference.span.kind": "CHAIN"}, 3, 2),
        span({"openinference.span.kind": "TOOL"}, 4, 3),
        span(CHAT, 5, 4),
    )
    outer, inner = calls(record)
    assert (outer.span_id, outer.parent_span_id) == (f"{TRACE}:{2:016x}", f"{TRACE}:{99:016x}")
    assert inner.parent_span_id == outer.span_id


def test_a_circle_of_parents_ends() -> None:
    found = calls(export(span(CHAT, 1, 2), span({"note": "x"}, 2, 3), span({"note": "y"}, 3, 2), span(CHAT, 4, 4)))
    assert len(found) == 2


def test_a_call_that_counts_nothing_and_stands_above_one_only_wraps_it() -> None:
    wrapper = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    record = export(span(wrapper, 1, name="Model"), span({"note": "x"}, 2, 1), span(CHAT, 3, 2))
    (found,) = calls(record)
    assert found.span_id == f"{TRACE}:{3:016x}"
    assert "span around calls" in asides(record)


def test_a_broken_count_costs_one_span_and_not_the_others() -> None:
    bad = {**CHAT, "gen_ai.usage.input_tokens": -1}
    outcomes = read(export(span(bad, 1), span(CHAT, 2)))
    assert [type(outcome) for outcome in outcomes] == [RejectRecordError, Call]
    with pytest.raises(RejectRecordError, match="token count is negative"):
        read(export(span(bad, 1)))


@pytest.mark.parametrize(
    ("more", "attributes", "expected"),
    [
        ({"status": {"code": 2}}, {"error.type": "429"}, (429, "http_429", "exact")),
        ({"status": {"code": "STATUS_CODE_ERROR"}}, {"error.type": "openai.RateLimitError"}, (None, "RateLimitError", "exact")),
        ({"status": {"code": 2}, "events": [event("exception", {"exception.type": "openai.APITimeoutError"})]}, {},
         (None, "APITimeoutError", "output_lower_bound")),
        ({"events": [event("exception", {"exception.type": "a.b.ThrottlingException"})]}, {},
         (None, "ThrottlingException", "exact")),
        ({"status": {"code": 2, "message": "for Jane"}}, {}, (None, "error", "exact")),
        ({"status": {"code": 2}}, {"http.response.status_code": 503}, (503, "http_503", "exact")),
        ({"status": {"code": 1}}, {}, (None, None, "missing")),
    ],
)  # fmt: skip
def test_how_a_call_ended(more: dict[str, Any], attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = call({**CLAUDE, **attributes}, **more)
    assert (found.http_status, found.error_type, found.usage.state) == expected


def test_an_exception_beside_counts_was_borne() -> None:
    found = call(CHAT, events=[event("exception", {"exception.type": "ValueError"})])
    assert (found.error_type, found.usage.input_tokens) == (None, 1420)


@pytest.mark.parametrize(
    ("attributes", "scope", "provider"),
    [
        ({"gen_ai.provider.name": "aws.bedrock"}, "app", "aws"),
        ({"gen_ai.provider.name": "gcp.vertex_ai"}, "app", "google"),
        ({"gen_ai.system": "az.ai.openai"}, "app", "azure"),
        ({"gen_ai.system": "azure.ai.inference"}, "app", "azure"),
        ({"ai.model.provider": "anthropic.messages"}, "app", "anthropic"),
        ({"ai.model.provider": "amazon-bedrock"}, "app", "aws"),
        ({"gen_ai.system": "OpenAI", "server.address": "x.openai.azure.com"}, "app", "azure"),
        ({"gen_ai.system": "OpenAI", "gen_ai.openai.api_base": "https://api.groq.com/openai/v1"}, "app", "groq"),
        ({"gen_ai.system": "Anthropic"}, "opentelemetry.instrumentation.bedrock", "aws"),
        ({"gen_ai.system": "strands-agents"}, "app", None),
    ],
)
def test_who_served(attributes: dict[str, Any], scope: str, provider: str | None) -> None:
    assert call({**CHAT, **attributes}, scope).provider_name == provider


USER = {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("attributes", "more"),
    [
        ({"gen_ai.input.messages": json.dumps([USER])}, {}),
        ({"gen_ai.input.messages": [USER]}, {}),
        ({}, {"events": [event("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": json.dumps([USER])})]}),
        ({}, {"events": [event("gen_ai.user.message", {"content": "Hi"})]}),
        ({}, {"events": [event("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Hi"}'})]}),
        ({}, {"events": [event("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "Hi"}]'})]}),
        ({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Hi"}, {}),
        ({"gen_ai.prompt.0.content": '[{"type": "text", "text": "Hi"}]', "gen_ai.prompt.0.role": "user"}, {}),
        ({"gen_ai.prompt": "Hi"}, {}),
        ({"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Hi"}, {}),
        ({"llm.prompts.0.prompt.text": "Hi"}, {}),
        ({"ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"Hi"}]}]'}, {}),
        ({"ai.prompt": '{"prompt": "Hi"}'}, {}),
        ({"events": '[{"event.name":"gen_ai.user.message","content":"Hi"}]'}, {}),
        ({"input.value": "Hi"}, {}),
    ],
)  # fmt: skip
def test_a_prompt_is_the_same_wherever_it_stands(attributes: dict[str, Any], more: dict[str, Any]) -> None:
    assert texts(call({**CHAT, **attributes}, **more).prompt) == [("user", "Hi")]


def test_numbered_messages_keep_their_order() -> None:
    numbered = {f"gen_ai.prompt.{number}.content": f"text {number}" for number in (10, 2, 0, 1)}
    assert [text for _, text in texts(call({**CHAT, **numbered}).prompt)] == ["text 0", "text 1", "text 2", "text 10"]


@pytest.mark.parametrize("text", ["__REDACTED__", "<REDACTED>", '[{"role": "user", "parts": [{"type": "te'])
def test_a_text_that_was_kept_back_or_cut_is_no_prompt(text: str) -> None:
    assert call({**CHAT, "gen_ai.input.messages": text}).prompt == ()


def test_a_system_prompt_written_twice_is_sent_once() -> None:
    messages = [{"role": "system", "parts": [{"type": "text", "content": "Be brief."}]}, USER]
    found = call({**CHAT, "gen_ai.input.messages": json.dumps(messages), "gen_ai.system_instructions": "Be brief."})
    assert texts(found.prompt) == [("system", "Be brief."), ("user", "Hi")]


@pytest.mark.parametrize(
    ("attributes", "resource", "expected"),
    [
        ({"traceloop.association.properties.feature": "a", "traceloop.workflow.name": "b"}, {},
         ("a", "traceloop.association.properties.feature")),
        ({"metadata": '{"use_case": "a"}'}, {}, ("a", "metadata.use_case")),
        ({"ai.telemetry.functionId": "a"}, {"service.name": "s"}, ("a", "ai.telemetry.functionId")),
        ({"use_case": "a"}, {}, ("a", "use_case")),
        ({"tag.tags": ["prod", "feature:a"]}, {}, ("a", "tag.tags")),
        ({}, {"service.name": "s"}, ("s", "service.name")),
        ({}, {"service.name": "unknown_service:python"}, (None, None)),
        ({}, {"service.name": "/srv/app/main.py"}, (None, None)),
    ],
)  # fmt: skip
def test_the_use_case_is_what_the_team_named(
    attributes: dict[str, Any], resource: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    (found,) = calls(export(span({**CHAT, **attributes}), **resource))
    assert (found.feature, found.feature_from) == expected


def test_what_a_span_does_not_say_the_spans_above_do() -> None:
    record = export(
        span({"session.id": "s", "user.id": "u", "gen_ai.agent.name": "triage"}, 1, name="invoke_agent triage"),
        span({"note": "x"}, 2, 1, name="step 1"),
        span({**CHAT, "tag.tags": ["prod"]}, 3, 2),
        span({"note": "x"}, 4, name="POST /support"),
        span(CHAT, 5, 4),
        **{"service.name": "desk"},
    )
    below_agent, below_route = calls(record)
    assert (below_agent.conversation_id, below_agent.user_id) == ("s", "u")
    assert (below_agent.feature, below_agent.feature_from) == ("triage", "gen_ai.agent.name")
    assert (below_route.feature, below_route.feature_from) == ("POST /support", "name of the span above")


def test_the_user_may_name_the_attributes() -> None:
    options = ReadOptions(columns={"feature": "acme.flow", "user_id": "acme.person"})
    (found,) = calls(
        export(span({**CHAT, "acme.flow": "refunds", "acme.person": "p1", "gen_ai.agent.name": "x"})), options
    )
    assert (found.feature, found.feature_from, found.user_id) == ("refunds", "acme.flow", "p1")


@pytest.mark.parametrize(
    "trace_id", [TRACE, TRACE.upper(), f"0x{TRACE}", base64.b64encode(bytes.fromhex(TRACE)).decode(),
                 {"type": "Buffer", "data": list(bytes.fromhex(TRACE))}]
)  # fmt: skip
def test_an_id_is_the_same_in_every_spelling(trace_id: Any) -> None:
    (found,) = calls(export(span(CHAT, traceId=trace_id)))
    assert found.span_id == f"{TRACE}:{1:016x}"


def test_ids_of_zeros_are_none() -> None:
    (found,) = calls(export(span(CHAT, spanId="0" * 16, parentSpanId="AAAAAAAAAAA=")))
    assert (found.span_id, found.parent_span_id, found.link_id) == (None, None, None)


def test_times_are_nanoseconds_in_any_type() -> None:
    as_number = span(CHAT, startTimeUnixNano=START, endTimeUnixNano=START + 1_500_000_000)
    as_halves = span(CHAT, startTimeUnixNano={"high": START >> 32, "low": (START & 0xFFFFFFFF) - (1 << 32)})
    for one in (as_number, as_halves, span(CHAT)):
        (found,) = calls(export(one))
        assert (found.started_at, found.latency_ms) == (START // 1000, 1500)


def test_resources_may_stand_alone_and_in_other_spellings() -> None:
    whole = export(span({**CHAT, "gen_ai.usage.cache_read.input_tokens": 1280}), **{"service.name": "desk"})
    resource = whole["resourceSpans"][0]
    library = {"resource": resource["resource"], "instrumentationLibrarySpans": resource["scopeSpans"]}
    snake = {"resource_spans": [{"resource": resource["resource"], "scope_spans": resource["scopeSpans"]}]}
    for record in (whole, resource, {"batches": [library]}, {"trace": whole}, {"result": whole}, snake):
        (found,) = calls(record)
        assert (found.reader, classes(found.usage), found.feature) == ("otlp", CALL_A, "desk")


def test_metrics_are_sums_and_no_calls() -> None:
    assert asides({"resourceMetrics": [{"scopeMetrics": []}]}) == ["metrics (sums over many calls)"]
    assert asides({"resourceSpans": []}) == ["export without spans"]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"batches": [1]},
        {"batches": [{"id": 1}]},
        {"trace": "x"},
        {"resourceSpans": "x"},
        {"spans": []},
        {"trace": {"id": 1}},
    ],
)
def test_what_is_no_export_is_not_claimed(record: dict[str, Any]) -> None:
    assert not otlp.identify(record)


def test_costs_are_dollars_or_unknown() -> None:
    assert call({**CHAT, "gen_ai.usage.cost": 0.000151}).logged_cost == "0.000151"
    assert call({**CHAT, "gen_ai.usage.cost": 0.1, "gen_ai.usage.cost.currency": "EUR"}).logged_cost is None
    gateway = json.dumps({"gateway": {"cost": "0.000344"}})
    assert call({"ai.operationId": "ai.x.doStream", "ai.response.providerMetadata": gateway}).logged_cost == "0.000344"


def test_the_providers_own_usage_is_preferred() -> None:
    raw = {"input_tokens": 5, "cache_read_input_tokens": 150, "cache_creation_input_tokens": 300, "output_tokens": 20,
           "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100}}  # fmt: skip
    metadata = json.dumps({"anthropic": {"usage": raw}})
    usage = call(
        {"ai.operationId": "ai.x.doStream", "ai.usage.inputTokens": 5, "ai.response.providerMetadata": metadata}
    ).usage
    assert (usage.input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == (455, 200, 100)


def test_the_body_of_the_answer_says_more_than_the_counts() -> None:
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
    }
    counts = {"llm.token_count.prompt": 1420, "llm.token_count.completion": 100, "llm.model_name": "gpt-4.1-mini"}
    found = call({"openinference.span.kind": "LLM", "output.value": json.dumps(answer), **counts})
    assert (classes(found.usage), found.response_id, found.response_model) == (CALL_A, "chatcmpl-1", answer["model"])
    assert texts(found.answer) == [("assistant", "Ho")]


def test_claude_codes_own_counts_leave_the_cache_beside_and_relays_add_it() -> None:
    own = {
        "model": "claude-sonnet-4-5[1m]",
        "input_tokens": 3,
        "output_tokens": 406,
        "cache_read_tokens": 1111,
        "request_id": "r",
    }
    found = call(own, name="claude_code.llm_request")
    assert (classes(found.usage), found.request_model, found.call_id) == (CALL_B, "claude-sonnet-4-5", "claude_code:r")
    relayed = {
        "llm.token_count.prompt": 1114,
        "llm.token_count.completion": 406,
        "llm.token_count.prompt_details.cache_read": 1111,
    }
    assert classes(call(relayed, name="claude_code.llm_request").usage) == CALL_B


def test_a_list_of_typed_values_is_a_list() -> None:
    assert call({**CHAT, "gen_ai.response.finish_reasons": ["stop"]}).finish_reason == "stop"
    record = export(span(CHAT))
    record["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] += [
        {"key": "x"},
        {"value": 1},
        5,
        *pairs({"user.id": "u"}),
    ]
    assert calls(record)[0].user_id == "u"
