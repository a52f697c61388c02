"""What does a run say of a few calls whose every token is known?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from runs.logs import analysed, audited, chat, said, tokens_of
from tokaudit.config import Settings
from tokaudit.errors import NoCallsError

SYSTEM = said("system", "You answer questions about bicycles in one short sentence.")
QUESTION, ANSWER = "How do I mend a flat tyre on the road?", "Take out the tube, patch it, and pump it up again."


def test_one_call() -> None:
    run = audited([chat([SYSTEM, said("user", QUESTION)], ANSWER, seconds=0, feature="bikes")])
    system, question, answer = (tokens_of(text) for text in (SYSTEM["content"], QUESTION, ANSWER))
    totals = run.totals
    assert (totals.calls, totals.operations, totals.conversations) == (1, 1, 1)
    assert (totals.input_tokens, totals.output_tokens) == (system + question + 11, answer)
    assert totals.list_cost == (system + question + 11) * Decimal("0.0000025") + answer * Decimal("0.00001")
    assert totals.naive_cost == question * Decimal("0.0000025") + answer * Decimal("0.00001")
    assert [(line.line, line.tokens) for line in totals.bridge] == [
        ("naive", question + answer), ("system_prompt", system), ("format_overhead", 11),
    ]  # fmt: skip
    assert [(day.date, day.calls) for day in run.days] == [("2026-09-01", 1)]


def test_reasoning_is_no_part_of_the_price_page_sum() -> None:
    run = audited([chat([said("user", QUESTION)], ANSWER, seconds=0, reasoning=1000)])
    lines = {line.line: (line.tokens, line.cost) for line in run.totals.bridge}
    question, answer = tokens_of(QUESTION), tokens_of(ANSWER)
    assert lines["reasoning"] == (1000, Decimal("0.01"))
    assert lines["naive"] == (question + answer, question * Decimal("0.0000025") + answer * Decimal("0.00001"))
    assert run.totals.output_tokens == answer + 1000


def test_a_session_with_two_features_is_one_conversation_of_each() -> None:
    records = [
        chat([said("user", f"{QUESTION} {n}")], ANSWER, seconds=100 * n, feature=feature, session="s")
        for n, feature in enumerate(["chat", "search", "chat", "search"])
    ]
    run = audited(records)
    assert run.totals.conversations == 1
    assert [(feature.conversations, feature.operations) for feature in run.features] == [(1, 2), (1, 2)]


def conversation(turns: int, *, start: float = 0, **tags: str) -> list[dict[str, object]]:
    messages, records = [SYSTEM], []
    for turn in range(turns):
        messages = [*messages, said("user", f"Question {turn}: {QUESTION}")]
        records.append(chat(messages, f"Answer {turn}: {ANSWER}", seconds=start + 100 * turn, **tags))  # type: ignore[arg-type]
        messages = [*messages, said("assistant", f"Answer {turn}: {ANSWER}")]
    return records


def test_a_conversation_is_found_without_ids_and_its_history_is_counted() -> None:
    with analysed(conversation(4)) as (_, calls):
        assert calls["conversation_key"].n_unique() == 1
        assert calls["turn"].to_list() == [1, 2, 3, 4]
        pair = tokens_of(f"Question 0: {QUESTION}") + tokens_of(f"Answer 0: {ANSWER}")
        assert calls["tokens_history"].to_list() == [0, pair, 2 * pair, 3 * pair]


def test_two_users_who_begin_alike_hold_two_conversations() -> None:
    first, second = conversation(3, user="a"), conversation(3, start=10, user="b")
    with analysed([*first, *second]) as (_, calls):
        of_user = calls.group_by("user_id").agg("conversation_key").sort("user_id")
        keys = [set(found) for found in of_user["conversation_key"].to_list()]
        assert [len(found) for found in keys] == [1, 1]
        assert keys[0] != keys[1]


def bare_history(turns: int, *, start: float = 0, answer: str = ANSWER, **tags: str) -> list[dict[str, object]]:
    """Make a chat that sends documents with each new question, and the bare question in its history."""
    history, records = [SYSTEM], []
    for turn in range(turns):
        question = f"Question {turn} at {start}: {QUESTION}"
        asked = f"<document>Page {turn} of {start}</document>\n\n{question}"
        records.append(chat([*history, said("user", asked)], answer, seconds=start + 100 * turn, **tags))  # type: ignore[arg-type]
        history = [*history, said("user", question), said("assistant", answer)]
    return records


def test_a_conversation_is_found_though_its_history_leaves_the_documents_out() -> None:
    first, second = bare_history(4), bare_history(3, start=50, answer="Yes.")
    third = bare_history(3, start=70, answer="Yes.")
    with analysed([*first, *second, *third]) as (_, calls):
        turns = calls.group_by("conversation_key").agg("turn").sort("conversation_key")["turn"].to_list()
        assert sorted(turns) == [[1, 2, 3], [1, 2, 3], [1, 2, 3, 4]]


def test_attempts_are_one_turn_and_all_but_the_used_one_are_waste() -> None:
    messages = [SYSTEM, said("user", QUESTION)]
    late = chat(messages, "Too late.", seconds=0, latency_ms=20_000, feature="f")
    used = chat(messages, ANSWER, seconds=12, feature="f")
    failed = chat(messages, None, seconds=14, feature="f")
    with analysed([late, used, failed]) as (_, calls):
        assert calls["waste"].to_list() == ["superseded", None, "failed"]
        assert (calls["turn"].to_list(), calls["attempt"].to_list()) == ([1, 1, 1], [1, 2, 3])
    run = audited([late, used, failed])
    feature = run.features[0]
    assert (feature.operations, feature.conversations, feature.calls) == (1, 1, 3)
    assert (feature.waste.failed_calls, feature.waste.retried_calls, feature.waste.failed_cost) == (1, 1, Decimal(0))
    assert run.totals.waste_cost == run.totals.list_cost - sum(
        line.cost for line in run.totals.bridge if line.line not in ("retries", "failed", "duplicates")
    )


def test_a_date_in_the_system_prompt_makes_no_new_feature() -> None:
    def call(day: int) -> dict[str, object]:
        system = said("system", f"You sort letters by topic.\n\nToday is September {day}.\n\nAnswer in one word.")
        return chat([system, said("user", f"Letter number {day}")], "bills", seconds=86_400 * day)

    run = audited([call(day) for day in range(1, 6)])
    (feature,) = run.features
    assert feature.source == "template"
    assert feature.template is not None
    assert feature.template.versions == 1
    assert feature.template.variable_tokens == tokens_of("Today is September 1.\n\n")


def test_fixed_examples_are_few_shot_history_is_not() -> None:
    examples = [said("user", "2 + 2"), said("assistant", "4"), said("user", "3 + 5"), said("assistant", "8")]
    sums = {"2 + 2": "4", "0 + 1": "1", "3 + 5": "8", "7 + 2": "9", "4 + 4": "8"}  # two of them are the examples
    records = [
        chat([SYSTEM, *examples, said("user", text)], answer, seconds=100 * n)
        for n, (text, answer) in enumerate(sums.items())
    ]
    with analysed(records) as (_, calls):
        expected = sum(tokens_of(message["content"]) for message in examples)
        assert calls["tokens_few_shot"].to_list() == [expected] * 5
        assert calls["tokens_history"].to_list() == [0] * 5
        assert calls["turn"].to_list() == [1] * 5


def test_an_unknown_model_is_unpriced_and_its_tokens_are_shown() -> None:
    known = chat([said("user", QUESTION)], ANSWER, seconds=0)
    unknown = chat([said("user", QUESTION)], ANSWER, seconds=100, model="in-house-7b")
    run = audited([known, unknown])
    assert (run.totals.unpriced_calls, run.totals.unpriced_tokens) == (
        1,
        run.totals.input_tokens // 2 + tokens_of(ANSWER),
    )
    assert [model.list_cost is None for model in run.models] == [False, True]
    assert run.totals.list_cost == run.models[0].list_cost


def test_calls_outside_the_period_are_counted_and_left_out() -> None:
    records = [chat([said("user", f"{QUESTION} {day}")], ANSWER, seconds=86_400 * day) for day in range(-1, 31)]
    run = audited(records)
    assert (run.period.label, run.totals.calls, run.input.out_of_period) == ("2026-09", 30, 2)
    with pytest.raises(NoCallsError, match="2025-01"):
        audited(records, settings=Settings(month=run.period.start.date().replace(year=2025, month=1)))


def test_a_mapped_name_replaces_the_template() -> None:
    records = [chat([SYSTEM, said("user", QUESTION)], ANSWER, seconds=0)]
    (found,) = audited(records).features
    (mapped,) = audited(records, settings=Settings(feature_names={found.feature: "bikes"})).features
    assert (mapped.feature, mapped.source, mapped.list_cost) == ("bikes", "mapped", found.list_cost)


DOCUMENTS = "<documents>\n<document>The pump hangs under the saddle.</document>\n</documents>\n\nWhere is the pump?"


@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_text_that_was_an_answer_first_is_divided_as_a_prompt(*, is_split: bool, is_reversed: bool) -> None:
    written = chat([said("user", "Write a question with its documents")], DOCUMENTS, seconds=0, feature="writer")
    read = chat([said("user", DOCUMENTS)], "Under the saddle.", seconds=100, feature="reader")
    records = [read, written] if is_reversed else [written, read]
    run = audited(*[[record] for record in records]) if is_split else audited(records)
    (reader,) = [feature for feature in run.features if feature.feature == "reader"]
    tokens = {name: component.tokens for name, component in reader.components.items() if component.tokens}
    question = tokens_of("Where is the pump?")
    assert tokens == {"rag_context": tokens_of(DOCUMENTS) - question, "user_input": question, "format_overhead": 7}
