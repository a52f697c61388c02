"""Whatever an export of OpenTelemetry holds, each span and each log record has an outcome, and nothing else is raised."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, records
from readers.otel_exports import CHAT, calls, event, export, read, span
from readers.test_laws import check
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tracing import jaeger, otel_logs, otel_spans, otlp, phoenix, zipkin
from tokaudit.readers.tracing.otel.attributes import any_value, attributes_of, listed
from tokaudit.readers.tracing.otel.span import span_id_of, time_of
from tokaudit.schema import Call

MODULES = (otlp, otel_logs, otel_spans, jaeger, zipkin, phoenix)
LOGS = [log for module in MODULES for log in sorted((FIXTURES / module.NAME).glob("*.jsonl"))]
RECORDS = [record for log in LOGS for record in records(log)]

NAMES = st.sampled_from(
    """gen_ai.operation.name gen_ai.system gen_ai.request.model gen_ai.response.id gen_ai.usage.input_tokens
    gen_ai.usage.output_tokens gen_ai.usage.cache_read.input_tokens gen_ai.usage.cache_read_input_tokens
    gen_ai.usage.cache_creation_input_tokens gen_ai.usage.reasoning_tokens gen_ai.usage.total_tokens llm.usage.total_tokens
    gen_ai.input.messages gen_ai.output.messages gen_ai.system_instructions gen_ai.prompt gen_ai.prompt.0.content
    gen_ai.prompt.0.tool_calls.0.name gen_ai.prompt.x.content gen_ai.tool.definitions openinference.span.kind
    llm.input_messages.0.message.contents.0.message_content.text llm.input_messages llm.token_count.prompt
    llm.token_count.completion llm.invocation_parameters input.value output.value ai.operationId ai.prompt.messages
    ai.response.text ai.response.toolCalls ai.response.providerMetadata ai.usage.inputTokens metadata tag.tags session.id
    error.type traceloop.span.kind llm.request.type gcp.vertex.agent.llm_request gcp.vertex.agent.llm_response events
    model_request_parameters langfuse.observation.usage_details langfuse.observation.type model input_tokens success
    gen_ai.usage.cost langfuse.observation.cost_details embedding.embeddings.0.embedding.text gen_ai.usage.raw usage
    request_data response_data logfire.msg_template logfire.span_type duration mlflow.spanType mlflow.spanInputs
    mlflow.spanOutputs mlflow.chat.tokenUsage llm.token.counts genkit:output genkit:input genkit:metadata:subtype
    gen_ai.usage.input_token_details llm.prompts gen_ai.completion""".split()  # noqa: SIM905
)
TEXTS = st.sampled_from(
    [
        "chat",
        "embeddings",
        "Chat Completion with x",
        "streaming response from x",
        "log",
        "span",
        '"CHAT_MODEL"',
        '{"message":{"content":"Ho"},"usage":{"prompt_tokens":1,"completion_tokens":"x"}}',
        '{"usage":{"inputTokens":5}}',
        '{"generations":[[{"message":{"kwargs":{"content":1,"usage_metadata":{"input_tokens":-1}}}}]]}',
        "LLM",
        "generation",
        "ai.streamText.doStream",
        "claude-sonnet-4-5",
        "gpt-4.1-mini",
        "12",
        "-1",
        "1.5",
        "[{",
        '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
        '{"messages":[[{"kwargs":{"content":"x"}}]]}',
        "[[]]",
        '[{"type":"tool_call","arguments":{"a":[1]}}]',
        '{"anthropic":{"usage":{"input_tokens":1,"output_tokens":"x"}}}',
        '"\\"',
        '{"content":{"parts":[{"text":"x"}]},"usage_metadata":{"prompt_token_count":1}}',
        "a,b",
        "\ud800",
    ]
)
KEYS = st.sampled_from(["role", "content", "parts", "type", "text", "x.y", "message.role", "tool_calls", "function"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | TEXTS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
TYPED = st.sampled_from(
    [
        "key",
        "value",
        "stringValue",
        "arrayValue",
        "values",
        "intValue",
        "kvlistValue",
        "low",
        "high",
        "Type",
        "Value",
        "data",
    ]
)
SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(st.dictionaries(NAMES, VALUES, max_size=12), st.dictionaries(NAMES, VALUES, max_size=4), TEXTS)
def test_any_attributes_make_a_call_an_aside_or_a_reject(attributes: Any, noted: Any, name: str) -> None:
    one = span({})
    one["attributes"] = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    one["events"] = [event("exception", {}), {"name": name, "attributes": noted}]
    check(export(one, scope=name), lambda record: otlp.READER.read(record, ReadOptions()))


@SETTINGS
@given(st.sampled_from(RECORDS), st.data())
def test_a_record_with_values_replaced_has_an_outcome(record: Any, data: st.DataObject) -> None:
    changed: Any = json.loads(json.dumps(record))
    for _ in range(data.draw(st.integers(1, 3))):
        place = changed
        while isinstance(place, dict | list) and place:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
            if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 5)) == 0:
                place[key] = data.draw(VALUES)
                break
            place = place[key]
    for module in MODULES:
        module.identify(changed)
        check(changed, lambda found, reader=module.READER: reader.read(found, ReadOptions()))


def test_every_span_has_one_outcome() -> None:
    seen = 0
    for record in (record for log in sorted((FIXTURES / "otlp").glob("*.jsonl")) for record in records(log)):
        told, held = len(read(record)), json.dumps(record).count('"spanId":')
        assert told == max(held, 1)
        seen += told
    assert seen > 40


@SETTINGS
@given(st.permutations(range(6)))
def test_the_order_of_spans_changes_nothing(order: list[int]) -> None:
    spans = [
        span({"session.id": "s", "gen_ai.agent.name": "a"}, 1, name="agent"),
        span({"openinference.span.kind": "CHAIN"}, 2, 1),
        span(CHAT, 3, 2),
        span({"note": "x"}, 4, 3),
        span({"gen_ai.operation.name": "chat"}, 5, 4),
        span({**CHAT, "gen_ai.usage.input_tokens": 7}, 6, 5),
    ]
    found = {call.span_id: call for call in calls(export(*(spans[number] for number in order)))}
    assert found == {call.span_id: call for call in calls(export(*spans))}
    assert all(call.feature == "a" and call.conversation_id == "s" for call in found.values())


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40))
def test_every_call_has_the_nearest_call_above_it(shape: list[tuple[int, bool]]) -> None:
    """Spans in a random tree: parent number is smaller, some are calls."""
    spans, parents, is_call = [], {}, {}
    for number, (above, call_or_not) in enumerate(shape, 1):
        parents[number] = above % number
        is_call[number] = call_or_not
        spans.append(span(CHAT if call_or_not else {"note": "x"}, number, parents[number]))
    for found in calls(export(*spans)) if spans else []:
        number = int((found.span_id or "").partition(":")[2], 16)
        above = parents[number]
        while above and not is_call[above]:
            above = parents[above]
        assert found.parent_span_id == (f"{(found.span_id or '').partition(':')[0]}:{above:016x}" if above else None)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TYPED, inner, max_size=3),
        max_leaves=20,
    )
)
def test_values_of_any_shape_are_borne(value: Any) -> None:
    any_value(value)
    span_id_of(value)
    time_of(value)
    assert all(type(key) is str for key in attributes_of(value))
    listed({"a.0.b": value, "a.1": value, "a.x": value, "a.0": value}, "a")


def test_lone_spans_and_whole_exports_tell_the_same() -> None:
    one = span({**CHAT, "gen_ai.usage.cache_read.input_tokens": 1280})
    (whole,) = calls(export(one))
    (alone,) = read({**one, "scope": {"name": "app"}})
    assert isinstance(alone, Call)
    assert (alone.usage, alone.span_id) == (whole.usage, whole.span_id)
    assert (alone.started_at, alone.latency_ms) == (whole.started_at, whole.latency_ms)
