"""Are the events of Langfuse's ingestion read, of which several tell one call?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.calls import scope_of
from readers.platform_calls import classes, outcomes
from tokaudit.readers.choose import claims
from tokaudit.readers.tracing.langfuse import READER
from tokaudit.schema import Aside, Call

USAGE = {
    "prompt_tokens": 1420,
    "completion_tokens": 100,
    "prompt_tokens_details": {"cached_tokens": 1280},
    "total_tokens": 1520,
}


def event(kind: str, **body: Any) -> dict[str, Any]:
    return {"id": "e", "timestamp": "2026-03-09T10:40:00.000Z", "type": kind, "body": body}


CREATED = event(
    "generation-create", id="g", traceId="t", name="filing", startTime="2026-03-09T10:40:00.000Z", model="gpt-4.1-mini",
    input=[{"role": "user", "content": "Hi"}],
)  # fmt: skip
UPDATED = event(
    "generation-update", id="g", traceId="t", output={"role": "assistant", "content": "Ho"}, usageDetails=USAGE
)


def only(record: dict[str, Any]) -> Call:
    (call,) = outcomes(READER, record)
    assert isinstance(call, Call)
    return call


def test_the_events_of_a_generation_are_one_call(tmp_path: Path) -> None:
    trace = only(event("trace-create", id="t", name="sort-mail", userId="kim", timestamp="2026-03-09T10:40:00.000Z"))
    assert trace.is_fragment
    with scope_of(tmp_path, [only(UPDATED)], [trace, only(CREATED)]) as scope:
        (row,) = scope.calls.collect().to_dicts()
    assert (row["input_tokens"], row["cache_read_input_tokens"], row["output_tokens"]) == (1420, 1280, 100)
    assert (row["request_model"], row["feature"], row["user_id"], row["messages"]) == (
        "gpt-4.1-mini",
        "filing",
        "kim",
        1,
    )


def test_an_answer_with_an_id_of_its_own_is_still_the_same_call() -> None:
    body = {"id": "chatcmpl-0123456789", "object": "chat.completion", "choices": [], "usage": USAGE}
    call = only(event("generation-update", id="g", traceId="t", output=body))
    assert (call.call_id, call.response_id) == ("langfuse:g", "chatcmpl-0123456789")
    assert classes(call.usage) == (1420, 1280, 100, "exact")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("span-create", "span"),
        ("agent-update", "agent span"),
        ("score-create", "score event"),
        ("sdk-log", "sdk event"),
        ("trace-create", "trace"),
    ],
)
def test_the_others_are_no_calls(kind: str, told: str) -> None:
    (aside,) = outcomes(READER, event(kind, log={}))
    assert aside == Aside(told)


def test_a_batch_holds_many() -> None:
    found = list(claims({"batch": [CREATED, UPDATED], "metadata": {"sdk_name": "python"}}))
    assert [claim.reader for claim in found] == [READER, READER]


@pytest.mark.parametrize(
    "record", [{"type": "message-create", "body": {}, "timestamp": 1}, {"type": "trace-create", "body": {}}]
)
def test_other_events_are_none_of_langfuses(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
