"""Which cases send several features whose prompts share text, or hold next to none?"""

from __future__ import annotations

import json
from dataclasses import replace

from benchmarks.attribution.plan import ROLES, Feature, Plan, Prompt, always, chats


def shared_preamble(plan: Plan) -> list[Feature]:
    """Let five features share a company preamble."""
    preamble = plan.language.paragraph(6)
    texts = [f"{preamble}\n\n{plan.static(role, 2)}" for role in ROLES[:5]]
    return chats(plan, [lambda _at, _user, text=text: text for text in texts])


def shared_preamble_with_slots(plan: Plan) -> list[Feature]:
    """Let four features share a preamble and hold a date and the user's JSON."""
    preamble = plan.language.paragraph(6)

    def system(role: str) -> Prompt:
        own = plan.static(role, 2)
        return lambda at, user: f"{preamble}\n\nToday is {plan.date(at)}.\n\n{own}\n\nUser:\n{json.dumps(user)}"

    return chats(plan, [system(role) for role in ROLES[:4]])


def long_policy_short_tails(plan: Plan) -> list[Feature]:
    """Let features differ in two sentences after a policy of sixty."""
    policy = "\n\n".join(plan.language.paragraph(6) for _ in range(10))
    tails = [f"Your task: {plan.language.paragraph(2)}" for _ in range(4)]
    return chats(plan, [lambda _at, _user, tail=tail: f"{policy}\n\n{tail}" for tail in tails])


def preamble_in_one_paragraph(plan: Plan) -> list[Feature]:
    """Let four features share the first half of their only paragraph."""
    preamble = plan.language.paragraph(4)
    texts = [f"{preamble} {plan.language.paragraph(4)}" for _ in range(4)]
    return chats(plan, [lambda _at, _user, text=text: text for text in texts])


def many_features(plan: Plan) -> list[Feature]:
    """Send twelve features whose prompts begin with the same words."""
    texts = [plan.static(role, 2) for role in ROLES]
    return chats(plan, [lambda _at, _user, text=text: text for text in texts])


def rare_beside_huge(plan: Plan) -> list[Feature]:
    """Set features of ten calls beside one of ten times the usual size, two of them with its preamble."""
    preamble = plan.language.paragraph(5)
    texts = [f"{preamble}\n\n{plan.static(role, 2)}" for role in ROLES[:3]] + [
        plan.static(role, 2) for role in ROLES[3:5]
    ]
    features = chats(plan, [lambda _at, _user, text=text: text for text in texts])
    return [replace(features[0], calls=10 * plan.size), *(replace(feature, calls=10) for feature in features[1:])]


def one_off_prompts(plan: Plan) -> list[Feature]:
    """Send a system prompt of its own with each conversation, beside one real feature."""
    text = plan.static(ROLES[0])
    return [
        Feature(ROLES[0], lambda _at, _user: text, plan.question, turns=3, calls=plan.size),
        Feature("unattributed", lambda _at, _user: plan.language.prose(60), plan.question, turns=2, calls=plan.size),
    ]


def one_line_prompts(plan: Plan) -> list[Feature]:
    """Send prompts of one short line that begin alike."""
    lines = (
        "You are a poet.",
        "You are a strict but fair examiner.",
        "You are a translator into Danish.",
        "Answer as a pirate.",
    )
    return chats(plan, [lambda _at, _user, line=line: line for line in lines])


def twenty_beside_two_thousand(plan: Plan) -> list[Feature]:
    """Set a feature of twenty calls beside one of a hundred times as many that shares all but its last paragraph."""
    preamble = plan.language.paragraph(6)
    texts = [f"{preamble}\n\n{plan.language.paragraph(2)}" for _ in range(2)]
    huge, small = chats(plan, [always(text) for text in texts])
    return [replace(huge, calls=2000), replace(small, calls=20)]


def short_prompts(plan: Plan) -> list[Feature]:
    """Send system prompts of two to four words."""
    lines = ("Summarise the text.", "Fix the grammar.", "Write SQL.", "Reply in JSON only.", "Be a pirate.")
    return chats(plan, [always(line) for line in lines])


def _one_sentence_apart(plan: Plan, place: int) -> list[Feature]:
    before = [plan.language.sentence() for _ in range(10)]
    texts = [" ".join([*before[:place], plan.language.sentence(), *before[place:]]) for _ in range(2)]
    return chats(plan, [always(text) for text in texts])


def first_sentence_apart(plan: Plan) -> list[Feature]:
    """Let two features differ in the first of eleven sentences."""
    return _one_sentence_apart(plan, 0)


def middle_sentence_apart(plan: Plan) -> list[Feature]:
    """Let two features differ in a sentence in the middle of one paragraph."""
    return _one_sentence_apart(plan, 5)


def last_sentence_apart(plan: Plan) -> list[Feature]:
    """Let two features differ in the last of eleven sentences."""
    return _one_sentence_apart(plan, 10)


HANDWRITTEN = (
    ("You are a customer support assistant for Northwind Telecom. Today's date is {date}. The customer's name is {name}.\n\n"
    "Guidelines:\n- Be concise and polite.\n- Never promise a refund without approval.\n- If you don't know, say so."),
    ("You are an expert SQL developer. Given the schema below, write a PostgreSQL query that answers the question. "
    "Return only the query.\n\nSchema:\nCREATE TABLE orders (id INT, city TEXT, total NUMERIC);\n\nCurrent date: {date}"),
    ("You are a senior software engineer reviewing a pull request by {name}. Be concise and polite. Point out bugs first, "
    "then style. Use markdown."),
    ("# Role\nYou moderate comments.\n\n# Output\nReturn JSON: {{\"flagged\": true|false, \"reason\": \"...\"}}\n\n# Context\n"
    "Region: {city}\nDate: {date}"),
    ("Current date: {date}\nUser: {name} ({plan} plan)\nLocation: {city}\n\nYou are a helpful travel planner. Suggest at most "
    "three options. If you don't know, say so."),
    ("You are a helpful assistant that writes product descriptions for an online shop. Keep it under 80 words. "
    "Never mention competitors."),
)  # fmt: skip


def handwritten(plan: Plan) -> list[Feature]:
    """Send prompts as teams write them, some sentences of which stand in several."""

    def system(text: str) -> Prompt:
        return lambda at, user: text.format(date=plan.date(at), **user)

    return chats(plan, [system(text) for text in HANDWRITTEN])
