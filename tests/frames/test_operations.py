"""Which calls are tied together as attempts, and which of them counts?"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from frames.literal import SECOND, frame, rows
from tokaudit.frames.operations import followed_answers, with_operation
from tokaudit.frames.repeats import (
    AFTER_ERROR_WITHIN_SECONDS,
    AGAIN_WITHIN_SECONDS,
    LOOP_SECONDS,
    MOST_ATTEMPTS,
    OFTEN,
)

COLUMNS = ("record_id", "operation_id", "attempt", "is_used")


def attempts(*seconds: float | None, **columns: list[Any]) -> pl.LazyFrame:
    """Return calls with the same prompt, sent at these times, each lasting a second."""
    count = len(seconds)
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "line": list(range(1, count + 1)),
        "prompt_id": [7] * count,
        "closing_id": list(range(101, 101 + count)),
        "session": [None] * count,
        "system_id": [3] * count,
        "tools_id": [None] * count,
        "reader": ["r"] * count,
        "user_id": [None] * count,
        "operation": [None] * count,
        "started_at": [None if second is None else round(second * SECOND) for second in seconds],
        "latency_ms": [1000] * count,
        "is_failed": [False] * count,
        "gateway_cache_hit": [False] * count,
    }
    return frame(**{**defaults, **columns})


def followers(*counts: tuple[int, int], owner: str = "") -> pl.LazyFrame:
    """Return answers with the number of conversations that went on from them."""
    told = {"closing_id": [c for c, _ in counts], "owner": [owner] * len(counts), "followers": [n for _, n in counts]}
    return frame(**told).cast({"owner": pl.String, "closing_id": pl.UInt64, "followers": pl.UInt32})


def operations(calls: pl.LazyFrame, followed: pl.LazyFrame | None = None) -> list[tuple[Any, ...]]:
    return rows(with_operation(calls, followers() if followed is None else followed), *COLUMNS)


def test_a_prompt_sent_again_within_a_minute_of_the_answer_is_an_attempt() -> None:
    last = 1 + AGAIN_WITHIN_SECONDS
    assert operations(attempts(0, last)) == [(1, 1, 1, False), (2, 1, 2, True)]
    assert operations(attempts(0, last + 0.001)) == [(1, 1, 1, True), (2, 2, 1, True)]


def test_a_client_that_gave_up_before_the_answer_sends_an_attempt() -> None:
    assert operations(attempts(0, 10, latency_ms=[18_000, 900])) == [(1, 1, 1, False), (2, 1, 2, True)]


def test_after_an_error_minutes_may_pass() -> None:
    last = 1 + AFTER_ERROR_WITHIN_SECONDS
    failed = {"is_failed": [True, False]}
    assert operations(attempts(0, last, **failed)) == [(1, 1, 1, False), (2, 1, 2, True)]
    assert operations(attempts(0, last + 1, **failed)) == [(1, 1, 1, False), (2, 2, 1, True)]


def test_attempts_chain_from_one_to_the_next() -> None:
    assert operations(attempts(0, 50, 100, 150)) == [
        (1, 1, 1, False), (2, 1, 2, False), (3, 1, 3, False), (4, 1, 4, True),
    ]  # fmt: skip


def test_another_prompt_is_another_operation() -> None:
    assert operations(attempts(0, 5, prompt_id=[7, 8])) == [(1, 1, 1, True), (2, 2, 1, True)]


@pytest.mark.parametrize("column", ["user_id", "session"])
def test_another_users_or_sessions_equal_prompt_is_another_operation(column: str) -> None:
    assert operations(attempts(0, 5, **{column: ["a", "b"]})) == [(1, 1, 1, True), (2, 2, 1, True)]
    assert operations(attempts(0, 5, **{column: ["a", "a"]})) == [(1, 1, 1, False), (2, 1, 2, True)]


def test_the_session_decides_where_users_differ() -> None:
    tied = attempts(0, 5, session=["c", "c"], user_id=["a", "b"])
    assert operations(tied) == [(1, 1, 1, False), (2, 1, 2, True)]


def test_a_fallback_on_another_model_is_an_attempt() -> None:
    calls = attempts(0, 2, is_failed=[True, False]).with_columns(request_model=pl.Series(["gpt-4o", "claude"]))
    assert operations(calls) == [(1, 1, 1, False), (2, 1, 2, True)]


def test_the_used_answer_is_the_last_that_came() -> None:
    assert operations(attempts(0, 5, is_failed=[False, True])) == [(1, 1, 1, True), (2, 1, 2, False)]
    assert operations(attempts(0, 5, is_failed=[True, True])) == [(1, 1, 1, False), (2, 1, 2, False)]


def test_an_answer_from_the_gateways_cache_leaves_the_paid_one_in_use() -> None:
    hit = attempts(0, 5, gateway_cache_hit=[False, True])
    assert operations(hit) == [(1, 1, 1, True), (2, 1, 2, False)]


def test_without_content_only_the_logs_own_operation_id_ties_and_only_after_an_error() -> None:
    without = {"prompt_id": [None, None]}
    assert operations(attempts(0, 5, is_failed=[True, False], **without))[1] == (2, 2, 1, True)
    named = {**without, "operation": ["op", "op"]}
    assert operations(attempts(0, 5, **named))[1] == (2, 2, 1, True)
    assert operations(attempts(0, 5, is_failed=[True, False], **named))[1] == (2, 1, 2, True)


def test_calls_without_a_time_stand_alone() -> None:
    assert operations(attempts(None, None)) == [(1, 1, 1, True), (2, 2, 1, True)]
    assert operations(attempts(0, None, 5)) == [(1, 1, 1, False), (2, 2, 1, True), (3, 1, 2, True)]


def test_within_one_second_the_logs_own_order_decides() -> None:
    calls = attempts(0, 0, 0, record_id=[3, 1, 2], line=[10, 11, 12], latency_ms=[None] * 3)
    assert operations(calls) == [(1, 3, 2, False), (2, 3, 3, True), (3, 3, 1, False)]


def test_row_order_is_irrelevant() -> None:
    calls = attempts(0, 5, 5, 300, 310, None, is_failed=[True, False, True, False, False, False])
    expected = operations(calls)
    assert operations(calls.reverse()) == expected
    assert operations(calls.sort("is_failed", "started_at", descending=True)) == expected


def test_an_answer_that_the_conversation_went_on_from_was_used() -> None:
    assert operations(attempts(0, 5), followers((101, 1)))[1] == (2, 2, 1, True)
    assert operations(attempts(0, 5), followers((102, 1)))[1] == (2, 1, 2, True)
    same = {"closing_id": [101, 101]}
    assert operations(attempts(0, 5, **same), followers((101, 1)))[1] == (2, 1, 2, True)
    assert operations(attempts(0, 5, **same), followers((101, 2)))[1] == (2, 2, 1, True)


def test_who_sends_an_answer_back_makes_no_use_of_it() -> None:
    calls = attempts(0, 5, 9, prompt_id=[7, 7, 8], is_correction=[False, False, True])
    parts = frame(record_id=[3], position=[1], role=[2], is_earlier=[True], prefix_id=[101])
    assert rows(followed_answers(calls, parts), "closing_id", "followers") == []
    turn = calls.with_columns(is_correction=False)
    assert rows(followed_answers(turn, parts), "closing_id", "followers") == [(101, 1)]


def test_prompts_sent_side_by_side_are_samples_and_all_used() -> None:
    at_once = operations(attempts(0, LOOP_SECONDS, 2 * LOOP_SECONDS))
    assert at_once == [(1, 1, 1, True), (2, 1, 2, True), (3, 1, 3, True)]
    # A second one after more than a moment is a client's time-out, two more are samples.
    assert operations(attempts(0, 0.6)) == [(1, 1, 1, False), (2, 1, 2, True)]
    assert operations(attempts(0, 0.6, 1.2)) == [(1, 1, 1, True), (2, 1, 2, True), (3, 1, 3, True)]


def test_without_latency_only_more_than_a_model_can_answer_one_by_one_are_samples() -> None:
    assert [row[3] for row in operations(attempts(0, 0, latency_ms=[None] * 2))] == [False, True]
    assert [row[3] for row in operations(attempts(0, 0, 0, 0, latency_ms=[None] * 4))] == [True] * 4


def test_an_attempt_after_a_sample_that_failed_replaces_that_one() -> None:
    calls = attempts(0, 0.1, 0.2, 3, is_failed=[False, True, False, False])
    assert [row[3] for row in operations(calls)] == [True, False, True, True]


def test_prompts_that_come_often_follow_one_another_by_chance() -> None:
    usual = [300.0 * n for n in range(OFTEN)]
    assert [row[1] for row in operations(attempts(*usual, usual[-1] + 20))][-1] == OFTEN + 1
    assert [row[1] for row in operations(attempts(*usual, usual[-1] + 10))][-1] == OFTEN
    poll = operations(attempts(*(30.0 * n for n in range(MOST_ATTEMPTS + 2))))
    assert [row[2] for row in poll] == [1] * (MOST_ATTEMPTS + 2)


def test_what_is_done_to_nearly_all_prompts_is_done_on_purpose() -> None:
    def twice(often: int) -> set[int]:
        seconds = [(30.0 * n + at, n) for n in range(OFTEN) for at in ((0, 3) if n < often else (0,))]
        calls = attempts(*(at for at, _ in seconds), prompt_id=[n for _, n in seconds])
        return {row[2] for row in operations(calls)}

    assert twice(OFTEN) == {1}
    assert twice(OFTEN // 2) == {1, 2}
