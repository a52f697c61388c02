"""How many tokens does the chat format itself cost?

OpenAI wraps each message in 3 tokens and its role, and each request in 3 more. Source: openai-cookbook "How to count
tokens with tiktoken" (num_tokens_from_messages), read 2026-11. Few families of models differ; each
has its evidence below. It holds for Azure and for the Responses API as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

TOKENS_PER_MESSAGE = 4
"""3 for the wrapping, 1 for the role: system, developer, user, assistant and tool are one token each."""
TOKENS_PER_REQUEST = 3
TOKENS_PER_TOOL_CALL = 4
"""Beside a second time the function's name: the call says `to=functions.name`, its result is from `functions.name`. Within
one token in the 6 chats with such pairs that openllmetry recorded; the Responses API adds two more to most of its 14."""
TOKENS_PER_NAME = 1
"""Beside the name of a speaker itself. Source: openai-cookbook, num_tokens_from_messages; gpt-3.5-turbo-0301 differs."""


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
