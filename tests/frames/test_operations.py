"""Which calls are tied together as attempts, and which of them counts?"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from frames.literal import SECOND, frame, rows
from tokaudit.frames.operations import AFTER_ERROR_WITHIN_SECONDS, AGAIN_WITHIN_SECONDS, with_operation

COLUMNS = ("record_id", "operation_id", "attempt", "is_used")


def attempts(*seconds: float | None, **columns: list[Any]) -> pl.LazyFrame:
    """Return calls with the same prompt, sent at these times, each lasting a second."""
    count = len(seconds)
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "line": list(range(1, count + 1)),
        "prompt_id": [7] * count,
        "conversation": [None] * count,
        "user_id": [None] * count,
        "operation": [None] * count,
        "started_at": [None if second is None else round(second * SECOND) for second in seconds],
        "latency_ms": [1000] * count,
        "is_failed": [False] * count,
        "gateway_cache_hit": [False] * count,
    }
    return frame(**{**defaults, **columns})


def operations(calls: pl.LazyFrame) -> list[tuple[Any, ...]]:
    return rows(with_operation(calls), *COLUMNS)


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


@pytest.mark.parametrize("column", ["user_id", "conversation"])
def test_another_users_or_sessions_equal_prompt_is_another_operation(column: str) -> None:
    assert operations(attempts(0, 5, **{column: ["a", "b"]})) == [(1, 1, 1, True), (2, 2, 1, True)]
    assert operations(attempts(0, 5, **{column: ["a", "a"]})) == [(1, 1, 1, False), (2, 1, 2, True)]


def test_the_session_decides_where_users_differ() -> None:
    tied = attempts(0, 5, conversation=["c", "c"], user_id=["a", "b"])
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
    calls = attempts(0, 0, 0, record_id=[3, 1, 2], line=[10, 11, 12])
    assert operations(calls) == [(1, 3, 2, False), (2, 3, 3, True), (3, 3, 1, False)]


def test_row_order_is_irrelevant() -> None:
    calls = attempts(0, 5, 5, 300, 310, None, is_failed=[True, False, True, False, False, False])
    expected = operations(calls)
    assert operations(calls.reverse()) == expected
    assert operations(calls.sort("is_failed", "started_at", descending=True)) == expected
