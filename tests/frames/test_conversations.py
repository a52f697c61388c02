"""Which calls belong to one conversation, and which turn is each?"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from frames.literal import frame, rows
from tokaudit.frames.conversations import continued_calls, roots, with_conversation, with_turn


def calls(**columns: list[Any]) -> pl.LazyFrame:
    count = len(next(iter(columns.values())))
    numbers = list(range(1, count + 1))
    defaults: dict[str, list[Any]] = {
        "record_id": numbers,
        "line": numbers,
        "operation_id": columns.get("record_id", numbers),
        "started_at": numbers,
        "user_id": [None] * count,
        "closing_id": [None] * count,
        "conversation": [None] * count,
        "feature": ["f"] * count,
    }
    return frame(**{**defaults, **columns})


def prefixes(*triples: tuple[int, int, int]) -> pl.LazyFrame:
    """Return (record_id, position, prefix_id) of answers sent again."""
    record_id, position, prefix_id = zip(*triples, strict=True)
    return frame(record_id=record_id, position=position, prefix_id=prefix_id)


def parents(table: pl.LazyFrame, *triples: tuple[int, int, int]) -> list[tuple[Any, ...]]:
    return rows(continued_calls(table, prefixes(*triples)), "operation_id", "parent_id")


def test_a_call_continues_the_one_whose_prompt_and_answer_it_begins_with() -> None:
    assert parents(calls(closing_id=[11, 12, 13]), (2, 1, 11), (3, 1, 99)) == [(2, 1)]


def test_the_longest_common_beginning_wins() -> None:
    assert parents(calls(closing_id=[11, 12, None]), (2, 1, 11), (3, 1, 11), (3, 3, 12)) == [(2, 1), (3, 2)]


def test_branches_continue_the_same_call() -> None:
    assert parents(calls(closing_id=[11, 12, 13]), (2, 1, 11), (3, 1, 11)) == [(2, 1), (3, 1)]


def test_the_latest_of_equal_beginnings_is_continued_never_a_later_one() -> None:
    table = calls(closing_id=[11, 11, None, 11])
    assert parents(table, (3, 1, 11)) == [(3, 2)]


def test_within_one_second_the_logs_own_order_decides() -> None:
    table = calls(closing_id=[11, 11, None], started_at=[5, 5, 5], line=[9, 8, 7])
    assert parents(table, (3, 1, 11)) == [(3, 1)]
    assert parents(table.reverse(), (3, 1, 11)) == [(3, 1)]


def test_two_users_with_the_same_first_message_and_answer_stay_apart() -> None:
    table = calls(closing_id=[11, 11, None, None], user_id=["a", "b", "a", "b"])
    assert parents(table, (3, 1, 11), (4, 1, 11)) == [(3, 1), (4, 2)]


def test_calls_without_a_user_continue_calls_without_a_user() -> None:
    table = calls(closing_id=[11, 11, None], user_id=[None, "b", None])
    assert parents(table, (3, 1, 11)) == [(3, 1)]


def test_calls_without_a_time_continue_none_and_are_continued_by_none() -> None:
    assert parents(calls(closing_id=[11, 12], started_at=[1, None]), (2, 1, 11)) == []
    assert parents(calls(closing_id=[11, 12], started_at=[None, 2]), (2, 1, 11)) == []


def test_attempts_continue_as_one_operation() -> None:
    table = calls(closing_id=[None, 12, None], operation_id=[1, 1, 3])
    assert parents(table, (3, 1, 12)) == [(3, 1)]


def threads(operations: list[int], links: list[tuple[int, int]]) -> list[tuple[int, int]]:
    nodes = pl.DataFrame({"operation_id": operations}, schema={"operation_id": pl.UInt64})
    edges = pl.DataFrame(links, schema={"operation_id": pl.UInt64, "parent_id": pl.UInt64}, orient="row")
    return roots(nodes, edges).rows()


def test_roots_follow_branches_and_keep_the_order() -> None:
    assert threads([1, 2, 3, 4, 9], [(2, 1), (3, 2), (4, 2)]) == [(1, 1), (2, 1), (3, 1), (4, 1), (9, 9)]
    assert threads([4, 1, 2], [(4, 2), (2, 1)]) == [(4, 1), (1, 1), (2, 1)]
    assert threads([], []) == []


@pytest.mark.parametrize("length", [1, 2, 3, 1000, 1025])
def test_roots_of_a_long_thread(length: int) -> None:
    assert threads([*range(length)], [(n, n - 1) for n in range(1, length)]) == [(n, 0) for n in range(length)]


def keys(table: pl.LazyFrame, root_ids: list[int]) -> list[int]:
    known = frame(operation_id=list(range(1, len(root_ids) + 1)), root_id=root_ids)
    return [key for _, key in rows(with_conversation(table, known), "record_id", "conversation_key")]


def test_a_thread_is_a_conversation() -> None:
    assert keys(calls(closing_id=[None] * 4), [1, 1, 3, 3]) == [1, 1, 3, 3]


def test_an_explicit_session_decides_over_the_thread() -> None:
    assert keys(calls(conversation=["s", "s", "t", None]), [1, 2, 1, 1]) == [1, 1, 3, 4]


def test_the_key_is_the_earliest_record_whatever_the_row_order() -> None:
    table = calls(started_at=[30, 10, 10], line=[1, 9, 8], conversation=["s"] * 3)
    assert keys(table, [1, 2, 3]) == [3, 3, 3]
    assert keys(table.reverse(), [1, 2, 3]) == [3, 3, 3]


def test_a_record_without_a_time_names_a_conversation_last() -> None:
    assert keys(calls(started_at=[None, 7], conversation=["s", "s"]), [1, 2]) == [2, 2]


def turns(table: pl.LazyFrame) -> list[tuple[Any, ...]]:
    return rows(with_turn(table), "record_id", "turn", "first_of_feature")


def test_turns_count_operations_not_attempts() -> None:
    table = calls(operation_id=[1, 1, 3, 4], conversation_key=[1, 1, 1, 4])
    assert turns(table) == [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 1, 4)]


def test_each_feature_of_a_conversation_has_its_own_turns() -> None:
    table = calls(conversation_key=[1, 1, 1, 1], feature=["a", "b", "a", "b"])
    assert turns(table) == [(1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2)]


def test_turns_follow_the_time_then_the_log() -> None:
    table = calls(started_at=[9, 5, 5, None], line=[1, 7, 6, 2], conversation_key=[2, 2, 2, 2])
    expected = [(1, 3, 3), (2, 2, 3), (3, 1, 3), (4, 4, 3)]
    assert turns(table) == expected
    assert turns(table.reverse()) == expected
