from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.openai_completions import READER
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Call, Part

REQUEST: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "Say"}
RESPONSE: dict[str, Any] = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1772442912,
    "model": "gpt-3.5-turbo-instruct",
    "choices": [{"text": " a", "index": 0, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    outcome = READER.read(record, ReadOptions())
    assert isinstance(outcome, Call)
    return outcome


def test_openai_caches_nothing_for_these_models_and_another_server_may() -> None:
    own = read({"request": REQUEST, "response": RESPONSE}).usage
    assert (own.cache_read_input_tokens, own.state) == (0, "exact")
    other = read({"request": REQUEST, "response": {**RESPONSE, "model": "facebook/opt-125m"}}).usage
    assert (other.cache_read_input_tokens, other.state) == (None, "cache_split_unknown")


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [("Say", ["Say"]), (["One", "Two"], ["One", "Two"]), ([[1, 2], [3]], []), ([1, 2], []), (None, []), ("", [])],
)
def test_prompts_are_one_or_several_texts_or_token_numbers(prompt: Any, texts: list[str]) -> None:
    call = read({"request": {**REQUEST, "prompt": prompt}, "response": RESPONSE})
    assert [part.text for part in call.prompt] == texts
    assert call.operation_name == "completion"


def test_a_request_may_be_merged_into_the_record() -> None:
    assert read({**REQUEST, "response": RESPONSE}).prompt == (Part("user", "text", "Say", 0),)


def test_a_stream_adds_up() -> None:
    chunks = [{**RESPONSE, "usage": None, "choices": [{"text": text, "index": 0}]} for text in (" a", " b")]
    last = {**RESPONSE, "choices": []}
    whole = read({"request": REQUEST, "response": [*chunks, last]})
    assert (whole.answer, whole.usage.output_tokens) == ((Part("assistant", "text", " a b", 0),), 2)
    assert read({"request": REQUEST, "response": chunks}).usage.state == "missing"


def test_a_failure_is_known_by_its_request() -> None:
    record = {
        "request": {"url": "http://host/v1/completions", "body": REQUEST},
        "response": {"status": 500, "body": ""},
    }
    call = read(record)
    assert (call.error_type, call.usage.input_tokens) == ("http_500", 0)


def test_a_chat_is_not_claimed() -> None:
    assert not READER.identify({"request": REQUEST, "response": {"choices": [{"message": {"content": "x"}}]}})
