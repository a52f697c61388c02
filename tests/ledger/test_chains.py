"""Do calls that go on from an answer carry the turns that only the provider kept?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.calls import scope_of
from tokaudit.ledger.scope import Scope
from tokaudit.schema import Call, Part, Usage

WORDS = ("one", "two", "three", "four")


def a_turn(number: int, **fields: Any) -> Call:
    """One turn of a chain: instructions, a question of `number + 1` words, an answer of one word."""
    question = " ".join(WORDS[: number + 1])
    prompt = (Part("system", "text", "Be brief.", 0), Part("user", "text", question, 1))
    chosen = {
        "reader": "r", "response_id": f"resp_{number}", "started_at": number, "request_model": "gpt-4o",
        "usage": Usage(1, 1, 0), "prompt": prompt, "answer": (Part("assistant", "text", "yes", 0),),
        "previous_response_id": f"resp_{number - 1}" if number else None,
    }  # fmt: skip
    return Call(**{**chosen, **fields})


def sent(scope: Scope, started_at: int) -> list[tuple[int, bool, bool]]:
    """Role, is_earlier, is_answer of a call's parts in prompt order."""
    call = scope.calls.filter(started_at=started_at).collect()["record_id"].item()
    parts = scope.parts.filter(record_id=call).sort("position").collect()
    return parts.select("role", "is_earlier", "is_answer").rows()


def test_each_turn_is_sent_all_turns_before(tmp_path: Path) -> None:
    with scope_of(tmp_path, [a_turn(n) for n in range(4)]) as scope:
        calls = scope.calls.sort("started_at").collect()
        # instructions 3, questions 1..4 words; the history has all earlier questions and a one-word answer each
        own = [3 + n + 1 for n in range(4)]
        history = [sum(m + 1 for m in range(n)) + n for n in range(4)]
        assert calls["visible_input_tokens"].to_list() == [a + b for a, b in zip(own, history, strict=True)]
        assert calls["messages"].to_list() == [2, 4, 6, 8]
        assert calls["format_tokens"].to_list() == [11, 19, 27, 35]
        assert sent(scope, 2) == [(0, False, False), (2, True, False), (1, False, False), (2, False, True)]


def test_the_turns_before_are_one_part_with_their_tokens(tmp_path: Path) -> None:
    with scope_of(tmp_path, [a_turn(n) for n in range(4)]) as scope:
        last = scope.calls.filter(started_at=3).collect()["record_id"].item()
        history = scope.parts.filter(record_id=last, is_earlier=True).join(scope.contents, on="content_id")
        assert history.collect()["tokens"].to_list() == [1 + 2 + 3 + 3]


def test_a_turn_without_an_answer_still_leads_on(tmp_path: Path) -> None:
    silent = [a_turn(n, answer=(), prompt=()) for n in range(2)]
    with scope_of(tmp_path, silent) as scope:
        calls = scope.calls.sort("started_at").collect()
        (part,) = scope.parts.collect().to_dicts()
        assert part["prefix_id"] == calls["closing_id"][0]


def test_a_long_chain_costs_a_row_a_turn(tmp_path: Path) -> None:
    with scope_of(tmp_path, [a_turn(1, response_id=f"resp_{n}", started_at=n, previous_response_id=f"resp_{n - 1}")
                             for n in range(1, 1500)]) as scope:  # fmt: skip
        calls = scope.calls.sort("started_at").collect()
        assert calls["visible_input_tokens"].to_list() == [5 + 3 * n for n in range(1499)]
        assert scope.parts.filter("is_earlier").collect().height == 1498


def test_a_chain_may_begin_before_the_log(tmp_path: Path) -> None:
    with scope_of(tmp_path, [a_turn(1), a_turn(2)]) as scope:
        assert scope.calls.sort("started_at").collect()["messages"].to_list() == [2, 4]


def test_two_branches_share_their_trunk(tmp_path: Path) -> None:
    branch = a_turn(2, response_id="resp_other", started_at=5, previous_response_id="resp_0")
    with scope_of(tmp_path, [a_turn(0), a_turn(1), branch]) as scope:
        assert scope.calls.sort("started_at").collect()["messages"].to_list() == [2, 4, 4]


@pytest.mark.parametrize("ids", [("a", "a"), ("a", "b")])
def test_circles_end(tmp_path: Path, ids: tuple[str, str]) -> None:
    first = a_turn(0, response_id=ids[0], previous_response_id=ids[1])
    second = a_turn(1, response_id=ids[1], previous_response_id=ids[0])
    with scope_of(tmp_path, [first, second]) as scope:
        assert scope.calls.collect().height == len(set(ids))
