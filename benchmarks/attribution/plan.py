"""What does a hard case say of its features, and how are their calls drawn?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks.attribution.language import Language
from benchmarks.attribution.log import START, Message, Planted

DAYS = 28
_DAY = 86_400
ROLES = (
    "billing",
    "recipe",
    "travel",
    "legal",
    "hiring",
    "medical",
    "garden",
    "school",
    "sales",
    "news",
    "repair",
    "music",
)
Prompt = Callable[[float, dict[str, Any]], str]
"""Makes a text for a time (seconds) and a user."""
Tools = Callable[[random.Random], tuple[dict[str, Any], ...]]


def said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def always(text: str) -> Prompt:
    """Return a prompt that is the same for every call."""
    return lambda _at, _user: text


@dataclass(frozen=True, slots=True)
class Feature:
    """How one feature sends its calls.

    days: first and last day it is used. is_fresh: its system prompt is made anew for each turn. examples: turns ahead of the
    user's first message.
    """

    name: str
    system: Prompt | None
    user: Prompt
    turns: int = 1
    calls: int = 100
    days: tuple[float, float] = (0, DAYS)
    tools: Tools = lambda _chance: ()
    schema: dict[str, Any] | None = None
    is_fresh: bool = False
    examples: Callable[[], Sequence[Message]] = tuple


class Plan:
    """The means of one case: its random source, its users and its language."""

    def __init__(self, seed: int, size: int) -> None:
        self.chance = random.Random(seed)
        self.language = Language(self.chance)
        self.size = size
        self.users = [self.language.user() for _ in range(max(12, size // 8))]

    def question(self, _at: float, _user: dict[str, Any]) -> str:
        return self.language.prose(self.chance.randint(6, 30))

    def date(self, at: float) -> str:
        return (START + timedelta(seconds=at)).strftime("%Y-%m-%d")

    def static(self, role: str, paragraphs: int = 3, sentences: int = 3) -> str:
        texts = [
            f"You are the {role} assistant of Acme.",
            *(self.language.paragraph(sentences) for _ in range(paragraphs)),
        ]
        return "\n\n".join(texts)

    def calls_of(self, feature: Feature) -> Iterator[Planted]:
        """Send a feature's calls: conversations of 1 to `turns` turns by users who come and go."""
        sent = thread = 0
        while sent < feature.calls:
            turns = min(self.chance.randint(1, feature.turns), feature.calls - sent)
            yield from self._conversation(feature, f"{feature.name}-{feature.days[0]:g}-{thread}", turns)
            sent += turns
            thread += 1

    def _conversation(self, feature: Feature, name: str, turns: int) -> Iterator[Planted]:
        user = self.chance.choice(self.users)
        at = self.chance.uniform(feature.days[0] * _DAY, feature.days[1] * _DAY - 3600)
        system = self._system(feature, at, user)
        messages = list(feature.examples())
        for number in range(turns):
            if number and feature.is_fresh:
                system = self._system(feature, at + number * 60, user)
            messages.append(said("user", self.question(at, user) if number else feature.user(at, user)))
            answer = self.language.prose(12)
            yield Planted(
                at + number * 60, feature.name, name, (*system, *messages), answer, feature.tools(self.chance), feature.schema
            )  # fmt: skip
            messages.append(said("assistant", answer))

    def _system(self, feature: Feature, at: float, user: dict[str, Any]) -> list[Message]:
        return [said("system", feature.system(at, user))] if feature.system else []


def chats(plan: Plan, systems: Sequence[Prompt], turns: int = 3) -> list[Feature]:
    """Make a chat feature of each system prompt."""
    return [
        Feature(ROLES[number], system, plan.question, turns=turns, calls=plan.size)
        for number, system in enumerate(systems)
    ]
