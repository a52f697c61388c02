from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tokaudit.readers.apis.openai_stored_completions import READER
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.schema import Aside, Call, Part

COMPLETION: dict[str, Any] = {
    "object": "chat.completion",
    "id": "chatcmpl-1",
    "model": "gpt-4.1-mini",
    "created": 1772442912,
    "request_id": "req_1",
    "usage": {"total_tokens": 31, "completion_tokens": 18, "prompt_tokens": 13},
    "input_user": None,
    "metadata": {"feature": "mail"},
    "choices": [{"index": 0, "message": {"content": "Ho", "role": "assistant"}, "finish_reason": "stop"}],
    "response_format": None,
}


def message(number: int, content: Any = "Hi", completion: str = "chatcmpl-1", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{completion}-{number}",
        "role": "user",
        "content": content,
        "name": None,
        "content_parts": None,
        **more,
    }


def told(*values: Any) -> list[Call | Aside]:
    reader = FileReader(ReadOptions())
    found = [one for line, value in enumerate(values) for one in reader.read(value, Spot(line, line))]
    telling = [one.telling for one in (*found, *reader.end())]
    assert all(isinstance(each, Call | Aside) for each in telling)
    return telling  # type: ignore[return-value]


def calls(outcomes: Iterable[Call | Aside]) -> list[Call]:
    return [outcome for outcome in outcomes if isinstance(outcome, Call)]


def page(*items: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "first_id": "a", "last_id": "b", "has_more": False}


def test_the_list_has_the_answer_and_the_messages_the_prompt() -> None:
    answer, prompt = calls(told(page(COMPLETION), page(message(1, "Two"), message(0, "One"))))
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.is_fragment) == (13, 18, False)
    assert (answer.feature, answer.provider_name, answer.prompt) == ("mail", "openai", ())
    assert (prompt.is_fragment, prompt.link_id) == (True, answer.link_id)
    assert prompt.prompt == (Part("user", "text", "One", 0), Part("user", "text", "Two", 1))


def test_each_record_has_one_outcome_and_each_completion_one_prompt() -> None:
    outcomes = told(message(0), message(1), COMPLETION, message(2), message(0, completion="chatcmpl-2"))
    prompts = [call for call in calls(outcomes) if call.is_fragment]
    assert len(outcomes) == 5
    assert [len(prompt.prompt) for prompt in prompts] == [3, 1]


def test_parts_stand_beside_an_empty_text() -> None:
    (prompt,) = calls(told(message(0, None, content_parts=[{"type": "text", "text": "What is it?"}])))
    assert prompt.prompt == (Part("user", "text", "What is it?", 0),)


def test_a_completion_is_the_same_call_as_its_answer_in_another_log() -> None:
    (stored,) = calls(told(COMPLETION))
    assert (stored.call_id, stored.response_id) == (None, "chatcmpl-1")


@pytest.mark.parametrize(
    "record",
    [
        {key: COMPLETION[key] for key in ("object", "id", "model", "usage", "choices")},
        {"id": "chatcmpl-1", "role": "user", "content": "Hi"},
        {"id": "msg-1-0", "role": "user", "content": "Hi"},
        {"id": "chatcmpl-1-0", "choices": [], "role": "user"},
    ],
)
def test_other_records_are_not_claimed(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
