"""Which pages does the retrieval of the simulated bot find?

A shelf of pages of equal length, as retrieval cuts them, some of them far more popular than others (Zipf), so that the
same page is sent over and over.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tokaudit.simulation.chance import Draw, stream
from tokaudit.simulation.composition import compose
from tokaudit.simulation.language import sentences
from tokaudit.simulation.scenario import Feature
from tokaudit.tokens.count import count_tokens

_FEWEST_PAGES = 120
_OPENING, _CLOSING = "<documents>\n", "</documents>\n\n"


@dataclass(frozen=True, slots=True)
class Shelf:
    """pages[place][number] is a page as it stands at a place of the list, with its tags; tokens likewise."""

    pages: tuple[tuple[str, ...], ...]
    tokens: tuple[tuple[int, ...], ...]
    enclosing_tokens: int
    popularity: tuple[float, ...]


def _tagged(place: int, text: str) -> str:
    return f'<document index="{place}">\n{text}\n</document>\n'


def _count(texts: Sequence[str], encoding: str) -> list[int]:
    return [int(tokens) for tokens in count_tokens(texts, encoding)]


def shelf(seed: int, feature: Feature, encoding: str) -> Shelf:
    """Write the pages. A list of documents has documents x document_tokens tokens, or, by rounding, a few less."""
    enclosing = sum(_count([_OPENING, _CLOSING], encoding))
    # ".\n" is one token as "." is, so the tags cost the same around every page.
    tags = _count([_tagged(1, "So.")], encoding)[0] - _count(["So."], encoding)[0]
    text_tokens = (feature.documents * feature.document_tokens - enclosing) // max(feature.documents, 1) - tags
    phrases, draw = sentences("article", encoding), stream(seed, feature.name, "pages")
    count = max(_FEWEST_PAGES, 2 * feature.documents)
    texts = [compose(phrases, text_tokens, draw, paragraph=6) for _ in range(count)]
    pages = tuple(tuple(_tagged(place + 1, text) for text in texts) for place in range(feature.documents))
    return Shelf(
        pages=pages,
        tokens=tuple(tuple(_count(row, encoding)) for row in pages),
        enclosing_tokens=enclosing,
        popularity=tuple(accumulate(1 / (rank + 1) for rank in range(count))),
    )


def retrieve(shelf: Shelf, draw: Draw) -> tuple[str, int]:
    """Find documents for a question: the delimited text that goes before it, and its tokens."""
    found: list[int] = []
    while len(found) < len(shelf.pages):
        page = bisect(shelf.popularity, draw() * shelf.popularity[-1])
        if page not in found:
            found.append(page)
    if not found:
        return "", 0
    text = "".join(shelf.pages[place][page] for place, page in enumerate(found))
    tokens = sum(shelf.tokens[place][page] for place, page in enumerate(found))
    return _OPENING + text + _CLOSING, tokens + shelf.enclosing_tokens
