"""Is a call that several layers of a program traced counted once, whatever stands between them and wherever it was written?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.calls import scope_of
from tokaudit.schema import MISSING_USAGE, Aside, Call, Part, Usage

EXACT = Usage(100, 20, 60)
NOT_BILLED = Usage(0, 0, 0)
CLAUDE = Usage(1_532, 33, 1_111, 418, 0)
CLAUDE_BARE = Usage(3, 33, state="cache_split_unknown")
QUESTION = (Part("user", "text", "Why?", 0),)


def span(name: str, above: str | None, usage: Usage | None = None, **more: Any) -> Call | Aside:
    """A call under the span `above`, or without usage a span that is none."""
    ids = (f"t:{name}", f"t:{above}" if above else None)
    if usage is None:
        return Aside("chain span", *ids)
    return Call("r", span_id=ids[0], parent_span_id=ids[1], request_model=name, usage=usage, **more)


def failed(name: str, above: str | None, usage: Usage = NOT_BILLED) -> Call | Aside:
    return span(name, above, usage, error_type="rate_limit_exceeded", http_status=429)


def kept(folder: Path, *spans: Call | Aside) -> list[dict[str, Any]]:
    """The calls that are left, each span in a file of its own, the innermost first as exporters write them."""
    with scope_of(folder, *([each] for each in reversed(spans))) as scope:
        return scope.calls.sort("request_model").collect().to_dicts()


def names(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["request_model"] for row in rows]


@pytest.mark.parametrize("depth", [1, 2, 9])
def test_spans_that_are_no_calls_may_stand_between_in_other_files(tmp_path: Path, depth: int) -> None:
    steps = [span(f"step-{n}", "above" if n == 0 else f"step-{n - 1}") for n in range(depth)]
    above = span("above", None, EXACT, feature="triage", feature_from="name")
    rows = kept(tmp_path, above, *steps, span("call", f"step-{depth - 1}", EXACT))
    assert [(row["request_model"], row["feature"]) for row in rows] == [("call", "triage")]


def test_a_sum_over_calls_at_several_depths_is_no_call(tmp_path: Path) -> None:
    below = [span("a", "above", EXACT), span("step", "above"), span("b", "step", EXACT), span("tool", "step")]
    rows = kept(tmp_path, span("above", None, Usage(200, 40, 120)), *below)
    assert names(rows) == ["a", "b"]


def test_a_sum_of_chats_leaves_out_the_embeddings_beside_them(tmp_path: Path) -> None:
    vector = span("vector", "above", Usage(7, 0, 0), operation_name="embeddings")
    below = [span("a", "above", EXACT), span("b", "above", Usage(30, 2, 0)), vector]
    assert names(kept(tmp_path, span("above", None, Usage(130, 22, 60)), *below)) == ["a", "b", "vector"]


def test_wrappers_without_counts_may_stand_between_too(tmp_path: Path) -> None:
    below = [span("wrapper", "above", MISSING_USAGE), span("a", "wrapper", EXACT), span("b", "above", EXACT)]
    assert names(kept(tmp_path, span("above", None, Usage(200, 40, 120)), *below)) == ["a", "b"]


def test_what_the_outermost_wrapper_knows_is_told_of_the_call(tmp_path: Path) -> None:
    outer = span("outer", None, EXACT, feature="triage", feature_from="name", prompt=QUESTION)
    rows = kept(tmp_path, outer, span("inner", "outer", MISSING_USAGE, user_id="u"), span("call", "inner", EXACT))
    assert [(row["request_model"], row["feature"], row["user_id"], row["messages"]) for row in rows] == [
        ("call", "triage", "u", 1)
    ]


def test_tries_that_failed_under_a_wrapper_stay_calls(tmp_path: Path) -> None:
    rows = kept(tmp_path, span("above", None, EXACT, feature="f"), failed("try", "above"), span("call", "above", EXACT))
    assert [(row["request_model"], row["input_tokens"], row["feature"]) for row in rows] == [
        ("call", 100, "f"),
        ("try", 0, None),
    ]


def test_a_try_that_was_cut_off_beside_one_that_succeeded_stays(tmp_path: Path) -> None:
    rows = kept(
        tmp_path,
        span("above", None, EXACT),
        failed("cut", "above", MISSING_USAGE),
        span("call", "above", EXACT),
    )
    assert names(rows) == ["call", "cut"]


def test_a_wrapper_whose_only_call_failed_keeps_its_own(tmp_path: Path) -> None:
    assert names(kept(tmp_path, span("above", None, MISSING_USAGE), failed("try", "above"))) == ["above", "try"]


def test_a_failure_that_each_layer_wrote_is_one(tmp_path: Path) -> None:
    layers = [failed("above", None), failed("middle", "above"), failed("call", "middle")]
    assert names(kept(tmp_path, *layers)) == ["call"]


def test_a_wrapper_that_failed_over_calls_that_did_not_is_none(tmp_path: Path) -> None:
    assert names(kept(tmp_path, failed("above", None), span("call", "above", EXACT))) == ["call"]


def test_tries_with_equal_counts_are_two_calls(tmp_path: Path) -> None:
    tries = [span("a", "above", EXACT), span("b", "above", EXACT)]
    for upper in (EXACT, Usage(200, 40, 120), MISSING_USAGE):
        assert names(kept(tmp_path / str(upper.input_tokens), span("above", None, upper), *tries)) == ["a", "b"]


@pytest.mark.parametrize(("upper", "lower", "left"), [(CLAUDE_BARE, CLAUDE, "call"), (CLAUDE, CLAUDE_BARE, "above")])
def test_a_cache_left_out_by_one_layer_is_no_other_call(tmp_path: Path, upper: Usage, lower: Usage, left: str) -> None:
    (row,) = kept(tmp_path, span("above", None, upper), span("call", "above", lower))
    assert (row["request_model"], row["input_tokens"], row["cache_read_input_tokens"]) == (left, 1_532, 1_111)


def test_an_output_that_one_layer_did_not_count_is_no_other_call(tmp_path: Path) -> None:
    cut = Usage(100, None, 60, state="output_lower_bound")
    assert names(kept(tmp_path / "a", span("above", None, cut), span("call", "above", EXACT))) == ["call"]
    assert names(kept(tmp_path / "b", span("above", None, EXACT), span("call", "above", cut))) == ["above"]


def test_an_estimate_above_a_count_is_none(tmp_path: Path) -> None:
    estimate = Usage(90, 25, state="estimated")
    assert names(kept(tmp_path, span("above", None, estimate), span("call", "above", EXACT))) == ["call"]


def test_a_span_that_sums_up_but_names_its_last_answer_is_not_that_call(tmp_path: Path) -> None:
    above = span(
        "above", None, Usage(170, 36), response_id="chatcmpl-second", logged_cost="9", user_id="u", prompt=QUESTION
    )
    first = span("first", "step", Usage(70, 16), response_id="chatcmpl-first")
    second = span("second", "step", Usage(100, 20, state="cache_split_unknown"), response_id="chatcmpl-second")
    rows = kept(tmp_path, above, span("step", "above"), first, second)
    assert [(row["request_model"], row["input_tokens"], row["user_id"]) for row in rows] == [
        ("first", 70, None),
        ("second", 100, "u"),
    ]
    assert [(row["logged_cost"], row["messages"], row["usage_state"]) for row in rows] == [
        (None, 0, "exact"),
        (None, 0, "cache_split_unknown"),
    ]


def test_a_wrapper_that_names_the_answer_too_tells_the_texts(tmp_path: Path) -> None:
    above = span("above", None, EXACT, response_id="chatcmpl-answer", prompt=QUESTION, feature="f", feature_from="name")
    (row,) = kept(tmp_path, above, span("call", "above", EXACT, response_id="chatcmpl-answer"))
    assert (row["request_model"], row["messages"], row["feature"]) == ("call", 1, "f")


def test_the_fullest_record_of_a_call_need_not_be_its_span(tmp_path: Path) -> None:
    gateway = Call("r", response_id="chatcmpl-first", request_model="call", usage=EXACT, prompt=QUESTION, started_at=1)
    above = span("above", None, EXACT)
    rows = kept(tmp_path, gateway, above, span("call", "above", EXACT, response_id="chatcmpl-first"))
    assert [(row["request_model"], row["messages"]) for row in rows] == [("call", 1)]


def test_the_same_spans_from_two_exporters_are_one_tree(tmp_path: Path) -> None:
    tree = [span("above", None, Usage(200, 40, 120), log_id="p"), span("step", "above")]
    tree += [span(name, "step", EXACT, log_id=name) for name in ("a", "b")]
    assert names(kept(tmp_path, *tree, *tree)) == ["a", "b"]


def test_circles_of_parents_end(tmp_path: Path) -> None:
    rows = kept(
        tmp_path, span("a", "b", EXACT), span("b", "a", EXACT), span("x", "y"), span("y", "x"), span("c", "x", EXACT)
    )
    assert names(rows) == ["a", "b", "c"]


_usages = st.sampled_from([EXACT, Usage(30, 5, 0), MISSING_USAGE])


@settings(max_examples=8)
@given(counts=st.lists(_usages, min_size=1, max_size=4), layers=st.integers(0, 3), is_between=st.booleans())
def test_layers_of_wrappers_change_no_sum(
    tmp_path_factory: pytest.TempPathFactory, counts: list[Usage], layers: int, is_between: bool
) -> None:
    whole = Usage(sum(each.input_tokens or 0 for each in counts), sum(each.output_tokens or 0 for each in counts), 0)
    spans = [span(f"layer-{n}", f"layer-{n - 1}" if n else None, whole) for n in range(layers)]
    last = f"layer-{layers - 1}" if layers else None
    if is_between:
        spans.append(span("step", last))
        last = "step"
    spans += [span(f"call-{n}", last, usage) for n, usage in enumerate(counts)]
    rows = kept(tmp_path_factory.mktemp("layers"), *spans)
    assert sum(row["input_tokens"] or 0 for row in rows) == whole.input_tokens
    assert sum(row["output_tokens"] or 0 for row in rows) == whole.output_tokens


def test_spans_above_in_other_files_say_what_a_call_is_for(tmp_path: Path) -> None:
    root = Aside("chain span", "t:root", None, "mail", "name", "kim", "chat-1")
    step = Aside("chain span", "t:step", "t:root", "weak", "service.name")
    own = span("own", "step", EXACT, feature="triage", feature_from="name", user_id="lee", log_id="own")
    weak = span("weak", "step", EXACT, feature="desk", feature_from="service.name", log_id="weak")
    rows = kept(tmp_path, root, step, own, weak, span("bare", "root", EXACT, log_id="bare"))
    told = [
        (row["request_model"], row["feature"], row["feature_from"], row["user_id"], row["conversation"]) for row in rows
    ]
    assert told == [
        ("bare", "mail", "name", "kim", "chat-1"),
        ("own", "triage", "name", "lee", "chat-1"),
        ("weak", "mail", "name", "kim", "chat-1"),
    ]


def test_a_span_that_two_exporters_write_is_one_call_by_its_counts_or_its_time(tmp_path: Path) -> None:
    first = [span("otlp", None, EXACT, log_id="a"), Call("r", span_id="t:otlp", request_model="store", usage=EXACT)]
    assert len(kept(tmp_path / "counts", *first)) == 1
    timed = [
        span("x", None, MISSING_USAGE, log_id="a", started_at=1_773_052_800_000_123),
        Call("r", span_id="t:x", request_model="y", usage=MISSING_USAGE, started_at=1_773_052_800_000_999),
    ]
    assert len(kept(tmp_path / "time", *timed)) == 1
    made_up = [span("x", None, EXACT, log_id="a"), Call("r", span_id="t:x", request_model="y", usage=Usage(7, 1, 0))]
    assert len(kept(tmp_path / "neither", *made_up)) == 2
