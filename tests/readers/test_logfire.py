"""Are the calls that Logfire's integrations of the provider SDKs write told once each, with what the provider billed?"""

from __future__ import annotations

import json
from typing import Any

from readers.otel_exports import CALL_A, CALL_B, asides, calls, classes, export, span, texts
from tokaudit.schema import Call

REQUEST = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Why?"}]}
USAGE = {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}}
CHAT = "Chat Completion with {request_data[model]!r}"
STREAM = "streaming response from {request_data[model]!r} took {duration:.2f}s"


def logfire(template: str, kind: str = "span", **attributes: Any) -> dict[str, Any]:
    held = {
        key.replace("__", "."): json.dumps(value) if isinstance(value, dict) else value
        for key, value in attributes.items()
    }
    return span({"logfire.msg_template": template, "logfire.span_type": kind, **held}, name=template)


def only(spanned: dict[str, Any]) -> Call:
    (found,) = calls(export(spanned, scope="logfire.openai"))
    return found


def test_the_first_versions_name_model_and_counts_in_the_bodies_alone() -> None:
    data = {"message": {"role": "assistant", "content": "So."}, "usage": USAGE}
    call = only(logfire(CHAT, request_data=REQUEST, response_data=data))
    assert (classes(call.usage), call.request_model) == (CALL_A, "gpt-4.1-mini")
    assert texts((*call.prompt, *call.answer)) == [("user", "Why?"), ("assistant", "So.")]


def test_the_block_of_the_provider_tells_the_cache_that_the_counts_leave_out() -> None:
    raw = {"input_tokens": 3, "output_tokens": 406, "cache_read_input_tokens": 1111, "service_tier": "standard"}
    counts = {"gen_ai__usage__input_tokens": 1114, "gen_ai__usage__output_tokens": 406}
    named = {"gen_ai__request__model": "claude-sonnet-4-5", "gen_ai__usage__raw": raw, **counts}
    call = only(logfire("Message with {request_data[model]!r}", request_data=REQUEST, response_data={}, **named))
    assert (classes(call.usage), call.usage.state, call.service_tier) == (CALL_B, "exact", "standard")


def test_a_stream_is_the_log_at_its_end() -> None:
    begun = logfire(CHAT, request_data={**REQUEST, "stream": True}, gen_ai__request__model="gpt-4.1-mini")
    ended = logfire(
        STREAM,
        "log",
        request_data={**REQUEST, "stream": True},
        duration=1.5,
        response_data={"combined_chunk_content": "So.", "chunk_count": 2},
    )
    call = only(ended)
    assert (call.latency_ms, texts(call.answer)) == (1500, [("assistant", "So.")])
    assert call.started_at == 1_773_052_800_000_000 - 1_500_000
    assert asides(export(begun)) == ["request of a stream (told at its end)"]


def test_a_request_that_failed_is_a_call() -> None:
    failed = logfire(CHAT, request_data=REQUEST, gen_ai__request__model="gpt-4.1-mini")
    call = only({**failed, "status": {"code": 2}})
    assert (call.error_type, call.usage.input_tokens) == ("error", 0)


def test_a_span_that_has_not_ended_is_none() -> None:
    assert asides(export(logfire(CHAT, "pending_span", request_data=REQUEST))) == ["span that has not ended"]


def test_the_agents_sdk_keeps_its_block_under_a_plain_name() -> None:
    block = {
        "input_tokens": 1420,
        "output_tokens": 100,
        "input_tokens_details": {"cached_tokens": 1280},
        "total_tokens": 1520,
    }
    named = {"gen_ai__request__model": "gpt-4.1-mini", "response_id": "resp_0123456789abcdef"}
    call = only(logfire("Responses API with {gen_ai.request.model!r}", usage=block, **named))
    assert (classes(call.usage), call.response_id) == (CALL_A, "resp_0123456789abcdef")


def test_a_block_that_cannot_be_read_leaves_the_counts() -> None:
    broken = {"input_tokens": 3, "output_tokens": -1, "cache_read_input_tokens": 0}
    counts = {"gen_ai__usage__input_tokens": 7, "gen_ai__usage__output_tokens": 2}
    call = only(logfire(CHAT, request_data=REQUEST, response_data={}, gen_ai__usage__raw=broken, **counts))
    assert (call.usage.input_tokens, call.usage.output_tokens) == (7, 2)
