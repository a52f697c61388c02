from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from readers.agents import Line, asides, calls, counts, rejects, texts, told
from tokaudit.prices.catalogue import published_rates
from tokaudit.readers.agents.claude_code import MOST_OPEN, READER
from tokaudit.readers.agents.claude_results import same_model
from tokaudit.readers.choose import choose
from tokaudit.schema import Call

OPUS, HAIKU = "claude-opus-4-5-20251101", "claude-haiku-4-5-20251001"


def usage(uncached: int, read: int = 0, write: int = 0, output: int = 1) -> Line:
    return {
        "input_tokens": uncached,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write,
        "cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
    }


def message(id_: str, used: Line, *blocks: Line, model: str = OPUS, stop: str | None = None) -> Line:
    content = list(blocks) or [{"type": "text", "text": "Yes."}]
    return {"id": id_, "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": stop, "usage": used}  # fmt: skip


def line(uuid: str, parent: str | None, kind: str, **more: Any) -> Line:
    return {"uuid": uuid, "parentUuid": parent, "sessionId": "s", "isSidechain": False, "type": kind,
            "timestamp": "2026-03-02T09:15:12.000Z", **more}  # fmt: skip


def user(uuid: str, parent: str | None, content: Any, **more: Any) -> Line:
    return line(uuid, parent, "user", message={"role": "user", "content": content}, **more)


def reply(uuid: str, parent: str | None, id_: str, used: Line, *blocks: Line, stop: str | None = None) -> Line:
    return line(uuid, parent, "assistant", message=message(id_, used, *blocks, stop=stop), requestId=f"req_{id_}")


def tool(id_: str) -> Line:
    return {"type": "tool_use", "id": id_, "name": "Bash", "input": {"command": "ls"}}


def result(id_: str, text: str) -> list[Line]:
    return [{"type": "tool_result", "tool_use_id": id_, "content": text}]


def streamed(id_: str, used: Line, *blocks: Line, session: str = "run", model: str = OPUS) -> Line:
    return {"type": "assistant", "session_id": session, "parent_tool_use_id": None,
            "message": message(id_, used, *blocks, model=model)}  # fmt: skip


def end_of_run(models: Line, session: str = "run", **more: Any) -> Line:
    names = {"inputTokens": 0, "outputTokens": 0, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0}
    whole = {name: {**names, **block} for name, block in models.items()}
    return {"type": "result", "subtype": "success", "session_id": session, "num_turns": 1, "modelUsage": whole, **more}


# ---- lines of one answer


def test_the_lines_of_an_answer_are_one_call_with_the_last_count() -> None:
    lines = [
        user("u", None, "Go"),
        reply("a", "u", "msg_1", usage(3, 1111, 0, 2), {"type": "text", "text": "I look."}),
        reply("b", "a", "msg_1", usage(3, 1111, 0, 406), tool("t")),
    ]
    (call,) = calls(lines)
    assert counts(call.usage) == (1114, 1111, 0, 0, 406)
    assert [part.text for part in call.answer] == ["I look.", 'Bash({"command":"ls"})']
    assert call.usage.state == "exact"
    assert asides(lines) == ["user message", "part of an answer"]


def test_a_count_that_comes_first_is_not_lost_to_an_older_one() -> None:
    (call,) = calls([reply("b", "a", "msg_1", usage(3, 0, 0, 406)), reply("a", "u", "msg_1", usage(3, 0, 0, 2))])
    assert call.usage.output_tokens == 406


def test_the_same_line_twice_adds_no_text() -> None:
    once = reply("a", "u", "msg_1", usage(3, 0, 0, 9), stop="end_turn")
    (call,) = calls([once, once])
    assert len(call.answer) == 1
    assert "repeated line" in asides([once, once])


@pytest.mark.parametrize(
    ("shown", "output", "stop", "state"),
    [
        ("word " * 40, 1, None, "output_lower_bound"),  # no line has the final count
        ("word " * 40, 50, None, "exact"),
        ("word " * 40, 1, "end_turn", "exact"),  # the count that ended it, whatever it is
        ("Yes.", 1, None, "exact"),
    ],
)
def test_an_answer_longer_than_its_count_was_not_counted(shown: str, output: int, stop: str | None, state: str) -> None:
    (call,) = calls([reply("a", None, "msg_1", usage(3, 0, 0, output), {"type": "text", "text": shown}, stop=stop)])
    assert (call.usage.state, call.usage.output_tokens) == (state, output)


