"""What does the name of a key or column mean?

A name is read as a set of words, so `promptTokens`, `tokens_prompt`, `Prompt Tokens` and `Prompt-Token (n)` are one.
Words of other languages are translated and units taken out first. A name means a field only when *all* its words fit:
`max_tokens` and `tokens_per_second` mean nothing here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from tokaudit.readers.values.vocabulary import EAST_ASIAN, PHRASES, TRANSLATIONS, UNITS


class Meaning(NamedTuple):
    """The field a name stands for; of two names for one field, the lower rank is the better one."""

    field: str
    rank: int
    unit: str | None


_WORDS = {word: english for english, words in TRANSLATIONS.items() for word in words.split()}

_UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words.split()}
_SYMBOLS = {"€": " eur ", "£": " gbp ", "¥": " jpy "}

_EAST_ASIAN = re.compile("|".join(sorted(EAST_ASIAN, key=len, reverse=True)))

_FILLERS = frozenset(
    (
        *("n", "num", "number", "count", "nb", "nr", "nombre", "anzahl", "liczba", "of", "the", "used", "usage"),
        *("detail", "details", "utc", "gmt", "llm", "ai", "ki", "ia", "gen", "genai", "chat", "api"),
        *("openai", "anthropic", "claude", "gpt", "azure", "gemini", "bedrock"),
        *(
            "d",
            "l",
            "de",
            "du",
            "des",
            "del",
            "della",
            "di",
            "da",
            "do",
            "en",
            "em",
            "el",
            "la",
            "le",
            "les",
            "los",
            "w",
        ),
        *("der", "die", "das", "von", "voor"),
    )
)
"""Words that add nothing to what a name means."""
_TOKEN_PARENTS = frozenset(("usage", "token"))

_MEANINGS = {
    frozenset(phrase.split()): (field, rank)
    for field, phrases in PHRASES.items()
    for rank, phrase in enumerate(phrases.split(","))
}

_WORD = re.compile(r"\d+[a-z]*|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_GLUED = re.compile(r"([a-z]{2,})(tokens?)")
_EDGES = " .,:()[]"
MAX_NAME = 200


@lru_cache(maxsize=16_384)
def meaning(name: str) -> Meaning | None:
    """Read a name, or a dotted path whose last parts are the name: `usage.input`, `model.name`, `request.model`."""
    if len(name) > MAX_NAME:
        return None
    above, _, last = name.strip(_EDGES).rpartition(".")
    words, unit = _words(last)
    if not words:
        return None
    parent = _words(above.rpartition(".")[2])[0]
    found = _lookup(words | {"token"}) if parent & _TOKEN_PARENTS else None
    found = found or (_lookup(words | parent) if parent else None) or _lookup(words)
    return Meaning(*found, unit) if found else None


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """Return the English words of a name, or of the last part of a path."""
    return _words(name.strip(_EDGES).rpartition(".")[2])[0] if len(name) <= MAX_NAME else frozenset()


def _lookup(words: frozenset[str]) -> tuple[str, int] | None:
    return _MEANINGS.get(words) or _MEANINGS.get(words - _FILLERS)


def _words(name: str) -> tuple[frozenset[str], str | None]:
    """Split a name into English words and its unit."""
    if not name.isascii():
        for symbol, word in _SYMBOLS.items():
            name = name.replace(symbol, word)
        name = _EAST_ASIAN.sub(lambda match: f" {EAST_ASIAN[match[0]]} ", name)
    name = name.replace("$", " usd ")
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    split = [part for word in _WORD.findall(plain) for part in _parts(word.lower())]
    units = [_UNIT_OF[word] for word in split if word in _UNIT_OF]
    return frozenset(_WORDS.get(word, word) for word in split if word not in _UNIT_OF), units[-1] if units else None


def _parts(word: str) -> tuple[str, ...]:
    glued = _GLUED.fullmatch(word)
    return glued.groups() if glued else (word,)
