"""Does the log, read back from its lines, hold what was planted?"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from simulation.logs import Month, month_of, simulated
from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import SCENARIOS
from tokaudit.simulation.texts import ENCODING
from tokaudit.simulation.traffic import calls
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE, TOKENS_PER_REQUEST
from tokaudit.tokens.count import count_block_tokens, count_tokens
from tokaudit.tokens.definitions import estimate_schema_tokens, estimate_tool_tokens

CLOSING = "</documents>"


def count(texts: list[str]) -> int:
    return int(count_tokens(texts, ENCODING).sum())


def read_message(message: dict, *, is_last: bool) -> list[tuple[str, int]]:
    """Tokenise a message whole; a token belongs to the block in which its first byte lies."""
    text = message["content"]
    if message["role"] == "system" or not is_last:
        return [("system_prompt" if message["role"] == "system" else "history", count([text]))]
    starts = [0, text.index(CLOSING) + len(CLOSING)] if CLOSING in text else [0]
    _, blocks = count_block_tokens([text], [[len(text[:start].encode()) for start in starts]], ENCODING)
    return [("rag_context", int(tokens)) for tokens in blocks[:-1]] + [("user_input", int(blocks[-1]))]


def read_layout(request: dict) -> list[tuple[str, int]]:
    messages, form = request["messages"], request.get("response_format")
    tools, schema = estimate_tool_tokens(request.get("tools"), count), estimate_schema_tokens(form, count)
    layout = [("tool_schemas", tools), ("response_schema", schema)]
    for index, message in enumerate(messages):
        layout.append(("format_overhead", TOKENS_PER_MESSAGE))
        layout += read_message(message, is_last=index == len(messages) - 1)
    layout.append(("format_overhead", TOKENS_PER_REQUEST))
    return [piece for piece in layout if piece[1]]


@pytest.fixture(scope="module", params=["support-bot", "mixed"])
def month(request: pytest.FixtureRequest) -> Month:
    return month_of(request.param)


def test_the_text_of_every_call_explains_its_bill_to_the_token(month: Month) -> None:
    for record, planted in zip(month.records, month.planted, strict=True):
        if planted.fate == "failed":
            continue
        usage, answer = record["response"]["usage"], record["response"]["choices"][0]["message"]["content"]
        layout = read_layout(record["request"])
        assert layout == [piece for piece in planted.layout if piece[1]]
        assert sum(tokens for _, tokens in layout) == usage["prompt_tokens"]
        assert count([answer]) == usage["completion_tokens"] == planted.output_tokens
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["prompt_tokens_details"]["cached_tokens"] == planted.cached_tokens


def test_failed_calls_say_so_and_bill_nothing(month: Month) -> None:
    failed = [pair for pair in zip(month.records, month.planted, strict=True) if pair[1].fate == "failed"]
    assert failed
    for record, planted in failed:
        assert record["status_code"] in (429, 500)
        assert list(record["response"]) == ["error"]
        assert not planted.layout
        assert planted.output_tokens == planted.cached_tokens == 0
    assert all(r["status_code"] == 200 for r, p in zip(month.records, month.planted, strict=True) if p.fate != "failed")


def test_calls_stand_in_order_within_the_month_and_on_its_ends(month: Month) -> None:
    times = [datetime.fromisoformat(record["timestamp"]) for record in month.records]
    start, end = month.scenario.start, month.scenario.start + timedelta(days=month.scenario.days)
    assert times == sorted(times)
    assert start <= times[0] < start + timedelta(days=1)
    assert end - timedelta(days=1) <= times[-1] < end
    assert len({time.date() for time in times}) == month.scenario.days


def test_ids_are_unique_and_questions_distinct(month: Month) -> None:
    ids = [record["id"] for record in month.records]
    answers = [record["response"]["id"] for record in month.records if "id" in record["response"]]
    assert len(set(ids)) == len(ids)
    assert len(set(answers)) == len(answers)
    asked = Counter(json.dumps(record["request"]["messages"]) for record in month.records)
    kept = sum(planted.fate == "kept" for planted in month.planted)
    assert len(asked) == kept


def test_a_turn_sends_again_what_was_asked_and_answered_before(month: Month) -> None:
    for session in month.sessions():
        thread: list[str] = []
        for index in session:
            *earlier, last = [
                m["content"] for m in month.records[index]["request"]["messages"] if m["role"] != "system"
            ]
            assert earlier == thread
            if month.planted[index].fate == "kept":
                question = last.split(CLOSING + "\n\n")[-1]
                thread += [question, month.records[index]["response"]["choices"][0]["message"]["content"]]


def test_a_late_answer_is_followed_by_the_same_prompt_within_seconds(month: Month) -> None:
    by_prompt: dict[str, list[int]] = {}
    for index, record in enumerate(month.records):
        by_prompt.setdefault(json.dumps(record["request"]), []).append(index)
    late = [i for i, planted in enumerate(month.planted) if planted.fate == "superseded"]
    assert late
    for index in late:
        same = by_prompt[json.dumps(month.records[index]["request"])]
        follower = same[same.index(index) + 1]
        waited_ms = month.planted[follower].started_at - month.planted[index].started_at
        assert month.planted[follower].fate == "kept"
        assert month.planted[index].turn == 1
        assert 10_000 <= waited_ms <= 15_000
        assert month.records[index]["latency_ms"] >= 10_000


def test_cached_tokens_are_a_prefix_that_was_sent_within_five_minutes() -> None:
    month, hits = month_of("mixed"), 0
    for session in month.sessions():
        for before, index in pairwise(session):
            cached = month.planted[index].cached_tokens
            if not cached:
                continue
            hits += 1
            request, earlier = month.records[index]["request"], month.records[before]["request"]["messages"]
            shared = [new for new, old in zip(request["messages"], earlier, strict=False) if new == old]
            fixed = sum(tokens for component, tokens in month.planted[index].layout if component == "tool_schemas")
            fixed += TOKENS_PER_MESSAGE * len(shared)
            assert request["messages"][: len(shared)] == shared
            assert cached <= fixed + count([message["content"] for message in shared])
            assert cached >= 1024
            assert cached % 128 == 0
            assert month.planted[index].started_at - month.planted[before].started_at <= 300_000
        assert not month.planted[session[0]].cached_tokens
    assert hits > 100


def test_weekends_and_nights_are_quieter() -> None:
    times = [datetime.fromisoformat(record["timestamp"]) for record in month_of("support-bot").records]
    by_weekday = Counter(time.weekday() for time in times)
    assert max(by_weekday[5], by_weekday[6]) < min(by_weekday[day] for day in range(5))
    assert sum(time.hour < 6 for time in times) < len(times) / 10


def test_most_conversations_carry_a_session() -> None:
    month = month_of("support-bot")
    assert 0.85 < len(month.sessions()) / month.truth.features[0].conversations < 0.95


def test_an_untagged_month_says_nothing_but_costs_the_same() -> None:
    tagged = month_of("support-bot", Fraction(1, 1000))
    untagged = simulated(replace(tagged.scenario, tagged=False))
    assert not any("metadata" in record for record in untagged.records)
    assert untagged.truth.bridge == tagged.truth.bridge


def test_the_same_seed_is_the_same_month_and_another_is_not() -> None:
    def made(seed: int) -> list[bytes]:
        features = SCENARIOS["support-bot"]
        return list(calls(Scenario(seed=seed, month="2026-09", features=features, scale=Fraction(1, 2000))))

    assert made(1) == made(1)
    assert made(1) != made(2)
