from __future__ import annotations

from typing import Any

import pytest

from readers.agents import Line, asides, calls, counts, rejects, texts, told
from tokaudit.readers.agents.codex import READER
from tokaudit.readers.choose import choose

AT = "2026-03-02T09:15:{:06.3f}Z"


def line(kind: str, payload: Line, at: float = 11, **more: Any) -> Line:
    return {"timestamp": AT.format(at), "type": kind, "payload": payload, **more}


def meta(id_: str = "s", at: float = 11, **more: Any) -> Line:
    return line("session_meta", {"id": id_, "timestamp": AT.format(at), "cwd": "/srv/dev/harbour", **more}, at)


def turn(model: str, at: float = 11, **more: Any) -> Line:
    return line("turn_context", {"model": model, "cwd": "/srv/dev/harbour", **more}, at)


def used(whole: int, read: int = 0, output: int = 0, reasoning: int = 0) -> Line:
    return {"input_tokens": whole, "cached_input_tokens": read, "output_tokens": output,
            "reasoning_output_tokens": reasoning, "total_tokens": whole + output}  # fmt: skip


def counted(total: Line | None, last: Line | None, at: float = 20, **more: Any) -> Line:
    info = {name: block for name, block in (("total_token_usage", total), ("last_token_usage", last)) if block}
    return line("event_msg", {"type": "token_count", "info": info, "rate_limits": None}, at, **more)


def message(role: str, text: str, at: float = 11, **more: Any) -> Line:
    return line("response_item", {"type": "message", "role": role, "content": [{"text": text}]}, at, **more)


def item(kind: str, at: float = 15, **more: Any) -> Line:
    return line("response_item", {"type": kind, **more}, at)


def record(id_: str, usage: Line, thread: str = "s", at: float = 19) -> Line:
    return line("token_usage_record", {"thread_id": thread, "response_id": id_, "usage": usage}, at)


# ---- running totals


def test_calls_are_the_differences_of_the_running_total() -> None:
    lines = [
        meta(), turn("gpt-4.1-mini"),
        counted(used(1420, 1280, 100), used(1420, 1280, 100)),
        counted(used(1420, 1280, 100), used(1420, 1280, 100)),  # limits refreshed
        counted(used(3420, 2980, 150), used(2000, 1700, 50)),
    ]  # fmt: skip
    found = calls(lines)
    assert [counts(call.usage) for call in found] == [(1420, 1280, 0, None, 100), (2000, 1700, 0, None, 50)]
    assert {call.usage.state for call in found} == {"exact"}
    assert "repeated token count" in asides(lines)


@pytest.mark.parametrize(
    ("total", "last", "expected"),
    [
        (used(500, 0, 20), None, (400, 15)),
        (None, used(70, 0, 3), (70, 3)),
        (used(40, 0, 2), used(40, 0, 2), (40, 2)),  # the totals began anew
        (used(900, 0, 60), used(50, 0, 4), (800, 55)),  # a count in between is missing
        (used(150, 0, 6), used(300, 0, 9), (300, 9)),  # the total lacks a part of the call
    ],
)
def test_what_was_spent_since_the_total_before(
    total: Line | None, last: Line | None, expected: tuple[int, int]
) -> None:
    *_, call = calls([meta(), counted(used(100, 0, 5), used(100, 0, 5)), counted(total, last)])
    assert (call.usage.input_tokens, call.usage.output_tokens) == expected


def test_nothing_was_spent_when_the_context_overflowed() -> None:
    full = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0, "reasoning_output_tokens": 0}
    lines = [
        meta(), counted(used(100, 0, 5), used(100, 0, 5)),
        counted({**full, "total_tokens": 272000}, {**full, "total_tokens": 271895}),
        counted(used(60, 0, 2), used(60, 0, 2)),
    ]  # fmt: skip
    assert [call.usage.input_tokens for call in calls(lines)] == [100, 60]


def test_a_total_that_adds_reasoning_twice_is_not_believed() -> None:
    block = {**used(1000, 250, 125, 75), "total_tokens": 1200}
    (call,) = calls([turn("gpt-5.2-codex"), counted(block, block)])
    assert (call.usage.output_tokens, call.usage.reasoning_output_tokens) == (125, 75)


