"""How many tokens does the chat format itself cost?

OpenAI wraps each message in 3 tokens and its role, and each request in 3 more. Source: openai-cookbook "How to count
tokens with tiktoken" (num_tokens_from_messages, num_tokens_for_tools), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

TOKENS_PER_MESSAGE = 4
"""3 for the wrapping, 1 for the role: system, developer, user, assistant and tool are one token each."""
TOKENS_PER_REQUEST = 3

_FUNCTION_START = {"o200k_base": 7, "cl100k_base": 10}
_PROPERTIES_START = 3
_PROPERTY = 3
_ENUM_START = -3
_ENUM_ITEM = 3
_FUNCTIONS_END = 12

CountTexts = Callable[[Sequence[str]], int]


def chat_format_tokens(messages: int) -> int:
    """Return what the chat format adds to a prompt of so many messages; a prompt without messages is not chat."""
    return messages * TOKENS_PER_MESSAGE + TOKENS_PER_REQUEST if messages else 0


def _line(*words: object) -> str:
    return ":".join(str(word).removesuffix(".") for word in words)


def _property_tokens(name: str, schema: Any, count: CountTexts) -> int:
    schema = schema if isinstance(schema, Mapping) else {}
    tokens = _PROPERTY + count([_line(name, schema.get("type", ""), schema.get("description", ""))])
    items = schema.get("enum")
    if isinstance(items, list) and items:
        tokens += _ENUM_START + sum(_ENUM_ITEM + count([str(item)]) for item in items)
    return tokens


def _function(tool: Any) -> Mapping[str, Any]:
    inner = tool.get("function", tool) if isinstance(tool, Mapping) else {}
    return inner if isinstance(inner, Mapping) else {}


def estimate_tool_tokens(tools: Any, encoding: str, count: CountTexts) -> int:
    """Estimate the tokens of tool definitions by OpenAI's published rule (flat properties; nested ones are not covered).

    count: tokens of some texts together. Anthropic's and legacy shapes are read by the same names.
    """
    if not isinstance(tools, list) or not tools:
        return 0
    tokens = _FUNCTIONS_END
    for tool in tools:
        function = _function(tool)
        tokens += _FUNCTION_START[encoding] + count([_line(function.get("name", ""), function.get("description", ""))])
        schema = function.get("parameters") or function.get("input_schema")
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        if isinstance(properties, Mapping) and properties:
            tokens += _PROPERTIES_START
            tokens += sum(_property_tokens(str(name), inner, count) for name, inner in properties.items())
    return tokens
