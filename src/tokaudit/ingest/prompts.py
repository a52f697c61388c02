"""Which parts of a prompt are new, which open it, and what do names add to it?"""

from __future__ import annotations

from functools import lru_cache

from tokaudit.schema import Call, Part
from tokaudit.tokens.chat_format import TOKENS_PER_NAME, TOKENS_PER_TOOL_CALL
from tokaudit.tokens.count import count_tokens


def first_new_part(prompt: tuple[Part, ...]) -> int:
    """Return where the new turn begins: after the last assistant part that something follows (0 = all is new)."""
    replied = False
    for number in range(len(prompt) - 1, -1, -1):
        role = prompt[number].role
        if role == "assistant" and replied:
            return number + 1
        replied = replied or role in ("user", "tool")
    return 0


@lru_cache(maxsize=4096)
def _name_tokens(name: str, encoding: str) -> int:
    return int(count_tokens([name], encoding)[0])


def named_tokens(call: Call, encoding: str) -> int:
    """Return what names add to a prompt: those of speakers, and those around the calls of tools that it repeats."""
    tools = [part.text.partition("(")[0] for part in call.prompt if part.kind == "tool_call"]
    around_tools = sum(TOKENS_PER_TOOL_CALL + _name_tokens(name, encoding) for name in tools)
    return around_tools + sum(TOKENS_PER_NAME + _name_tokens(name, encoding) for name in call.speakers)


GENERIC_CHARACTERS = 80
"""A system text of up to this length (`You are a helpful assistant.`) may not tell what a call is for."""


def opening_messages(prompt: tuple[Part, ...]) -> set[int]:
    """Return the messages that tell which template a prompt is made from: the system's, and the first user message where
    there are none, or next to nothing in them."""
    system = [part for part in prompt if part.role == "system"]
    messages = {part.message for part in system}
    if sum(len(part.text) for part in system) <= GENERIC_CHARACTERS:
        messages.update([part.message for part in prompt if part.role == "user"][:1])
    return messages
