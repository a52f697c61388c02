"""Which sentences are there, and how many tokens has each?

They read like support mail, cost about as many tokens a word as English does, and hold nobody's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tokaudit.simulation.chance import Draw, pick, stream
from tokaudit.simulation.phrases import KINDS, Grammar
from tokaudit.tokens.count import count_tokens

SHORTEST, LONGEST = 8, 24
"""Tokens of a sentence. There is one of every length between, so a text can be made to any length from 8 on."""

_MADE = 8_000
"""So many are made that every length occurs."""
_MOST_OF_EACH_LENGTH = 20
"""More would make the texts richer and the packed log larger."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences of one kind: all with their tokens, and by their tokens."""

    all: tuple[tuple[str, int], ...]
    by_tokens: Mapping[int, tuple[str, ...]]


def _expand(grammar: Grammar, symbol: str, draw: Draw) -> str:
    return _SLOT.sub(lambda slot: _expand(grammar, slot[1], draw), pick(draw, grammar[symbol]))


@lru_cache(maxsize=8)
def sentences(kind: str, encoding: str) -> Sentences:
    """Make the sentences of a kind. They are the same for every seed: a seed decides their order in a text.

    Only those are taken that have as many tokens after a space as at the start of a text.
    """
    draw = stream("language", kind)
    made = list(dict.fromkeys(_expand(KINDS[kind], "sentence", draw) for _ in range(_MADE)))
    first, later = count_tokens(made, encoding), count_tokens([" " + sentence for sentence in made], encoding)
    by_tokens = {
        tokens: tuple(made[i] for i in range(len(made)) if first[i] == later[i] == tokens)[:_MOST_OF_EACH_LENGTH]
        for tokens in range(SHORTEST, LONGEST + 1)
    }
    return Sentences(tuple((text, tokens) for tokens, texts in by_tokens.items() for text in texts), by_tokens)
