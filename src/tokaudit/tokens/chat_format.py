"""How many tokens does the chat format itself cost?

OpenAI wraps each message in 3 tokens and its role, and each request in 3 more. Source: openai-cookbook "How to count
tokens with tiktoken" (num_tokens_from_messages, num_tokens_for_tools), read 2026-11. Few families of models differ; each
has its evidence below. It holds for Azure and for the Responses API as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

TOKENS_PER_MESSAGE = 4
"""3 for the wrapping, 1 for the role: system, developer, user, assistant and tool are one token each."""
TOKENS_PER_REQUEST = 3


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """What the format adds to each message, and once to a request."""

    per_message: int
    per_request: int


PLAIN = ChatFormat(TOKENS_PER_MESSAGE, TOKENS_PER_REQUEST)
"""Exact for 165 of 165 text chats with gpt-3.5, gpt-4, gpt-4o and gpt-4.1 that openllmetry recorded at OpenAI and Azure."""

SHORT_START = ChatFormat(TOKENS_PER_MESSAGE, TOKENS_PER_REQUEST - 1)
"""One token less a request, however many messages. The bills say so; the likely reason is that these models' replies begin
with `<|start|>assistant` alone, as in OpenAI's published harmony format, where the model writes the channel itself.
Evidence: all calls of text alone that were found, none differs. openllmetry: gpt-5 and gpt-5-nano, 8 chats and 6 Responses.
pydantic-ai: gpt-5, 5.4, 5.5 and 5.6 with reasoning and without, o3-mini (1 and 3 messages), o4-mini (2 messages).
dd-trace-py: gpt-5.6 (2 messages)."""

FIRST_TURBO = ChatFormat(TOKENS_PER_MESSAGE + 1, TOKENS_PER_REQUEST)
"""One token more a message. Source: openai-cookbook, num_tokens_from_messages, gpt-3.5-turbo-0301."""

FAMILIES: tuple[tuple[str, ChatFormat], ...] = (
    ("gpt-5-chat", PLAIN),  # it never reasons; pydantic-ai's recording is billed by the plain rule
    ("gpt-5", SHORT_START),
    ("o3-mini", SHORT_START),
    ("o4-mini", SHORT_START),
    ("gpt-3.5-turbo-0301", FIRST_TURBO),
    ("gpt-35-turbo-0301", FIRST_TURBO),  # Azure's name
)
"""Families that have a rule, the first that fits wins; all others are plain. o1 and o3 have none: no recording of o3 was
found, and those of o1-preview and o1-mini (0 to 7 tokens over the plain rule) fit no constant."""

_FUNCTION_START = {"o200k_base": 7, "cl100k_base": 10}
_PROPERTIES_START = 3
_PROPERTY = 3
_ENUM_START = -3
_ENUM_ITEM = 3
_FUNCTIONS_END = 12

CountTexts = Callable[[Sequence[str]], int]


@lru_cache(maxsize=4096)
def chat_format_of_model(model: str | None) -> ChatFormat:
    """Find the format of a model, by its name without a provider prefix; plain where no family is known to differ.

    >>> chat_format_of_model("openai/gpt-5-nano").per_request, chat_format_of_model("gpt-4o").per_request
    (2, 3)
    """
    name = (model or "").rsplit("/", 1)[-1].lower()
    return next((found for family, found in FAMILIES if _is_of(name, family)), PLAIN)


def _is_of(name: str, family: str) -> bool:
    """`gpt-5-mini` and `gpt-5.1` are of the family `gpt-5`, `gpt-5o` would not be."""
    return name.startswith(family) and not name[len(family) :][:1].isalnum()


def chat_format_tokens(messages: int, model: str | None = None) -> int:
    """Return what the chat format adds to a prompt of so many messages; a prompt without messages is not chat.

    model: the name of the model as served, else as asked.
    """
    chat = chat_format_of_model(model)
    return messages * chat.per_message + chat.per_request if messages else 0


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