def test_zeros_beside_an_answer_are_no_count() -> None:
    (call,) = calls([reply("a", None, "msg_1", usage(0, 0, 0, 0), stop="end_turn")])
    assert (call.usage.state, call.usage.input_tokens) == ("missing", None)


def test_thinking_is_output_too() -> None:
    thinking = {"type": "thinking", "thinking": "Let me see. " * 20}
    (call,) = calls([reply("a", None, "msg_1", usage(3, 0, 0, 1), thinking, {"type": "text", "text": "Yes."})])
    assert call.usage.state == "output_lower_bound"
    assert [part.text for part in call.answer] == ["Yes."]


def test_usage_that_stands_in_progress_lines_alone_counts_as_a_lower_bound() -> None:
    noted = {"type": "assistant", "uuid": "x", "timestamp": "2026-03-02T09:00:00Z", "requestId": "req_9",
             "message": message("msg_9", usage(7, 0, 900, 1), model=HAIKU)}  # fmt: skip
    row = line("p", None, "progress", data={"type": "agent_progress", "agentId": "a1", "message": noted})
    (call,) = calls([row])
    assert (call.response_id, call.response_model, call.usage.state) == ("msg_9", HAIKU, "output_lower_bound")
    assert counts(call.usage) == (907, 0, 900, 0, 1)
    assert call.prompt == ()


def test_an_answer_without_a_message_id_is_told_by_its_request() -> None:
    first = reply("a", "u", "", usage(3, 0, 0, 2))
    (call,) = calls([first, {**first, "uuid": "b"}])
    assert (call.response_id, call.call_id) == (None, "claude_code:req_")


def test_the_cache_split_by_lifetime_and_the_speed_are_kept() -> None:
    used = {**usage(3, 0, 500, 9), "speed": "fast", "service_tier": "standard"}
    used["cache_creation"] = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 400}
    (call,) = calls([reply("a", "u", "msg_1", used)])
    assert counts(call.usage) == (503, 0, 100, 400, 9)
    assert call.service_tier == "fast"


# ---- prompts


def test_tools_that_ran_at_once_all_answer_before_the_next_call() -> None:
    lines = [
        user("u", None, "Go"),
        reply("a1", "u", "msg_1", usage(3), tool("t1")),
        user("r1", "a1", result("t1", "one")),
        reply("a2", "a1", "msg_1", usage(3), tool("t2")),
        user("r2", "a2", result("t2", "two")),
        reply("b", "r2", "msg_2", usage(3)),
    ]
    first, second = calls(lines)
    assert texts(first) == ["Go"]
    assert texts(second) == ["one", "two"]
    assert second.previous_response_id == "msg_1"
    assert {part.role for part in second.prompt} == {"tool"}


def test_who_goes_back_and_asks_again_begins_a_branch() -> None:
    lines = [
        user("u1", None, "One"), reply("a1", "u1", "msg_1", usage(3)),
        user("u2", "a1", "Two"), reply("a2", "u2", "msg_2", usage(3)),
        user("u3", "a1", "Another two"), reply("a3", "u3", "msg_3", usage(3)),
    ]  # fmt: skip
    *_, third = calls(lines)
    assert (third.previous_response_id, texts(third)) == ("msg_1", ["Another two"])


def test_lines_that_are_not_sent_stand_between_without_breaking_the_thread() -> None:
    lines = [
        user("u1", None, "One"), reply("a1", "u1", "msg_1", usage(3)),
        line("p", "a1", "progress", data={"type": "hook_progress"}), line("n", "p", "attachment", attachment={}),
        user("u2", "n", "Two"), user("v", "u2", "only shown", isVisibleInTranscriptOnly=True),
        reply("a2", "v", "msg_2", usage(3)),
    ]  # fmt: skip
    assert (texts(calls(lines)[1]), calls(lines)[1].previous_response_id) == (["Two"], "msg_1")


def test_a_compaction_begins_anew_with_its_summary() -> None:
    lines = [
        user("u1", None, "One"), reply("a1", "u1", "msg_1", usage(3)),
        line("k", None, "system", subtype="compact_boundary", logicalParentUuid="a1"),
        user("s", "k", "So far: one.", isCompactSummary=True, isVisibleInTranscriptOnly=True),
        reply("a2", "s", "msg_2", usage(3)),
    ]  # fmt: skip
    assert (texts(calls(lines)[1]), calls(lines)[1].previous_response_id) == (["So far: one."], None)


