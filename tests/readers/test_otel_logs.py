"""Log records of OpenTelemetry: messages joined to the spans of their calls, and the events of coding tools."""

from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from readers.otel_exports import CALL_A, CALL_B, START, TRACE, classes, pairs, texts, typed
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.readers.tracing import otel_logs
from tokaudit.schema import Aside, Call, Record

SPAN = "00000000000000b1"


def log(event: str, body: Any = None, span_id: str = SPAN, **attributes: Any) -> dict[str, Any]:
    return {
        "timeUnixNano": str(START),
        "eventName": event,
        "body": typed(body),
        "attributes": pairs(attributes),
        "traceId": TRACE if span_id else "",
        "spanId": span_id,
    }


def export(*logs: dict[str, Any], scope: str = "app", service: str = "desk") -> dict[str, Any]:
    scoped = {"scope": {"name": scope}, "logRecords": list(logs)}
    return {"resourceLogs": [{"resource": {"attributes": pairs({"service.name": service})}, "scopeLogs": [scoped]}]}


def told(*log_records: Record) -> tuple[list[Call], list[str]]:
    """The calls and fragments of a file, and what the others are."""
    reader = FileReader(ReadOptions())
    found = [one for line, record in enumerate(log_records, 1) for one in reader.read(record, Spot(line, line))]
    found += reader.end()
    tellings = [one.telling for one in found]
    return [t for t in tellings if isinstance(t, Call)], [t.kind for t in tellings if isinstance(t, Aside)]


def test_messages_of_one_span_are_one_fragment_wherever_they_stand() -> None:
    first = export(
        log("gen_ai.system.message", {"content": "Be short."}), log("gen_ai.user.message", {"content": "Hi"})
    )
    second = export(log("gen_ai.choice", {"index": 0, "message": {"role": "assistant", "content": "Ho"}}))
    (fragment,), kinds = told(first, second)
    assert fragment.is_fragment
    assert fragment.link_id == f"otel:{TRACE}:{SPAN}"
    assert texts(fragment.prompt) == [("system", "Be short."), ("user", "Hi")]
    assert texts(fragment.answer) == [("assistant", "Ho")]
    assert kinds == ["further message of a call"] * 2


def test_each_span_has_its_own_messages() -> None:
    fragments, _ = told(
        export(
            log("gen_ai.user.message", {"content": "a"}),
            log("gen_ai.user.message", {"content": "b"}, "00000000000000b2"),
        )
    )
    assert [texts(fragment.prompt) for fragment in fragments] == [[("user", "a")], [("user", "b")]]


def test_a_tool_call_of_an_answer_is_read_beside_its_message() -> None:
    function = {"id": "t", "type": "function", "function": {"name": "find", "arguments": '{"id":7}'}}
    (fragment,), _ = told(export(log("gen_ai.choice", {"index": 0, "message": {}, "tool_calls": [function]})))
    assert texts(fragment.answer) == [("assistant", 'find({"id":7})')]


def test_messages_without_content_or_span_add_nothing() -> None:
    (fragment,), _ = told(export(log("gen_ai.user.message", {}), log("gen_ai.choice", {"index": 0, "message": {}})))
    assert (fragment.prompt, fragment.answer) == ((), ())
    assert told(export(log("gen_ai.user.message", {"content": "a"}, ""))) == ([], ["message outside any span"])


def test_only_so_many_spans_wait() -> None:
    session = otel_logs.READER.open_session
    assert session is not None
    waiting = session(ReadOptions())
    known = []
    for number in range(1, 1001):
        record = export(log("gen_ai.user.message", {"content": "a"}, f"{number:016x}"))
        known += list(waiting.add(record, Spot(number, number)))
    rest = list(waiting.end())
    assert len(rest) <= 256
    assert sorted(spot.line for spot, _ in (*known, *rest)) == list(range(1, 1001))
    assert list(waiting.end()) == []


