from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.tracing.span_tree import ancestors, filled, without_repeats
from tokaudit.schema import MISSING_USAGE, Call, Part, Usage


def call(span: str, tokens: int | None, output: int = 1, **fields: Any) -> Call:
    usage = MISSING_USAGE if tokens is None else Usage(tokens, output)
    return Call("test", span_id=span, parent_span_id="above", usage=usage, **fields)


def test_ancestors_end_at_a_circle() -> None:
    assert list(ancestors("a", {"a": "b", "b": "c", "c": "a"})) == ["b", "c", "a"]
    assert list(ancestors("a", {"a": None})) == []


def test_a_call_that_repeats_the_one_inside_it_goes_and_leaves_what_it_knew() -> None:
    calls = {"a": call("a", 5, response_id="chatcmpl-1", call_id=None), "b": call("b", 5, call_id="own")}
    kept = without_repeats(calls, {"a": None, "b": "a"})
    assert list(kept) == ["b"]
    assert (kept["b"].response_id, kept["b"].call_id) == ("chatcmpl-1", None)


def test_a_call_that_adds_up_those_inside_it_goes() -> None:
    calls = {"a": call("a", 8, 2), "b": call("b", 5), "c": call("c", 3)}
    assert list(without_repeats(calls, {"a": None, "span": "a", "b": "span", "c": "span"})) == ["b", "c"]


def test_calls_of_their_own_stay_and_know_the_call_above() -> None:
    kept = without_repeats({"a": call("a", 9), "b": call("b", 5)}, {"a": None, "span": "a", "b": "span"})
    assert list(kept) == ["a", "b"]
    assert kept["b"].parent_span_id == "a"
    assert kept["a"].parent_span_id == "above"


def test_of_a_call_and_the_one_inside_it_the_one_with_counts_stays() -> None:
    parents = {"a": None, "b": "a"}
    assert list(without_repeats({"a": call("a", None), "b": call("b", 5)}, parents)) == ["b"]
    assert list(without_repeats({"a": call("a", 5), "b": call("b", None)}, parents)) == ["a"]
    assert list(without_repeats({"a": call("a", None), "b": call("b", None)}, parents)) == ["b"]


def test_an_estimate_around_a_count_goes() -> None:
    estimate = replace(call("a", 7), usage=Usage(7, 7, state="estimated"))
    assert list(without_repeats({"a": estimate, "b": call("b", 5)}, {"a": None, "b": "a"})) == ["b"]


def test_the_same_answer_is_the_same_call() -> None:
    answer = (Part("assistant", "text", "Ho", 0),)
    calls = {"a": call("a", 7, answer=answer), "b": call("b", 5, answer=answer)}
    assert list(without_repeats(calls, {"a": None, "b": "a"})) == ["b"]


def test_chains_of_wrappers_leave_the_innermost() -> None:
    calls = {name: call(name, 5) for name in "abc"}
    assert list(without_repeats(calls, {"a": None, "b": "a", "c": "b"})) == ["c"]


def test_the_use_case_of_a_wrapper_is_kept_where_the_call_has_only_the_traces() -> None:
    outer = call("a", 5, feature="rewrite", feature_from="name")
    parents = {"a": None, "b": "a"}
    for where, feature in (
        ("traceName", "rewrite"),
        ("tags", "rewrite"),
        ("metadata.feature", "own"),
        (None, "rewrite"),
    ):
        inner = call("b", 5, feature="own" if where else None, feature_from=where)
        assert without_repeats({"a": outer, "b": inner}, parents)["b"].feature == feature


def test_what_is_known_is_not_overwritten() -> None:
    whole = filled(call("b", 5, user_id="kim"), call("a", 5, user_id="lee", conversation_id="s"))
    assert (whole.span_id, whole.user_id, whole.conversation_id) == ("b", "kim", "s")


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef"), max_size=6),
    st.lists(st.integers(0, 3), min_size=6),
)
def test_any_tree_ends_and_keeps_a_call_of_each_count(parents: dict[str, str], counts: list[int]) -> None:
    calls = {name: call(name, tokens) for name, tokens in zip("abcdef", counts, strict=False)}
    kept = without_repeats(calls, parents)
    assert set(kept) <= set(calls)
    assert kept


def test_a_wide_trace_is_settled_in_one_pass() -> None:
    """Each call is looked at once, however many there are: a list of all for each would take minutes."""
    names = [f"c{number}" for number in range(20_000)]
    calls = {name: call(name, number) for number, name in enumerate(names)}
    kept = without_repeats(calls, dict.fromkeys(names, "root"))
    assert list(kept) == names
