"""Which answers were asked for anew because they were of no use?"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from frames.literal import SECOND, frame, rows
from tokaudit.frames.corrections import (
    PROGRAM_WITHIN_SECONDS,
    SLOWEST_TOKENS_A_SECOND,
    corrected_operations,
    with_corrections,
)

FIRST, CORRECTION = 1, 2


def answered_and_corrected(seconds: float, **columns: list[Any]) -> pl.LazyFrame:
    """Return an answer that took a second, and the call so many seconds after it that sends it back."""
    defaults: dict[str, list[Any]] = {
        "record_id": [FIRST, CORRECTION],
        "line": [1, 2],
        "operation_id": [FIRST, CORRECTION],
        "started_at": [0, round((1 + seconds) * SECOND)],
        "latency_ms": [1000, 1000],
        "output_tokens": [40, 40],
        "is_correction": [False, True],
        "is_failed": [False, False],
        "gateway_cache_hit": [False, False],
        "burst": [FIRST, CORRECTION],
        "attempt": [1, 1],
        "is_used": [True, True],
    }
    return frame(**{**defaults, **columns})


def corrected(calls: pl.LazyFrame) -> list[tuple[Any, ...]]:
    parents = frame(operation_id=[CORRECTION], parent_id=[FIRST])
    return rows(corrected_operations(calls, parents), "operation_id", "parent_id")


def test_a_program_sends_back_at_once_a_person_has_to_read_first() -> None:
    assert corrected(answered_and_corrected(PROGRAM_WITHIN_SECONDS)) == [(CORRECTION, FIRST)]
    assert corrected(answered_and_corrected(PROGRAM_WITHIN_SECONDS + 0.001)) == []


def test_without_latency_the_answer_may_have_been_written_slowly() -> None:
    writing = 40 / SLOWEST_TOKENS_A_SECOND - 1
    unknown = {"latency_ms": [None, None]}
    assert corrected(answered_and_corrected(writing + PROGRAM_WITHIN_SECONDS, **unknown)) == [(CORRECTION, FIRST)]
    assert corrected(answered_and_corrected(writing + PROGRAM_WITHIN_SECONDS + 0.001, **unknown)) == []


def test_without_the_words_it_is_a_turn() -> None:
    assert corrected(answered_and_corrected(1, is_correction=[False, False])) == []


@pytest.mark.parametrize("failed", [False, True])
def test_an_answer_and_its_correction_are_one_operation(*, failed: bool) -> None:
    calls = answered_and_corrected(1, is_failed=[False, failed])
    first = frame(operation_id=[FIRST, CORRECTION], root_id=[FIRST, FIRST])
    assert rows(with_corrections(calls, first), "record_id", "operation_id", "attempt", "is_used") == [
        (1, 1, 1, failed), (2, 1, 2, not failed),
    ]  # fmt: skip
