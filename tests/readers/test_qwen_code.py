from __future__ import annotations

from typing import Any

import pytest

from readers.agents import Line, asides, calls, counts, rejects, texts
from tokaudit.readers.agents import claude_code
from tokaudit.readers.agents.qwen_code import READER
from tokaudit.readers.choose import choose


def line(uuid: str, parent: str | None, kind: str, text: str | None = None, **more: Any) -> Line:
    message = {} if text is None else {"message": {"role": "user", "parts": [{"text": text}]}}
    return {"uuid": uuid, "parentUuid": parent, "sessionId": "s", "timestamp": "2026-03-02T09:15:12.000Z",
            "type": kind, "cwd": "/srv/dev/harbour", **message, **more}  # fmt: skip


def answer(uuid: str, parent: str | None, usage: Line | None, text: str = "Yes.") -> Line:
    stated = {} if usage is None else {"usageMetadata": usage}
    return line(uuid, parent, "assistant", text, model="qwen3-coder-plus", **stated)


def used(prompt: int, output: int, total: int, thoughts: int = 0, cached: int = 0) -> Line:
    return {"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": total,
            "thoughtsTokenCount": thoughts, "cachedContentTokenCount": cached}  # fmt: skip


@pytest.mark.parametrize(("total", "output"), [(1520, 100), (1560, 140)])
def test_the_total_says_where_thoughts_stand(total: int, output: int) -> None:
    (call,) = calls([answer("b", None, used(1420, 100, total, 40, 1280))])
    assert counts(call.usage) == (1420, 1280, None, None, output)
    assert (call.request_model, call.feature, call.usage.state) == ("qwen3-coder-plus", "harbour", "exact")


def test_an_answer_answers_what_was_sent_since_the_one_before() -> None:
    lines = [
        line("a", None, "user", "One"), answer("b", "a", used(9, 1, 10)),
        line("c", "b", "user", "Two"), answer("d", "c", used(20, 2, 22)),
    ]  # fmt: skip
    first, second = calls(lines)
    assert (texts(first), texts(second), second.previous_response_id) == (["One"], ["Two"], first.response_id)
    assert [part.role for part in first.answer] == ["assistant"]


def test_a_compression_begins_anew_with_what_it_left() -> None:
    left = {"compressedHistory": [{"role": "user", "parts": [{"text": "So far."}]}]}
    lines = [
        line("a", None, "user", "One"), answer("b", "a", used(9, 1, 10)),
        line("k", "b", "system", subtype="chat_compression", systemPayload=left),
        line("c", "k", "user", "Two"), answer("d", "c", used(20, 2, 22)),
    ]  # fmt: skip
    *_, call = calls(lines)
    assert (texts(call), call.previous_response_id) == (["So far.", "Two"], None)
    assert asides(lines) == ["user message", "system notice", "user message"]


def test_an_answer_without_usage_has_none() -> None:
    (call,) = calls([answer("b", None, None)])
    assert call.usage.state == "missing"


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([answer("b", None, used(-1, 1, 0))]) == ["token count is negative"]


def test_lines_of_claude_code_are_not_its_own() -> None:
    theirs = {"uuid": "u", "parentUuid": None, "sessionId": "s", "type": "user", "message": {"content": "Hi"}}
    assert choose(theirs) is claude_code.READER
    assert choose(line("a", None, "user", "Hi")) is READER
    assert choose(line("t", "a", "tool_result")) is READER
    assert choose(line("t", "a", "system", systemPayload={})) is READER
