"""Whatever a record holds, it becomes a call, a reject with a fixed reason, or nothing; and a call's tokens add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.golden import fixture_logs, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.registry import READERS
from tokaudit.readers.usage.token_classes import settle
from tokaudit.schema import USAGE_STATES, Call, Outcome, Record, RejectRecordError, Usage

REASONS = {
    "token classes do not add up",
    "token count is negative",
    "token count is out of range",
    "token count is not a number",
    "token count is not a whole number",
    "token count can be read in two ways",
    "different token counts in one record",
    "row sums several calls",
    "two calls in one record",
    "no call in the record",
    "tool call cannot be written as JSON",
    "encrypted by Cloudflare Logpush: decrypt the file first",
    "a result that succeeded holds no message",
    "a stored completion without an answer",
}

KEYS = """request response messages choices message delta content role text type usage prompt_tokens completion_tokens
total_tokens input_tokens output_tokens cached_tokens prompt_tokens_details completion_tokens_details reasoning_tokens
cache_read_input_tokens cache_creation_input_tokens cache_creation ephemeral_1h_input_tokens iterations error code model
id created timestamp status status_code latency_ms cost metadata tags feature user system tools tool_calls function name
arguments function_call body string data chunks call_type response_cost startTime endTime request_tags custom_id object
error_information model_parameters tool_use tool_result input source image_url index url x_groq end_time requests output
cache_hit currency success method url params result item items delta output_index item_id instructions
previous_response_id conversation prompt input_user content_parts input_tokens_details cache_read_input_tokens speed
image_tokens audio_tokens cached_tokens_details server_tool_use web_search_requests seconds duration task modality
tokenCount usageMetadata promptTokensDetails candidatesTokensDetails cacheTokensDetails promptTokenCount candidates
candidatesTokenCount cachedContentTokenCount groundingMetadata webSearchQueries inference_geo prompt_audio_seconds
segments citation_tokens num_search_queries input_token_details completion_tokens_details""".split()  # noqa: SIM905

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5000)
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["message", "message_start", "content_block_start", "message_delta", "error", "text", "tool_use", "user"]
    )
    | st.sampled_from(
        ["chat.completion", "response", "response.completed", "thread.run", "list", "embedding", "succeeded", "queued"]
    )
    | st.sampled_from(
        ["chatcmpl-a-0", "function_call", "function_call_output", "reasoning", "advisor_message", "fallback_message"]
    )
    | st.sampled_from(["web_search_call", "file_search_call", "IMAGE", "duration", "transcribe", "gemini-3-pro"])
    | st.sampled_from(["1.000", "0,5", "12", "nan", "2026-03-02T09:15:12Z", "claude", "gpt-4o", "failure"])
    | st.sampled_from(
        ['{"messages":[]}', "data: {}", "data: [1]\n\n", '"', "[", '["data: {}"]', '[{"role": "user"}]', "{"]
    )
    | st.text(max_size=8)
    | st.characters(categories=["Cs"])
)
keys = st.sampled_from(KEYS) | st.text(max_size=4)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=25
)
objects = st.dictionaries(keys, values, max_size=10)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for item in value for text in texts(item)] if isinstance(value, tuple) else []


def check(record: Record, read: Callable[[Record], Outcome | Sequence[Outcome] | None]) -> None:
    try:
        outcomes = read(record)
    except RejectRecordError as reject:
        assert str(reject) in REASONS or str(reject).startswith("a bill (")  # noqa: PT017
        return
    for outcome in () if outcomes is None else outcomes_of(outcomes):
        if isinstance(outcome, Call):
            check_call(outcome)


def check_call(call: Call) -> None:
    assert all(type(sent) in (list, dict, type(None)) for sent in (call.tools, call.response_schema))
    for text in texts((*call.prompt, *call.answer)) + texts(tuple(getattr(call, name) for name in call.__slots__)):
        text.encode()
    usage = call.usage
    assert usage.state in USAGE_STATES
    cached = (usage.cache_read_input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens)
    if usage.input_tokens is not None:
        assert 0 <= sum(tokens or 0 for tokens in cached) <= usage.input_tokens
    if usage.output_tokens is not None:
        assert 0 <= (usage.reasoning_output_tokens or 0) <= usage.output_tokens
    check_media(usage)
    assert (usage.state == "exact") <= (usage.input_tokens is not None and usage.output_tokens is not None)
    assert call.started_at is None or call.started_at > 0
    assert call.latency_ms is None or call.latency_ms >= 0
    assert call.gateway_retries is None or (type(call.gateway_retries) is int and call.gateway_retries >= 0)
    assert all(len(label) <= 256 for label in (call.request_model, call.feature, call.user_id, call.log_id) if label)


def check_media(usage: Usage) -> None:
    """Parts never exceed their whole, whatever a log states of them."""
    wholes = (
        (usage.input_tokens, (usage.input_audio_tokens, usage.input_image_tokens, usage.input_video_tokens)),
        (usage.cache_read_input_tokens, (usage.cache_read_audio_tokens, usage.cache_read_image_tokens)),
        (usage.output_tokens, (usage.output_audio_tokens, usage.output_image_tokens)),
    )
    for whole, parts in wholes:
        assert whole is None or 0 <= sum(tokens or 0 for tokens in parts) <= whole
    beside = (usage.web_searches, usage.file_searches, usage.audio_ms)
    assert all(units is None or (type(units) is int and units >= 0) for units in beside)


def chosen(record: Record) -> Outcome | Sequence[Outcome] | None:
    reader = choose(record)
    return None if reader is None else reader.read(record, ReadOptions())


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(objects)
def test_any_object_is_a_call_a_reject_or_nothing(record: dict[str, Any]) -> None:
    check(record, chosen)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(record=objects)
def test_every_reader_bears_records_it_does_not_know(record: dict[str, Any]) -> None:
    for reader in READERS:
        reader.identify(record)
        check(record, lambda found, reader=reader: reader.read(found, ReadOptions()))  # type: ignore[misc]


FIXTURES = [record for log in fixture_logs() for record in records(log) if isinstance(record, dict)]


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FIXTURES), st.data())
def test_a_record_with_one_value_replaced_is_a_call_a_reject_or_nothing(record: Record, data: st.DataObject) -> None:
    changed: Any = json.loads(json.dumps(record))
    place = changed
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(values)
            break
        place = place[key]
    check(changed, chosen)


@pytest.mark.parametrize("depth", [100, 1000])
@pytest.mark.parametrize(
    "key", ["content", "input", "usage", "metadata", "error", "response", "request", "id", "model"]
)
def test_deep_records_are_borne(depth: int, key: str) -> None:
    for record in FIXTURES:
        deep: Any = 1
        for level in range(depth):
            deep = {key: deep} if level % 2 else [deep]
        check({**record, key: deep}, chosen)
        check({**record, key: {"content": deep, "input": deep, "type": "tool_use", "usage": deep}}, chosen)


counts = st.integers(0, 1000)


@given(counts, counts, counts, counts)
def test_settled_counts_hold_their_parts(prompt: int, completion: int, cached: int, reasoning: int) -> None:
    reading = settle(prompt, completion, None, cached, reasoning)
    assert reading.input in (prompt, prompt + cached)
    assert cached <= reading.input
    assert reading.output in (completion, completion + reasoning)
    assert reasoning <= reading.output


@given(counts, counts, st.integers(1, 1000), st.integers(1, 1000))
def test_a_total_shows_what_lies_outside(prompt: int, completion: int, cached: int, reasoning: int) -> None:
    outside = settle(prompt, completion, prompt + completion + cached, cached, 0)
    assert (outside.input, outside.output) == (prompt + cached, completion)
    thought = settle(prompt, completion, prompt + completion + reasoning, 0, reasoning)
    assert (thought.input, thought.output) == (prompt, completion + reasoning)
    if cached <= prompt:
        assert settle(prompt, completion, prompt + completion, cached, 0).input == prompt