def test_lines_that_name_no_parent_follow_the_line_before() -> None:
    lines = [
        user("u1", None, "One"), reply("a1", None, "msg_1", usage(3)),
        user("u2", None, "Two"), reply("a2", None, "msg_2", usage(3)),
    ]  # fmt: skip
    assert (texts(calls(lines)[1]), calls(lines)[1].previous_response_id) == (["Two"], "msg_1")


def test_a_part_of_a_file_is_read_as_far_as_it_is_known() -> None:
    (call,) = calls([reply("a9", "somewhere above", "msg_9", usage(3))])
    assert (call.prompt, call.previous_response_id) == ((), None)


# ---- errors


def test_failed_tries_and_the_answer_after_them_are_one_operation() -> None:
    error = {"status": 529, "error": {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}}}
    lines = [
        user("u", None, "Go"),
        line("e1", "u", "system", subtype="api_error", error=error, retryAttempt=1),
        line("e2", "e1", "system", subtype="api_error", error={"cause": {"code": "ECONNRESET"}}, retryAttempt=2),
        reply("a", "e2", "msg_1", usage(3)),
    ]
    first, second, answered = calls(lines)
    assert [call.error_type for call in (first, second, answered)] == ["overloaded_error", "ECONNRESET", None]
    assert {call.operation_id for call in (first, second, answered)} == {"e1"}
    assert counts(first.usage) == (0, 0, 0, 0, 0)
    assert texts(answered) == ["Go"]


@pytest.mark.parametrize(
    ("more", "text", "status"),
    [
        ({"apiErrorStatus": 429, "error": "rate_limit", "isApiErrorMessage": True}, "You have hit your limit", 429),
        ({"isApiErrorMessage": True}, 'API Error: 529 {"type":"error"}', 529),
        ({"isApiErrorMessage": True}, "Not logged in", None),  # no request was made
        ({}, "No response requested.", None),
    ],
)
def test_what_claude_code_says_itself_is_no_answer(more: Line, text: str, status: int | None) -> None:
    own = message("x", usage(0), {"type": "text", "text": text}, model="<synthetic>")
    found = calls([line("g", "u", "assistant", message=own, **more)])
    assert [call.http_status for call in found] == ([status] if status else [])
    assert all(call.usage.input_tokens == 0 and call.error_type for call in found)


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([reply("a", None, "msg_1", {"input_tokens": -1})]) == ["token count is negative"]


# ---- transcripts


def test_the_result_of_a_run_is_the_truth() -> None:
    # the counts of CATALOGUE 14.1: the answers state 1,261 output tokens, the result 1,587 and a background model
    lines = [
        {"type": "system", "subtype": "init", "session_id": "run", "cwd": "/srv/dev/harbour", "model": OPUS},
        streamed("msg_1", usage(3, 0, 28891, 4)),
        streamed("msg_1", usage(3, 0, 28891, 1237), tool("t1")),
        {"type": "user", "session_id": "run", "message": {"role": "user", "content": result("t1", "done")}},
        streamed("msg_2", usage(1, 28891, 1291, 23), tool("t2")),
        streamed("msg_3", usage(1, 30182, 134, 1), {"type": "text", "text": "It is done. " * 50}),
        end_of_run({
            HAIKU: {"inputTokens": 2823, "outputTokens": 270, "costUSD": 0.004173},
            OPUS: {"inputTokens": 5, "outputTokens": 1587, "cacheReadInputTokens": 59073,
                   "cacheCreationInputTokens": 30316, "costUSD": 0.2587115},
        }),
    ]  # fmt: skip
    found = calls(lines)
    assert [call.response_model for call in found] == [OPUS, OPUS, OPUS, HAIKU]
    assert sum(call.usage.output_tokens or 0 for call in found[:3]) == 1587
    assert [call.usage.state for call in found] == ["exact", "estimated", "estimated", "exact"]
    assert sum(price(call) for call in found[:3]) == Decimal("0.2587115")
    assert sum(price(call) for call in found) == Decimal("0.2628845")
    assert found[3].logged_cost == "0.004173"
    assert (texts(found[1]), found[1].previous_response_id, found[1].feature) == (["done"], "msg_1", "harbour")


