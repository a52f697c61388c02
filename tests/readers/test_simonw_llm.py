from __future__ import annotations

from typing import Any

import pytest

from readers.agents import Line, calls, counts, rejects, texts
from tokaudit.readers.agents.simonw_llm import READER
from tokaudit.readers.choose import choose


def row(model: str, sent: int | None, answered: int | None, details: Line | None = None, **more: Any) -> Line:
    return {"id": "01a", "model": model, "prompt": "hi", "system": None, "prompt_json": None, "response": "Hello!",
            "conversation_id": "c", "duration_ms": 560, "datetime_utc": "2026-03-02T09:15:11.000000+00:00",
            "input_tokens": sent, "output_tokens": answered, "token_details": details, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "sent", "answered", "details", "expected", "state"),
    [
        ("anthropic/claude-sonnet-4-5", 3, 406, {"cache_read_input_tokens": 1111}, (1114, 1111, 0, 0, 406), "exact"),
        ("gpt-4.1-mini", 1420, 100, {"prompt_tokens_details": {"cached_tokens": 1280}},
         (1420, 1280, None, None, 100), "exact"),
        ("gpt-4.1-mini", 20, 10, None, (20, 0, None, None, 10), "exact"),  # zeros are left out
        ("gemini-2.5-pro", 1420, 100, {"thoughtsTokenCount": 244, "cachedContentTokenCount": 1280},
         (1420, 1280, None, None, 344), "exact"),
        ("mistral/mistral-large", 10, 46, None, (10, None, None, None, 46), "cache_split_unknown"),
        ("llama3", None, None, None, (None, None, None, None, None), "missing"),
    ],
)  # fmt: skip
def test_counts_mean_what_the_models_api_means(
    model: str, sent: int | None, answered: int | None, details: Line | None, expected: tuple[Any, ...], state: str
) -> None:
    (call,) = calls([row(model, sent, answered, details)])
    assert (counts(call.usage), call.usage.state) == (expected, state)


def test_a_conversation_goes_on_from_its_latest_answer() -> None:
    rows = [
        row("gpt-4.1-mini", 9, 1, id="a", system="Be short."),
        row("gpt-4.1-mini", 9, 1, id="x", conversation_id="other", datetime_utc="2026-03-02T09:15:12+00:00"),
        row("gpt-4.1-mini", 20, 2, id="b", prompt="And?", datetime_utc="2026-03-02T09:16:11+00:00"),
    ]
    first, other, second = calls(rows)
    assert texts(first) == ["Be short.", "hi"]
    assert (other.previous_response_id, second.previous_response_id) == (None, first.response_id)
    assert texts(second) == ["And?"]


def test_rows_from_the_latest_to_the_earliest_are_not_chained() -> None:
    rows = [row("m", 20, 2, id="b", datetime_utc="2026-03-02T09:16:11+00:00"), row("m", 9, 1, id="a")]
    assert [call.previous_response_id for call in calls(rows)] == [None, None]


def test_messages_that_were_kept_as_sent_are_the_prompt() -> None:
    sent = '{"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "hi"}]}'
    (call,) = calls([row("gpt-4o", 9, 1, prompt_json=sent)])
    assert [(part.role, part.text) for part in call.prompt] == [("system", "Be short."), ("user", "hi")]


def test_fragments_are_texts_only_where_they_were_expanded() -> None:
    (call,) = calls([row("m", 9, 1, prompt_fragments=[{"hash": "ab"}, {"hash": "cd", "content": "Long."}])])
    assert texts(call) == ["Long.", "hi"]


def test_tools_and_what_they_gave_back() -> None:
    given = {
        "tool_calls": [{"name": "ls", "arguments": {"path": "."}}],
        "tool_results": [{"name": "ls", "output": "a"}],
    }
    (call,) = calls([row("m", 9, 1, **given)])
    assert [part.text for part in call.answer] == ["Hello!", 'ls({"path":"."})']
    assert [part.text for part in call.prompt if part.role == "tool"] == ["a"]


def test_the_answer_as_it_came_names_the_call_and_its_tokens() -> None:
    body = {"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
    (call,) = calls([row("gpt-4o", None, None, response_json=body)])
    assert (call.response_id, call.response_model, call.usage.input_tokens) == ("chatcmpl-1", "gpt-4o-2024-08-06", 9)


def test_a_list_of_rows_is_a_page() -> None:
    assert len(calls([[row("m", 9, 1), row("m", 8, 1, id="b")]])) == 2  # type: ignore[list-item]


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([row("m", -1, 2)]) == ["token count is negative"]


def test_what_is_a_row() -> None:
    assert choose(row("m", 1, 1)) is READER
    assert not READER.identify({"datetime_utc": "x", "conversation_id": "c", "model": "m"})
    assert not READER.identify({"conversation_id": "c", "model": "m", "prompt": "x", "response": "y"})
