from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.apis.gemini_interactions import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.usage.gemini import interaction_usage
from tokaudit.schema import Call

USAGE = {
    "total_tokens": 1373, "total_input_tokens": 22, "total_cached_tokens": 0, "total_output_tokens": 973,
    "total_tool_use_tokens": 129, "total_thought_tokens": 249,
}  # fmt: skip
INTERACTION = {
    "id": "v1_a",
    "object": "interaction",
    "status": "completed",
    "model": "gemini-2.5-flash",
    "usage": USAGE,
}
counts = st.integers(0, 5000)


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_thoughts_and_tools_stand_beside_output_and_input() -> None:
    usage = interaction_usage(USAGE, stateful=False)
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_output_tokens) == (151, 1222, 249)
    assert usage.state == "exact"


def test_a_turn_that_goes_on_is_no_chain_of_hidden_history() -> None:
    asked = {"model": "gemini-2.5-flash", "previous_interaction_id": "v1_z", "input": "And then?"}
    call = read({"request": asked, "response": INTERACTION})
    assert call.previous_response_id is None
    assert call.usage.rule.startswith("Gemini Interactions: the new turn alone")


def test_both_versions_of_an_answer_and_its_streams_tell_the_same() -> None:
    steps = [{"type": "thought"}, {"type": "model_output", "content": [{"type": "text", "text": "Late."}]}]
    outputs = [{"type": "thought"}, {"type": "text", "text": "Late."}]
    asked = {"model": "gemini-2.5-flash", "input": "Where?"}
    stream = [
        {"event_type": "interaction.created", "interaction": {"id": "v1_a", "object": "interaction"}},
        {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
        {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "La"}},
        {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "te."}},
        {"event_type": "interaction.completed", "interaction": INTERACTION},
    ]
    answers: list[Any] = [{**INTERACTION, "steps": steps}, {**INTERACTION, "outputs": outputs}, stream]
    found = [read({"request": asked, "response": answer}) for answer in answers]
    assert found[0] == found[1] == found[2]
    assert [part.text for part in found[0].answer] == ["Late."]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_failed_interaction_is_a_failed_call(status: str) -> None:
    call = read({"object": "interaction", "id": "v1_e", "status": status, "error": {"code": "internal"}})
    assert call.error_type == "internal"


@given(counts, counts, counts, counts, st.booleans())
def test_a_total_that_fits_is_what_is_billed(prompt: int, said: int, thought: int, tools: int, stateful: bool) -> None:
    stated = {"total_input_tokens": prompt, "total_output_tokens": said, "total_thought_tokens": thought}
    stated |= {"total_tool_use_tokens": tools, "total_tokens": prompt + said + thought + tools}
    usage = interaction_usage(stated, stateful=stateful)
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (prompt + tools, said + thought, "exact")
