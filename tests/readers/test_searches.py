"""Searches that a provider bills beside the tokens: counted as each provider bills them, and only where a record says so."""

from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.usage.anthropic import further_steps, messages_usage
from tokaudit.readers.usage.gemini import interaction_usage
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.usage.searches import billed_by_google, google_searches, queries_of, searches_in
from tokaudit.schema import Call

ASKED = {"model": "gpt-5.4", "input": "What is new?", "tools": [{"type": "web_search"}]}
COUNTS = {"input_tokens": 900, "output_tokens": 50, "total_tokens": 950, "input_tokens_details": {"cached_tokens": 0}}
SEARCH = {"type": "web_search_call", "status": "completed", "action": {"type": "search", "queries": ["a", "b"]}}
OPEN = {"type": "web_search_call", "status": "completed", "action": {"type": "open_page", "url": "https://example.org"}}
FIND = {"type": "web_search_call", "status": "completed", "action": {"type": "find_in_page", "pattern": "x"}}
OLD = {"type": "web_search_call", "status": "completed", "id": "ws_1"}
FILES = {"type": "file_search_call", "status": "completed", "queries": ["a"], "results": None}


def read(record: dict[str, Any]) -> Call:
    reader = choose(record)
    assert reader is not None
    (call,) = outcomes_of(reader.read(record, ReadOptions()))
    assert isinstance(call, Call)
    return call


def answered(*items: Any, **more: Any) -> dict[str, Any]:
    body = {"id": "resp_1", "object": "response", "model": "gpt-5.4", "status": "completed", "output": list(items)}
    return {"request": ASKED, "response": body | {"usage": COUNTS} | more}


def searches(call: Call) -> tuple[int | None, int | None]:
    return call.usage.web_searches, call.usage.file_searches


def test_openai_bills_calls_that_search_and_none_that_read_a_page() -> None:
    assert searches(read(answered(SEARCH, OPEN, FIND, SEARCH, FILES))) == (2, 1)
    assert searches(read(answered(OPEN, FIND))) == (None, None)


def test_calls_of_before_there_were_actions_are_searches() -> None:
    assert searches(read(answered(OLD, OLD))) == (2, None)
    assert searches_in([{**OLD, "action": None}]) == {"web_searches": 1, "file_searches": None}


def test_calls_that_failed_and_what_is_billed_otherwise_are_none() -> None:
    others = [
        {"type": "code_interpreter_call"},
        {"type": "image_generation_call", "result": "AA=="},
        {"type": "mcp_call"},
    ]
    failed = [{**SEARCH, "status": "failed"}, {**FILES, "status": "failed"}]
    assert searches(read(answered(*others, *failed))) == (None, None)
    assert searches_in("none") == searches_in([1, None, []]) == {"web_searches": None, "file_searches": None}


def test_a_stream_tells_its_searches() -> None:
    whole = {**answered(SEARCH, OPEN)["response"]}
    events = [
        {"type": "response.created", "response": {**whole, "output": [], "usage": None}},
        {"type": "response.completed", "response": whole},
    ]
    assert searches(read({"request": ASKED, "response": events})) == (1, None)


def test_a_response_without_usage_tells_none() -> None:
    call = read(answered(SEARCH, usage=None))
    assert (call.usage.state, call.usage.web_searches) == ("missing", None)


def test_xai_counts_its_own_searches() -> None:
    details = {"web_search_calls": 3, "x_search_calls": 2, "code_interpreter_calls": 0, "file_search_calls": 1}
    usage = {
        **COUNTS,
        "num_sources_used": 9,
        "num_server_side_tools_used": 6,
        "server_side_tool_usage_details": details,
    }
    assert searches(read(answered(SEARCH, usage=usage))) == (3, 1)


@pytest.mark.parametrize(
    ("beside", "count"),
    [
        ({"server_tool_use": {"web_search_requests": 2, "tool_calls_requested": 4}}, 2),  # OpenRouter, LiteLLM
        ({"num_search_queries": 18}, 18),  # Perplexity
        ({"tool_calls_details": {"search_web": {"invocation": 5}}}, 5),
        ({"prompt_tokens_details": {"cached_tokens": 0, "web_search_requests": 1}}, 1),  # LiteLLM, of Google
        ({"num_sources_used": 12}, None),
        ({"search_context_size": "low"}, None),
        ({"server_tool_use": None}, None),
    ],
)
def test_blocks_of_openais_shape(beside: dict[str, Any], count: int | None) -> None:
    block = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, **beside}
    assert chat_usage(block, None).web_searches == count


