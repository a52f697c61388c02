"""Which calls belong to one conversation, and which turn is each?"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from frames.literal import frame, role, rows
from tokaudit.frames.continuations import continued_calls
from tokaudit.frames.conversations import roots, with_conversation, with_turn
from tokaudit.frames.resumptions import ANSWER, MOST_BRANCHES, exchanges_sent_again, resumed_calls
from tokaudit.frames.sessions import with_session


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
        "session": [None] * count,
        "prompt_id": numbers,
        "reader": ["r"] * count,
        "system_id": [1] * count,
        "tools_id": [1] * count,
        "feature": ["f"] * count,
    }
    return frame(**{**defaults, **columns})


def prefixes(*triples: tuple[int, int, int], said_by: str = "assistant") -> pl.LazyFrame:
    """Return (record_id, position, prefix_id) of answers sent again."""
    record_id, position, prefix_id = zip(*triples, strict=True)
    count = len(triples)
    return frame(
        record_id=record_id,
        position=position,
        prefix_id=prefix_id,
        role=[role(said_by)] * count,
        is_answer=[False] * count,
        is_earlier=[True] * count,
    )


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


def test_where_each_of_several_equal_beginnings_is_continued_the_first_goes_on_first() -> None:
    table = calls(closing_id=[11, 11, 11, None, None, None])
    assert parents(table, (4, 1, 11), (5, 1, 11), (6, 1, 11)) == [(4, 1), (5, 2), (6, 3)]


def test_where_some_are_left_the_latest_that_is_open_is_continued() -> None:
    table = calls(closing_id=[11, 11, None, 11, None])
    assert parents(table, (3, 1, 11), (5, 1, 11)) == [(3, 2), (5, 4)]
    assert parents(calls(closing_id=[11, 11, None, None, None]), (3, 1, 11), (4, 1, 11), (5, 1, 11)) == [
        (3, 2), (4, 1), (5, 2),
    ]  # fmt: skip


def test_an_answer_in_other_words_is_continued_by_its_prompt() -> None:
    own = frame(record_id=[1], position=[0], prefix_id=[10], role=[role("user")], is_answer=[False], is_earlier=[False])
    sent = pl.concat([own, prefixes((2, 0, 10), said_by="user"), prefixes((2, 1, 77))])
    assert rows(continued_calls(calls(closing_id=[11, None]), sent), "operation_id", "parent_id") == [(2, 1)]


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
    own = table.drop("session").pipe(with_session)
    return [key for _, key in rows(with_conversation(own, known), "record_id", "conversation_key")]


def test_a_thread_is_a_conversation() -> None:
    assert keys(calls(closing_id=[None] * 4), [1, 1, 3, 3]) == [1, 1, 3, 3]


def test_an_explicit_session_decides_over_the_thread() -> None:
    assert keys(calls(conversation=["s", "s", "t", "t"]), [1, 2, 1, 1]) == [1, 1, 3, 3]


def test_an_id_of_a_single_request_is_no_session_where_its_kind_ties_none() -> None:
    assert keys(calls(conversation=["a", "b", None, "c"]), [1, 1, 1, 4]) == [1, 1, 1, 4]
    assert keys(calls(conversation=["a", "a", None, "c"], prompt_id=[5, 5, 6, 7]), [1, 1, 1, 4]) == [1, 1, 1, 4]


def test_an_id_of_a_single_request_is_a_session_where_its_kind_ties_requests() -> None:
    assert keys(calls(conversation=["a", "a", "b", None]), [1, 1, 1, 1]) == [1, 1, 3, 4]
    apart = calls(conversation=["a", "a", "b", None], feature=["f", "f", "g", "g"])
    assert keys(apart, [1, 1, 1, 1]) == [1, 1, 3, 3]


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


def again(*rows_: tuple[int, int, int, int]) -> pl.LazyFrame:
    """Return (record_id, position, question_id, answer_id) of exchanges sent again."""
    record_id, position, question_id, answer_id = zip(*rows_, strict=True)
    return frame(record_id=record_id, position=position, question_id=question_id, answer_id=answer_id)


def resumed(
    table: pl.LazyFrame, asked: list[tuple[int, int, int]], *exchanges: tuple[int, int, int, int]
) -> list[tuple[Any, ...]]:
    """asked: (record_id, question_id, answer_id) of each call's own question and answer."""
    record_id, question_id, answer_id = zip(*asked, strict=True)
    own = frame(record_id=record_id, question_id=question_id, answer_id=answer_id)
    return rows(resumed_calls(table, again(*exchanges), own), "operation_id", "parent_id")


