"""Is a call that stands in several records one call, with all that they tell?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.calls import scope_of
from tokaudit.ledger.scope import Scope
from tokaudit.schema import MISSING_USAGE, Call, Part, Usage

EXACT = Usage(100, 20, 60)
UNSPLIT = Usage(100, 20, state="cache_split_unknown")
QUESTION = (Part("system", "text", "Be brief.", 0), Part("user", "text", "Why?", 1))
ANSWER = (Part("assistant", "text", "Because.", 0),)


def a_call(**fields: Any) -> Call:
    return Call(
        **{
            "reader": "r",
            "response_id": "chatcmpl-0123456789",
            "started_at": 10,
            "request_model": "gpt-4o",
            "usage": EXACT,
            **fields,
        }
    )


def rows(scope: Scope) -> list[dict[str, Any]]:
    return scope.calls.sort("started_at", "line").collect().to_dicts()


def fates(scope: Scope) -> list[tuple[int, int, int, int]]:
    found = scope.per_file.sort("file_id").select("records", "calls", "fragments", "repeats").rows()
    return [tuple(row) for row in found]  # type: ignore[misc]


def test_two_sinks_of_a_call_are_one_with_what_each_tells(tmp_path: Path) -> None:
    proxy = a_call(user_id="u", logged_cost="0.1", latency_ms=7)
    app = a_call(
        feature="triage", feature_from="tag", prompt=QUESTION, answer=ANSWER, usage=MISSING_USAGE, started_at=None
    )
    with scope_of(tmp_path, [proxy], [app]) as scope:
        (row,) = rows(scope)
        assert fates(scope) == [(1, 1, 0, 0), (1, 0, 0, 0)]
        assert (row["feature"], row["feature_from"], row["user_id"], row["logged_cost"]) == (
            "triage",
            "tag",
            "u",
            "0.1",
        )
        assert (row["input_tokens"], row["usage_state"], row["started_at"]) == (100, "exact", 10)
        assert (row["messages"], row["visible_output_tokens"] > 0) == (2, True)
        parts = scope.parts.sort("position").collect()
        assert parts["record_id"].unique().to_list() == [row["record_id"]]
        assert parts["is_answer"].to_list() == [False, False, True]
        assert scope.contents.collect().height == 3


def test_two_identities_of_a_call_are_one_by_its_answer(tmp_path: Path) -> None:
    gateway = a_call(call_id="apim:1", user_id="u")
    token_row = a_call(call_id="apim:1", response_id=None, usage=UNSPLIT)
    app = a_call(feature="triage", feature_from="tag", prompt=QUESTION)
    with scope_of(tmp_path, [gateway, a_call(call_id="apim:2", response_id="other")], [token_row], [app]) as scope:
        found = {(row["user_id"], row["feature"]) for row in rows(scope)}
        assert found == {("u", "triage"), (None, None)}


def test_own_values_win(tmp_path: Path) -> None:
    first = a_call(feature="a", feature_from="x", prompt=QUESTION)
    second = a_call(feature="b", feature_from="y", user_id="u")
    with scope_of(tmp_path, [first, second]) as scope:
        (row,) = rows(scope)
        assert (row["feature"], row["feature_from"], row["user_id"]) == ("a", "x", "u")


def test_the_better_usage_wins_and_comes_whole(tmp_path: Path) -> None:
    full = a_call(prompt=QUESTION, answer=ANSWER, usage=replace(UNSPLIT, output_tokens=21))
    exact = a_call()
    with scope_of(tmp_path, [full, exact]) as scope:
        (row,) = rows(scope)
        assert (row["input_tokens"], row["cache_read_input_tokens"], row["output_tokens"]) == (100, 60, 20)
        assert (row["usage_state"], row["messages"]) == ("exact", 2)


def test_the_last_of_equals_wins(tmp_path: Path) -> None:
    with scope_of(tmp_path, [a_call(usage=Usage(100, 4, 60)), a_call(usage=Usage(100, 90, 60))]) as scope:
        assert [row["output_tokens"] for row in rows(scope)] == [90]


def test_a_fragment_tells_of_all_calls_that_carry_its_key_and_is_none(tmp_path: Path) -> None:
    trace = Call("r", link_id="t:1", is_fragment=True, user_id="u", conversation_id="c")
    calls = [a_call(response_id=name, link_id="t:1") for name in ("a", "b")] + [a_call(response_id="c", link_id="t:2")]
    with scope_of(tmp_path, [trace], calls) as scope:
        assert [(row["user_id"], row["conversation"]) for row in rows(scope)] == [("u", "c"), ("u", "c"), (None, None)]
        assert fates(scope) == [(1, 0, 1, 0), (3, 3, 0, 0)]


def test_a_batch_line_gets_its_prompt_from_the_input_file(tmp_path: Path) -> None:
    asked = Call(
        "r", link_id="batch:1", is_fragment=True, prompt=QUESTION, request_model="gpt-4o-mini", tools=[{"a": 1}]
    )
    answered = a_call(link_id="batch:1", answer=ANSWER, request_model=None, response_model="gpt-4o-mini")
    with scope_of(tmp_path, [asked], [answered]) as scope:
        (row,) = rows(scope)
        assert (row["messages"], row["request_model"], row["tools_id"] is not None) == (2, "gpt-4o-mini", True)
        parts = scope.parts.sort("position").collect()
        assert parts["is_answer"].to_list() == [False, False, False, True]
        assert parts["record_id"].unique().to_list() == [row["record_id"]]


def test_ids_that_two_batches_used_join_nothing(tmp_path: Path) -> None:
    other = (Part("user", "text", "Who?", 0),)
    asked = [Call("r", link_id="batch:1", is_fragment=True, prompt=prompt) for prompt in (QUESTION, other)]
    with scope_of(tmp_path, asked, [a_call(link_id="batch:1")]) as scope:
        (row,) = rows(scope)
        assert row["messages"] == 0


def test_the_same_input_file_twice_still_joins(tmp_path: Path) -> None:
    asked = Call("r", link_id="batch:1", is_fragment=True, prompt=QUESTION)
    with scope_of(tmp_path, [asked], [asked], [a_call(link_id="batch:1")]) as scope:
        assert [row["messages"] for row in rows(scope)] == [2]


SPAN = {"response_id": None, "log_id": None}


@pytest.mark.parametrize(
    ("parent", "children", "kept"),
    [
        (EXACT, [EXACT], ["child-0"]),
        (Usage(200, 40, 120), [EXACT, EXACT], ["child-0", "child-1"]),
        (EXACT, [EXACT, Usage(5, 5, 0)], ["child-0", "child-1"]),
        (Usage(300, 1, 0), [EXACT], ["parent", "child-0"]),
        (Usage(100, 60, 60), [EXACT], ["parent"]),
        (Usage(100, 5, 60), [EXACT], ["child-0"]),
        (Usage(0, 5, 0), [Usage(0, 7, 0)], ["parent", "child-0"]),
        (MISSING_USAGE, [EXACT], ["child-0"]),
        (EXACT, [MISSING_USAGE], ["parent"]),
        (MISSING_USAGE, [MISSING_USAGE], ["child-0"]),
    ],
)
def test_a_span_that_repeats_the_usage_of_those_below_is_no_call(
    tmp_path: Path, parent: Usage, children: list[Usage], kept: list[str]
) -> None:
    above = a_call(**SPAN, request_model="parent", span_id="t:p", usage=parent)
    below = [
        a_call(**SPAN, request_model=f"child-{n}", span_id=f"t:c{n}", parent_span_id="t:p", usage=usage)
        for n, usage in enumerate(children)
    ]
    with scope_of(tmp_path, below, [above]) as scope:
        assert sorted(row["request_model"] for row in rows(scope)) == sorted(kept)
        assert sum(row[3] for row in fates(scope)) == 1 + len(children) - len(kept)


def test_a_span_that_repeats_one_call_tells_more_of_it(tmp_path: Path) -> None:
    above = a_call(**SPAN, span_id="t:p", feature="triage", feature_from="name", prompt=QUESTION, answer=ANSWER)
    below = a_call(**SPAN, span_id="t:c", parent_span_id="t:p", started_at=11)
    with scope_of(tmp_path, [above, below]) as scope:
        (row,) = rows(scope)
        assert (row["started_at"], row["feature"], row["messages"]) == (11, "triage", 2)
        assert scope.parts.collect()["record_id"].unique().to_list() == [row["record_id"]]


def test_wrappers_of_wrappers_are_no_calls_either(tmp_path: Path) -> None:
    chain = [a_call(**SPAN, span_id=f"t:{n}", parent_span_id=f"t:{n - 1}", request_model=str(n)) for n in range(5)]
    with scope_of(tmp_path, chain) as scope:
        assert [row["request_model"] for row in rows(scope)] == ["4"]


_calls = st.builds(
    a_call,
    response_id=st.sampled_from(["a", "b", "c", None]),
    link_id=st.sampled_from(["x", "y", None]),
    is_fragment=st.booleans(),
    feature=st.sampled_from(["f", "g", None]),
    prompt=st.sampled_from([(), QUESTION]),
    usage=st.sampled_from([EXACT, UNSPLIT, MISSING_USAGE]),
    span_id=st.sampled_from(["1", "2", "3", None]),
    parent_span_id=st.sampled_from(["1", "2", "4", None]),
)


@settings(max_examples=15)
@given(files=st.lists(st.lists(_calls, max_size=5), min_size=1, max_size=3))
def test_every_record_has_one_fate_and_parts_have_their_calls(
    tmp_path_factory: pytest.TempPathFactory, files: Any
) -> None:
    with scope_of(tmp_path_factory.mktemp("scope"), *files) as scope:
        calls = scope.calls.collect()
        assert calls["record_id"].is_unique().all()
        assert calls.height == scope.per_file["calls"].sum()
        for records, kept, fragments, repeats in fates(scope):
            assert 0 <= kept + fragments + repeats <= records
        parts = scope.parts.collect()
        assert set(parts["record_id"]) <= set(calls["record_id"])
        assert parts.select("record_id", "position").is_unique().all()
