"""Are prompts and answers read in every shape that SDKs hand to tracing platforms?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.test_laws import values
from tokaudit.readers.exchange.kept_messages import answer_of, prompt_of, tools_of, with_system
from tokaudit.schema import Part, RejectRecordError

OPENAI = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def lc(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "messages", kind],
        "kwargs": {"content": content, **fields},
    }


def said(parts: tuple[Part, ...]) -> list[tuple[str, str, str]]:
    return [(part.role, part.kind, part.text) for part in parts]


BRIEF = [("system", "text", "Be brief."), ("user", "text", "Hi")]


@pytest.mark.parametrize(
    "asked",
    [
        OPENAI,
        json.dumps(OPENAI),
        {"messages": OPENAI},
        {"model": "m", "messages": OPENAI, "tools": [TOOL]},
        {"system": "Be brief.", "messages": [OPENAI[1]]},
        {"kwargs": {"messages": OPENAI}, "args": []},
        [[lc("SystemMessage", "Be brief."), lc("HumanMessage", "Hi")]],
        {"messages": [[lc("SystemMessage", "Be brief."), lc("HumanMessage", [{"type": "text", "text": "Hi"}])]]},
        [{"type": "system", "content": "Be brief."}, {"type": "human", "content": "Hi"}],
        [{"type": "system", "data": {"content": "Be brief."}}, {"type": "human", "data": {"content": "Hi"}}],
        [["system", "Be brief."], ["human", "Hi"]],
        [
            {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
            {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
        ],
        {"config": {"system_instruction": "Be brief."}, "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
        {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": "Hi"},
        {"instructions": "Be brief.", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
        {"system": "Be brief.", "messages": [{"role": "user", "content": [{"type": "text", "value": "Hi"}]}]},
        {"system": [{"text": "Be brief."}], "messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    ],
)  # fmt: skip
def test_a_prompt_is_the_same_in_every_shape(asked: Any) -> None:
    assert said(prompt_of(asked)) == BRIEF


@pytest.mark.parametrize(
    "asked", ["Hi", ["Hi"], {"prompt": "Hi"}, {"args": ["Hi"]}, {"input": "Hi"}, {"prompts": ["Hi"]}]
)
def test_a_text_alone_is_the_users(asked: Any) -> None:
    assert said(prompt_of(asked)) == [("user", "text", "Hi")]


RAW_CALL = {"name": "look", "arguments": '{"q":1}'}
CALLED = [("assistant", "tool_call", 'look({"q":1})'), ("tool", "text", "found")]


@pytest.mark.parametrize(
    "asked",
    [
        [
            {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look", "arguments": '{"q":1}'}}]},
            {"role": "tool", "content": "found"},
        ],
        [
            {"role": "assistant", "content": [{"type": "tool_use", "name": "look", "input": {"q": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "content": "found"}]},
        ],
        [
            {"role": "assistant", "parts": [{"type": "tool_call", "name": "look", "arguments": {"q": 1}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "response": "found"}]},
        ],
        [
            {"role": "assistant", "content": [{"type": "tool-call", "toolName": "look", "input": {"q": 1}}]},
            {"role": "tool", "content": [{"type": "tool-result", "output": "found"}]},
        ],
        [
            {"role": "assistant", "content": [{"toolUse": {"name": "look", "input": {"q": 1}}}]},
            {"role": "user", "content": [{"toolResult": {"content": [{"text": "found"}]}}]},
        ],
        [
            {"type": "function_call", "name": "look", "arguments": '{"q":1}'},
            {"type": "function_call_output", "output": "found"},
        ],
        [lc("AIMessage", "", tool_calls=[{"name": "look", "args": {"q": 1}}]), lc("ToolMessage", "found")],
        # tracers of LangChain: the raw call in `additional_kwargs`, the tool's name as the role of its answer
        [
            {"role": "assistant", "content": "", "additional_kwargs": {"tool_calls": [{"function": RAW_CALL}]}},
            {"role": "look", "content": "found", "additional_kwargs": {}},
        ],
    ],
)  # fmt: skip
def test_tool_calls_and_their_results_are_the_same_in_every_shape(asked: Any) -> None:
    assert said(prompt_of(asked)) == CALLED


@pytest.mark.parametrize(
    "answered",
    [
        "Ho",
        {"role": "assistant", "content": "Ho"},
        json.dumps({"role": "assistant", "content": "Ho"}),
        [{"role": "assistant", "content": "Ho"}],
        [{"index": 0, "message": {"role": "assistant", "content": "Ho"}}],
        {"choices": [{"message": {"content": "Ho"}}]},
        {"generations": [[{"text": "Ho", "message": lc("AIMessage", "Ho")}]]},
        {"generations": [[{"text": "Ho"}]]},
        lc("AIMessageChunk", "Ho"),
        {"output": lc("AIMessage", "Ho")},
        [{"role": "assistant", "parts": [{"type": "text", "content": "Ho"}]}],
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Ho"}]}}]},
        {"content": {"role": "model", "parts": [{"text": "Ho"}]}},
        [{"type": "text", "text": "Ho"}],
        {"content": [{"type": "text", "text": "Ho"}]},
        {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ho"}]}]},
        {"completion": "Ho"},
        {"messages": [{"role": "assistant", "content": "Ho"}]},
        [{"role": "assistant", "content": [{"type": "reasoning", "content": "hm"}, {"type": "text", "text": "Ho"}]}],
    ],
)
def test_an_answer_is_the_same_in_every_shape(answered: Any) -> None:
    assert said(answer_of(answered)) == [("assistant", "text", "Ho")]


def test_an_answer_in_json_is_a_text() -> None:
    assert said(answer_of('{"score": true}')) == [("assistant", "text", '{"score": true}')]


@pytest.mark.parametrize(
    "value",
    [
        None, {}, [], 5, "", {"ticket": "Hi"}, [1, None], "None", "null", "[REDACTED]", "{'role': 'user'}", "weave:///e/p/object/x:1",
        "[This value has been dropped because this span's size exceeds the 1MB size limit.]",
    ],
)  # fmt: skip
def test_what_is_no_text_yields_none(value: Any) -> None:
    assert answer_of(value) == ()
    if value not in ("None", "null"):
        assert prompt_of(value) == ()


def test_half_a_prompt_is_no_prompt() -> None:
    assert prompt_of([{"role": "system", "content": "Be brief."}, "role='user' content='Hi'"]) == ()


def test_definitions_among_the_messages_are_tools() -> None:
    asked = [*OPENAI, {"role": "tool", "content": TOOL}]
    assert said(prompt_of(asked)) == BRIEF
    assert tools_of(asked) == [TOOL]
    assert tools_of(json.dumps({"messages": OPENAI, "tools": [TOOL]})) == [TOOL]
    assert tools_of({"config": {"tools": [{"name": "look"}]}, "contents": []}) == [{"name": "look"}]
    assert tools_of(OPENAI) is tools_of("Hi") is tools_of(None) is None


def test_a_system_prompt_kept_beside_the_messages_comes_first() -> None:
    prompt = prompt_of([OPENAI[1]])
    for system in (
        "Be brief.",
        '[{"type": "text", "content": "Be brief."}]',
        [{"type": "text", "content": "Be brief."}],
    ):
        whole = with_system(prompt, system)
        assert said(whole) == BRIEF
        assert [part.message for part in whole] == [0, 1]
    assert with_system(prompt_of(OPENAI), "Be kind.") == prompt_of(OPENAI)
    assert with_system((), "Be brief.") == ()
    assert with_system(prompt, None) == prompt


def test_media_are_counted_and_not_read() -> None:
    blocks = [
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        {"type": "image", "source": {"type": "base64", "data": "AAAA"}},
        {"type": "image", "source": {"type": "base64", "data": {"type": "attachment", "key": "k"}}},
        {"type": "image", "image": {"url": "https://x/b.png"}},
        {"type": "uri", "uri": "https://x/c.pdf", "modality": "document"},
        {"type": "blob", "content": "BBBB", "mime_type": "image/png"},
    ]
    parts = prompt_of([{"role": "user", "content": blocks}])
    assert [part.kind for part in parts] == ["media"] * len(blocks)


def test_each_message_has_its_own_number() -> None:
    assert [part.message for part in prompt_of({"system": "Be brief.", "messages": [*OPENAI[1:], OPENAI[1]]})] == [
        0,
        1,
        2,
    ]


@given(values)
def test_any_value_is_borne(value: Any) -> None:
    for read in (prompt_of, answer_of, tools_of):
        try:
            read(value)
        except RejectRecordError:
            continue


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1, max_size=9)), min_size=1)
)
def test_openai_and_opentelemetry_say_the_same(turns: list[tuple[str, str]]) -> None:
    plain = [{"role": role, "content": text} for role, text in turns]
    parted = [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in turns]
    assert prompt_of(plain) == prompt_of(parted)
