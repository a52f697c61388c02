from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.golden import FIXTURES, outcome, plain, records
from tokaudit.readers.apis.gemini import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.values.spelling import snake_case
from tokaudit.schema import Aside, Call, RejectRecordError

ASK = {"role": "user", "parts": [{"text": "Where is my parcel?"}]}
URL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
counts = st.integers(0, 5000)


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def answered(text: str, **usage: int) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"promptTokenCount": 17713, "cachedContentTokenCount": 17379, "candidatesTokenCount": 68,
          "thoughtsTokenCount": 821, "totalTokenCount": 18602}, (17713, 17379, 889, 821, "exact")),
        ({"promptTokenCount": 13, "candidatesTokenCount": 194, "toolUsePromptTokenCount": 289,
          "totalTokenCount": 496}, (302, 0, 194, 0, "exact")),
        ({"promptTokenCount": 20, "thoughtsTokenCount": 199, "totalTokenCount": 219}, (20, 0, 199, 199, "exact")),
        ({"promptTokenCount": 7, "totalTokenCount": 7}, (7, 0, 0, 0, "exact")),
        ({"promptTokenCount": 7}, (7, 0, None, None, "output_lower_bound")),
        ({"promptTokenCount": 5, "candidatesTokenCount": 30, "thoughtsTokenCount": 22,
          "totalTokenCount": 35}, (5, 0, 30, 22, "exact")),
        ({"promptTokenCount": 5, "candidatesTokenCount": 877, "totalTokenCount": 1940},
         (5, 0, 877, 0, "output_lower_bound")),
        ({"promptTokenCount": 5, "responseTokenCount": 8, "totalTokenCount": 13}, (5, 0, 8, 0, "exact")),
        ({"totalTokenCount": 13}, (None, None, None, None, "missing")),
        ({}, (None, None, None, None, "missing")),
    ],
)  # fmt: skip
def test_usage_is_read_as_its_arithmetic_shows(usage: dict[str, int], expected: tuple[Any, ...]) -> None:
    read = content_usage(usage)
    found = (read.input_tokens, read.cache_read_input_tokens, read.output_tokens, read.reasoning_output_tokens)
    assert (*found, read.state) == expected


def test_a_total_smaller_than_its_parts_is_refused() -> None:
    with pytest.raises(RejectRecordError):
        content_usage({"promptTokenCount": 50, "candidatesTokenCount": 30, "totalTokenCount": 35})


@given(counts, counts, counts, counts, st.floats(0, 1))
def test_a_total_that_fits_is_what_is_billed(prompt: int, said: int, thought: int, tools: int, share: float) -> None:
    usage = content_usage(
        {
            "promptTokenCount": prompt,
            "cachedContentTokenCount": int(prompt * share),
            "candidatesTokenCount": said,
            "thoughtsTokenCount": thought,
            "toolUsePromptTokenCount": tools,
            "totalTokenCount": prompt + said + thought + tools,
        }
    )
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (prompt + tools, said + thought, "exact")


def test_of_a_stream_the_last_usage_counts_even_where_the_prompt_shrank() -> None:
    chunks = [answered("BAN", promptTokenCount=10103, totalTokenCount=10103)]
    chunks += [answered("ANA", promptTokenCount=7168, candidatesTokenCount=3, totalTokenCount=7171)]
    call = read({"method": "generateContentStream", "response": chunks})
    assert (call.usage.input_tokens, call.usage.output_tokens) == (7168, 3)
    assert [part.text for part in call.answer] == ["BANANA"]


def in_snake_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake_case(key): in_snake_case(item) for key, item in value.items()}
    return [in_snake_case(item) for item in value] if isinstance(value, list) else value


def test_a_dump_of_the_sdk_tells_what_the_rest_body_does() -> None:
    record = records(FIXTURES / "gemini" / "exchanges.jsonl")[0]
    snake = {**record, "request": in_snake_case(record["request"]), "response": in_snake_case(record["response"])}
    expected, found = plain(read(record)), plain(read(snake))
    expected.pop("tools"), found.pop("tools")  # as they were sent
    assert found == expected


def test_thoughts_are_no_text() -> None:
    turn = {"role": "model", "parts": [{"text": "hidden", "thought": True}, {"text": "Late."}]}
    call = read({"url": URL, "request": {"contents": [ASK, turn]}, "response": {**answered(""), "candidates": [
        {"content": turn, "finishReason": "STOP"}]}})  # fmt: skip
    assert [part.text for part in call.prompt] == ["Where is my parcel?", "Late."]
    assert [part.text for part in call.answer] == ["Late."]


@pytest.mark.parametrize(
    ("stated", "tier"),
    [
        ({"trafficType": "ON_DEMAND"}, "standard"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ({"trafficType": "TrafficType.ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, None),
        ({"serviceTier": "priority"}, "priority"),
        ({}, None),
    ],
)
def test_the_tier_is_what_was_used(stated: dict[str, str], tier: str | None) -> None:
    body = answered("Ho", promptTokenCount=1, candidatesTokenCount=1, totalTokenCount=2)
    assert read({**body, "usageMetadata": {**body["usageMetadata"], **stated}}).service_tier == tier


def test_a_blocked_prompt_is_billed_and_no_failure() -> None:
    body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}
    call = read({"url": URL, "request": {"contents": [ASK]}, "response": body})
    assert (call.finish_reason, call.error_type, call.usage.output_tokens) == ("SAFETY", None, 0)


def test_a_chunk_logged_alone_is_no_call() -> None:
    chunk = answered("BAN", promptTokenCount=9, totalTokenCount=9)
    del chunk["candidates"][0]["finishReason"]
    assert READER.read(chunk, ReadOptions()) == Aside("stream chunk")


def test_an_error_alone_is_a_failed_call() -> None:
    call = read({"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}})
    assert (call.error_type, call.usage.input_tokens, call.usage.state) == ("RESOURCE_EXHAUSTED", 0, "exact")


@pytest.mark.parametrize(
    "model",
    ["publishers/google/models/gemini-2.5-pro", "models/gemini-2.5-pro", "gemini-2.5-pro",
     "projects/p/locations/l/publishers/google/models/gemini-2.5-pro"],
)  # fmt: skip
def test_the_model_is_its_name_alone(model: str) -> None:
    assert read({"request": {"model": model, "contents": [ASK]}, "response": answered("Ho")}).request_model == (
        "gemini-2.5-pro"
    )


def test_the_openai_compatible_endpoint_is_openais_shape() -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
    usage = {"prompt_tokens": 9, "completion_tokens": 28, "total_tokens": 281}
    answer = {"object": "chat.completion", "choices": [{"message": {"content": "3"}}], "usage": usage}
    asked = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hi"}]}
    for response in (answer, {"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}):
        found = outcome({"url": url, "request": asked, "response": response})
        assert (found["reader"], found["provider_name"]) == ("openai_chat", "google")


@pytest.mark.parametrize(
    "record",
    [
        {"contents": [ASK]},
        {"totalTokens": 31},
        {"error": {"code": 429, "message": "x"}},
        {"error": {"code": "RESOURCE_EXHAUSTED", "status": 429}},
        {"candidates": ["Ann", "Bob"]},
        {"embeddings": [[0.1, 0.2]]},
        {"predictions": [0.5]},
    ],
)
def test_what_is_not_its_own_is_left(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
