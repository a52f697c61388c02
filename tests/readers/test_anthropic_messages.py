from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.apis.anthropic_messages import READER
from tokaudit.readers.apis.exchanges import call_of_bodies, calls_of_bodies
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.schema import Call, Part, RejectRecordError

REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hi"}],
}
RESPONSE: dict[str, Any] = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Ho"}],
    "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 3,
        "cache_read_input_tokens": 1111,
        "cache_creation_input_tokens": 0,
        "output_tokens": 406,
    },
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    (call,) = outcomes_of(READER.read(record, ReadOptions()))
    assert isinstance(call, Call)
    return call


def test_input_is_all_input() -> None:
    usage = read({"request": REQUEST, "response": RESPONSE}).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1114, 1111, 406)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"cache_creation_input_tokens": 418}, (418, 0)),
        ({"cache_creation_input_tokens": 418, "cache_creation": {"ephemeral_1h_input_tokens": 400}}, (18, 400)),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 18, "ephemeral_1h_input_tokens": 400}}, (18, 400)),
        ({"cache_creation_input_tokens": 418, "cache_creation": {}}, (418, 0)),
    ],
)
def test_writes_are_split_by_lifetime_and_short_lived_otherwise(
    written: dict[str, Any], expected: tuple[int, int]
) -> None:
    usage = messages_usage({"input_tokens": 3, "output_tokens": 33, **written})
    assert (usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == expected
    assert usage.input_tokens == 3 + 418


def test_a_split_larger_than_its_whole_is_refused() -> None:
    split = {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 200}
    with pytest.raises(RejectRecordError, match="token classes do not add up"):
        messages_usage(
            {"input_tokens": 3, "output_tokens": 1, "cache_creation_input_tokens": 418, "cache_creation": split}
        )


def test_a_tool_call_comes_back_word_for_word_in_the_next_prompt() -> None:
    content = [
        {"type": "text", "text": "I add."},
        {"type": "tool_use", "id": "t", "name": "add", "input": {"b": 2, "a": 1}},
    ]
    first = read({"request": REQUEST, "response": {**RESPONSE, "content": content}})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "3"}]}
    following = {**REQUEST, "messages": [*REQUEST["messages"], {"role": "assistant", "content": content}, result]}
    second = read({"request": following, "response": RESPONSE})
    assert [part[:3] for part in second.prompt[1:3]] == [part[:3] for part in first.answer]
    assert first.answer[1] == Part("assistant", "tool_call", 'add({"b":2,"a":1})', 0)
    assert second.prompt[3] == Part("tool", "text", "3", 2)


