from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.openai_assistants import READER
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Aside, Call

RUN: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1772442897,
    "started_at": 1772442898,
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "status": "completed",
    "model": "gpt-4o-mini",
    "usage": {"prompt_tokens": 381, "completion_tokens": 88, "prompt_token_details": {"cached_tokens": 128}},
}
STEP = {**RUN, "id": "step_1", "object": "thread.run.step", "usage": {"prompt_tokens": 154, "completion_tokens": 62}}


def test_a_completed_run_is_what_was_billed() -> None:
    call = READER.read(RUN, ReadOptions())
    assert isinstance(call, Call)
    usage = call.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (381, 128, 88)
    assert (call.response_id, call.conversation_id, call.feature) == ("run_1", "thread_1", "asst_1")
    assert (call.started_at, call.prompt) == (1_772_442_898_000_000, ())


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_a_polled_run_that_still_works_is_no_call(status: str) -> None:
    running = {**RUN, "status": status, "usage": None}
    assert READER.identify(running)
    assert READER.read(running, ReadOptions()) == Aside("unfinished run")


def test_a_step_repeats_a_part_of_its_run() -> None:
    assert READER.read(STEP, ReadOptions()) == Aside("step of a run")


def test_of_a_stream_the_last_copy_of_the_run_counts() -> None:
    begun = {**RUN, "status": "queued", "usage": None}
    whole = READER.read({"request": {"assistant_id": "asst_1"}, "response": [begun, STEP, RUN]}, ReadOptions())
    torn = READER.read({"request": {"assistant_id": "asst_1"}, "response": [begun, STEP]}, ReadOptions())
    assert isinstance(whole, Call)
    assert isinstance(torn, Call)
    assert (whole.usage.input_tokens, torn.usage.state, torn.finish_reason) == (381, "missing", None)


def test_a_run_that_failed_says_why() -> None:
    failed = {**RUN, "status": "failed", "usage": None, "last_error": {"code": "rate_limit_exceeded", "message": "x"}}
    call = READER.read(failed, ReadOptions())
    assert isinstance(call, Call)
    assert (call.error_type, call.usage.input_tokens) == ("rate_limit_exceeded", 0)


def test_a_page_of_runs_is_no_stream() -> None:
    assert not READER.identify({"object": "list", "data": [RUN, {**RUN, "id": "run_2"}]})
