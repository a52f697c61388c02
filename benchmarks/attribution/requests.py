"""Which cases tell a feature by its user messages, tools or response schema alone?"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.attribution.plan import ROLES, Feature, Plan, Prompt, always

USER_TEMPLATES = (
    "Translate the following to German:\n\n{text}",
    "Classify this ticket: {text}\nAnswer with one of: billing, delivery, other.",
    "Summarise the meeting notes below in three bullet points.\n\n{text}",
    "{text}\n\nRewrite the text above so that a child understands it.",
)


def user_templates(plan: Plan) -> list[Feature]:
    """Send no system prompt; the task stands in the user message."""
    return [
        Feature(
            ROLES[number], None,
            lambda _at, _user, template=template: template.format(text=plan.language.prose(plan.chance.randint(10, 80))),
            turns=2, calls=plan.size,
        )
        for number, template in enumerate(USER_TEMPLATES)
    ]  # fmt: skip


def generic_system(plan: Plan) -> list[Feature]:
    """Send one generic system prompt for all features; the task stands in the user message."""
    return [
        replace(feature, system=lambda _at, _user: "You are a helpful assistant.") for feature in user_templates(plan)
    ]


def everything_in_one_message(plan: Plan) -> list[Feature]:
    """Put instructions, slots and the user's text into a single message."""
    features = []
    for role in ROLES[:3]:
        top, end = plan.static(role, 2), plan.language.paragraph(1)

        def text(at: float, user: dict[str, Any], top: str = top, end: str = end) -> str:
            return f"{top}\n\nDate: {plan.date(at)}\nCustomer: {user['name']}\n\n{plan.question(at, user)}\n\n{end}"

        features.append(Feature(role, None, text, calls=plan.size))
    return features


def _tool(plan: Plan, name: str) -> dict[str, Any]:
    properties = {plan.language.word(): {"type": "string"} for _ in range(2)}
    function = {
        "name": name,
        "description": plan.language.sentence(),
        "parameters": {"type": "object", "properties": properties},
    }
    return {"type": "function", "function": function}


def tool_sets(plan: Plan) -> list[Feature]:
    """Send neither system prompt nor template: three agents with tools of their own, one with response schema, free text."""
    features = []
    for role in ROLES[:3]:
        tools = tuple(_tool(plan, f"{role}_{number}") for number in range(3))
        features.append(
            Feature(role, None, plan.question, turns=3, calls=plan.size, tools=lambda _chance, tools=tools: tools)
        )
    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    return [*features, Feature("extraction", None, plan.question, calls=plan.size, schema=schema)]


def varying_tool_sets(plan: Plan) -> list[Feature]:
    """Let two agents with system prompts send three to five of six tools, drawn call by call."""
    features = []
    for role in ROLES[:2]:
        tools = [_tool(plan, f"{role}_{number}") for number in range(6)]

        def some(chance: random.Random, tools: list[dict[str, Any]] = tools) -> tuple[dict[str, Any], ...]:
            return tuple(chance.sample(tools, chance.randint(3, 5)))

        text = plan.static(role)
        features.append(
            Feature(role, lambda _at, _user, text=text: text, plan.question, turns=5, calls=plan.size, tools=some)
        )
    return features


def free_chat(plan: Plan) -> list[Feature]:
    """Chat without any prompt, with questions that many ask, beside a user-prompt template."""
    common = [plan.language.prose(9) for _ in range(12)]

    def question(at: float, user: dict[str, Any]) -> str:
        return plan.chance.choice(common) if plan.chance.random() < 0.3 else plan.question(at, user)

    chat = Feature("unattributed", None, question, turns=4, calls=2 * plan.size)
    return [chat, *user_templates(plan)[:2]]


JSON_TEMPLATES = (
    "Extract the fields name, city and plan from this record. Reply with JSON only.\n{payload}",
    "{payload}\nIs the record above a duplicate of a known customer? Reply yes or no.",
    "Score this lead from 1 to 10 and explain in one sentence.\n\n```json\n{payload}\n```",
)


def json_payloads(plan: Plan) -> list[Feature]:
    """Send no system prompt; user messages hold the task and a record, the same keys in each feature."""

    def text(template: str) -> Prompt:
        def of(_at: float, user: dict[str, Any]) -> str:
            record = {
                **user,
                "notes": plan.language.prose(plan.chance.randint(5, 20)),
                "id": plan.chance.randrange(10**6),
            }
            return template.replace("{payload}", json.dumps(record, indent=plan.chance.choice((None, 2))))

        return of

    return [Feature(ROLES[number], None, text(line), calls=plan.size) for number, line in enumerate(JSON_TEMPLATES)]


def json_messages(plan: Plan) -> list[Feature]:
    """Send no system prompt; the whole user message is JSON, with the task in one field of it."""
    tasks = (
        "classify the ticket into billing, delivery or other",
        "write a polite reply to the ticket in the customer's language",
        "list all products that the ticket names",
    )

    def text(task: str) -> Prompt:
        return lambda _at, user: json.dumps(
            {"task": task, "customer": user["name"], "ticket": plan.language.prose(plan.chance.randint(10, 50))}
        )

    return [Feature(ROLES[number], None, text(task), calls=plan.size) for number, task in enumerate(tasks)]


def plain_english_payloads(plan: Plan) -> list[Feature]:
    """Send templates in user messages around texts whose sentences begin and end alike by chance."""
    return [
        Feature(
            ROLES[number], None,
            lambda _at, _user, template=template: template.format(text=plan.language.paragraph(plan.chance.randint(2, 8))),
            calls=plan.size,
        )
        for number, template in enumerate(USER_TEMPLATES)
    ]  # fmt: skip


def same_system_other_tools(plan: Plan) -> list[Feature]:
    """Send one system prompt for three features that differ by their tools only."""
    text = plan.static(ROLES[0], 2)
    return [replace(feature, system=always(text)) for feature in tool_sets(plan)[:3]]


def same_system_other_schema(plan: Plan) -> list[Feature]:
    """Send one system prompt for three features that differ by their response schema only."""
    text = plan.static(ROLES[0], 2)

    def schema(names: Sequence[str]) -> dict[str, Any]:
        return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}

    return [
        Feature(role, always(text), plan.question, calls=plan.size, schema=schema([plan.language.word(), word]))
        for role, word in zip(ROLES, ("total", "reason", "label"), strict=False)
    ]


def tools_off_at_the_end(plan: Plan) -> list[Feature]:
    """Let agents send their tools in most calls of a conversation and none in others."""
    features = []
    for role in ROLES[:2]:
        tools = tuple(_tool(plan, f"{role}_{number}") for number in range(3))
        features.append(
            Feature(
                role, always(plan.static(role)), plan.question, turns=6, calls=plan.size,
                tools=lambda chance, tools=tools: tools if chance.random() < 0.8 else (),
            )
        )  # fmt: skip
    return features


def interleaved_users(plan: Plan) -> list[Feature]:
    """Let many users open with one of four messages, at the same time, in two features."""
    openers = [plan.language.prose(6) for _ in range(4)]
    return [
        Feature(
            role, always(plan.static(role, 1)), lambda _at, _user: plan.chance.choice(openers), turns=6, calls=plan.size,
            days=(3, 3.1),
        )
        for role in ROLES[:2]
    ]  # fmt: skip
