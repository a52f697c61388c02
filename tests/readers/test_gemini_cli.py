from __future__ import annotations

from typing import Any

import pytest

from readers.agents import Line, asides, calls, counts, rejects, texts, told
from tokaudit.readers.agents.gemini_cli import READER
from tokaudit.readers.choose import choose
from tokaudit.schema import Call

HEAD = {"sessionId": "s", "projectHash": "h", "startTime": "2026-03-02T09:15:11.000Z"}


def used(whole: int, output: int, cached: int = 0, thoughts: int = 0, tool: int = 0) -> Line:
    return {"input": whole, "output": output, "cached": cached, "thoughts": thoughts, "tool": tool,
            "total": whole + output + thoughts + tool}  # fmt: skip


def message(id_: str, kind: str, content: Any = "x", **more: Any) -> Line:
    return {"id": id_, "timestamp": "2026-03-02T09:15:12.000Z", "type": kind, "content": content, **more}


def gemini(id_: str, tokens: Line | None, content: Any = "Yes.", **more: Any) -> Line:
    return message(id_, "gemini", content, tokens=tokens, model="gemini-2.5-pro", **more)


def test_thoughts_and_tool_use_are_added_and_the_cache_is_inside() -> None:
    (call,) = calls([HEAD, gemini("m1", used(1420, 100, 1280, 244, 30))])
    assert counts(call.usage) == (1450, 1280, None, None, 344)
    assert (call.usage.reasoning_output_tokens, call.usage.state) == (244, "exact")
    assert (call.provider_name, call.request_model, call.conversation_id) == ("google", "gemini-2.5-pro", "s")


def test_of_lines_with_one_id_the_last_holds() -> None:
    tool = {"name": "ls", "args": {}, "result": [{"functionResponse": {"response": {"output": "a"}}}]}
    lines = [
        HEAD, message("u", "user"),
        gemini("m1", None), gemini("m1", used(10, 2)), gemini("m1", used(10, 2), toolCalls=[tool]),
        gemini("m2", used(20, 3)),
    ]  # fmt: skip
    first, second = calls(lines)
    assert [part.text for part in first.answer] == ["Yes.", "ls({})"]
    assert texts(second) == ['{"output":"a"}']
    assert second.previous_response_id == first.response_id
    assert asides(lines).count("earlier form of an answer") == 2


def test_what_was_rewound_was_billed() -> None:
    lines = [
        HEAD, message("u1", "user", "One"), gemini("m1", used(10, 2)),
        message("u2", "user", "Two"), gemini("m2", used(20, 3)),
        {"$rewindTo": "u2"},
        message("u3", "user", "Another two"), gemini("m3", used(21, 4)),
    ]  # fmt: skip
    found = calls(lines)
    assert [call.usage.input_tokens for call in found] == [10, 20, 21]
    assert (texts(found[2]), found[2].previous_response_id) == (["Another two"], found[0].response_id)


def test_a_session_in_one_object_is_many_calls() -> None:
    session = {**HEAD, "messages": [message("u", "user"), gemini("m1", used(10, 2)), gemini("m2", used(20, 3))]}
    found = told([session])
    assert [call.usage.input_tokens for call in calls([session])] == [10, 20]
    assert {one.spot.line for one in found} == {1}
    assert len({one.number for one in found if isinstance(one.telling, Call)}) == 2


def test_messages_that_only_an_update_brings_are_read() -> None:
    update = {"$set": {"messages": [gemini("m1", used(10, 2)), gemini("m2", used(20, 3))]}}
    assert [call.usage.input_tokens for call in calls([HEAD, gemini("m1", used(10, 2)), update])] == [10, 20]


def test_zeros_all_over_are_no_usage() -> None:
    (call,) = calls([HEAD, gemini("m1", used(0, 0))])
    assert (call.usage.state, call.usage.input_tokens) == ("missing", None)


def test_a_message_that_no_model_wrote_is_no_call() -> None:
    lines = [HEAD, message("m1", "gemini", [{"text": "So far: one."}])]
    assert calls(lines) == []
    assert "answer without model and tokens" in asides(lines)


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([HEAD, gemini("m1", used(-1, 2))]) == ["token count is negative"]


def test_a_run_states_a_sum_for_each_model() -> None:
    tokens = {
        "input": 140,
        "prompt": 1420,
        "candidates": 100,
        "cached": 1280,
        "thoughts": 244,
        "tool": 0,
        "total": 1764,
    }
    report = {"response": "Done.", "stats": {"models": {"gemini-2.5-pro": {"tokens": tokens}}}}
    (call,) = calls([report])
    assert counts(call.usage) == (1420, 1280, None, None, 344)
    assert call.usage.rule == "Gemini CLI: sum over the requests of a run"


def test_the_result_of_a_stream_counts_for_the_model_it_began_with() -> None:
    begin = {"type": "init", "timestamp": "2026-03-02T09:15:11Z", "session_id": "s", "model": "gemini-2.5-flash"}
    stats = {"total_tokens": 110, "input_tokens": 100, "output_tokens": 10, "cached": 60, "input": 40}
    (call,) = calls([begin, {"type": "result", "status": "success", "stats": stats}])
    assert (call.request_model, counts(call.usage)) == ("gemini-2.5-flash", (100, 60, None, None, 10))


@pytest.mark.parametrize(
    "record", [HEAD, {"$set": {}}, {"$rewindTo": "m"}, message("i", "info"), message("u", "user"), gemini("m", None)]
)
def test_lines_of_every_kind_are_known(record: Line) -> None:
    assert choose(record) is READER
    assert len(told([record])) == 1


@pytest.mark.parametrize(
    "record",
    [
        {"projectHash": 3, "sessionId": 4},
        {"$set": 3},
        {"$set": {}, "id": 1},
        {"type": "user", "message": {}, "uuid": "u", "timestamp": "t"},
        {"type": "message", "role": "assistant", "content": [], "timestamp": "t"},
        {"type": "error", "message": "x"},
        {"stats": {"models": {}}},
    ],
)
def test_what_is_no_line(record: Line) -> None:
    assert not READER.identify(record)
