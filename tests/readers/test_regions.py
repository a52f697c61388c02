"""Where a call was processed: told by what the answer states, or by the provider's address."""

from __future__ import annotations

from typing import Any

import pytest

from readers import otel_exports
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.values.providers import google_location, region_of_url, stated_region
from tokaudit.schema import Call

CHAT = {
    "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
    "response": {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o", "choices": [{"message": {"content": "Hi"}}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 1, "total_tokens": 9},
    },
}  # fmt: skip


def read(record: dict[str, Any]) -> Call:
    reader = choose(record)
    assert reader is not None
    call = outcomes_of(reader.read(record, ReadOptions()))[0]
    assert isinstance(call, Call)
    return call


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://eu.api.openai.com/v1/chat/completions", "eu"),
        ("https://us.api.openai.com/v1/responses", "us"),
        ("eu.api.openai.com", "eu"),
        ("https://api.openai.com/v1/chat/completions", None),
        ("https://my-eu.api.openai.com.example.org/v1", None),
        ("https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m:x", "global"),
        (
            "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/a",
            "europe-west1",
        ),
        ("https://us-east5-aiplatform.googleapis.com", "us-east5"),
        ("https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/anthropic/models/m", "eu"),
        ("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent", None),
        ("https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse", "eu-central-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/model/m/invoke", "us-gov-west-1"),
        ("https://shop.openai.azure.com/openai/deployments/d/chat/completions", None),
    ],
)
def test_addresses_that_name_a_region(url: str, region: str | None) -> None:
    assert region_of_url(url) == region


def test_the_address_of_an_exchange_names_its_region() -> None:
    assert read({**CHAT, "url": "https://eu.api.openai.com/v1/chat/completions"}).region == "eu"
    assert read({**CHAT, "url": "https://api.openai.com/v1/chat/completions"}).region is None
    assert read(CHAT).region is None
    har = {
        "request": {
            "method": "POST", "url": "https://us.api.openai.com/v1/chat/completions", "body": CHAT["request"],
        },
        "response": {"status": 200, "body": CHAT["response"]},
    }  # fmt: skip
    assert read(har).region == "us"


def _claude(**usage: Any) -> dict[str, Any]:
    body = {"type": "message", "id": "msg_1", "model": "claude-opus-5", "content": [], "stop_reason": "end_turn"}
    return {"response": {**body, "usage": {"input_tokens": 3, "output_tokens": 1, **usage}}}


def test_anthropic_states_where_the_model_ran() -> None:
    assert read(_claude(inference_geo="us")).region == "us"
    assert read(_claude(inference_geo="global")).region == "global"
    for nowhere in ("not_available", "", None, 7):
        assert read(_claude(inference_geo=nowhere)).region is None
    assert read(_claude()).region is None
    assert [stated_region(value) for value in ("eu", " Unknown ", None)] == ["eu", None, None]


def test_google_names_the_location_in_the_model() -> None:
    model = "projects/shop/locations/europe-west1/publishers/google/models/gemini-2.5-pro"
    answer = {
        "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4},
    }
    asked = {"model": model, "contents": [{"parts": [{"text": "Hello"}]}]}
    call = read({"request": asked, "response": answer})
    assert (call.request_model, call.region) == ("gemini-2.5-pro", "europe-west1")
    assert [google_location(name) for name in (None, "gemini-2.5-pro", model)] == [None, None, "europe-west1"]


def test_bedrock_bills_by_the_region_that_was_called() -> None:
    log = {
        "schemaType": "ModelInvocationLog", "timestamp": "2026-03-02T09:15:12Z", "requestId": "r", "operation": "Converse",
        "modelId": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "region": "eu-central-1", "inferenceRegion": "eu-west-3",
        "input": {"inputTokenCount": 10}, "output": {"outputTokenCount": 2},
    }  # fmt: skip
    assert read(log).region == "eu-central-1"
    assert read({name: value for name, value in log.items() if name != "region"}).region == "eu-west-3"


def test_litellm_keeps_the_address_that_it_called() -> None:
    payload = {
        "id": "1", "call_type": "acompletion", "response_cost": 0.1, "startTime": 1772442900.0, "endTime": 1772442901.0,
        "model": "gpt-4o", "custom_llm_provider": "openai", "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
        "status": "success", "api_base": "https://eu.api.openai.com/v1", "response": {},
    }  # fmt: skip
    assert read(payload).region == "eu"
    assert read({**payload, "api_base": "https://api.openai.com"}).region is None


def test_tables_state_the_region_of_the_model_not_the_customers() -> None:
    row = {"model": "gpt-4o", "input_tokens": "10", "output_tokens": "5", "cached_tokens": "0"}
    assert read({**row, "inference_geo": "us"}).region == "us"
    assert read({**row, "aws_region": "eu-west-1"}).region == "eu-west-1"
    assert read({**row, "region": "EMEA"}).region is None


def test_a_span_names_the_host_that_it_called() -> None:
    assert otel_exports.call({**otel_exports.CHAT, "server.address": "eu.api.openai.com"}).region == "eu"
    assert otel_exports.call({**otel_exports.CHAT, "server.address": "api.openai.com"}).region is None