DETAILS = {
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.usage.input_tokens": 1420,
    "gen_ai.usage.cache_read.input_tokens": 1280,
    "gen_ai.usage.output_tokens": 100,
    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
}


@pytest.mark.parametrize(
    ("attributes", "span_id", "is_fragment"),
    [
        ({**DETAILS, "gen_ai.response.id": "chatcmpl-1"}, SPAN, False),
        (DETAILS, "", False),
        (DETAILS, SPAN, True),
    ],
)
def test_details_are_a_call_where_no_span_counts_the_same_or_both_have_its_id(
    attributes: dict[str, Any], span_id: str, is_fragment: bool
) -> None:
    (found,), _ = told(export(log("gen_ai.client.inference.operation.details", None, span_id, **attributes)))
    assert (found.is_fragment, classes(found.usage), texts(found.prompt)) == (is_fragment, CALL_A, [("user", "Hi")])


CLAUDE = {
    "session.id": "s",
    "model": "claude-sonnet-4-5",
    "request_id": "req_1",
    "input_tokens": "3",
    "output_tokens": "406",
    "cache_read_tokens": "1111",
    "cache_creation_tokens": "0",
    "cost_usd": "0.0064323",
    "duration_ms": "2500",
}


def test_claude_code_counts_the_cache_beside_the_input() -> None:
    (found,), _ = told(export(log("claude_code.api_request", None, "", **CLAUDE)))
    assert (classes(found.usage), found.usage.state, found.logged_cost) == (CALL_B, "exact", "0.0064323")
    assert (found.call_id, found.conversation_id, found.latency_ms) == ("claude_code:req_1", "s", 2500)
    assert found.started_at == START // 1000 - 2_500_000


def test_the_name_of_an_event_stands_in_three_places() -> None:
    as_field = log("claude_code.api_request", None, "", **CLAUDE)
    as_attribute = {
        **log("", None, "", **CLAUDE, **{"event.name": "api_request"}),
        "body": typed("claude_code.api_request"),
    }
    as_body = {**log("", None, "", **CLAUDE), "body": typed("claude_code.api_request")}
    for one in (as_field, as_attribute, as_body):
        one.update({"eventName": one["eventName"]} if one["eventName"] else {})
        (found,), _ = told(
            export({key: value for key, value in one.items() if value != ""}, scope="com.anthropic.claude_code.events")
        )
        assert classes(found.usage) == CALL_B


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"status_code": "529", "error": "Overloaded, Jane"}, (529, "http_529", "exact")),
        ({"error": "Connection error."}, (None, "error", "exact")),
        ({"status_code": 408}, (408, "http_408", "output_lower_bound")),
    ],
)
def test_an_error_of_claude_code_is_a_failed_call(attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (found,), _ = told(export(log("claude_code.api_error", None, "", model="claude-sonnet-4-5", **attributes)))
    assert (found.http_status, found.error_type, found.usage.state) == expected


GEMINI = {
    "session.id": "s",
    "event.timestamp": "2026-03-09T10:40:02.311Z",
    "model": "gemini-2.5-pro",
    "duration_ms": 2311,
    "input_token_count": 95,
    "output_token_count": 66,
    "cached_content_token_count": 40,
    "thoughts_token_count": 132,
    "tool_token_count": 439,
    "total_token_count": 732,
}


@pytest.mark.parametrize("name", ["gemini_cli.api_response", "qwen-code.api_response"])
def test_gemini_cli_counts_thoughts_and_tool_use_beside(name: str) -> None:
    (found,), _ = told(export(log(name, "API response from x. Status: 200.", "", **GEMINI)))
    usage = found.usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_output_tokens) == (95 + 439, 66 + 132, 132)
    assert usage.input_tokens + usage.output_tokens == 732
    assert usage.cache_read_input_tokens == 40