def test_limits_without_counts_are_no_call() -> None:
    assert asides([line("event_msg", {"type": "token_count", "info": None})]) == ["rate limits"]


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([counted(used(-1), used(-1))]) == ["token count is negative"]


# ---- models


def test_the_model_is_that_of_the_turn() -> None:
    lines = [
        meta(model_provider="openai"), turn("gpt-5"), counted(used(1), used(1)),
        line("event_msg", {"type": "collab_agent_spawn_begin", "model": "gpt-5.4-mini"}),  # the agent's, not ours
        turn("gpt-5.3-codex", service_tier="flex"), counted(used(3), used(2)),
    ]  # fmt: skip
    assert [(call.request_model, call.service_tier) for call in calls(lines)] == [
        ("gpt-5", None),
        ("gpt-5.3-codex", "flex"),
    ]
    assert {(call.provider_name, call.feature, call.conversation_id) for call in calls(lines)} == {
        ("openai", "harbour", "s")
    }


def test_a_session_that_names_no_model_has_none() -> None:
    (call,) = calls([meta(), counted(used(1), used(1))])
    assert call.request_model is None


# ---- records of answers


def test_a_record_of_an_answer_makes_its_count_a_repeat() -> None:
    lines = [meta(), record("resp_1", used(10, 0, 2)), counted(used(10, 0, 2), used(10, 0, 2))]
    (call,) = calls(lines)
    assert call.response_id == "resp_1"


def test_a_count_that_stands_before_its_record_is_the_same_call() -> None:
    lines = [meta(), counted(used(10, 0, 2), used(10, 0, 2)), record("resp_1", used(10, 0, 2))]
    (call,) = calls(lines)
    assert call.response_id == "resp_1"


def test_a_record_of_another_thread_is_told_in_its_own_file() -> None:
    assert calls([meta(), record("resp_1", used(10), thread="other")]) == []


# ---- copies


def test_a_fork_does_not_count_what_it_copied() -> None:
    lines = [
        meta("child", 30, forked_from_id="s"),
        meta("s", 30.001),
        message("user", "One", 30.002), message("assistant", "1", 30.003), turn("gpt-5", 30.003),
        counted(used(100, 0, 5), used(100, 0, 5), 30.004), counted(used(300, 0, 9), used(200, 0, 4), 30.004),
        message("user", "Two", 30.005), turn("gpt-5", 30.006),
        message("assistant", "2", 34), counted(used(700, 0, 12), used(400, 0, 3), 34.1),
    ]  # fmt: skip
    (call,) = calls(lines)
    assert (call.usage.input_tokens, call.usage.output_tokens, call.conversation_id) == (400, 3, "child")
    assert texts(call) == ["One", "1", "Two"]  # what was copied was sent
    assert asides(lines).count("copy from another session") == 2


def test_copies_that_kept_their_times_are_copies_too() -> None:
    lines = [
        meta("child", 30, forked_from_id="s"),
        counted(used(100), used(100), 11), counted(used(300), used(200), 20),
        counted(used(700), used(400), 34),
    ]  # fmt: skip
    assert [call.usage.input_tokens for call in calls(lines)] == [400]


def test_numbered_lines_say_where_the_agents_own_begin() -> None:
    own = meta("kid", 30, source={"subagent": {"thread_spawn": {}}}, subagent_history_start_ordinal=2)
    lines = [
        {**own, "ordinal": 0},
        counted(used(5_000), used(50), 30, ordinal=1),
        counted(used(70), used(70), 30.1, ordinal=2),
    ]
    assert [call.usage.input_tokens for call in calls(lines)] == [70]


def test_a_session_that_is_no_fork_counts_its_first_call_at_once() -> None:
    assert len(calls([meta(at=11), counted(used(1), used(1), at=11.01)])) == 1


def test_the_same_call_has_the_same_id_wherever_its_file_lies() -> None:
    lines = [meta(), counted(used(10), used(10)), counted(used(30), used(20))]
    first, second = calls(lines)
    assert first.response_id != second.response_id
    assert [call.response_id for call in calls(lines)] == [first.response_id, second.response_id]


# ---- prompts


