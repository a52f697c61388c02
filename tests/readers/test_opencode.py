from __future__ import annotations

import json
from typing import Any

import pytest

from readers.agents import Line, asides, calls, counts, rejects, texts
from tokaudit.readers.agents.opencode import READER
from tokaudit.readers.choose import choose

AT = 1772442911000


def used(whole: int, output: int, reasoning: int = 0, read: int = 0, write: int = 0, total: int | None = None) -> Line:
    stated = {} if total is None else {"total": total}
    return {**stated, "input": whole, "output": output, "reasoning": reasoning, "cache": {"read": read, "write": write}}


def message(tokens: Line | None, id_: str = "msg_1", model: str = "claude-sonnet-4-5", **more: Any) -> Line:
    return {"id": id_, "sessionID": "ses_1", "role": "assistant", "time": {"created": AT, "completed": AT + 2000},
            "modelID": model, "providerID": "anthropic", "path": {"cwd": "/srv/dev/harbour/docs", "root": "/srv/dev/harbour"},
            "finish": "stop", "tokens": tokens, **more}  # fmt: skip


def test_the_cache_stands_beside_the_input() -> None:
    (call,) = calls([message(used(3, 406, 0, 1111), cost=0.0064323)])
    assert (counts(call.usage), call.usage.state) == ((1114, 1111, 0, None, 406), "exact")
    assert (call.started_at, call.latency_ms, call.feature, call.logged_cost) == (
        AT * 1000, 2000, "harbour", "0.0064323",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("total", "model", "output"),
    [
        (192, "gpt-5", 42),  # 100 + 30 + 12 + 50
        (180, "gpt-5", 30),  # reasoning is inside the output
        (None, "gpt-5", 30),  # as OpenAI counts
        (None, "gemini-2.5-pro", 42),  # as Google counts
        (999, "gpt-5", 30),
    ],
)
def test_the_total_says_where_reasoning_stands(total: int | None, model: str, output: int) -> None:
    (call,) = calls([message(used(100, 30, 12, 50, 0, total), model=model)])
    assert (call.usage.output_tokens, call.usage.reasoning_output_tokens) == (output, 12)


def test_zeros_are_no_usage() -> None:
    (waiting,) = calls([message(used(0, 0), cost=0)])
    assert (waiting.usage.state, waiting.logged_cost) == ("missing", None)
    error = {"name": "APIError", "data": {"message": "secret", "statusCode": 429}}
    (failed,) = calls([message(used(0, 0), error=error)])
    assert (failed.http_status, failed.error_type, failed.usage.input_tokens) == (429, "APIError", 0)


def test_steps_of_one_message_are_its_calls() -> None:
    early = message(used(20, 5, 0, 900))
    del early["finish"]
    step = {"id": "prt_1", "messageID": "msg_1", "sessionID": "ses_1", "type": "step-finish", "tokens": used(800, 40)}
    whole, common, part = calls([early, step])
    assert (common.is_fragment, common.link_id, common.request_model) == (True, "opencode:msg_1", "claude-sonnet-4-5")
    assert (part.link_id, part.parent_span_id, part.request_model) == ("opencode:msg_1", whole.span_id, None)


def test_rows_of_the_database_hold_messages_and_parts() -> None:
    data = {key: value for key, value in message(used(3, 4)).items() if key not in ("id", "sessionID")}
    row = {"id": "msg_1", "session_id": "ses_1", "time_created": AT, "data": json.dumps(data)}
    part = {"id": "prt_1", "message_id": "msg_1", "session_id": "ses_1", "time_created": AT, "data": '{"type": "text"}'}
    (call,) = calls([row, part])
    assert (call.response_id, call.conversation_id) == ("opencode:msg_1", "ses_1")
    assert asides([part]) == ["message part"]
    assert choose({**row, "data": data}) is READER


def test_an_export_has_the_texts() -> None:
    tool = {"type": "tool", "tool": "read", "state": {"input": {"path": "a"}, "output": "1,free"}}
    export = {
        "info": {"id": "ses_1", "title": "x"},
        "messages": [
            {"info": {"id": "u", "role": "user", "sessionID": "ses_1"}, "parts": [{"type": "text", "text": "Go"}]},
            {"info": message(used(3, 9), "msg_1"), "parts": [{"type": "text", "text": "I look."}, tool]},
            {"info": message(used(9, 3), "msg_2"), "parts": [{"type": "text", "text": "Done."}]},
        ],
    }
    first, second = calls([export])
    assert texts(first) == ["Go"]
    assert [part.text for part in first.answer] == ["I look.", 'read({"path":"a"})']
    assert (texts(second), second.previous_response_id) == (["1,free"], first.response_id)


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([message(used(-1, 2))]) == ["token count is negative"]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "u", "sessionID": "s", "role": "user", "time": {}},
        {"id": "p", "sessionID": "s", "messageID": "m", "type": "text"},
        {"id": "s", "projectID": "p", "title": "x", "time": {"created": AT}},
    ],
)
def test_what_is_no_answer(record: Line) -> None:
    assert choose(record) is READER
    assert calls([record]) == []


@pytest.mark.parametrize(
    "record",
    [
        {"sessionID": "s", "role": "assistant", "content": "x"},
        {"sessionID": "s", "role": ["user"], "time": {}},
        {"session_id": "s", "time_created": 1, "data": "text"},
        {"info": {}, "messages": [{"role": "user", "content": "x"}]},
        {"messages": [], "info": {}},
    ],
)
def test_what_is_none_of_it(record: Line) -> None:
    assert not READER.identify(record)