def test_what_gemini_cli_says_twice_is_one_call() -> None:
    restated = {"session.id": "s", "event.timestamp": GEMINI["event.timestamp"], **DETAILS, "gen_ai.response.id": "x"}
    own = log("gemini_cli.api_response", None, "", **GEMINI)
    twin = log("gen_ai.client.inference.operation.details", None, "", **restated)
    (call, fragment), _ = told(export(own, twin, service="gemini-cli"))
    assert (call.is_fragment, fragment.is_fragment) == (False, True)
    assert call.link_id == fragment.link_id
    assert fragment.usage.input_tokens is None
    assert texts(fragment.prompt) == [("user", "Hi")]


def test_zeros_of_gemini_cli_report_nothing() -> None:
    zeros = {key: 0 if key.endswith("_count") else value for key, value in GEMINI.items()}
    (found,), _ = told(export(log("gemini_cli.api_response", None, "", **zeros)))
    assert found.usage.state == "missing"


def test_of_a_stream_of_codex_the_last_event_counts() -> None:
    counts = {
        "input_token_count": "1420",
        "cached_token_count": 1280,
        "output_token_count": 100,
        "reasoning_token_count": 40,
        "tool_token_count": 1520,
    }
    common = {"conversation.id": "c", "model": "gpt-5.1-codex"}
    delta = log("codex.sse_event", None, "", **common, **{"event.kind": "response.output_text.delta"})
    last = log("codex.sse_event", None, "", **common, **counts, **{"event.kind": "response.completed"})
    (found,), kinds = told(export(delta, last))
    assert (classes(found.usage), found.usage.reasoning_output_tokens, found.conversation_id) == (CALL_A, 40, "c")
    assert kinds == ["event of a coding tool"]


def test_other_log_records_are_no_calls() -> None:
    assert told(export(log("", "started"))) == ([], ["log record"])
    assert told({"resourceLogs": []}) == ([], ["export without log records"])


OWN = {"model": "gpt-4.1-mini", "prompt_tokens": 1420, "cached_tokens": 1280, "completion_tokens": 100}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4.1-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
}


@pytest.mark.parametrize(
    "record",
    [
        log("", {"event": "llm_call", "feature": "refunds", **OWN}),
        log("llm_call", {"text": "done", "feature": "refunds"}, **OWN),
        log("", {"usage": {k: v for k, v in OWN.items() if k != "model"}, "model": OWN["model"], "feature": "refunds"}),
        log(
            "", {"feature": "refunds", "request": {"messages": [{"role": "user", "content": "Hi"}]}, "response": ANSWER}
        ),
    ],
)
def test_an_applications_own_log_of_a_call_is_a_call(record: dict[str, Any]) -> None:
    (found,), kinds = told(export(record))
    assert (classes(found.usage), found.feature, found.reader) == (CALL_A, "refunds", "otel_logs")
    assert found.started_at == START // 1000
    assert kinds == []


def test_a_broken_count_costs_one_record_and_not_the_others() -> None:
    bad = log("claude_code.api_request", None, "", **{**CLAUDE, "input_tokens": "-3"})
    (found,), _ = told(export(bad, log("claude_code.api_request", None, "", **CLAUDE)))
    assert classes(found.usage) == CALL_B


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"body": "x", "attributes": {}},
        {"message": "x", "trace_id": "1", "attributes": {}},
        {"body": {"model": "gpt-4o"}, "attributes": {"a": 1}, "status": 200},
        {"resourceSpans": [], "resourceLogs": []},
    ],
)
def test_what_is_no_log_record_of_the_kind_is_not_claimed(record: dict[str, Any]) -> None:
    assert not otel_logs.identify(record)


def test_one_log_record_a_line_is_read_in_the_names_of_its_writer() -> None:
    found, kinds = told(*records(FIXTURES / "otel_logs" / "one-by-one.jsonl"))
    assert [call.is_fragment for call in found].count(True) == 2
    assert CALL_B in [classes(call.usage) for call in found]
    assert kinds == ["event of a coding tool"]
