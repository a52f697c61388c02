"""Which conversations and attempts are hard to tell from a log without ids? Small logs of each kind, with the truth.

Texts are made of drawn words, so that equal texts are equal because the case says so. Times are seconds after the start.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]
Message = dict[str, Any]

START = datetime(2026, 9, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbour",
    "inlet",
    "jasper",
    "kelp",
    "lagoon",
    "meadow",
    "nectar",
    "orchard",
    "pebble",
    "quarry",
    "river",
    "summit",
    "thicket",
    "umber",
    "valley",
    "willow",
    "yarrow",
    "zephyr",
    "anchor",
    "beacon",
    "copper",
    "dune",
    "estuary",
    "flint",
    "glacier",
    "heron",
    "isthmus",
]


@dataclass(frozen=True, slots=True)
class Planted:
    """One call and the truth of it: equal names are one conversation, one operation."""

    record: Record
    conversation: str
    operation: str
    is_superseded: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call may say beside its messages."""

    model: str = "gpt-4o"
    user: str | None = None
    session: str | None = None
    latency_ms: int | None = 2000
    status: int = 200
    tools: Sequence[Message] = ()


PLAIN = Sent()


def said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


class Draw:
    """Texts and numbers drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, words: int = 12) -> str:
        return " ".join(self.random.choice(_WORDS) for _ in range(words)).capitalize() + "."

    def seconds(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 3)


def _tokens(messages: Sequence[Message]) -> int:
    return sum(len(json.dumps(message)) // 4 + 4 for message in messages)


def call(messages: Sequence[Message], answer: Message | str, seconds: float, sent: Sent = PLAIN) -> Record:
    """Return the log record of a call."""
    told = said("assistant", answer) if isinstance(answer, str) else answer
    request: Record = {"model": sent.model, "messages": list(messages)}
    if sent.tools:
        request["tools"] = list(sent.tools)
    record: Record = {
        "timestamp": (START + timedelta(seconds=seconds)).isoformat(),
        "endpoint": "/v1/chat/completions",
        "status_code": sent.status,
        "request": request,
        **({"latency_ms": sent.latency_ms} if sent.latency_ms is not None else {}),
        **({"user": sent.user} if sent.user else {}),
        **({"metadata": {"session_id": sent.session}} if sent.session else {}),
    }
    if sent.status >= 400:
        return {**record, "response": {"error": {"message": "overloaded", "type": "server_error"}}}
    prompt, output = _tokens(messages), len(json.dumps(told)) // 4
    record["response"] = {
        "id": f"chatcmpl-{random.Random(repr((messages, seconds, sent))).getrandbits(64):x}",
        "object": "chat.completion",
        "model": sent.model,
        "choices": [{"index": 0, "message": told, "finish_reason": "tool_calls" if "tool_calls" in told else "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output},
    }
    return record


def tool_call(name: str, arguments: str, number: object) -> Message:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: Message) -> Message:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def result(text: str, number: object) -> Message:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": text}


SYSTEM = said("system", "You are the help desk of a bicycle shop. Answer in one or two sentences.")
TOOLS = (
    {
        "type": "function",
        "function": {"name": "search", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}},
    },
)

Rewrite = Callable[[Draw, list[Message], int], list[Message]]
"""What a client sends of the history before a turn: (draw, whole history, turn) -> messages."""


def chats(
    draw: Draw,
    rewrite: Rewrite = lambda _draw, history, _turn: [SYSTEM, *history],
    *,
    users: int = 8,
    turns: int = 6,
    pause: tuple[float, float] = (5, 200),
    spread: float = 300,
    answer_words: int = 15,
    sent: Callable[[int], Sent] = lambda _user: PLAIN,
) -> list[Planted]:
    """Draw interleaved chats whose clients rewrite the history in some way before they send it again."""
    planted: list[Planted] = []
    for user in range(users):
        history: list[Message] = []
        at = draw.seconds(0, spread)
        for turn in range(turns):
            history = [*history, said("user", draw.text())]
            answer = draw.text(answer_words)
            record = call(rewrite(draw, history, turn), answer, at, sent(user))
            planted.append(Planted(record, f"user {user}", f"user {user} turn {turn}"))
            history = [*history, said("assistant", answer)]
            at += 2 + draw.seconds(*pause)
    return planted


def interleaved_within_a_second(draw: Draw) -> list[Planted]:
    def whole_seconds(record: Record) -> Record:
        return {**record, "timestamp": record["timestamp"][:19] + "+00:00"}

    planted = chats(draw, users=40, turns=5, pause=(0, 0), spread=2)
    ordered = sorted(planted, key=lambda one: one.record["timestamp"])
    return [Planted(whole_seconds(one.record), one.conversation, one.operation) for one in ordered]


def over_days_with_a_date_in_the_system_prompt(draw: Draw) -> list[Planted]:
    def dated(draw: Draw, history: list[Message], turn: int) -> list[Message]:
        return [said("system", f"{SYSTEM['content']}\n\nIt is day {turn} {draw.text(3)}"), *history]

    return chats(draw, dated, pause=(5 * _HOUR, 30 * _HOUR), spread=_DAY)


def last_turns_kept(draw: Draw) -> list[Planted]:
    return chats(draw, lambda _draw, history, _turn: [SYSTEM, *history[-5:]], turns=9)


def last_turns_kept_from_an_answer_on(draw: Draw) -> list[Planted]:
    return chats(draw, lambda _draw, history, _turn: [SYSTEM, *history[-4:]], turns=9)


def last_turns_kept_with_short_answers(draw: Draw) -> list[Planted]:
    """Answers of one word, which say nothing about whose they are."""
    planted: list[Planted] = []
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 300)
        for turn in range(8):
            history = [*history, said("user", draw.text())]
            answer = draw.random.choice(["Yes.", "No."])
            planted.append(
                Planted(call([SYSTEM, *history[-5:]], answer, at), f"user {user}", f"user {user} turn {turn}")
            )
            history = [*history, said("assistant", answer)]
            at += 2 + draw.seconds(70, 200)
    return planted


def summarised(draw: Draw) -> list[Planted]:
    def short(draw: Draw, history: list[Message], turn: int) -> list[Message]:
        if turn < 4:
            return [SYSTEM, *history]
        return [SYSTEM, said("system", f"Earlier in this conversation: {draw.text(30)}"), *history[-3:]]

    return chats(draw, short, turns=9)


def summarised_in_a_user_message(draw: Draw) -> list[Planted]:
    def short(draw: Draw, history: list[Message], turn: int) -> list[Message]:
        if turn < 4:
            return [SYSTEM, *history]
        told = [said("user", f"So far: {draw.text(30)}"), said("assistant", "Understood.")]
        return [SYSTEM, *told, *history[-3:]]

    return chats(draw, short, turns=9)


def summarised_by_the_model(draw: Draw) -> list[Planted]:
    """Nothing is kept but the answer of a call that summed up the turns before."""
    planted: list[Planted] = []
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 300)
        for turn in range(9):
            if turn in (3, 6):
                told = draw.text(40)
                asked = [SYSTEM, *history, said("user", "Sum up our conversation in three sentences.")]
                planted.append(Planted(call(asked, told, at), f"user {user}", f"user {user} sum {turn}"))
                history = [said("assistant", told)]
                at += 4
            history = [*history, said("user", draw.text())]
            answer = draw.text(15)
            planted.append(Planted(call([SYSTEM, *history], answer, at), f"user {user}", f"user {user} turn {turn}"))
            history = [*history, said("assistant", answer)]
            at += 2 + draw.seconds(5, 200)
    return planted


def _agent_turn(draw: Draw, history: list[Message], number: str) -> tuple[list[list[Message]], list[Message]]:
    """Draw the prompts and answers of a turn with parallel tool calls. Returns [prompt, answer] pairs, the history after."""
    asked = [*history, said("user", draw.text())]
    calls = calling(*(tool_call("search", json.dumps({"q": draw.text(3)}), f"{number}-{n}") for n in range(2)))
    answered = [*asked, calls, *(result(draw.text(60), f"{number}-{n}") for n in range(2))]
    final = said("assistant", draw.text(20))
    return [[*asked, calls], [*answered, final]], [*answered, final]


def agents(draw: Draw, rewrite: Callable[[list[Message]], list[Message]]) -> list[Planted]:
    """Draw agents that answer each question with tool calls and then a text."""
    planted: list[Planted] = []
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 200)
        for turn in range(5):
            steps, history = _agent_turn(draw, rewrite(history), f"{user}-{turn}")
            for step, (*prompt, answer) in enumerate(steps):
                name = f"user {user} turn {turn} step {step}"
                planted.append(Planted(call([SYSTEM, *prompt], answer, at, Sent(tools=TOOLS)), f"user {user}", name))
                at += 3
            at += draw.seconds(5, 100)
    return planted


def parallel_tool_calls(draw: Draw) -> list[Planted]:
    return agents(draw, lambda history: history)


def trimmed_tool_results(draw: Draw) -> list[Planted]:
    def trim(history: list[Message]) -> list[Message]:
        return [{**m, "content": m["content"][:20] + " […]"} if m["role"] == "tool" else m for m in history]

    return agents(draw, trim)


def dropped_tool_messages(draw: Draw) -> list[Planted]:
    return agents(draw, lambda history: [m for m in history if m["role"] != "tool" and "tool_calls" not in m])


def changed_tool_call_ids_and_spacing(draw: Draw) -> list[Planted]:
    def rewritten(message: Message) -> Message:
        calls = [
            tool_call("search", json.dumps(json.loads(one["function"]["arguments"]), separators=(",", ":")), f"x{n}")
            for n, one in enumerate(message.get("tool_calls", ()))
        ]
        return {**message, "tool_calls": calls} if calls else message

    return agents(draw, lambda history: [rewritten(message) for message in history])


def post_processed_answers(draw: Draw) -> list[Planted]:
    """The model answers in a code fence, the client keeps what is inside."""
    planted: list[Planted] = []
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 300)
        for turn in range(6):
            history = [*history, said("user", draw.text())]
            answer = draw.text(15)
            logged = call([SYSTEM, *history], f"```\n{answer}\n```\n", at)
            planted.append(Planted(logged, f"user {user}", f"user {user} turn {turn}"))
            history = [*history, said("assistant", answer)]
            at += 2 + draw.seconds(5, 200)
    return planted


def documents_left_out_of_the_history(draw: Draw) -> list[Planted]:
    def with_documents(draw: Draw, history: list[Message], _turn: int) -> list[Message]:
        question = history[-1]["content"]
        return [SYSTEM, *history[:-1], said("user", f"<document>{draw.text(60)}</document>\n\n{question}")]

    return chats(draw, with_documents)


def documents_left_out_and_last_turns_kept(draw: Draw) -> list[Planted]:
    def with_documents(draw: Draw, history: list[Message], _turn: int) -> list[Message]:
        question = history[-1]["content"]
        return [SYSTEM, *history[-5:-1], said("user", f"<document>{draw.text(60)}</document>\n\n{question}")]

    return chats(draw, with_documents, turns=8)


def branches(draw: Draw) -> list[Planted]:
    """From the second turn on, each question is put once more in other words, and one of the two is gone on from."""
    planted: list[Planted] = []
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 300)
        for turn in range(5):
            ends = []
            for branch in range(1 if turn == 0 else 2):
                asked = [*history, said("user", draw.text())]
                answer = draw.text(15)
                name = f"user {user} turn {turn} branch {branch}"
                planted.append(Planted(call([SYSTEM, *asked], answer, at), f"user {user}", name))
                ends.append([*asked, said("assistant", answer)])
                at += 2 + draw.seconds(1, 20)
            history = draw.random.choice(ends)
            at += draw.seconds(5, 100)
    return planted


def questions_sent_while_they_are_typed(draw: Draw) -> list[Planted]:
    planted: list[Planted] = []
    for user in range(6):
        history = [said("user", draw.text())]
        at = draw.seconds(0, 300)
        answer = draw.text(15)
        planted.append(Planted(call([SYSTEM, *history], answer, at), f"user {user}", f"user {user} turn 0"))
        history = [*history, said("assistant", answer)]
        for turn in range(1, 5):
            at += draw.seconds(10, 60)
            question = draw.text(12)
            for typed in (5, 9, 12):
                asked = [*history, said("user", " ".join(question.split()[:typed]))]
                answer = draw.text(15)
                name = f"user {user} turn {turn} typed {typed}"
                planted.append(Planted(call([SYSTEM, *asked], answer, at), f"user {user}", name))
                at += 1
            history = [*asked, said("assistant", answer)]
    return planted


def _alike(draw: Draw, *, opening_pause: float, equal_answers: bool, users: int = 10) -> list[Planted]:
    planted: list[Planted] = []
    answer = draw.text(15)
    histories: list[list[Message]] = []
    for user in range(users):
        told = answer if equal_answers else draw.text(15)
        history = [said("user", "Hello, I have a question about my bicycle.")]
        planted.append(Planted(call([SYSTEM, *history], told, opening_pause * user), f"user {user}", f"{user} turn 0"))
        histories.append([*history, said("assistant", told)])
    at = opening_pause * users + 100
    for turn in range(1, 4):
        for user in range(users):
            asked = [*histories[user], said("user", draw.text())]
            told = draw.text(15)
            planted.append(Planted(call([SYSTEM, *asked], told, at), f"user {user}", f"{user} turn {turn}"))
            histories[user] = [*asked, said("assistant", told)]
            at += 7
    return planted


def same_beginnings_and_answers(draw: Draw) -> list[Planted]:
    return _alike(draw, opening_pause=200, equal_answers=True)


def same_beginnings_and_answers_within_a_minute(draw: Draw) -> list[Planted]:
    return _alike(draw, opening_pause=8, equal_answers=True)


def same_beginnings_within_a_minute(draw: Draw) -> list[Planted]:
    return _alike(draw, opening_pause=8, equal_answers=False)


def same_beginnings_of_known_users(draw: Draw) -> list[Planted]:
    planted = _alike(draw, opening_pause=8, equal_answers=True)
    return [Planted({**one.record, "user": one.conversation}, one.conversation, one.operation) for one in planted]


def sessions_with_rewritten_history(draw: Draw) -> list[Planted]:
    return chats(
        draw,
        lambda draw, history, _turn: [SYSTEM, said("user", f"{draw.text(20)} {history[-1]['content']}")],
        sent=lambda user: Sent(session=f"s{user}"),
    )


def sessions_of_one_turn(draw: Draw) -> list[Planted]:
    """Half of the sessions end after the greeting, which many send within the same minute."""
    planted: list[Planted] = []
    for user in range(20):
        history = [said("user", "Hello.")]
        at = 5.0 * user
        for turn in range(1 if user % 2 else 4):
            answer = draw.text(10)
            record = call([SYSTEM, *history], answer, at, Sent(session=f"s{user}"))
            planted.append(Planted(record, f"s{user}", f"s{user} turn {turn}"))
            history = [*history, said("assistant", answer), said("user", draw.text())]
            at += draw.seconds(30, 60)
    return planted


def a_thread_sent_again_under_another_system_prompt(draw: Draw) -> list[Planted]:
    planted: list[Planted] = []
    writer = said("system", "You write the patch that was agreed on. Answer with the patch alone.")
    for user in range(8):
        history: list[Message] = []
        at = draw.seconds(0, 300)
        for turn in range(3):
            history = [*history, said("user", draw.text(40))]
            answer = draw.text(15)
            planted.append(Planted(call([SYSTEM, *history], answer, at), f"user {user}", f"{user} turn {turn}"))
            history = [*history, said("assistant", answer)]
            at += 5
        asked = [writer, *history, said("user", draw.text(40)), said("user", "Write the patch.")]
        planted.append(Planted(call(asked, draw.text(50), at), f"user {user}", f"{user} patch"))
    return planted


def fixed_examples(draw: Draw) -> list[Planted]:
    """Calls with example turns are no conversation, though one asks what an example asks."""
    examples = [m for _ in range(3) for m in (said("user", draw.text(6)), said("assistant", draw.text(3)))]
    asked = [draw.text(6) for _ in range(20)]
    asked[4], told = examples[2]["content"], examples[3]["content"]
    return [
        Planted(
            call([SYSTEM, *examples, said("user", text)], told if n == 4 else draw.text(3), 40.0 * n), str(n), str(n)
        )
        for n, text in enumerate(asked)
    ]


def calls_missing(draw: Draw) -> list[Planted]:
    """Of each chat the log lacks a call in the middle, and of every second one the first."""
    planted = chats(draw, turns=7)
    return [one for n, one in enumerate(planted) if n % 7 not in (2, 4) and not (n % 7 == 0 and n // 7 % 2)]


def two_answers_both_gone_on_from(draw: Draw) -> list[Planted]:
    """The same prompt is answered twice at once, and each answer has a life of its own."""
    planted: list[Planted] = []
    for user in range(8):
        asked = [said("user", draw.text())]
        at = draw.seconds(0, 300)
        answers = [draw.text(15) for _ in range(2)]
        for n, answer in enumerate(answers):
            planted.append(Planted(call([SYSTEM, *asked], answer, at + 0.1 * n), f"user {user}", f"user {user} turn 0"))
        for branch, answer in enumerate(answers):
            history = [*asked, said("assistant", answer)]
            for turn in range(1, 4):
                history = [*history, said("user", draw.text())]
                told = draw.text(15)
                at += 2 + draw.seconds(5, 60)
                name = f"user {user} branch {branch} turn {turn}"
                planted.append(Planted(call([SYSTEM, *history], told, at), f"user {user}", name))
                history = [*history, said("assistant", told)]
    return planted


def same_beginnings_most_left_at_once(draw: Draw) -> list[Planted]:
    """Many greet and get the same answer; a few go on, each soon after."""
    planted: list[Planted] = []
    hello, answer = said("user", "Hello there."), draw.text(9)
    for user in range(30):
        at = 200.0 * user
        planted.append(Planted(call([SYSTEM, hello], answer, at), f"user {user}", f"{user} turn 0"))
        history = [hello, said("assistant", answer)]
        for turn in range(1, 4 if user % 5 == 0 else 1):
            history = [*history, said("user", draw.text())]
            told = draw.text(15)
            at += 2 + draw.seconds(10, 50)
            planted.append(Planted(call([SYSTEM, *history], told, at), f"user {user}", f"{user} turn {turn}"))
            history = [*history, said("assistant", told)]
    return planted


def kept_response(text: str, answer: str, at: float, names: tuple[str, str | None], tokens: int) -> Record:
    """Return the record of a Responses call. names: its id and that of the response it goes on from."""
    identity, previous = names
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
    return {
        "timestamp": (START + timedelta(seconds=at)).isoformat(), "endpoint": "/v1/responses", "status_code": 200,
        "latency_ms": 2000,
        "request": {"model": "gpt-4o", "instructions": SYSTEM["content"], "input": text,
                    **({"previous_response_id": previous} if previous else {})},
        "response": {"id": identity, "object": "response", "model": "gpt-4o", "status": "completed", "output": [message],
                     "usage": {"input_tokens": tokens, "output_tokens": 30, "total_tokens": tokens + 30}},
    }  # fmt: skip


def responses_chain(draw: Draw) -> list[Planted]:
    planted: list[Planted] = []
    for user in range(8):
        previous = None
        at = draw.seconds(0, 300)
        for turn in range(5):
            identity = f"resp_{user}_{turn}"
            record = kept_response(draw.text(), draw.text(15), at, (identity, previous), 50 + 60 * turn)
            planted.append(Planted(record, f"user {user}", f"user {user} turn {turn}"))
            previous = identity
            at += 2 + draw.seconds(5, 200)
    return planted


def responses_branches(draw: Draw) -> list[Planted]:
    """Two calls go on from one response, with the same words as other people's."""
    planted: list[Planted] = []
    for user in range(8):
        at = draw.seconds(0, 300)
        root = f"resp_b{user}"
        first = kept_response("Hello there.", "Hello. What can I do?", at, (root, None), 50)
        planted.append(Planted(first, f"user {user}", f"user {user} turn 0"))
        for branch in range(2):
            previous = root
            for turn in range(1, 4):
                at += 2 + draw.seconds(5, 60)
                identity = f"resp_b{user}_{branch}_{turn}"
                text = "Tell me more." if turn == 2 else draw.text()
                record = kept_response(text, draw.text(15), at, (identity, previous), 50 + 60 * turn)
                planted.append(Planted(record, f"user {user}", f"user {user} branch {branch} turn {turn}"))
                previous = identity
    return planted


CONVERSATIONS: tuple[Callable[[Draw], list[Planted]], ...] = (
    chats,
    interleaved_within_a_second,
    over_days_with_a_date_in_the_system_prompt,
    last_turns_kept,
    last_turns_kept_from_an_answer_on,
    last_turns_kept_with_short_answers,
    summarised,
    summarised_in_a_user_message,
    summarised_by_the_model,
    parallel_tool_calls,
    trimmed_tool_results,
    dropped_tool_messages,
    changed_tool_call_ids_and_spacing,
    post_processed_answers,
    documents_left_out_of_the_history,
    documents_left_out_and_last_turns_kept,
    branches,
    questions_sent_while_they_are_typed,
    same_beginnings_and_answers,
    same_beginnings_and_answers_within_a_minute,
    same_beginnings_within_a_minute,
    same_beginnings_of_known_users,
    sessions_with_rewritten_history,
    sessions_of_one_turn,
    a_thread_sent_again_under_another_system_prompt,
    fixed_examples,
    calls_missing,
    two_answers_both_gone_on_from,
    same_beginnings_most_left_at_once,
    responses_chain,
    responses_branches,
)
