from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.anthropic_messages import READER
from tokaudit.readers.contract import ReadOptions
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
    return READER.read(record, ReadOptions())


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
