"""Do the parts add up to the whole, whatever the prompt?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from frames.prompts import RATES, Call, Piece, divided, priced

CLASSES = ("cache_read", "cache_write_1h", "cache_write_5m")

_definitions = st.lists(
    st.builds(Piece, st.sampled_from(["tool_schemas", "response_schema"]), st.integers(0, 3000), st.none()), max_size=2
)
_texts = st.lists(
    st.tuples(
        st.sampled_from(["system_prompt", "history", "few_shot", "rag_context", "tool_results", "user_input", "media"]),
        st.integers(0, 5000),
        st.integers(0, 1),
    ),
    max_size=8,
)


def _pieces(definitions: list[Piece], texts: list[tuple[str, int, int]]) -> tuple[Piece, ...]:
    """Number the messages: a step of 0 stays in the message before."""
    message, pieces = 0, list(definitions)
    for component, tokens, step in texts:
        message += step
        pieces.append(Piece(component, 0 if component == "media" else tokens, message))
    return tuple(pieces)


@st.composite
def any_call(draw: st.DrawFn) -> Call:
    pieces = _pieces(draw(_definitions), draw(_texts))
    ours = Call(pieces, billed=0)
    near = st.integers(-60, 60).map(lambda off: max(ours.visible + ours.format_tokens + off, 0))
    billed = draw(st.one_of(near, st.integers(0, 40_000)))
    cuts = sorted(draw(st.lists(st.integers(0, billed), min_size=3, max_size=3)))
    is_cached = draw(st.booleans())
    return Call(
        pieces,
        billed,
        output=draw(st.integers(0, 4000)),
        cache_read=cuts[0] if is_cached else 0,
        cache_write_1h=cuts[1] - cuts[0] if is_cached else 0,
        cache_write_5m=cuts[2] - cuts[1] if is_cached else 0,
        exact=draw(st.booleans()),
        ratio=draw(st.floats(0.2, 4)),
        tool_calls=draw(st.integers(0, 40)) if draw(st.booleans()) else 0,
        model=draw(st.sampled_from([None, "claude-sonnet-4-5"])),
        media_billed=draw(st.one_of(st.none(), st.integers(0, billed))),
    )


calls_of_any_kind = st.lists(any_call(), min_size=1, max_size=5)


def of_call(found: pl.DataFrame, record_id: int) -> pl.DataFrame:
    return found.filter(pl.col("record_id") == record_id)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(calls_of_any_kind)
def test_the_components_of_every_call_add_up_to_its_bill(calls: list[Call]) -> None:
    found, bills = divided(calls), priced(calls).sort("record_id").collect()
    assert found["tokens"].min() is None or found.select(pl.min_horizontal(pl.min("tokens", *CLASSES))).item() >= 0
    for number, call in enumerate(calls):
        own = of_call(found, number)
        assert own["tokens"].sum() == call.billed
        assert tuple(own[name].sum() for name in CLASSES) == (call.cache_read, call.cache_write_1h, call.cache_write_5m)
        assert sum(own["cost"].to_list(), Decimal(0)) == bills["input_cost"][number]
        assert (own["tokens"] >= own.select(pl.sum_horizontal(CLASSES)).to_series()).all()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(calls_of_any_kind)
def test_row_order_is_irrelevant(calls: list[Call]) -> None:
    assert divided(calls).equals(divided(calls, backwards=True))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(calls_of_any_kind)
def test_other_calls_change_nothing(calls: list[Call]) -> None:
    calls = [replace(call, model=None) for call in calls]  # calls of one model teach what its definitions cost
    alone = divided(calls[:1])
    assert of_call(divided(calls), 0).equals(alone)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(any_call())
def test_without_media_a_public_tokeniser_explains_no_more_than_it_sees(call: Call) -> None:
    call = replace(
        call,
        exact=True,
        tool_calls=0,
        media_billed=None,
        pieces=tuple(p for p in call.pieces if p.component != "media" and p.message is not None),
    )
    found = dict(divided([call]).select("component", "tokens").rows())
    assert found.get("unexplained", 0) == max((call.billed or 0) - call.visible - call.format_tokens, 0)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(any_call(), st.sampled_from(sorted(RATES)), st.integers(1, 10**6))
def test_a_higher_rate_never_lowers_a_cost(call: Call, name: str, millionths: int) -> None:
    dearer = {**RATES, name: str(Decimal(RATES[name]) + Decimal(millionths) / 10**9)}
    columns = ("input_cost", "output_cost", "list_cost", "contracted_cost")
    before, after = priced([call]).collect(), priced([replace(call, rates=dearer)]).collect()
    assert all(after[column][0] >= before[column][0] for column in columns)
    pair = divided([call]).join(divided([replace(call, rates=dearer)]), on="component")
    assert (pair["cost_right"] >= pair["cost"]).all()
