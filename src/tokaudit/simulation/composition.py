"""How is a text written that has exactly so many tokens?

Sentences are drawn until the rest can be closed by one or two of the right length. A sentence ends with a full stop or
a question mark and the next begins with a space and a letter: no token spans the two, so their tokens add up.
"""

from __future__ import annotations

from tokaudit.simulation.chance import Draw, pick
from tokaudit.simulation.language import LONGEST, SHORTEST, Sentences


def _next(sentences: Sentences, left: int, draw: Draw) -> tuple[str, int]:
    if left <= LONGEST:
        return pick(draw, sentences.by_tokens[left]), left
    if left < LONGEST + SHORTEST:
        return pick(draw, sentences.by_tokens[left // 2]), left // 2
    return pick(draw, sentences.all)


def compose(sentences: Sentences, tokens: int, draw: Draw, *, paragraph: int = 0) -> str:
    """Write a text of `tokens` tokens; less than the shortest sentence is left unwritten.

    paragraph: sentences before an empty line; 0 is one paragraph.
    """
    parts: list[str] = []
    while tokens >= SHORTEST:
        sentence, used = _next(sentences, tokens, draw)
        parts.append(("\n\n" if paragraph and len(parts) % paragraph == 0 else " ") + sentence)
        tokens -= used
    return "".join(parts).lstrip()