def test_searches_of_a_model_that_no_answer_shows() -> None:
    lines = [
        {"type": "system", "subtype": "init", "session_id": "run", "cwd": "/srv/dev/harbour", "model": OPUS},
        streamed("msg_1", usage(3, 0, 0, 50), {"type": "text", "text": "It is done."}),
        end_of_run({
            HAIKU: {"inputTokens": 2823, "outputTokens": 270, "webSearchRequests": 2},
            OPUS: {"inputTokens": 3, "outputTokens": 50, "webSearchRequests": 0},
        }),
    ]  # fmt: skip
    shown, hidden = calls(lines)
    assert (shown.usage.web_searches, hidden.usage.web_searches) == (None, 2)


def price(call: Call) -> Decimal:
    assert call.response_model is not None
    rates = published_rates("anthropic", call.response_model, None, None, None)[0].rates
    whole, read, write, _, output = (count or 0 for count in counts(call.usage))
    spent = (
        (whole - read - write) * rates["uncached_input"]
        + read * rates["cache_read"]
        + write * rates["cache_write_5m"]
        + output * rates["output"]
    )
    return spent / 1_000_000


def test_a_single_answer_that_was_not_counted_gets_what_is_missing() -> None:
    lines = [streamed("msg_1", usage(3, 0, 0, 1)), end_of_run({OPUS: {"inputTokens": 3, "outputTokens": 88}})]
    (call,) = calls(lines)
    assert (call.usage.output_tokens, call.usage.state) == (88, "exact")


def test_input_that_no_answer_shows_is_another_call() -> None:
    lines = [streamed("msg_1", usage(3, 0, 0, 1)), end_of_run({OPUS: {"inputTokens": 903, "outputTokens": 88}})]
    shown, hidden = calls(lines)
    assert (counts(shown.usage)[0], counts(shown.usage)[4]) == (3, 1)
    assert (counts(hidden.usage)[0], counts(hidden.usage)[4]) == (900, 87)
    assert hidden.logged_cost is None  # the result's cost covers both


def test_a_result_that_counts_from_the_start_of_its_process_counts_earlier_turns_once() -> None:
    lines = [
        streamed("msg_1", usage(3, 0, 0, 1)),
        end_of_run({OPUS: {"inputTokens": 3, "outputTokens": 50}}, usage=usage(3, 0, 0, 50)),
        streamed("msg_2", usage(4, 0, 0, 1)),
        end_of_run({OPUS: {"inputTokens": 7, "outputTokens": 80}}, usage=usage(4, 0, 0, 30)),
    ]
    assert [call.usage.output_tokens for call in calls(lines)] == [50, 30]


def test_a_result_of_a_process_of_its_own_counts_its_own_turn() -> None:
    lines = [
        streamed("msg_1", usage(3, 0, 0, 1)),
        end_of_run({OPUS: {"inputTokens": 3, "outputTokens": 50}}, usage=usage(3, 0, 0, 50)),
        streamed("msg_2", usage(400, 0, 0, 1)),
        end_of_run({OPUS: {"inputTokens": 400, "outputTokens": 80}}, usage=usage(400, 0, 0, 80)),
    ]
    assert [call.usage.output_tokens for call in calls(lines)] == [50, 80]


def test_a_result_that_states_less_than_the_answers_corrects_nothing() -> None:
    lines = [streamed("msg_1", usage(3, 0, 0, 10)), end_of_run({OPUS: {"inputTokens": 1, "outputTokens": 5}})]
    (call,) = calls(lines)
    assert counts(call.usage) == (3, 0, 0, 0, 10)


def test_a_result_alone_tells_the_run() -> None:
    block = {"inputTokens": 3, "outputTokens": 406, "cacheReadInputTokens": 1111, "costUSD": 0.0064323}
    (call,) = calls([end_of_run({"claude-sonnet-4-5[1m]": block}, uuid="r")])
    assert (call.response_model, call.provider_name) == ("claude-sonnet-4-5", "anthropic")
    assert (counts(call.usage), call.logged_cost) == ((1114, 1111, 0, 0, 406), "0.0064323")


def test_a_result_without_models_is_of_the_model_that_the_run_began_with() -> None:
    begin = {"type": "system", "subtype": "init", "session_id": "run", "model": OPUS}
    old = {"type": "result", "session_id": "run", "total_cost_usd": 0.1, "num_turns": 1, "usage": usage(9, 0, 0, 5)}
    (call,) = calls([begin, old])
    assert (call.response_model, counts(call.usage), call.logged_cost) == (OPUS, (9, 0, 0, 0, 5), "0.1")


def test_a_result_that_stands_alone_is_the_parent_of_the_session_that_it_repeats() -> None:
    (whole,) = calls([end_of_run({OPUS: {"inputTokens": 3, "outputTokens": 406}}, session="s")])
    (call,) = calls([reply("a", None, "msg_1", usage(3, 0, 0, 406), stop="end_turn")])
    assert whole.span_id == call.parent_span_id
    assert call.span_id is not None


