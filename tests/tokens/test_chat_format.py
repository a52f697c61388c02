"""Are the tokens of the chat format and of tool definitions those that OpenAI bills?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Call, RejectRecordError
from tokaudit.tokens.chat_format import chat_format_tokens, estimate_tool_tokens
from tokaudit.tokens.count import count_tokens

SHARED = Path(__file__).resolve().parents[3] / "shared"
O200K = "o200k_base"


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
                if reader:
                    yield reader.read(record, ReadOptions())
            except (json.JSONDecodeError, RejectRecordError):
                continue


def visible(call: Call, encoding: str) -> int:
    tokens = count_tokens([part.text for part in call.prompt], encoding)
    return int(tokens.sum()) + chat_format_tokens(len({part.message for part in call.prompt}))


def test_messages_and_requests() -> None:
    assert [chat_format_tokens(messages) for messages in (0, 1, 2, 10)] == [0, 7, 11, 43]


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
            + estimate_tool_tokens(tools, encoding, counted(encoding))
        )
        assert whole == billed


def test_a_tool_may_be_written_in_any_shape() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "An a."}}}
    shapes: Sequence[dict[str, Any]] = [
        {"type": "function", "function": {"name": "f", "description": "Do it.", "parameters": schema}},
        {"name": "f", "description": "Do it.", "input_schema": schema},
        {"type": "function", "name": "f", "description": "Do it.", "parameters": schema},
    ]
    assert len({estimate_tool_tokens([shape], O200K, counted(O200K)) for shape in shapes}) == 1


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
    assert estimate_tool_tokens(tools, O200K, counted(O200K)) >= 0


def test_text_chats_count_to_the_billed_tokens() -> None:
    path = SHARED / "data/acr-run-1/openai.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = list(calls(path, 250))
    assert len(found) > 200
    assert [visible(call, "cl100k_base") - (call.usage.input_tokens or 0) for call in found] == [0] * len(found)


def test_tools_are_the_rest_of_the_billed_tokens() -> None:
    path = SHARED / "data/workload/openai.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = [call for call in calls(path, 800) if call.usage.input_tokens and call.response_schema is None]
    rests = [
        (call.usage.input_tokens or 0) - visible(call, O200K) - estimate_tool_tokens(call.tools, O200K, counted(O200K))
        for call in found
    ]
    assert sum(call.tools is not None for call in found) > 20
    assert set(rests) == {0}