def test_a_request_that_may_search_is_no_search() -> None:
    answer = {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-search-preview-2025-03-11",
        "choices": [{"message": {"role": "assistant", "content": "So", "annotations": [{"type": "url_citation"}]}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }  # fmt: skip
    asked = {"model": "gpt-4o-search-preview", "web_search_options": {}, "messages": [{"role": "user", "content": "?"}]}
    assert searches(read({"request": asked, "response": answer})) == (None, None)


ANTHROPIC = {
    "input_tokens": 10,
    "output_tokens": 5,
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 7},
}


def test_anthropic_bills_searches_and_no_fetches() -> None:
    assert messages_usage(ANTHROPIC).web_searches == 2
    assert messages_usage({**ANTHROPIC, "server_tool_use": None}).web_searches is None
    assert messages_usage({**ANTHROPIC, "server_tool_use": {"web_search_requests": 0}}).web_searches == 0


def test_the_steps_of_an_answer_share_its_searches() -> None:
    steps = [
        {"type": "message", "input_tokens": 10, "output_tokens": 5},
        {"type": "compaction", "input_tokens": 100, "output_tokens": 9},
        {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 30, "output_tokens": 3},
    ]
    usage = messages_usage({**ANTHROPIC, "iterations": steps}, "claude-sonnet-5", alone=False)
    assert (usage.input_tokens, usage.output_tokens, usage.web_searches) == (110, 14, 2)
    assert [
        step.usage.web_searches for step in further_steps({**ANTHROPIC, "iterations": steps}, "claude-sonnet-5")
    ] == [None]


GROUNDED = {"groundingMetadata": {"webSearchQueries": ["", "kiel harbour", "kiel tide", "kiel harbour", " "]}}


@pytest.mark.parametrize(
    ("model", "count"),
    [
        ("gemini-3.8-flash", 2),
        ("gemini-3-pro-preview", 2),
        ("models/gemini-4-argon", 2),
        ("gemini-2.5-pro", 1),
        ("gemini-2.0-flash-001", 1),
        ("gemini-1.5-pro", 1),
        ("gemini-flash-latest", None),
        (None, None),
    ],
)
def test_google_bills_queries_since_gemini_3_and_prompts_before(model: str | None, count: int | None) -> None:
    assert google_searches([GROUNDED], model) == count


def test_grounding_without_a_query_is_not_billed() -> None:
    maps = {"groundingMetadata": {"groundingChunks": [{"maps": {"title": "Kiel"}}]}}
    empty = {"grounding_metadata": {"web_search_queries": [""]}}
    assert google_searches([maps, empty, 1, {}], "gemini-3.8-flash") is None
    assert list(queries_of("none")) == []
    assert (billed_by_google(None, "gemini-3-pro"), billed_by_google(0, "gemini-2.5-pro")) == (None, 0)


def _gemini(model: str, *chunks: Any) -> dict[str, Any]:
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    bodies = [
        {
            "candidates": [{"content": {"parts": [{"text": "So"}]}, **chunk}],
            "usageMetadata": counts,
            "modelVersion": model,
        }
        for chunk in chunks
    ]
    return {
        "request": {"contents": [{"parts": [{"text": "?"}]}]},
        "response": bodies[0] if len(bodies) == 1 else bodies,
    }


def test_a_grounded_answer_of_gemini_whole_or_streamed() -> None:
    last = {**GROUNDED, "finishReason": "STOP"}
    assert read(_gemini("gemini-3.8-flash", last)).usage.web_searches == 2
    assert read(_gemini("gemini-3.8-flash", {}, {}, last)).usage.web_searches == 2
    assert read(_gemini("gemini-2.5-flash", {}, last)).usage.web_searches == 1
    assert read(_gemini("gemini-2.5-flash", {"finishReason": "STOP"})).usage.web_searches is None


def test_interactions_count_the_queries() -> None:
    counts = {
        "total_input_tokens": 120, "total_output_tokens": 35, "total_tokens": 155,
        "grounding_tool_count": [{"type": "google_search", "count": 3}, {"type": "google_maps", "count": 1}, None],
    }  # fmt: skip
    assert interaction_usage(counts, "gemini-3.8-flash", stateful=False).web_searches == 3
    assert interaction_usage(counts, "gemini-2.5-pro", stateful=False).web_searches == 1
    assert interaction_usage({**counts, "grounding_tool_count": None}, "gemini-3.8-flash", stateful=False) == (
        interaction_usage({**counts, "grounding_tool_count": []}, "gemini-3.8-flash", stateful=False)
    )


def test_litellm_counts_googles_searches_by_the_answer() -> None:
    def payload(model: str, number: int) -> dict[str, Any]:
        details = {"cached_tokens": 0, "web_search_requests": number}
        return {
            "id": "1", "call_type": "acompletion", "response_cost": 0.1, "startTime": 1772442900.0, "endTime": 1772442901.0,
            "model": model, "custom_llm_provider": "gemini", "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
            "status": "success", "response": {"usage": {"prompt_tokens": 10, "prompt_tokens_details": details}},
        }  # fmt: skip

    assert read(payload("gemini-2.5-pro", 4)).usage.web_searches == 1
    assert read(payload("gemini-3.8-flash", 4)).usage.web_searches == 4


def test_litellm_keeps_the_items_of_a_response() -> None:
    payload = {
        "id": "1", "call_type": "aresponses", "response_cost": 0.1, "startTime": 1772442900.0, "endTime": 1772442901.0,
        "model": "gpt-5.4", "custom_llm_provider": "openai", "prompt_tokens": 900, "completion_tokens": 50,
        "total_tokens": 950, "status": "success", "response": answered(SEARCH, OPEN, FILES)["response"],
    }  # fmt: skip
    assert searches(read(payload)) == (1, 1)


def test_litellm_bills_a_transcription_by_its_seconds() -> None:
    payload = {
        "id": "1", "call_type": "atranscription", "response_cost": 0.1, "startTime": 1772442900.0, "endTime": 1772442901.0,
        "model": "whisper-1", "custom_llm_provider": "openai", "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
        "status": "success", "response": {"text": "So", "usage": {"type": "duration", "seconds": 9}},
    }  # fmt: skip
    usage = read(payload).usage
    assert (usage.input_tokens, usage.audio_ms, usage.state) == (0, 9000, "exact")


def test_posthog_counts_searches_and_media() -> None:
    properties = {
        "$ai_model": "gemini-2.5-flash", "$ai_provider": "gemini", "$ai_input_tokens": 500, "$ai_output_tokens": 20,
        "$ai_cache_read_input_tokens": 100, "$ai_web_search_count": 1, "$ai_image_input_tokens": 258,
        "$ai_audio_input_tokens": 60, "$ai_cache_read_audio_tokens": 40, "$ai_image_output_tokens": 0,
    }  # fmt: skip
    usage = read({"event": "$ai_generation", "uuid": "u", "properties": properties}).usage
    assert (usage.web_searches, usage.input_image_tokens, usage.input_audio_tokens) == (1, 258, 60)
    assert (usage.cache_read_audio_tokens, usage.output_image_tokens, usage.input_video_tokens) == (40, 0, None)


def test_new_api_counts_searches_and_sound() -> None:
    other = '{"web_search": true, "web_search_call_count": 2, "file_search_call_count": 1, "audio_input": 40}'
    row = {
        "id": 1, "type": 2, "quota": 10, "token_name": "t", "channel": 1, "model_name": "gpt-4o", "prompt_tokens": 100,
        "completion_tokens": 5, "other": other,
    }  # fmt: skip
    usage = read(row).usage
    assert (usage.web_searches, usage.file_searches, usage.input_audio_tokens) == (2, 1, 40)


def test_a_vercel_result_tells_what_google_grounded() -> None:
    metadata = {
        "google": {
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
            **GROUNDED,
        }
    }
    step = {
        "finishReason": "stop", "usage": {"inputTokens": 10, "outputTokens": 5}, "text": "So", "providerMetadata": metadata,
        "response": {"modelId": "gemini-3.8-flash", "id": "r"},
    }  # fmt: skip
    assert read({"request": {"prompt": "?"}, "response": step}).usage.web_searches == 2


def test_openrouter_counts_the_tokens_of_images_that_it_made() -> None:
    record = {
        "id": "gen-1", "model": "google/gemini-2.5-flash-image", "total_cost": 0.04, "provider_name": "Google",
        "native_tokens_prompt": 10, "native_tokens_completion": 1300, "native_tokens_completion_images": 1290,
        "native_tokens_cached": 0, "num_search_results": 5,
    }  # fmt: skip
    usage = read(record).usage
    assert (usage.output_tokens, usage.output_image_tokens, usage.web_searches) == (1300, 1290, None)
