"""Which attempts are hard to tell from new requests? Small logs of each kind, with the truth.

See `hard_conversations` for how they are made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from runs.hard_conversations import (
    PLAIN,
    SYSTEM,
    TOOLS,
    Draw,
    Message,
    Planted,
    Sent,
    call,
    calling,
    chats,
    kept_response,
    result,
    said,
    tool_call,
)

EXTRACT = said("system", "You turn letters into JSON with the fields sender, topic and sum. Answer with JSON alone.")


def _json(draw: Draw) -> str:
    return json.dumps({"sender": draw.text(3), "topic": draw.text(4), "sum": draw.random.randint(1, 999)})


def _once(
    draw: Draw, number: int, at: float, sent: Sent = PLAIN, *, is_superseded: bool = False, letter: str
) -> Planted:
    record = call([EXTRACT, said("user", letter)], _json(draw), at, sent)
    return Planted(record, f"{number}", f"{number}", is_superseded)


def timeouts_billed_in_full(draw: Draw) -> list[Planted]:
    """The client gives up after 10 seconds and sends again; the answers it did not wait for are billed."""
    planted = []
    for number in range(30):
        letter, at = draw.text(40), 40.0 * number
        for attempt in range(number % 3):
            late = replace(PLAIN, latency_ms=15_000)
            planted.append(_once(draw, number, at + 11 * attempt, late, is_superseded=True, letter=letter))
        planted.append(_once(draw, number, at + 11 * (number % 3), letter=letter))
    return planted


def errors_with_backoff(draw: Draw) -> list[Planted]:
    planted = []
    for number in range(30):
        letter, at = draw.text(40), 40.0 * number
        for attempt in range(number % 3):
            failed = replace(PLAIN, status=503)
            planted.append(_once(draw, number, at, failed, letter=letter))
            at += 2 + 30 * 4**attempt
        planted.append(_once(draw, number, at, letter=letter))
    return planted


def fallbacks_to_another_model(draw: Draw) -> list[Planted]:
    """After an error, or a time-out that is billed, another model is asked."""
    planted = []
    for number in range(30):
        letter, at = draw.text(40), 40.0 * number
        other = replace(PLAIN, model="claude-sonnet-4-5")
        if number % 3:
            first = replace(PLAIN, status=500) if number % 3 == 1 else replace(PLAIN, latency_ms=30_000)
            planted.append(_once(draw, number, at, first, is_superseded=number % 3 == 2, letter=letter))
            planted.append(_once(draw, number, at + 12, other, letter=letter))
        else:
            planted.append(_once(draw, number, at, letter=letter))
    return planted


def retries_under_ids_of_single_requests(draw: Draw) -> list[Planted]:
    """Each request of the application gets a trace id of its own, its retries too."""
    planted = []
    for number in range(40):
        letter, at = draw.text(40), 30.0 * number
        for attempt in range(2 if number % 4 == 0 else 1):
            is_superseded = number % 4 == 0 and attempt == 0
            sent = replace(PLAIN, session=f"trace-{number}-{attempt}")
            planted.append(_once(draw, number, at + 5 * attempt, sent, is_superseded=is_superseded, letter=letter))
    return planted


def retries_beside_sessions(draw: Draw) -> list[Planted]:
    """One feature's ids are sessions, the other's are ids of single requests."""
    sessions = chats(draw, sent=lambda user: Sent(session=f"s{user}"))
    return [*sessions, *retries_under_ids_of_single_requests(draw)]


Asks = Callable[[Draw, int], str]
FIXED: Asks = lambda _draw, _number: "Your answer is not valid JSON. Answer again, with the JSON object alone."  # noqa: E731
DETAILED: Asks = lambda draw, number: (  # noqa: E731
    f"The JSON failed to validate: field {draw.text(2)} at line {number} column {draw.random.randint(1, 80)}. Please correct it."
)


def _corrected(draw: Draw, asks: Asks, sent: Sent = PLAIN, *, letters: int = 60) -> list[Planted]:
    """Draw letters of which a few are put into JSON wrongly: the answer goes back with a complaint."""
    planted = []
    for number in range(letters):
        history = [EXTRACT, said("user", draw.text(40))]
        at = 30.0 * number
        tries = 3 if number % 12 == 0 else 2 if number % 6 == 0 else 1
        for attempt in range(tries):
            answer = _json(draw)
            is_superseded = attempt + 1 < tries
            written = answer[:-1] if is_superseded else answer
            planted.append(Planted(call(history, written, at, sent), str(number), str(number), is_superseded))
            history = [*history, said("assistant", written), said("user", asks(draw, number))]
            at += 2.4 if sent.latency_ms is not None else 3
    return planted


def corrections_in_fixed_words(draw: Draw) -> list[Planted]:
    return _corrected(draw, FIXED)


def corrections_in_fixed_words_without_latency(draw: Draw) -> list[Planted]:
    return _corrected(draw, FIXED, replace(PLAIN, latency_ms=None))


def corrections_with_the_error(draw: Draw) -> list[Planted]:
    return _corrected(draw, DETAILED)


def corrected_tool_calls(draw: Draw) -> list[Planted]:
    """A tool call stands for the structured answer; its errors come back as a tool result."""
    planted = []
    for number in range(60):
        history = [EXTRACT, said("user", draw.text(40))]
        at = 30.0 * number
        tries = 2 if number % 5 == 0 else 1
        for attempt in range(tries):
            answer = calling(tool_call("search", json.dumps({"q": draw.text(8)}), f"{number}-{attempt}"))
            is_superseded = attempt + 1 < tries
            record = call(history, answer, at, Sent(tools=TOOLS))
            planted.append(Planted(record, str(number), str(number), is_superseded))
            complaint = f"1 validation error for Letter: {draw.text(4)} Recall the function correctly, fix the errors."
            history = [*history, answer, result(complaint, f"{number}-{attempt}")]
            at += 2.3
    return planted


def second_turns_of_people(draw: Draw) -> list[Planted]:
    """People who write the same short words again are no complaint, even where most chats have one turn."""
    planted = []
    words = ["Thanks, that is all I wanted to know.", "Can you explain that in more detail please?", "Yes."]
    for user in range(60):
        history = [SYSTEM, said("user", draw.text())]
        at = draw.seconds(0, 2000)
        for turn in range(1 if user % 3 else 4):
            answer = draw.text(20)
            planted.append(Planted(call(history, answer, at), f"user {user}", f"user {user} turn {turn}"))
            again = draw.random.choice(words) if draw.random.random() < 0.5 else draw.text()
            history = [*history, said("assistant", answer), said("user", again)]
            at += 2 + draw.seconds(8, 120)
    return planted


def second_turns_of_people_without_latency(draw: Draw) -> list[Planted]:
    def bare(one: Planted) -> Planted:
        record = {name: value for name, value in one.record.items() if name != "latency_ms"}
        return replace(one, record=record)

    return [bare(one) for one in second_turns_of_people(draw)]


def steps_of_a_workflow(draw: Draw) -> list[Planted]:
    """Each letter is answered in three steps with fixed words: no answer is thrown away."""
    planted = []
    for number in range(30):
        history: list[Message] = [EXTRACT]
        at = 30.0 * number
        for step, words in enumerate(
            [draw.text(40), "Now name what you are not sure of.", "Now write the final JSON."]
        ):
            history = [*history, said("user", words)]
            answer = _json(draw)
            planted.append(Planted(call(history, answer, at), str(number), f"{number} step {step}"))
            history = [*history, said("assistant", answer)]
            at += 2.2
    return planted


def observations_of_an_agent(draw: Draw) -> list[Planted]:
    """An agent without tool calls: a few questions need a search, whose result comes back as a user message."""
    planted = []
    for number in range(60):
        history = [SYSTEM, said("user", draw.text())]
        at = 30.0 * number
        steps = 3 if number % 3 == 0 else 1
        for step in range(steps):
            is_last = step + 1 == steps
            answer = f"Final answer: {draw.text(40)}" if is_last else f"Search: {draw.text(3)}"
            planted.append(Planted(call(history, answer, at), str(number), f"{number} step {step}"))
            history = [*history, said("assistant", answer), said("user", f"Found: {draw.text(30)}")]
            at += 2.5
    return planted


def tools_of_a_chat(draw: Draw) -> list[Planted]:
    planted = []
    for number in range(60):
        history = [SYSTEM, said("user", draw.text())]
        at = 30.0 * number
        uses_tool = number % 4 == 0
        for step in range(2 if uses_tool else 1):
            search = calling(tool_call("search", json.dumps({"q": draw.text(3)}), number))
            answer = search if uses_tool and step == 0 else said("assistant", draw.text(20))
            record = call(history, answer, at, Sent(tools=TOOLS))
            planted.append(Planted(record, str(number), f"{number} step {step}"))
            history = [*history, answer, result(draw.text(10), number)]
            at += 2.2
    return planted


def samples_of_one_prompt(draw: Draw) -> list[Planted]:
    """Five answers are drawn at once and the best is taken: all are used."""
    planted = []
    for number in range(15):
        letter = draw.text(40)
        for sample in range(5):
            at = 30.0 * number + 0.05 * sample
            planted.append(_once(draw, number, at, letter=letter))
    return planted


def hedged_requests(draw: Draw) -> list[Planted]:
    """A request that is not answered after six seconds is sent a second time; the first answer of the two is taken."""
    planted = []
    for number in range(20):
        letter, at = draw.text(40), 40.0 * number
        slow = number % 4 == 0
        sent = replace(PLAIN, latency_ms=12_000 if slow else 2000)
        planted.append(_once(draw, number, at, sent, is_superseded=slow, letter=letter))
        if slow:
            planted.append(_once(draw, number, at + 6, letter=letter))
    return planted


def answers_drawn_again(draw: Draw) -> list[Planted]:
    """People let an answer be drawn again and go on from the new one: the first was for nothing."""
    planted = []
    for user in range(15):
        history = [SYSTEM, said("user", draw.text())]
        at = draw.seconds(0, 600)
        for turn in range(3):
            again = turn == 1
            for attempt in range(2 if again else 1):
                answer = draw.text(15)
                is_superseded = again and attempt == 0
                name = f"user {user} turn {turn}"
                planted.append(Planted(call(history, answer, at), f"user {user}", name, is_superseded))
                at += 2 + draw.seconds(5, 40)
            history = [*history, said("assistant", answer), said("user", draw.text())]
            at += draw.seconds(20, 60)
    return planted


def samples_spread_over_a_second(draw: Draw) -> list[Planted]:
    planted = []
    for number in range(15):
        letter = draw.text(40)
        starts = sorted(30.0 * number + draw.seconds(0, 1) for _ in range(5))
        planted += [_once(draw, number, at, letter=letter) for at in starts]
    return planted


def samples_of_which_one_fails(draw: Draw) -> list[Planted]:
    """One of four requests sent at once is refused and sent again: four answers are used."""
    planted = []
    for number in range(15):
        letter, at = draw.text(40), 30.0 * number
        for sample in range(4):
            sent = replace(PLAIN, status=429, latency_ms=40) if sample == number % 4 else PLAIN
            planted.append(_once(draw, number, at + 0.02 * sample, sent, letter=letter))
        planted.append(_once(draw, number, at + 2.5, letter=letter))
    return planted


def a_question_that_many_ask(draw: Draw) -> list[Planted]:
    """Nobody asks twice: the question comes from another person every few minutes, now and then within half a minute."""
    planted, at = [], 0.0
    for number in range(60):
        planted.append(_once(draw, number, at, letter="How do I reset my password?"))
        at += 20 + draw.random.expovariate(1 / 300)
    return planted


def polls(draw: Draw) -> list[Planted]:
    """A health check asks the same each half minute, a report each hour."""
    checks = [_once(draw, n, 30.0 * n, letter="Answer with OK.") for n in range(80)]
    reports = [_once(draw, 1000 + n, 3600.0 * n, letter="What is new in the shop?") for n in range(24)]
    return [*checks, *reports]


def an_evaluation_of_models(draw: Draw) -> list[Planted]:
    """Each of twenty letters is given to three models, one after the other, and all of it again on the next day."""
    letters = [draw.text(40) for _ in range(20)]
    models = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")
    return [
        _once(draw, 60 * day + 3 * n + m, 86_400.0 * day + 10 * n + 2.5 * m, replace(PLAIN, model=model), letter=letter)
        for day in range(2)
        for n, letter in enumerate(letters)
        for m, model in enumerate(models)
    ]


def a_correction_and_then_a_fresh_start(draw: Draw) -> list[Planted]:
    """After an answer that is of no use and one correction that is none either, the letter is sent anew."""
    planted = []
    for number in range(40):
        first = [EXTRACT, said("user", draw.text(40))]
        at, answers = 30.0 * number, [_json(draw)[:-1], _json(draw)[:-1], _json(draw)]
        again = [*first, said("assistant", answers[0]), said("user", FIXED(draw, number))]
        prompts = [first, again, first] if number % 8 == 0 else [first]
        for attempt, prompt in enumerate(prompts):
            is_superseded = attempt + 1 < len(prompts)
            answer = answers[attempt] if is_superseded else answers[2]
            planted.append(Planted(call(prompt, answer, at), str(number), str(number), is_superseded))
            at += 2.4
    return planted


def complaints_of_people(draw: Draw) -> list[Planted]:
    """A person complains as a program does, but not as fast: these are turns of a conversation."""
    planted = []
    for user in range(20):
        history = [SYSTEM, said("user", draw.text())]
        at = draw.seconds(0, 600)
        for turn in range(3):
            answer = draw.text(20)
            planted.append(Planted(call(history, answer, at), f"user {user}", f"user {user} turn {turn}"))
            words = "Your answer is not valid, please try again." if user % 3 else draw.text()
            history = [*history, said("assistant", answer), said("user", words)]
            at += 2 + draw.seconds(25, 120)
    return planted


def corrections_of_kept_responses(draw: Draw) -> list[Planted]:
    """The provider keeps the history: only the complaint is sent."""
    planted = []
    for number in range(40):
        at, previous = 30.0 * number, None
        tries = 2 if number % 5 == 0 else 1
        for attempt in range(tries):
            text = FIXED(draw, number) if attempt else draw.text(40)
            identity = f"resp_c{number}_{attempt}"
            record = kept_response(text, _json(draw), at, (identity, previous), 60 + 80 * attempt)
            planted.append(Planted(record, str(number), str(number), attempt + 1 < tries))
            previous = identity
            at += 2.4
    return planted


ATTEMPTS: tuple[Callable[[Draw], list[Planted]], ...] = (
    timeouts_billed_in_full,
    errors_with_backoff,
    fallbacks_to_another_model,
    retries_under_ids_of_single_requests,
    retries_beside_sessions,
    corrections_in_fixed_words,
    corrections_in_fixed_words_without_latency,
    corrections_with_the_error,
    corrected_tool_calls,
    second_turns_of_people,
    second_turns_of_people_without_latency,
    steps_of_a_workflow,
    observations_of_an_agent,
    tools_of_a_chat,
    samples_of_one_prompt,
    hedged_requests,
    answers_drawn_again,
    samples_spread_over_a_second,
    samples_of_which_one_fails,
    a_question_that_many_ask,
    polls,
    an_evaluation_of_models,
    a_correction_and_then_a_fresh_start,
    complaints_of_people,
    corrections_of_kept_responses,
)