def test_system_blocks_are_message_0() -> None:
    system = [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    call = read({"request": {**REQUEST, "system": system}, "response": RESPONSE})
    assert call.prompt == (
        Part("system", "text", "A", 0),
        Part("system", "text", "B", 0),
        Part("user", "text", "Hi", 1),
    )


def calls(usage: dict[str, Any], model: str = "claude-sonnet-4-5-20250929") -> list[Call]:
    record = {"request": REQUEST, "response": {**RESPONSE, "model": model, "usage": usage}}
    assert READER.identify(record)
    return [call for call in outcomes_of(READER.read(record, ReadOptions())) if isinstance(call, Call)]


def tokens(call: Call) -> tuple[int | None, int | None]:
    return call.usage.input_tokens, call.usage.output_tokens


TOP = {"input_tokens": 682, "output_tokens": 1320, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}


def step(kind: str, input_tokens: int, output_tokens: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "input_tokens": input_tokens, "output_tokens": output_tokens, **more}


def test_iterations_of_the_answering_model_are_billed_in_place_of_the_top_level() -> None:
    (call,) = calls({**TOP, "iterations": [step("compaction", 60385, 592), step("message", 682, 1320)]})
    assert (tokens(call), call.usage.state) == ((61067, 1912), "exact")


def test_iterations_without_a_cache_have_the_top_levels() -> None:
    cached = {**TOP, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 10}
    (call,) = calls({**cached, "iterations": [step("compaction", 60385, 592), step("message", 682, 1320)]})
    assert tokens(call) == (61067 + 110, 1912)
    own = [step("message", 682, 1320, cache_read_input_tokens=7)]
    assert tokens(calls({**cached, "iterations": own})[0]) == (689, 1320)


def test_an_adviser_is_a_call_of_its_own() -> None:
    advised = step("advisor_message", 2728, 874, model="claude-opus-4-7")
    call, other = calls({**TOP, "iterations": [step("message", 600, 1000), advised, step("message", 82, 320)]})
    assert (tokens(call), tokens(other)) == ((682, 1320), (2728, 874))
    assert (other.response_model, other.call_id, other.response_id) == (
        "claude-opus-4-7",
        "msg_01#advisor_message-1",
        None,
    )
    assert (call.usage.state, other.usage.state) == ("exact", "exact")
    assert (other.prompt, other.answer, other.logged_cost) == ((), (), None)


def test_whether_an_attempt_declined_before_a_fallback_is_charged_is_not_known() -> None:
    steps = [
        step("message", 408, 0, model="claude-fable-5"),
        step("fallback_message", 412, 264, model="claude-opus-4-8"),
    ]
    call, declined = calls({**TOP, "iterations": steps}, "claude-opus-4-8")
    assert (tokens(call), call.usage.state) == ((412, 264), "exact")
    assert (declined.response_model, tokens(declined), declined.usage.state) == (
        "claude-fable-5",
        (None, None),
        "missing",
    )
    assert "not stated" in declined.usage.rule
    steps[0] = step("message", 408, 30, model="claude-fable-5")
    assert tokens(calls({**TOP, "iterations": steps}, "claude-opus-4-8")[1]) == (408, 30)


def test_a_snapshot_in_the_name_makes_no_other_model() -> None:
    (call,) = calls({**TOP, "iterations": [step("message", 682, 1320, model="claude-sonnet-4-5")]})
    assert tokens(call) == (682, 1320)


def test_what_nobody_asks_for_is_said_to_be_missing() -> None:
    advised = step("advisor_message", 2728, 874, model="claude-opus-4-7")
    usage = {**TOP, "iterations": [step("message", 682, 1320), advised]}
    alone = messages_usage(usage, "claude-sonnet-4-5")
    assert (alone.input_tokens, alone.state) == (682, "output_lower_bound")
    whole = call_of_bodies(REQUEST, {**RESPONSE, "usage": usage}, ReadOptions())
    assert whole is not None
    assert (tokens(whole), whole.usage.state) == ((682, 1320), "output_lower_bound")
    assert len(calls_of_bodies(REQUEST, {**RESPONSE, "usage": usage}, ReadOptions())) == 2


def test_the_fast_mode_is_a_tier() -> None:
    assert calls({**TOP, "service_tier": "standard", "speed": "fast"})[0].service_tier == "fast"
    assert calls({**TOP, "service_tier": "priority", "speed": "standard"})[0].service_tier == "priority"


counts = st.integers(0, 1000)
steps = st.builds(
    step,
    st.sampled_from(["message", "compaction", "advisor_message", "fallback_message", "new"]),
    counts,
    counts,
    model=st.sampled_from([None, "claude-sonnet-4-5", "claude-opus-4-7", "claude-fable-5"]),
)


@given(st.lists(steps, min_size=1, max_size=5))
def test_every_iteration_is_billed_once(iterations: list[dict[str, Any]]) -> None:
    found = calls({**TOP, "iterations": iterations})
    assert len(found) <= 1 + len(iterations)
    if all(call.usage.state == "exact" for call in found) and any(not is_others(one) for one in iterations):
        assert sum(call.usage.output_tokens or 0 for call in found) == sum(one["output_tokens"] for one in iterations)
        assert sum(call.usage.input_tokens or 0 for call in found) == sum(one["input_tokens"] for one in iterations)


def is_others(iteration: dict[str, Any]) -> bool:
    """An adviser of another model: where all are, the top level is the answering model's usage."""
    return iteration["type"] == "advisor_message" and iteration["model"] not in (None, "claude-sonnet-4-5")


def test_each_field_of_a_stream_has_its_last_value() -> None:
    events = [
        {
            "type": "message_start",
            "message": {**RESPONSE, "content": [], "usage": {"input_tokens": 43, "output_tokens": 1}},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ho"}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"input_tokens": 61, "output_tokens": 2},
        },
    ]
    whole = read({"request": REQUEST, "response": events})
    assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.usage.state) == (61, 2, "exact")
    assert whole.answer == (Part("assistant", "text", "Ho", 0),)
    torn = read({"request": REQUEST, "response": events[:-1]})
    assert (torn.usage.input_tokens, torn.usage.output_tokens, torn.usage.state) == (43, 1, "output_lower_bound")
