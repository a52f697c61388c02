"""Are the tokens of the chat format and of tool definitions those that OpenAI bills?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Call, RejectRecordError
from tokaudit.tokens.chat_format import FAMILIES, PLAIN, chat_format_of_model, chat_format_tokens
from tokaudit.tokens.count import count_tokens
from tokaudit.tokens.definitions import estimate_tool_tokens
from tokaudit.tokens.encodings import encoding_of_model

SHARED = Path(__file__).resolve().parents[3] / "shared"
O200K = "o200k_base"
ASSISTANT = "You are a helpful assistant."
BILLED = [
    ("gpt-4.1-2025-04-14", ['Say "hi"'], 11),
    ("gpt-4.5-preview-2025-02-27", ["hello"], 8),
    ("gpt-5-chat-latest", ['Say "hi"'], 11),
    ("gpt-5-2025-08-07", ["What is the capital of France?"], 13),
    ("gpt-5.4-2026-03-05", ["hi"], 7),
    ("gpt-5.5-2026-04-23", ["hi"], 7),
    ("gpt-5.6-luna", ["What is 2+2?"], 13),
    ("gpt-5.6-sol", ["You are an expert software engineer " * 200, "How should I structure my database schema?"], 1219),
    ("o3-mini-2025-01-31", ["hello"], 7),
    ("o3-mini-2025-01-31", ["What is the capital of Mexico?"], 13),
    ("o4-mini-2025-04-16", [ASSISTANT, "What's the capital of France?"], 22),
]
"""What OpenAI billed for these messages. Source: recordings in the tests of pydantic-ai and, for gpt-5.6-sol, dd-trace-py."""

CORPORATE = [
    (None, "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
    ("example_user", "New synergies will help drive top-line growth."),
    ("example_assistant", "Things working well together will increase revenue."),
    (
        "example_user",
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    ),
    ("example_assistant", "Let's talk later when we're less busy about how to do better."),
    (None, "This late pivot means we don't have time to boil the ocean for the client deliverable."),
]
"""The example of the cookbook's num_tokens_from_messages: name and content of each message."""


def counted(encoding: str) -> Any:
    return lambda texts: int(count_tokens(texts, encoding).sum())


def calls(path: Path, most: int) -> Iterator[Call]:
    with gzip.open(path) as lines:
        for number, line in enumerate(lines):
            if number == most:
                return
            try:
                record = json.loads(line)
                reader = choose(record)
                for outcome in outcomes_of(reader.read(record, ReadOptions())) if reader else ():
                    if isinstance(outcome, Call):
                        yield outcome
            except (json.JSONDecodeError, RejectRecordError):
                continue


def visible(call: Call, encoding: str) -> int:
    tokens = count_tokens([part.text for part in call.prompt], encoding)
    return int(tokens.sum()) + chat_format_tokens(len({part.message for part in call.prompt}), call.response_model)


def test_messages_and_requests() -> None:
    assert [chat_format_tokens(messages) for messages in (0, 1, 2, 10)] == [0, 7, 11, 43]


@pytest.mark.parametrize(("model", "texts", "billed"), BILLED)
def test_each_family_as_it_is_billed(model: str, texts: list[str], billed: int) -> None:
    encoding = encoding_of_model(model)
    assert encoding.exact
    assert count_tokens(texts, encoding.encoding).sum() + chat_format_tokens(len(texts), model) == billed


@pytest.mark.parametrize(
    ("model", "beside_a_name", "billed"), [("gpt-4-0613", 1, 129), ("gpt-3.5-turbo-0301", -1, 127)]
)
def test_published_example_of_messages(model: str, beside_a_name: int, billed: int) -> None:
    texts = [text for pair in CORPORATE for text in pair if text]
    names = sum(name is not None for name, _ in CORPORATE)
    tokens = count_tokens(texts, "cl100k_base").sum() + names * beside_a_name
    assert tokens + chat_format_tokens(len(CORPORATE), model) == billed


@pytest.mark.parametrize(
    "model",
    [None, "", "gpt-4o", "gpt-4o-mini", "o1", "o1-mini", "o3", "gpt-5o", "gpt-50", "my-gpt-5", "GPT", "claude-opus-4"],
)
def test_other_models_are_plain(model: str | None) -> None:
    assert chat_format_of_model(model) == PLAIN


@given(
    st.integers(1, 10_000),
    st.sampled_from([family for family, _ in FAMILIES] + ["gpt-4o", "any"]),
    st.sampled_from(["", "-mini", "-2025-08-07", ".1"]),
    st.sampled_from(["", "openai/", "openrouter/openai/"]),
)
def test_each_message_costs_the_same_and_so_does_its_name(messages: int, family: str, tail: str, head: str) -> None:
    name = family + tail
    tokens = chat_format_tokens(messages, name)
    chat = chat_format_of_model(name)
    assert chat_format_tokens(messages + 1, name) - tokens == chat.per_message
    assert tokens - messages * chat.per_message == chat.per_request > 0
    assert chat_format_tokens(messages, head + name.upper()) == tokens
    assert chat_format_tokens(0, name) == 0


def test_published_example() -> None:
    """The example of the cookbook's num_tokens_for_tools, whose API count is 101 for gpt-4o and 105 for gpt-4."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": "get_current_weather",
                "description": "Get the current weather in a given location",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                        "unit": {
                            "type": "string",
                            "description": "The unit of temperature to return",
                            "enum": ["celsius", "fahrenheit"],
                        },
                    },
                    "required": ["location"],
                },
            },
        }
    ]
    said = [
        "You are a helpful assistant that can answer to questions about the weather.",
        "What's the weather like in San Francisco?",
    ]
    for encoding, billed in (("o200k_base", 101), ("cl100k_base", 105)):
        whole = (
            int(count_tokens(said, encoding).sum())
            + chat_format_tokens(2)
            + estimate_tool_tokens(tools, counted(encoding))
        )
        assert whole == billed


def test_a_tool_may_be_written_in_any_shape() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "An a."}}}
    shapes: Sequence[dict[str, Any]] = [
        {"type": "function", "function": {"name": "f", "description": "Do it.", "parameters": schema}},
        {"name": "f", "description": "Do it.", "input_schema": schema},
        {"type": "function", "name": "f", "description": "Do it.", "parameters": schema},
    ]
    assert len({estimate_tool_tokens([shape], counted(O200K)) for shape in shapes}) == 1


@pytest.mark.parametrize(
    "tools",
    [
        None, [], {}, "x", 5, [None], [5], ["x"], [{}], [[]], [{"function": 5}], [{"function": {"parameters": []}}],
        [{"name": {}, "description": [1], "parameters": {"properties": {"a": 5, "b": {"enum": 3}}}}],
        [{"name": "f", "parameters": {"properties": {"c": {"type": [1], "enum": [None]}}}}],
        [{"name": "f", "parameters": {"properties": []}}],
    ],
)  # fmt: skip
def test_any_shape_has_an_estimate(tools: Any) -> None:
    assert estimate_tool_tokens(tools, counted(O200K)) >= 0


def test_text_chats_count_to_the_billed_tokens() -> None:
    path = SHARED / "data/acr-run-1/openai.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = list(calls(path, 250))
    assert len(found) > 200
    assert [visible(call, "cl100k_base") - (call.usage.input_tokens or 0) for call in found] == [0] * len(found)
