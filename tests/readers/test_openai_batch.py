from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.openai_batch import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Aside, Call

CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1772442912,
    "model": "gpt-4.1-mini-2025-04-14",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
    "service_tier": "default",
}
VECTORS = {
    "object": "list",
    "data": [{"object": "embedding", "embedding": [0.1]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 5, "total_tokens": 5},
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-4.1",
    "output": [],
    "usage": {"input_tokens": 7, "output_tokens": 2},
}
COMPLETION = {
    "id": "cmpl-1",
    "object": "text_completion",
    "model": "m",
    "choices": [{"text": "x"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


def line(body: Any, status: int = 200, **changes: Any) -> dict[str, Any]:
    response = {"status_code": status, "request_id": "req_1", "body": body}
    return {"id": "batch_req_1", "custom_id": "mail-1", "response": response, "error": None, **changes}


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    outcome = READER.read(record, ReadOptions())
    assert isinstance(outcome, Call)
    return outcome


@pytest.mark.parametrize(
    ("body", "operation", "tokens"),
    [
        (CHAT, "chat", (1420, 100)),
        (RESPONSE, "chat", (7, 2)),
        (VECTORS, "embeddings", (5, 0)),
        (COMPLETION, "completion", (3, 1)),
    ],
)
def test_a_batch_may_be_of_any_api(body: dict[str, Any], operation: str, tokens: tuple[int, int]) -> None:
    call = read(line(body))
    assert (call.operation_name, (call.usage.input_tokens, call.usage.output_tokens)) == (operation, tokens)
    assert (call.reader, call.service_tier, call.link_id) == ("openai_batch", "batch", "openai_batch:mail-1")


def test_an_answer_is_known_by_its_own_id_else_by_the_batch_request() -> None:
    assert (read(line(CHAT)).response_id, read(line(CHAT)).call_id) == ("chatcmpl-1", None)
    assert (read(line(VECTORS)).response_id, read(line(VECTORS)).call_id) == (None, "openai_batch:batch_req_1")


FAILURES = {
    "refused": (line({"error": {"type": "invalid_request_error", "message": "x"}}, 400), "invalid_request_error"),
    "without a body": (line(None, 500), "http_500"),
    "expired": (line(None, response=None, error={"code": "batch_expired", "message": "x"}), "batch_expired"),
    "cancelled": (line(None, response=None, error={"code": "batch_cancelled", "message": "x"}), "batch_cancelled"),
}


@pytest.mark.parametrize(("record", "error"), FAILURES.values(), ids=FAILURES.keys())
def test_what_failed_is_not_billed(record: dict[str, Any], error: str) -> None:
    call = read(record)
    usage = call.usage
    assert (call.error_type, usage.input_tokens, usage.output_tokens, usage.state) == (error, 0, 0, "exact")
    assert call.call_id == "openai_batch:batch_req_1"


def test_a_request_tells_more_of_the_call_with_its_custom_id() -> None:
    body = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}], "metadata": {"feature": "mail"}}
    asked = read({"custom_id": "mail-1", "method": "POST", "url": "/v1/chat/completions", "body": body})
    assert (asked.is_fragment, asked.link_id) == (True, read(line(CHAT)).link_id)
    assert (asked.prompt[0].text, asked.feature, asked.usage.state) == ("Hi", "mail", "missing")


def test_azure_and_mistral_write_other_lines() -> None:
    azure = line(CHAT)
    del azure["id"]
    assert read(azure).usage.input_tokens == 1420
    mistral = {"custom_id": "0", "body": {"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}}
    assert (read(mistral).is_fragment, read(mistral).prompt[0].text) == (True, "Hi")


def test_a_request_kept_beside_its_answer_is_its_prompt() -> None:
    asked = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    for key in ("body", "request"):
        assert read({**line(CHAT), key: asked}).prompt[0].text == "Hi"


def test_the_job_and_moderations_are_no_calls() -> None:
    job = {"id": "batch_1", "object": "batch", "request_counts": {"total": 1}, "usage": {"input_tokens": 9}}
    moderation = line({"id": "modr-1", "model": "omni-moderation-latest", "results": []})
    assert READER.read(job, ReadOptions()) == Aside("batch job")
    assert READER.read(moderation, ReadOptions()) == Aside("moderation")


@pytest.mark.parametrize(
    "record",
    [
        {"custom_id": "mail-1", "result": {"type": "expired"}},
        {"custom_id": "mail-1", "params": {"messages": []}},
        {"custom_id": "mail-1", "model": "m", "input_tokens": 3, "output_tokens": 4},
        {"custom_id": "mail-1", "response": {"type": "message", "content": [], "usage": {}}},
        {"response": {"status_code": 200, "body": CHAT}},
    ],
)
def test_other_records_are_not_claimed(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
