"""What does each turn of a conversation send, and what is each token of it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tokaudit.simulation.conversations import Conversation, Turn
from tokaudit.simulation.record import Message
from tokaudit.simulation.scenario import Feature
from tokaudit.simulation.texts import ENCODING, system_prompt
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE, TOKENS_PER_REQUEST
from tokaudit.tokens.count import count_tokens
from tokaudit.tokens.definitions import estimate_schema_tokens, estimate_tool_tokens

Layout: TypeAlias = Sequence[tuple[str, int]]
"""(input component of `result.COMPONENTS`, tokens) of each piece of a prompt, in the order the provider reads them."""

_MESSAGE = ("format_overhead", TOKENS_PER_MESSAGE)
_REQUEST = ("format_overhead", TOKENS_PER_REQUEST)


@dataclass(frozen=True, slots=True)
class Preamble:
    """What every call of a feature carries in front of its conversation."""

    messages: list[Message]
    layout: Layout


class Prompt(NamedTuple):
    """The messages of one turn.

    seen_tokens   so many, from the front, stood in the turn before
    front_tokens  so many stand before the last message
    """

    messages: list[Message]
    layout: Layout
    seen_tokens: int
    front_tokens: int


def total(layout: Layout) -> int:
    """Add up the tokens of a layout."""
    return sum(tokens for _, tokens in layout)


def preamble(seed: int, feature: Feature) -> Preamble:
    """Write a feature's preamble. Tools and response format are counted as OpenAI bills them."""

    def count(texts: Sequence[str]) -> int:
        return int(count_tokens(texts, ENCODING).sum())

    system, form = system_prompt(seed, feature), feature.response_format
    tools, schema = estimate_tool_tokens(feature.tools, count), estimate_schema_tokens(form, count)
    definitions = [("tool_schemas", tools), ("response_schema", schema)]
    if not system:
        return Preamble([], definitions)
    return Preamble(
        [{"role": "system", "content": system}], [*definitions, _MESSAGE, ("system_prompt", count([system]))]
    )


def prompts(preamble: Preamble, conversation: Conversation) -> Iterator[tuple[Turn, Prompt]]:
    """Yield the prompt of each turn: the preamble, all earlier questions and answers, the documents, the question.

    Documents are sent with their own question only, so with documents nothing of the last message is seen again.
    """
    messages, layout, seen_tokens = preamble.messages, preamble.layout, 0
    for turn in conversation.turns:
        question, documents, answer = turn.question, turn.documents, turn.answer
        asked = [_MESSAGE, ("rag_context", documents.tokens), ("user_input", question.tokens), _REQUEST]
        yield (
            turn,
            Prompt(
                messages=[*messages, {"role": "user", "content": documents.text + question.text}],
                layout=[*layout, *asked],
                seen_tokens=seen_tokens,
                front_tokens=total(layout),
            ),
        )
        seen_tokens = total(layout) + (0 if documents.text else TOKENS_PER_MESSAGE + question.tokens)
        messages = [
            *messages,
            {"role": "user", "content": question.text},
            {"role": "assistant", "content": answer.text},
        ]
        layout = [*layout, _MESSAGE, ("history", question.tokens), _MESSAGE, ("history", answer.tokens)]
