"""Which calls were paid for nothing?"""

from __future__ import annotations

from typing import Any

from frames.literal import frame, rows
from tokaudit.frames.waste import hidden_attempts, with_failure, with_waste


def waste(**columns: list[Any]) -> list[str | None]:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "line": list(range(1, count + 1)),
        "operation_id": list(range(1, count + 1)),
        "prompt_id": [7] * count,
        "request_model": ["m"] * count,
        "started_at": list(range(count)),
        "is_failed": [False] * count,
        "is_used": [True] * count,
        "gateway_cache_hit": [False] * count,
    }
    found = rows(with_waste(frame(**{**defaults, **columns})), "record_id", "waste")
    return [name for _, name in found]


def test_a_call_fails_by_its_error_or_its_status() -> None:
    calls = frame(
        record_id=[1, 2, 3, 4, 5],
        error_type=["timeout", None, None, None, None],
        http_status=[200, 500, 400, 200, None],
    )
    assert rows(with_failure(calls), "record_id", "is_failed") == [
        (1, True), (2, True), (3, True), (4, False), (5, False),
    ]  # fmt: skip


def test_failed_wins_over_superseded() -> None:
    assert waste(is_failed=[True, False, False], is_used=[False, False, True]) == ["failed", "superseded", None]


def test_the_second_answer_to_a_prompt_is_a_duplicate() -> None:
    assert waste(prompt_id=[7, 8, 7, 7]) == [None, None, "duplicate_content", "duplicate_content"]


def test_another_model_answers_anew() -> None:
    assert waste(request_model=["a", "b", "a"]) == [None, None, "duplicate_content"]


def test_an_unused_or_failed_answer_is_no_earlier_answer() -> None:
    assert waste(is_failed=[True, False], is_used=[False, True]) == ["failed", None]
    assert waste(is_used=[False, True]) == ["superseded", None]


def test_calls_without_content_are_never_duplicates() -> None:
    assert waste(prompt_id=[None, None]) == [None, None]


def test_an_answer_from_the_gateways_cache_is_no_waste() -> None:
    assert waste(is_used=[True, False, True], gateway_cache_hit=[False, True, False]) == [
        None,
        None,
        "duplicate_content",
    ]


def test_within_one_second_the_logs_own_order_decides() -> None:
    assert waste(started_at=[5, 5], line=[2, 1]) == ["duplicate_content", None]


def test_attempts_that_a_gateway_made_are_hidden_unless_the_log_ties_their_own_calls_to_them() -> None:
    calls = frame(
        record_id=[1, 2, 3, 4, 5],
        gateway_retries=[2, 2, 1, None, 0],
        operation=[None, "o", "o", "o", None],
        attempt=[2, 2, 3, 4, 1],
    ).with_columns(hidden=hidden_attempts())
    assert rows(calls, "record_id", "hidden") == [(1, 2), (2, 1), (3, 0), (4, None), (5, 0)]