FLAT, ROUND, THANKS, YES = 51, 52, 53, 99
"""Questions, and a short answer to each of them."""


def test_a_call_resumes_the_one_whose_question_and_answer_it_sends_again() -> None:
    assert resumed(calls(prompt_id=[1, 2, 3]), [(1, FLAT, YES), (2, ROUND, YES)], (3, 1, FLAT, YES)) == [(3, 1)]


def test_a_call_resumes_the_one_whose_answer_alone_it_sends_again() -> None:
    table = calls(prompt_id=[1, 2])
    told, answers = frame(record_id=[2], position=[0], answer_id=[YES]), frame(record_id=[1], answer_id=[YES])
    assert rows(resumed_calls(table, told, answers, ANSWER), "operation_id", "parent_id") == [(2, 1)]


def test_two_users_with_equal_short_answers_stay_apart() -> None:
    table = calls(prompt_id=[1, 2, 3, 4])
    asked = [(1, FLAT, YES), (2, ROUND, YES)]
    assert resumed(table, asked, (3, 1, FLAT, YES), (4, 1, ROUND, YES)) == [(3, 1), (4, 2)]


def test_the_same_question_and_answer_after_different_prompts_tell_nothing() -> None:
    assert resumed(calls(prompt_id=[1, 2, 3]), [(1, FLAT, YES), (2, FLAT, YES)], (3, 1, FLAT, YES)) == []


def test_the_user_tells_equal_exchanges_apart() -> None:
    table = calls(prompt_id=[1, 2, 3, 4], user_id=["a", "b", "a", "b"])
    asked = [(1, FLAT, YES), (2, FLAT, YES)]
    assert resumed(table, asked, (3, 1, FLAT, YES), (4, 1, FLAT, YES)) == [(3, 1), (4, 2)]


def test_an_exchange_that_tells_nothing_leaves_the_word_to_an_earlier_one() -> None:
    asked = [(1, FLAT, YES), (2, THANKS, YES), (3, THANKS, YES)]
    assert resumed(calls(prompt_id=[1, 2, 3, 4]), asked, (4, 1, FLAT, YES), (4, 3, THANKS, YES)) == [(4, 1)]
    assert resumed(calls(prompt_id=[1, 2, 2, 4]), asked, (4, 1, FLAT, YES), (4, 3, THANKS, YES)) == [(4, 3)]


def test_what_was_sent_before_any_call_answered_it_is_a_fixed_example() -> None:
    table = calls(prompt_id=[1, 2, 3])
    assert resumed(table, [(2, FLAT, YES)], (1, 1, FLAT, YES), (3, 1, FLAT, YES)) == []


def test_what_ever_more_calls_go_on_from_became_a_fixed_example() -> None:
    def branches(count: int) -> list[tuple[Any, ...]]:
        sent = [(n + 2, 1, FLAT, YES) for n in range(count)]
        return resumed(calls(prompt_id=[*range(1, count + 2)]), [(1, FLAT, YES)], *sent)

    assert len(branches(MOST_BRANCHES)) == MOST_BRANCHES
    assert branches(MOST_BRANCHES + 1) == []


def test_no_later_call_is_resumed() -> None:
    assert resumed(calls(prompt_id=[1, 2]), [(2, FLAT, YES)], (1, 1, FLAT, YES)) == []


def exchanges(roles: list[str], contents: list[int], records: list[int] | None = None) -> list[tuple[Any, ...]]:
    count = len(roles)
    parts = frame(
        record_id=records or [1] * count,
        position=list(range(count)),
        role=[role(name) for name in roles],
        content_id=contents,
    )
    # Text 10 is one block, text 20 is two, the last of them the question.
    blocks = frame(content_id=[10, 20, 20], position=[0, 0, 1], block_id=[101, 201, 202])
    return rows(exchanges_sent_again(parts, blocks), "record_id", "position", "question_id", "answer_id", by="position")


def test_an_exchange_is_an_answer_right_after_a_question() -> None:
    roles = ["user", "assistant", "user", "user", "assistant", "assistant"]
    assert exchanges(roles, [10, 1, 10, 20, 2, 3]) == [(1, 1, 101, 1), (1, 4, 202, 2)]


def test_an_exchange_stands_in_one_prompt() -> None:
    assert exchanges(["user", "assistant"], [10, 1], records=[1, 2]) == []


def test_threads_that_bite_their_tail_end_somewhere() -> None:
    found = threads([1, 2, 3], [(1, 2), (2, 3), (3, 1)])
    assert [operation for operation, _ in found] == [1, 2, 3]
