"""What do the customers of one feature write, and what is answered?"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from tokaudit.simulation.chance import paired_sizes, pick, stream
from tokaudit.simulation.composition import compose
from tokaudit.simulation.language import sentences
from tokaudit.simulation.scenario import Feature
from tokaudit.tokens.count import count_tokens

ENCODING = "o200k_base"
_LABELS = ("delivery", "refund", "repair", "payment", "warranty", "other")
_REFERENCES = 26_000_000
_REFERENCE_STEP = 7_368_787
"""Has no factor in common with _REFERENCES, so the references repeat only after all of them were used."""


def _reference(number: int) -> str:
    place = number * _REFERENCE_STEP % _REFERENCES
    return f"My order is {chr(ord('A') + place // 10**6)}-{place // 1000 % 1000:03}-{place % 1000:03}."


def system_prompt(seed: int, feature: Feature) -> str:
    """Write the system prompt, the same in every call; empty for a feature without."""
    opening = f"You are the {feature.name.replace('-', ' ')} of Linden Household.\n\n"
    tokens = feature.system_tokens - int(count_tokens([opening], ENCODING)[0])
    rules = compose(sentences("rule", ENCODING), tokens, stream(seed, feature.name, "rules"), paragraph=4)
    return opening + rules if rules else ""


class Author:
    """Writes the questions and answers of a feature, one after the other; no two questions are the same."""

    def __init__(self, seed: int, feature: Feature) -> None:
        self._feature = feature
        self._draw = stream(seed, feature.name, "words")
        self._phrases = {kind: sentences(kind, ENCODING) for kind in ("question", "answer")}
        self._reference_tokens = int(count_tokens([_reference(0)], ENCODING)[0])
        self._numbers = 0

        def sizes(kind: str, mean: int) -> Iterator[int]:
            return paired_sizes(stream(seed, feature.name, "sizes", kind), mean, feature.length_spread)

        self._question_sizes = sizes("question", feature.question_tokens)
        self._answer_sizes = {late: sizes(f"answer {late}", feature.answer_tokens) for late in (False, True)}

    def question(self) -> str:
        """Write the next question."""
        self._numbers += 1
        tokens = next(self._question_sizes) - self._reference_tokens
        return f"{_reference(self._numbers)} {compose(self._phrases['question'], tokens, self._draw)}"

    def answer(self, *, late: bool = False) -> str:
        """Write the next answer; the late ones have sizes of their own, so that each kind keeps its mean."""
        if self._feature.answers == "label":
            return pick(self._draw, _LABELS)
        if self._feature.answers == "fields":
            return self._fields()
        return compose(self._phrases["answer"], next(self._answer_sizes[late]), self._draw, paragraph=4)

    def _fields(self) -> str:
        names = self._feature.response_format["json_schema"]["schema"]["properties"]
        phrases = self._phrases["question"].all
        return orjson.dumps({name: pick(self._draw, phrases)[0] for name in names}).decode()
