from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.apis.ollama import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Aside, Call

ASKED = {"model": "llama3.2", "messages": [{"role": "user", "content": "Hi"}]}
LAST = {"model": "llama3.2", "created_at": "2026-03-02T09:15:12.5Z", "message": {"role": "assistant", "content": ""},
        "done": True, "total_duration": 500_000_000, "prompt_eval_count": 26, "eval_count": 298}  # fmt: skip


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def line(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"model": "llama3.2", "created_at": "2026-03-02T09:15:12.1Z", "message": message, "done": False}


def test_durations_are_nanoseconds_and_the_date_is_the_end() -> None:
    call = read({"request": ASKED, "response": LAST})
    assert (call.started_at, call.latency_ms) == (1772442912000000, 500)


@given(st.lists(st.text(max_size=5), max_size=5))
def test_the_lines_of_a_stream_are_one_answer(texts: list[str]) -> None:
    lines = [*map(line, texts), LAST]
    whole = read({"request": ASKED, "response": lines})
    assert "".join(part.text for part in whole.answer) == "".join(texts).encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (26, 298)


def test_a_stream_logged_as_text_is_the_same() -> None:
    lines = [line("La"), line("te."), LAST]
    as_text = "\n".join(json.dumps(item) for item in lines) + "\n"
    assert read({"request": ASKED, "response": as_text}) == read({"request": ASKED, "response": lines})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"response": "", "done_reason": "load"}, (0, 0, "exact")),
        ({"response": "Ho", "eval_count": 2}, (None, 2, "missing")),
        ({"response": "", "prompt_eval_count": 3}, (3, 0, "exact")),
        ({"response": "Ho", "prompt_eval_count": 3}, (3, None, "output_lower_bound")),
    ],
)
def test_counts_that_are_left_out(answer: dict[str, Any], expected: tuple[Any, ...]) -> None:
    body = {"model": "llama3.2", "created_at": "2026-03-02T09:15:12Z", "done": True, **answer}
    usage = read({"request": {"model": "llama3.2", "prompt": "Hi"}, "response": body}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.state) == expected


def test_a_line_logged_alone_is_no_call_but_the_last() -> None:
    assert READER.identify(line("La"))
    assert READER.read(line("La"), ReadOptions()) == Aside("stream chunk")
    assert read(LAST).usage.output_tokens == 298


def test_its_openai_compatible_answers_are_openais() -> None:
    answer = {"object": "chat.completion", "choices": [{"message": {"content": "Ho"}}], "usage": {"prompt_tokens": 1}}
    assert not READER.identify(
        {"url": "http://127.0.0.1:11434/v1/chat/completions", "request": ASKED, "response": answer}
    )


@pytest.mark.parametrize("record", [{"done": True}, {"done": False, "message": "x"}, {"model": "m", "response": "x"}])
def test_what_is_not_its_own_is_left(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
