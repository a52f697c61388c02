"""Where does each billed input token come from?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from frames.literal import frame, kind, role
from frames.prompts import Call, Piece, components, divided
from tokaudit.frames.components import (
    DEFINITION_SLACK_SHARE,
    DEFINITION_SLACK_TOKENS,
    TOKENISER_SLACK_SHARE,
    part_components,
)

CHAT = (Piece("system_prompt", 10, 0), Piece("history", 30, 1), Piece("history", 40, 2), Piece("user_input", 20, 3))
"""100 tokens in four messages: 19 more for the format."""
SYSTEM_AND_QUESTION = (Piece("system_prompt", 600, 0), Piece("user_input", 400, 1))
"""1,000 tokens in two messages: 11 more for the format."""


def test_a_chat_prompt_is_explained_to_the_token() -> None:
    expected = {"system_prompt": 10, "history": 70, "user_input": 20, "format_overhead": 19}
    assert components(Call(CHAT, billed=119)) == expected


def test_billed_tokens_beyond_the_texts_are_unexplained() -> None:
    expected = {"system_prompt": 10, "history": 70, "user_input": 20, "format_overhead": 19, "unexplained": 81}
    assert components(Call(CHAT, billed=200)) == expected


def test_fewer_billed_tokens_than_texts_are_shared_out_in_proportion() -> None:
    found = components(Call(SYSTEM_AND_QUESTION, billed=506))
    assert sum(found.values()) == 506
    assert found["system_prompt"] == pytest.approx(600 / 1011 * 506, abs=1)
    assert found["user_input"] == pytest.approx(400 / 1011 * 506, abs=1)
    assert "unexplained" not in found


def test_a_call_without_texts_is_unexplained_as_a_whole() -> None:
    assert components(Call((), billed=500)) == {"unexplained": 500}


def test_a_call_without_known_tokens_has_no_components() -> None:
    assert components(Call(CHAT, billed=None)) == {}


def test_a_call_that_was_billed_nothing_has_no_components() -> None:
    assert components(Call(CHAT, billed=0)) == {}


TOOLS = (Piece("tool_schemas", 100, None), *SYSTEM_AND_QUESTION)
SLACK = int(100 * DEFINITION_SLACK_SHARE) + DEFINITION_SLACK_TOKENS


@pytest.mark.parametrize("off", [-SLACK, -1, 0, 1, SLACK])
def test_the_estimate_of_definitions_gives_way_to_the_bill(off: int) -> None:
    expected = {"tool_schemas": 100 + off, "system_prompt": 600, "user_input": 400, "format_overhead": 11}
    assert components(Call(TOOLS, billed=1111 + off)) == expected


def test_beyond_its_slack_the_estimate_explains_nothing() -> None:
    found = components(Call(TOOLS, billed=1111 + SLACK + 50))
    assert (found["tool_schemas"], found["unexplained"]) == (100 + SLACK, 50)


def test_no_definition_becomes_negative_when_the_whole_estimate_was_too_high() -> None:
    both = (Piece("tool_schemas", 12, None), Piece("response_schema", 1000, None), *SYSTEM_AND_QUESTION)
    found = components(Call(both, billed=2023 - 300))
    assert found["tool_schemas"] == pytest.approx(12 * 712 / 1012, abs=1)
    assert found["tool_schemas"] + found["response_schema"] == 712
    assert (found["system_prompt"], found["user_input"]) == (600, 400)


def test_media_take_what_the_texts_leave() -> None:
    pieces = (*SYSTEM_AND_QUESTION, Piece("media", 0, 1), Piece("media", 0, 1))
    expected = {"system_prompt": 600, "user_input": 400, "format_overhead": 11, "media": 765}
    assert components(Call(pieces, billed=1776)) == expected


def test_a_private_tokeniser_is_scaled_to_the_bill() -> None:
    found = components(Call(SYSTEM_AND_QUESTION, billed=1213, exact=False, ratio=1.2))
    assert found["system_prompt"] == pytest.approx(720, abs=1)
    assert found["user_input"] == pytest.approx(480, abs=1)
    assert sum(found.values()) == 1213
    assert "unexplained" not in found


def test_a_private_tokeniser_explains_a_quarter_more_than_usual_and_no_more() -> None:
    most = round(1011 * 1.2 * (1 + TOKENISER_SLACK_SHARE) + 0.5)
    usual = Call(SYSTEM_AND_QUESTION, billed=most, exact=False, ratio=1.2)
    assert "unexplained" not in components(usual)
    assert components(replace(usual, billed=most + 300))["unexplained"] == 300


def test_media_of_a_private_tokeniser_leave_the_texts_their_usual_tokens() -> None:
    pieces = (*SYSTEM_AND_QUESTION, Piece("media", 0, 1))
    found = components(Call(pieces, billed=2022 + 978, exact=False, ratio=2.0))
    assert found["system_prompt"] == pytest.approx(1200, abs=2)
    assert found["user_input"] == pytest.approx(800, abs=2)
    assert found["media"] == pytest.approx(978, abs=2)


def cached(call: Call, name: str = "cache_read") -> dict[str, int]:
    return {component: tokens for component, tokens in divided([call]).select("component", name).rows() if tokens}


def test_a_cache_holds_the_beginning_of_the_prompt() -> None:
    prompt = (Piece("tool_schemas", 50, None), *CHAT)
    read = Call(prompt, billed=169, cache_read=100)
    # 50 tools, 4 + 10 system, 4 + 30 of the first question, and the 4 before the answer: 102 would end there.
    assert cached(read) == {"tool_schemas": 50, "system_prompt": 10, "history": 30, "format_overhead": 10}


def test_what_is_written_to_a_cache_follows_what_is_read() -> None:
    call = Call(SYSTEM_AND_QUESTION, billed=1011, cache_read=304, cache_write_1h=200, cache_write_5m=500)
    assert cached(call) == {"system_prompt": 300, "format_overhead": 4}
    assert cached(call, "cache_write_1h") == {"system_prompt": 200}
    assert cached(call, "cache_write_5m") == {"system_prompt": 100, "user_input": 396, "format_overhead": 4}


def test_each_components_tokens_are_priced_at_the_rates_they_were_billed_at() -> None:
    call = Call(SYSTEM_AND_QUESTION, billed=1011, cache_read=304, cache_write_5m=300)
    costs = dict(divided([call]).select("component", "cost").rows())
    assert costs["system_prompt"] == Decimal("0.00009") + Decimal("0.001125")
    assert costs["user_input"] == Decimal("0.0012")
    assert costs["format_overhead"] == Decimal("0.0000012") + Decimal("0.000021")


def test_an_unpriced_call_keeps_its_tokens() -> None:
    found = divided([Call(CHAT, billed=119, rates=None)])
    assert found["tokens"].sum() == 119
    assert found["cost"].null_count() == found.height


def test_a_call_whose_output_is_unknown_has_no_cost_in_any_component() -> None:
    assert divided([Call(CHAT, billed=119, output=None)])["cost"].drop_nulls().to_list() == []  # type: ignore[arg-type]


def test_an_answer_from_the_gateways_cache_costs_nothing_in_any_component() -> None:
    found = divided([Call(CHAT, billed=119, gateway=True, rates=None)])
    assert (found["tokens"].sum(), found["cost"].to_list()) == (119, [Decimal(0)] * found.height)


def named(**columns: list[Any]) -> list[str]:
    """Return the component of each part of a prompt; content 1 is a user's text of 5 tokens, its only segment."""
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": [1] * count,
        "feature": ["f"] * count,
        "encoding": ["e"] * count,
        "position": list(range(count)),
        "message": list(range(count)),
        "role": [role("user")] * count,
        "kind": [kind("text")] * count,
        "is_earlier": [False] * count,
        "content_id": [1] * count,
        "prefix_id": [0] * count,
    }
    contents = frame(content_id=[1], encoding=["e"], tokens=[5])
    cut = frame(
        feature=["f"],
        role=[role("user")],
        content_id=[1],
        encoding=["e"],
        sequence=[1],
        component=["user_input"],
        tokens=[5],
    )
    examples = frame(feature=["f"], prefix_id=[77])
    table = part_components(frame(**{**defaults, **columns}), contents, cut, examples).collect()
    return table.sort("position")["component"].to_list()