def test_the_prompt_is_the_instructions_and_the_new_turn() -> None:
    lines = [
        meta(base_instructions={"text": "You are an agent."}),
        message("developer", "Stay inside."), message("user", "Go"),
        item("reasoning"), item("function_call", name="shell", arguments="{}"), item("function_call_output", output="ok"),
        counted(used(10), used(10)),
        message("assistant", "Done."), counted(used(30), used(20)),
    ]  # fmt: skip
    first, second = calls(lines)
    assert [(part.role, part.text) for part in first.prompt] == [
        ("system", "You are an agent."),
        ("system", "Stay inside."),
        ("user", "Go"),
    ]
    assert [part.text for part in first.answer] == ["shell({})"]
    assert texts(second) == ["You are an agent.", "Stay inside.", "ok"]
    assert second.previous_response_id == first.response_id
    assert [part.message for part in second.prompt] == [0, 1, 2]


def test_items_that_stand_behind_their_count_belong_to_it() -> None:
    lines = [
        meta(instructions="You are an agent."), message("user", "Go"),
        counted(used(10), used(10)),
        item("reasoning"), item("function_call", name="shell", arguments="{}"), item("function_call_output", output="ok"),
        counted(used(30), used(20)),
        message("assistant", "Done."),
    ]  # fmt: skip
    first, second = calls(lines)
    assert [part.text for part in first.answer] == ["shell({})"]
    assert texts(second) == ["You are an agent.", "ok"]
    assert [part.text for part in second.answer] == ["Done."]


def test_a_compaction_begins_anew_with_what_it_left() -> None:
    left = [{"type": "message", "role": "user", "content": [{"text": "So far."}]}]
    lines = [
        meta(), message("user", "Go"), message("assistant", "Gone."), counted(used(10), used(10)),
        line("compacted", {"message": "", "replacement_history": left}),
        message("user", "On"), message("assistant", "Further."), counted(used(30), used(20)),
    ]  # fmt: skip
    *_, call = calls(lines)
    assert (texts(call), call.previous_response_id) == (["So far.", "On"], None)


def test_an_earlier_compaction_left_a_summary() -> None:
    lines = [meta(), line("compacted", {"message": "So far."}), message("assistant", "x"), counted(used(1), used(1))]
    assert texts(calls(lines)[0]) == ["So far."]


# ---- codex exec


def test_a_turn_states_the_total_of_its_thread() -> None:
    lines: list[Line] = [
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": used(100, 60, 9)},
        {"type": "turn.completed", "usage": used(250, 160, 12)},
        {"type": "thread.started", "thread_id": "u"},
        {"type": "turn.completed", "usage": used(300, 200, 20)},
    ]
    found = calls(lines)
    assert [counts(call.usage)[:2] for call in found] == [(100, 60), (150, 100), (300, 200)]
    assert [call.conversation_id for call in found] == ["t", "t", "u"]
    assert [part.text for part in found[0].answer] == ["Done."]


def test_a_failed_turn_is_a_failed_call() -> None:
    (call,) = calls([{"type": "turn.failed", "error": {"message": "secret"}}])
    assert (call.error_type, call.usage.input_tokens) == ("error", 0)


def test_events_of_early_versions() -> None:
    lines = [
        {"id": "0", "msg": {"type": "session_configured", "model": "gpt-5-codex"}},
        {"id": "1", "msg": {"type": "token_count", "info": {"last_token_usage": used(7, 0, 2)}}},
    ]
    (call,) = calls(lines)
    assert (call.request_model, call.usage.input_tokens) == ("gpt-5-codex", 7)


# ---- what is a line


def test_every_line_is_told_once() -> None:
    lines = [meta(), turn("m"), message("user", "x"), line("world_state", {}), line("event_msg", {"type": "x"})]
    assert len(told(lines)) == len(lines)
    assert all(choose(each) is READER for each in lines)


@pytest.mark.parametrize(
    "record",
    [
        {"type": "event", "payload": {}},
        {"type": "response_item", "payload": "text"},
        {"type": "error", "error": {"type": "overloaded_error"}},
        {"type": "turn.completed", "sum": 3},
        {"id": "1", "msg": {"type": "x"}, "level": "info"},
        {"type": ["session_meta"], "payload": {}},
    ],
)
def test_what_is_no_line(record: Line) -> None:
    assert not READER.identify(record)
