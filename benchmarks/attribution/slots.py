"""Which cases put what changes from call to call into the system prompt: dates, users, customers, state?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from benchmarks.attribution.language import CHINESE, GERMAN
from benchmarks.attribution.plan import ROLES, Feature, Plan, Prompt, chats


def _slots(plan: Plan, place: str) -> list[Feature]:
    """Give each feature a paragraph with date, name and JSON of the user at the front, in the middle or at the end."""

    def system(role: str) -> Prompt:
        paragraphs = plan.static(role).split("\n\n")
        at_paragraph = {"front": 0, "middle": 2, "end": len(paragraphs)}[place]

        def text(at: float, user: dict[str, Any]) -> str:
            slot = f"Today is {plan.date(at)}.\n\nThe user is {user['name']}. Profile:\n{json.dumps(user)}"
            return "\n\n".join([*paragraphs[:at_paragraph], slot, *paragraphs[at_paragraph:]])

        return text

    return chats(plan, [system(role) for role in ROLES[:4]])


def slots_front(plan: Plan) -> list[Feature]:
    return _slots(plan, "front")


def slots_middle(plan: Plan) -> list[Feature]:
    return _slots(plan, "middle")


def slots_end(plan: Plan) -> list[Feature]:
    return _slots(plan, "end")


def slots_inside_paragraph(plan: Plan) -> list[Feature]:
    """Put the slots into a sentence, in a prompt without any line break."""

    def system(role: str) -> Prompt:
        before, after = plan.language.paragraph(1), plan.language.paragraph(2)

        def text(at: float, user: dict[str, Any]) -> str:
            slot = f"You are helping {user['name']} on {plan.date(at)} with a {role} request from {user['city']} today."
            return f"{before} {slot} {after}"

        return text

    return chats(plan, [system(role) for role in ROLES[:4]])


def slots_only_sentence(plan: Plan) -> list[Feature]:
    """Make the whole prompt one sentence with slots."""
    sentences = (
        "You are helping {name} on {date} with orders and deliveries of our shop.",
        "Write a short reply to {name} in the tone of a friendly hotel in {city}.",
        "As of {date} decide whether the claim of {name} is covered by the policy.",
    )

    def system(sentence: str) -> Prompt:
        return lambda at, user: sentence.format(name=user["name"], city=user["city"], date=plan.date(at))

    return chats(plan, [system(sentence) for sentence in sentences])


def few_users(plan: Plan) -> list[Feature]:
    """Let eight users share all calls of four features, each with a paragraph about them."""
    users = plan.users = plan.users[:8]
    about = {str(user["name"]): plan.language.prose(20) for user in users}
    top = {role: plan.static(role) for role in ROLES[:4]}
    return chats(plan, [
        lambda at, user, role=role: f"{top[role]}\n\nToday is {plan.date(at)}.\n\nAbout {user['name']}: {about[user['name']]}"
        for role in ROLES[:4]
    ])  # fmt: skip


def languages(plan: Plan) -> list[Feature]:
    """Write the templates in English, German and Chinese, with slots."""
    german, chinese = plan.language.foreign(GERMAN, 8, " "), plan.language.foreign(CHINESE, 10, "")
    english = plan.static(ROLES[0], 2)
    return chats(plan, [
        lambda at, user: f"{english}\n\nToday is {plan.date(at)}. You speak with {user['name']}.",
        lambda at, user: f"Du hilfst {user['name']}. Heute ist der {plan.date(at)}. {german}",
        lambda at, user: f"你是{user['name']}的助手。今天是{plan.date(at)}。{chinese}",
    ])  # fmt: skip


def scripts(plan: Plan) -> list[Feature]:
    """Write the templates in Japanese, Russian, Arabic, Korean and Hindi, with slots."""
    lines = (
        "あなたは{name}さんの旅行アシスタントです。今日は{date}です。必ず敬語で答えてください。料金は円で示してください。",
        "Вы помощник банка. Сегодня {date}. Клиента зовут {name}. Отвечайте кратко и не обещайте возврат денег.",
        "أنت مساعد متجر إلكتروني. تاريخ اليوم {date}. اسم العميل {name}. أجب بإيجاز ولا تذكر أسعار المنافسين.",
        "당신은 학습 도우미입니다. 오늘은 {date}입니다. 학생의 이름은 {name}입니다. 정답을 바로 알려주지 마세요.",
        "आप एक यात्रा सहायक हैं। आज की तारीख {date} है। ग्राहक का नाम {name} है। हमेशा विनम्रता से उत्तर दें।",
    )

    def system(line: str) -> Prompt:
        return lambda at, user: line.format(name=user["name"], date=plan.date(at))

    return chats(plan, [system(line) for line in lines])


def profile_in_front(plan: Plan) -> list[Feature]:
    """Begin each system prompt with six sentences about the user, the same in each feature."""
    about = {id(user): plan.language.prose(60) for user in plan.users}

    def system(role: str) -> Prompt:
        own = plan.static(role, 2)
        return lambda _at, user: f"{user['name']}, {user['city']}. {about[id(user)]}\n\n{own}"

    return chats(plan, [system(role) for role in ROLES[:4]])


def tenants(plan: Plan) -> list[Feature]:
    """Let fifteen customers share three features; each prompt holds the customer's name, tone and rules."""
    companies = [
        (plan.language.word().capitalize(), plan.language.sentence(), [plan.language.sentence() for _ in range(4)])
        for _ in range(15)
    ]

    def system(role: str) -> Prompt:
        own = plan.language.paragraph(5)

        def text(_at: float, _user: dict[str, Any]) -> str:
            company, tone, rules = plan.chance.choice(companies)
            listed = "\n".join(f"- {rule}" for rule in rules)
            return f"You are the {role} assistant of {company}. {tone}\n\n{own}\n\nRules of {company}:\n{listed}"

        return text

    return chats(plan, [system(role) for role in ROLES[:3]])


def todo_list(plan: Plan) -> list[Feature]:
    """Let agents make their system prompts anew for each turn, with the time and what is done and left to do."""

    def system(role: str) -> Prompt:
        top, end = plan.static(role, 2), plan.language.paragraph(2)
        tasks = [plan.language.prose(8) for _ in range(60)]

        def text(at: float, _user: dict[str, Any]) -> str:
            listed = "\n".join(
                f"- [{plan.chance.choice('x ')}] {task}"
                for task in plan.chance.sample(tasks, plan.chance.randint(2, 7))
            )
            return f"{top}\n\nNow: {plan.date(at)} {int(at) % 86_400}\n\n# Todo\n{listed}\n\n{end}"

        return text

    return [replace(feature, is_fresh=True) for feature in chats(plan, [system(r) for r in ROLES[:3]], turns=8)]


def optional_paragraphs(plan: Plan) -> list[Feature]:
    """Send each of four paragraphs of a prompt only where it applies, each in about half of the calls."""

    def system(role: str) -> Prompt:
        top, end = plan.static(role, 2), plan.language.paragraph(1)
        some = [plan.language.paragraph(2) for _ in range(4)]
        return lambda _at, _user: "\n\n".join([top, *(s for s in some if plan.chance.random() < 0.5), end])

    return chats(plan, [system(role) for role in ROLES[:3]])