def test_definitions_and_media_are_named_by_their_kind() -> None:
    kinds = [kind(name) for name in ("tools", "response_schema", "media")]
    assert named(kind=kinds) == ["tool_schemas", "response_schema", "media"]


def test_what_was_sent_before_is_history_whoever_spoke() -> None:
    roles = [role(name) for name in ("user", "assistant", "tool", "user")]
    assert named(role=roles, is_earlier=[True, True, True, False]) == ["history", "history", "history", "user_input"]


def test_fixed_example_turns_are_few_shot_and_only_where_their_prefix_says_so() -> None:
    assert named(is_earlier=[True, True, False], prefix_id=[77, 78, 77]) == ["few_shot", "history", "user_input"]


def test_the_beginning_of_an_answer_that_is_put_into_its_mouth_is_an_instruction() -> None:
    assert named(role=[role("user"), role("assistant")]) == ["user_input", "system_prompt"]


def test_an_image_sent_again_is_media_still() -> None:
    assert named(kind=[kind("media"), kind("text")], is_earlier=[True, False]) == ["media", "user_input"]


def test_no_row_is_lost_or_doubled_on_the_way() -> None:
    calls = [Call(CHAT, billed=119), Call((), billed=5), Call(TOOLS, billed=1111)]
    found = divided(calls)
    assert found.select(pl.struct("record_id", "component").n_unique()).item() == found.height
