from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from readers.platform_calls import A, B, classes, outcomes
from tokaudit.readers.apis.ai_sdk import READER
from tokaudit.schema import Call, Record

STEPS, WRITTEN_6, WRITTEN_4, *_ = records(FIXTURES / "ai_sdk" / "results.jsonl")


def calls(record: Record, **changes: Any) -> list[Call]:
    told = outcomes(READER, {**record, **changes})
    assert all(isinstance(each, Call) for each in told)
    return [each for each in told if isinstance(each, Call)]


def test_each_step_is_a_call() -> None:
    last, first = calls(STEPS)
    assert [classes(call.usage) for call in (last, first)] == [B, B]
    assert (last.response_id, first.response_id) == ("msg_01B", "msg_01A")
    assert (bool(last.prompt), bool(first.prompt)) == (True, False)


@pytest.mark.parametrize("record", [WRITTEN_6, WRITTEN_4])
def test_what_the_provider_reported_tells_the_cache(record: Record) -> None:
    (call,) = calls(record)
    assert classes(call.usage) == A


def test_before_version_6_counts_mean_what_the_provider_meant() -> None:
    usage = {"inputTokens": 3, "outputTokens": 406, "totalTokens": 409, "cachedInputTokens": 1111}
    (call,) = calls(
        {"text": "Ho", "finishReason": "stop", "usage": usage, "response": {"modelId": "claude-sonnet-4-5"}}
    )
    assert classes(call.usage) == B


@pytest.mark.parametrize(
    "record",
    [
        {"finishReason": "STOP", "usage": {"prompt": 1}},
        {"finishReason": "stop", "usage": None},
        {"steps": [{"text": "a"}]},
        {"steps": ["a"], "usage": {"inputTokens": 1}},
        {"usage": {"tokens": 5}, "text": "a"},
        {"usage": {"inputTokens": 1, "outputTokens": 2}, "stopReason": "end_turn", "output": {"message": {}}},
    ],
)
def test_other_objects_are_no_results(record: Record) -> None:
    assert not READER.identify(record)
