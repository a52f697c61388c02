"""Which cases put documents and examples into the system prompt?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.attribution.log import Message
from benchmarks.attribution.plan import ROLES, Feature, Plan, Prompt, always, chats, said


def _documents(plan: Plan, form: str) -> list[Feature]:
    """Put three of forty documents into the system prompt."""

    def system(role: str) -> Prompt:
        top, end = plan.static(role, 2), plan.language.paragraph(1)
        shelf = [plan.language.prose(plan.chance.randint(40, 120)) for _ in range(40)]

        def text(_at: float, _user: dict[str, Any]) -> str:
            found = plan.chance.sample(shelf, 3)
            if form == "tagged":
                return f"{top}\n\n" + "\n".join(f"<document>{text}</document>" for text in found) + f"\n\n{end}"
            if form == "delimited":
                return f"{top}\n\n" + "\n---\n".join(found) + f"\n---\n\n{end}"
            return "\n\n".join([top, *found, end] if form == "bare" else [top, *found])

        return text

    return chats(plan, [system(role) for role in ROLES[:3]])


def documents_tagged(plan: Plan) -> list[Feature]:
    return _documents(plan, "tagged")


def documents_delimited(plan: Plan) -> list[Feature]:
    return _documents(plan, "delimited")


def documents_bare(plan: Plan) -> list[Feature]:
    return _documents(plan, "bare")


def documents_at_end(plan: Plan) -> list[Feature]:
    return _documents(plan, "end")


def one_document(plan: Plan) -> list[Feature]:
    """End each system prompt with one of thirty documents."""

    def system(role: str) -> Prompt:
        top = plan.static(role, 2)
        shelf = [plan.language.prose(plan.chance.randint(60, 150)) for _ in range(30)]
        return lambda _at, _user: f"{top}\n\n{plan.chance.choice(shelf)}"

    return chats(plan, [system(role) for role in ROLES[:3]])


def few_shot_in_system(plan: Plan) -> list[Feature]:
    """Draw three of eight examples for each prompt."""

    def system(role: str) -> Prompt:
        top = plan.static(role, 1)
        examples = [f"Input: {plan.language.prose(12)}\nOutput: {plan.language.word()}" for _ in range(8)]
        return lambda _at, _user: "\n\n".join([top, "Examples:", *plan.chance.sample(examples, 3)])

    return chats(plan, [system(role) for role in ROLES[:3]], turns=1)


def few_shot_turns(plan: Plan) -> list[Feature]:
    """Draw two of six examples as turns ahead of the question, after a system prompt."""

    def drawn(examples: list[tuple[str, str]]) -> list[Message]:
        chosen = plan.chance.sample(examples, 2)
        return [said(role, text) for pair in chosen for role, text in zip(("user", "assistant"), pair, strict=True)]

    features = chats(plan, [always(plan.static(role, 1)) for role in ROLES[:3]], turns=1)
    shelves = [[(plan.language.prose(14), plan.language.word()) for _ in range(6)] for _ in features]
    return [
        replace(feature, examples=lambda shelf=shelf: drawn(shelf))
        for feature, shelf in zip(features, shelves, strict=True)
    ]


def few_shot_without_system(plan: Plan) -> list[Feature]:
    """Send fixed example turns and no system prompt."""
    features = [Feature(role, None, plan.question, calls=plan.size) for role in ROLES[:3]]
    turns = [
        tuple(said(role, plan.language.prose(12)) for role in ("user", "assistant", "user", "assistant"))
        for _ in features
    ]
    return [replace(feature, examples=lambda own=own: own) for feature, own in zip(features, turns, strict=True)]


def pages_of_one_manual(plan: Plan) -> list[Feature]:
    """Let two features draw from the same twenty documents."""
    shelf = [plan.language.paragraph(plan.chance.randint(3, 6)) for _ in range(20)]

    def system(role: str) -> Prompt:
        top, end = plan.static(role, 1), plan.language.paragraph(2)
        return lambda _at, _user: "\n\n".join([top, *plan.chance.sample(shelf, 3), end])

    return chats(plan, [system(role) for role in ROLES[:2]])
