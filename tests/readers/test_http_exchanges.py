from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.http_exchanges import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Aside

ANSWER = {"object": "chat.completion", "model": "m", "choices": [{"message": {"role": "assistant", "content": "Ho"}}]}


def recorded(url: str, method: str = "POST", answer: Any = None) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-03-02T09:15:12Z",
        "request": {"method": method, "url": url},
        "response": {
            "status": 200,
            "content": {"mimeType": "application/json", "text": ""} if answer is None else answer,
        },
    }


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.anthropic.com/v1/messages/count_tokens", "count of tokens"),
        ("https://api.anthropic.com/v1/messages/batches", "request that asks no model"),
        ("https://api.openai.com/v1/files/file-1/content", "request that asks no model"),
        ("https://api.openai.com/v1/threads/thread_1/messages", "request that asks no model"),
        ("https://api.openai.com/v1/moderations", "moderation"),
        ("https://storage.googleapis.com/bucket/o", "request to another service"),
        ("https://dynamodb.eu-west-1.amazonaws.com/", "request to another service"),
        ("http://localhost:8080/health", "request to another service"),
    ],
)
def test_what_asks_no_model_is_no_call(url: str, kind: str) -> None:
    record = recorded(url)
    assert choose(record) is READER
    assert READER.read(record, ReadOptions()) == Aside(kind)


@pytest.mark.parametrize(
    "record",
    [
        recorded("https://api.openai.com/v1/chat/completions", answer=ANSWER),
        recorded("https://api.openai.com/v2/unheard-of"),
        recorded("https://bedrock-runtime.us-east-1.amazonaws.com/model/x/unheard-of"),
        {"url": "/v1/files", "request": {"name": "a"}, "response": {"status": 200}},
        {"url": "https://api.openai.com/v2/unheard-of", "request": {}, "response": {}},
        {"path": "/conversations/17", "request": {"id": 17}, "response": {"id": 17}},
        {"request": {}, "response": {}},
        {"request": 1, "url": 2, "response": None},
    ],
)
def test_what_may_have_been_billed_is_not_set_aside(record: dict[str, Any]) -> None:
    assert not READER.identify(record)


def test_a_call_without_an_answer_is_still_a_call() -> None:
    sent = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    record = recorded("https://api.openai.com/v1/chat/completions")
    record["request"]["postData"] = {"text": str(sent).replace("'", '"')}
    reader = choose(record)
    assert reader is not None
    assert reader.name == "openai_chat"
