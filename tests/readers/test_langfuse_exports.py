"""Do 15 real Langfuse traces, one a framework, give the tokens and the cost that stand in them? Needs ../shared; else skipped.

What counts is worked out here from the files alone: the generations with no generation below them. A sum over all that carry
`usageDetails` counts twice:

* agno: `OpenAIChat.invoke` is a generation around the generation `chat gpt-4o-mini`. Langfuse was sent no usage for it and
  counted its texts itself: 2,110 input tokens beside the 826 that OpenAI billed, and $0.00071 beside $0.00027.
* microsoft-agent: the AGENT observation counts 44 + 180 tokens of its own beside the 293 + 106 of its two generations.
* The trace's own roll-up is the sum of both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from readers.golden import SHARED
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Call

EXPORTS = SHARED / "data" / "langfuse"
FILES = sorted(EXPORTS.glob("*.json")) if EXPORTS.is_dir() else []
pytestmark = pytest.mark.skipif(not FILES, reason=f"{EXPORTS} is not there: its traces are not part of the project")

Observation = Mapping[str, Any]
GENERATIONS = ("GENERATION", "EMBEDDING")


def loaded(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        return json.load(file, parse_float=Decimal)


def read(path: Path) -> list[Call]:
    record = json.loads(path.read_text(encoding="utf-8"))
    reader = choose(record)
    assert reader is not None
    assert reader.name == "langfuse"
    return [outcome for outcome in outcomes_of(reader.read(record, ReadOptions())) if isinstance(outcome, Call)]


def calls_in(observations: list[Observation]) -> list[Observation]:
    """The generations that count tokens and hold no other generation that does."""
    parents = {each["id"]: each.get("parentObservationId") for each in observations}
    counted = [each for each in observations if each["type"] in GENERATIONS and each["usageDetails"]]
    above: set[str] = set()
    for each in counted:
        span = parents[each["id"]]
        while span is not None and span not in above:
            above.add(span)
            span = parents.get(span)
    return [each for each in counted if each["id"] not in above]


def side(details: Mapping[str, int], name: str) -> int:
    """All tokens of a side: Langfuse's names are disjoint; dotted ones (`prompt_details.cache_read`) are parts."""
    return sum(tokens for key, tokens in details.items() if key.startswith(name) and "." not in key)


def cost(observation: Observation) -> Decimal:
    return Decimal(observation["costDetails"].get("total", 0))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_the_tokens_and_the_cost_are_those_of_the_file(path: Path) -> None:
    stated, calls = calls_in(loaded(path)["observations"]), read(path)
    assert len(calls) == len(stated) > 0
    assert sum(call.usage.input_tokens or 0 for call in calls) == sum(
        side(each["usageDetails"], "input") for each in stated
    )
    assert sum(call.usage.output_tokens or 0 for call in calls) == sum(
        side(each["usageDetails"], "output") for each in stated
    )
    assert sum(Decimal(call.logged_cost or 0) for call in calls) == sum(map(cost, stated))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_each_call_is_dated_and_says_where_it_stands(path: Path) -> None:
    trace = loaded(path)["trace"]
    for call in read(path):
        assert call.started_at is not None
        assert call.latency_ms is not None
        assert call.request_model
        assert call.link_id == f"langfuse:{trace['id']}"
        assert call.span_id is not None
        assert trace["sessionId"] in (None, call.conversation_id)
        assert trace["userId"] in (None, call.user_id)


def test_a_wrapper_tells_the_call_inside_it_what_it_alone_knows() -> None:
    first, second = sorted(read(EXPORTS / "agno-2025-06-11.trace.json"), key=lambda call: call.started_at or 0)
    assert (first.usage.input_tokens, first.usage.output_tokens, first.usage.state) == (163, 20, "exact")
    assert (second.usage.input_tokens, second.usage.output_tokens, second.usage.state) == (663, 225, "exact")
    assert first.response_id is not None
    assert second.response_id is not None
    assert first.finish_reason == "tool_calls"


def test_a_total_that_no_key_explains_is_said() -> None:
    """Gemini's thoughts: 5 + 845 of a total of 2,023."""
    (call,) = read(EXPORTS / "vertex-ai-2025-08-01.trace.json")
    assert call.usage.state == "output_lower_bound"
    assert call.request_model == call.response_model == "gemini-2.5-flash"


def test_counts_without_output_are_no_exact_usage() -> None:
    """Langfuse counted the input of events that start a call; the events that end one tell nothing."""
    assert {call.usage.state for call in read(EXPORTS / "beeai-2025-08-01.trace.json")} == {"output_lower_bound"}


def test_the_same_trace_in_two_files_has_the_same_calls() -> None:
    once, again = (read(EXPORTS / f"{name}-2025-06-06.trace.json") for name in ("pydantic-ai", "pydantic-ai-tools"))
    assert [call.call_id for call in once] == [call.call_id for call in again]