def test_the_events_behind_the_messages_have_the_final_count() -> None:
    def event(**event: Any) -> Line:
        return {"type": "stream_event", "session_id": "run", "parent_tool_use_id": None, "event": event}

    lines = [
        event(type="message_start", message={"id": "msg_1"}),
        streamed("msg_1", usage(3, 0, 0, 1), {"type": "text", "text": "word " * 40}),
        event(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 44}),
    ]
    (call,) = calls(lines)
    assert (call.usage.output_tokens, call.usage.state, call.finish_reason) == (44, "exact", "end_turn")


def test_a_model_is_found_under_the_name_that_the_result_gives_it() -> None:
    names = [HAIKU, "us.anthropic.claude-opus-4-5[1m]"]
    assert same_model("claude-opus-4-5", names) == names[1]
    assert same_model(HAIKU, names) == HAIKU
    assert same_model("claude-sonnet-4-5", names) is None
    assert same_model(None, names) is None


def test_what_waits_is_bounded() -> None:
    many = MOST_OPEN + 50
    lines = [streamed(f"msg_{n}", usage(1, 0, 0, 2), session="a") for n in range(many)]
    found = told(lines)
    assert len(found) == many
    assert len({one.spot for one in found}) == many


# ---- what is a line


@pytest.mark.parametrize(
    "record",
    [
        {"type": "summary", "summary": "x", "leafUuid": "y"},
        {"type": "file-history-snapshot", "messageId": "x", "snapshot": {}, "isSnapshotUpdate": False},
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s", "timestamp": "x"},
        {"type": "mode", "mode": "normal", "sessionId": "s"},
        {"type": "result", "subtype": "success", "session_id": "s", "result": "Done."},
        {"type": "rate_limit_event", "session_id": "s", "uuid": "u"},
        {"type": "user", "uuid": "u", "timestamp": "x", "message": {"content": "Hello"}},
    ],
)
def test_lines_of_every_kind_are_known(record: Line) -> None:
    assert choose(record) is READER
    assert calls([record]) == []
    assert len(told([record])) == 1


@pytest.mark.parametrize(
    "record",
    [
        {"type": "message", "role": "assistant", "usage": {"input_tokens": 1}},
        {"type": "user", "content": "Hello"},
        {"type": "assistant", "session_id": "s", "text": "Hello"},
        {"type": "result", "session_id": "s", "stats": {"total_tokens": 3}},
        {"type": "llm", "sessionId": "s", "model": "m", "prompt_tokens": 1, "completion_tokens": 2},
        {"type": "chat-completion", "sessionId": "s", "traceId": "t"},
        {"sessionId": "s", "projectHash": "h", "kind": "main"},
        {"type": ["user"], "uuid": "u", "sessionId": "s"},
    ],
)
def test_what_is_no_line(record: Line) -> None:
    assert not READER.identify(record)


def test_a_stream_without_its_result_states_what_stood_when_answers_began() -> None:
    lines = [streamed("msg_1", usage(3, 0, 500, 2)), streamed("msg_2", usage(4, 500, 0, 3))]
    assert [call.usage.state for call in calls(lines)] == ["output_lower_bound"] * 2
    done = end_of_run(
        {OPUS: {"inputTokens": 7, "outputTokens": 5, "cacheReadInputTokens": 500, "cacheCreationInputTokens": 500}}
    )
    assert [call.usage.state for call in calls([*lines, done])] == ["exact"] * 2  # the result has no more


def test_the_streams_of_two_runs_may_be_mixed() -> None:
    one, other = ({OPUS: {"inputTokens": uncached, "outputTokens": 100, "cacheReadInputTokens": 0,
                          "cacheCreationInputTokens": 0}} for uncached in (3, 4))  # fmt: skip
    lines = [
        streamed("msg_1", usage(3), session="a"),
        streamed("msg_2", usage(4), session="b"),
        end_of_run(other, session="b"),
        end_of_run(one, session="a"),
    ]
    found = {call.response_id: call for call in calls(lines)}
    assert {id_: counts(call.usage) for id_, call in found.items()} == {
        "msg_1": (3, 0, 0, 0, 100),
        "msg_2": (4, 0, 0, 0, 100),
    }
    assert {call.conversation_id for call in found.values()} == {"a", "b"}
