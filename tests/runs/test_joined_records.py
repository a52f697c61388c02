"""What does a run say of calls that several records tell?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from runs.logs import START, audited, chat, said, tokens_of

INSTRUCTIONS = "You answer questions about bicycles in one short sentence."
QUESTIONS = [f"Question {n}: how do I mend flat tyre number {n}?" for n in range(4)]
ANSWERS = [f"Answer {n}: take out the tube, patch it, and pump it up." for n in range(4)]


def turn(number: int) -> dict[str, Any]:
    """One turn of the Responses API: the new question alone is sent, all turns before are billed."""
    earlier = [*QUESTIONS[:number], *ANSWERS[:number]]
    messages = 2 + len(earlier)
    billed = tokens_of(INSTRUCTIONS, QUESTIONS[number], *earlier) + 4 * messages + 3
    output = tokens_of(ANSWERS[number])
    request = {"model": "gpt-4o", "instructions": INSTRUCTIONS, "input": QUESTIONS[number]}
    if number:
        request["previous_response_id"] = f"resp_{number - 1}"
    return {
        "request": request,
        "response": {
            "id": f"resp_{number}", "object": "response", "status": "completed", "model": "gpt-4o-2024-08-06",
            "created_at": START.timestamp() + 100 * number,
            "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": ANSWERS[number]}]}],
            "usage": {
                "input_tokens": billed, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": output,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": billed + output,
            },
        },
    }  # fmt: skip


def test_turns_that_the_provider_kept_are_history() -> None:
    run = audited([turn(3), turn(1)], [turn(0), turn(2)])
    (feature,) = run.features
    found = {name: part.tokens for name, part in feature.components.items() if part.tokens}
    texts = {"system_prompt": 4 * tokens_of(INSTRUCTIONS), "user_input": tokens_of(*QUESTIONS)}
    history = sum(tokens_of(*QUESTIONS[:n], *ANSWERS[:n]) for n in range(4))
    assert found == {**texts, "history": history, "format_overhead": 4 * (2 + 4 + 6 + 8) + 12}
    assert (feature.conversations, feature.operations, [t.turn for t in feature.growth.turns]) == (1, 4, [1, 2, 3, 4])


def test_a_kept_conversation_costs_what_the_same_one_in_full_costs() -> None:
    full, messages = [], [said("system", INSTRUCTIONS)]
    for number, (question, answer) in enumerate(zip(QUESTIONS, ANSWERS, strict=True)):
        messages = [*messages, said("user", question)]
        full.append(chat(messages, answer, seconds=100 * number, model="gpt-4o"))
        messages = [*messages, said("assistant", answer)]
    kept, sent = audited([turn(n) for n in range(4)]), audited(full)
    assert kept.totals.list_cost == sent.totals.list_cost
    assert kept.totals.multiplier == sent.totals.multiplier
    assert [f.components for f in kept.features] == [f.components for f in sent.features]


def batch(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A line of a batch's input and the line of its output."""
    pair = chat([said("user", QUESTIONS[number])], ANSWERS[number], seconds=number, model="gpt-4o-2024-08-06")
    response = {**pair["response"], "created": int((START + timedelta(seconds=number)).timestamp())}
    asked = {"custom_id": f"job-{number}", "method": "POST", "url": "/v1/chat/completions", "body": pair["request"]}
    answered = {
        "id": f"batch_req_{number}", "custom_id": f"job-{number}", "error": None,
        "response": {"status_code": 200, "request_id": f"r{number}", "body": response},
    }  # fmt: skip
    return asked, answered


def test_a_batch_is_priced_as_one_and_has_its_prompts() -> None:
    asked, answered = zip(*(batch(n) for n in range(4)), strict=True)
    run = audited(asked, tuple(reversed(answered)))
    (feature,) = run.features
    assert feature.components["user_input"].tokens == tokens_of(*QUESTIONS)
    assert feature.components["unexplained"].tokens == 0
    assert (run.totals.calls, run.input.no_calls, run.input.no_calls_by_kind) == (4, 4, {"tells more of a call": 4})
    assert run.input.unaccounted == 0
    assert [model.price_source for model in run.models]
    full = sum(tokens_of(q) + 7 for q in QUESTIONS) * Decimal("0.0000025") + tokens_of(*ANSWERS) * Decimal("0.00001")
    assert run.totals.list_cost in (full, full / 2)  # half price from the day the rate is known


def test_two_sinks_count_once() -> None:
    calls = [chat([said("user", question)], "Yes.", seconds=n, feature="faq") for n, question in enumerate(QUESTIONS)]
    bare = [{"timestamp": call["timestamp"], "response": call["response"]} for call in calls]
    both, one = audited(calls, bare), audited(calls)
    assert both.totals == one.totals
    assert (both.input.duplicates, both.input.calls) == (4, 4)
