"""Does the log teach what definitions are billed, and what the format adds around calls of tools?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from frames.prompts import Call, Piece, components, divided

TOOLS = Piece("tool_schemas", 100, None)


def asked(tokens: int, **said: object) -> Call:
    """Ask a question with tools that we count 100 tokens for: 7 more for the format."""
    return Call((TOOLS, Piece("user_input", tokens)), model="m", **said)  # type: ignore[arg-type]


def found(calls: Sequence[Call]) -> list[dict[str, int]]:
    table = divided(calls)
    return [
        dict(table.filter(pl.col("record_id") == number).select("component", "tokens").rows())
        for number in range(len(calls))
    ]


def test_a_call_with_media_takes_the_definitions_from_those_without() -> None:
    pictured = Call((TOOLS, Piece("user_input", 50), Piece("media", 0)), billed=50 + 7 + 112 + 765, model="m")
    assert components(pictured)["media"] == 777  # alone it cannot tell
    assert found([asked(20, billed=139), pictured])[1] == {
        "tool_schemas": 112,
        "user_input": 50,
        "format_overhead": 7,
        "media": 765,
    }


def test_a_call_with_hidden_text_does_not_take_it_for_its_definitions() -> None:
    calls = [asked(tokens, billed=tokens + 7 + 104) for tokens in (20, 30, 40)]
    assert found([*calls, asked(50, billed=50 + 7 + 104 + 3000)])[3]["unexplained"] == 3000 - 56
    assert found(calls)[0]["tool_schemas"] == 104


def test_a_private_tokeniser_learns_its_definitions_from_three_calls() -> None:
    def billed(tokens: int) -> Call:
        return asked(tokens, billed=round(1.5 * (tokens + 7 + 120)), exact=False, ratio=1.5)

    texts = [400, 500, 600]
    for call, parts in zip(texts, found([billed(tokens) for tokens in texts]), strict=True):
        assert parts["tool_schemas"] == pytest.approx(180, abs=2)
        assert parts["user_input"] == pytest.approx(1.5 * call, abs=2)
        assert "unexplained" not in parts
    two = found([billed(tokens) for tokens in texts[:2]])
    assert two[0]["tool_schemas"] < 170


def test_a_response_schema_takes_no_tokens_from_the_texts() -> None:
    form = Piece("response_schema", 90, None)
    calls = [Call((form, Piece("user_input", n)), billed=n + 7 + 45, exact=exact, model="m") for exact in (True, False)
             for n in (300, 400, 500)]  # fmt: skip
    for call, parts in zip(calls, found(calls), strict=True):
        assert parts["response_schema"] == pytest.approx(45, abs=2)
        assert parts["user_input"] == pytest.approx(call.pieces[1].tokens, abs=2)


@pytest.mark.parametrize("off", [-8, 0, 3, 8])
def test_what_the_format_adds_around_calls_of_tools_gives_way_to_the_bill(off: int) -> None:
    turn = (Piece("user_input", 50, 0), Piece("history", 10, 1), Piece("tool_results", 30, 2))
    parts = components(Call(turn, billed=90 + 15 + 8 + off, tool_calls=8))
    assert parts == {"user_input": 50, "history": 10, "tool_results": 30, "format_overhead": 23 + off}
    beyond = components(Call(turn, billed=90 + 15 + 16 + 5, tool_calls=8))
    assert beyond["unexplained"] == 5


def test_calls_of_tools_do_not_change_what_the_definitions_are() -> None:
    turn = (TOOLS, Piece("user_input", 50, 0), Piece("history", 10, 1), Piece("tool_results", 30, 2))
    later = Call(turn, billed=106 + 90 + 15 + 11, tool_calls=8, model="m")
    first, second = found([asked(50, billed=106 + 57), later])
    assert first["tool_schemas"] == second["tool_schemas"] == 106
    assert second["format_overhead"] == 15 + 11


def test_the_bill_may_state_what_media_cost() -> None:
    pieces = (Piece("user_input", 100, 0), Piece("media", 0, 0))
    stated = Call(pieces, billed=1500, exact=False, ratio=1.0, media_billed=1370)
    assert components(stated) == {
        "user_input": pytest.approx(121, abs=3),
        "format_overhead": pytest.approx(9, abs=3),
        "media": 1370,
    }
    exact = Call(pieces, billed=1500, media_billed=1290)
    assert components(exact) == {"user_input": 100, "format_overhead": 7, "media": 1290, "unexplained": 103}


def test_media_that_the_log_leaves_out_are_not_unexplained() -> None:
    assert components(Call((), billed=500, media_billed=300)) == {"media": 300, "unexplained": 200}
    texts = Call((Piece("user_input", 100),), billed=407, media_billed=300)
    assert components(texts) == {"user_input": 100, "format_overhead": 7, "media": 300}
    tools = Call((TOOLS, Piece("user_input", 100)), billed=507, media_billed=300)
    assert components(tools) == {"tool_schemas": 100, "user_input": 100, "format_overhead": 7, "media": 300}
    private = Call((Piece("user_input", 100),), billed=407, media_billed=300, exact=False)
    assert components(private) == components(texts)
