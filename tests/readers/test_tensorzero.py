from __future__ import annotations

import json
from typing import Any

import pytest

from readers.platform_calls import BODY_A, A, B, classes, only_call, outcomes
from tokaudit.readers.gateways.tensorzero import READER
from tokaudit.schema import Aside, Call

INFERENCE = "0196c000-0000-7000-8000-0000000000a0"
ROW: dict[str, Any] = {
    "id": "0196c000-0000-7000-8000-000000000001",
    "inference_id": INFERENCE,
    "raw_request": json.dumps({"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}),
    "raw_response": json.dumps(BODY_A),
    "model_name": "openai::gpt-4.1-mini",
    "model_provider_name": "openai",
    "input_tokens": 1420,
    "output_tokens": 100,
    "response_time_ms": 1750,
    "system": "Be brief.",
    "input_messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]),
    "output": json.dumps([{"type": "text", "text": "Ho"}]),
    "finish_reason": "stop",
    "cached": False,
    "cost": "0.000344",
    "timestamp": "2026-05-11T08:30:01Z",
}
ASKED: dict[str, Any] = {
    "id": INFERENCE,
    "function_name": "sort_ticket",
    "variant_name": "mini",
    "episode_id": "0196c000-0000-7000-8000-0000000000ff",
    "input": json.dumps(
        {"system": "Be brief.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}
    ),
    "output": json.dumps([{"type": "text", "text": "Ho"}]),
    "tags": {"user_id": "kim", "tensorzero::evaluation_name": "x"},
}


def read(**changes: Any) -> Call:
    return only_call(READER, {**ROW, **changes})


def asked(**changes: Any) -> Call:
    return only_call(READER, {**ASKED, **changes})


def test_a_request_to_a_model_is_a_call() -> None:
    call = read()
    assert classes(call.usage) == A
    assert (call.response_id, call.call_id, call.log_id) == ("chatcmpl-a", None, ROW["id"])
    assert (call.request_model, call.provider_name, call.latency_ms) == ("gpt-4.1-mini", "openai", 1750)
    assert (call.logged_cost, call.link_id, call.started_at) == (
        "0.000344",
        f"tensorzero:{INFERENCE}",
        1_778_488_201_000_000,
    )
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Be brief.", "Hi", "Ho"]


def test_a_hit_of_the_gateways_cache_was_not_billed_and_is_a_call_of_its_own() -> None:
    call = read(cached=True)
    assert (call.gateway_cache_hit, call.logged_cost) == (True, "0")
    assert (call.response_id, call.call_id) == (None, f"tensorzero:{ROW['id']}")
    assert classes(call.usage) == A


def test_without_bodies_the_columns_count_and_their_input_includes_the_cache() -> None:
    call = read(
        raw_request="", raw_response="", model_name="sonnet", model_provider_name="anthropic",
        input_tokens=1114, output_tokens=406, provider_cache_read_input_tokens=1111, provider_cache_write_input_tokens=0,
    )  # fmt: skip
    assert classes(call.usage) == B
    assert (call.call_id, call.request_model, call.provider_name) == (f"tensorzero:{ROW['id']}", "sonnet", "anthropic")
    assert [part.text for part in (*call.prompt, *call.answer)] == ["Be brief.", "Hi", "Ho"]
    assert read(raw_response="").usage.state == "cache_split_unknown"


def test_a_raw_usage_block_is_preferred_even_without_a_whole_body() -> None:
    raw = {"id": "msg_1", "usage": {"input_tokens": 3, "cache_read_input_tokens": 1111, "output_tokens": 406}}
    call = read(
        raw_request=json.dumps({"model": "claude-sonnet-4-5"}),
        raw_response=json.dumps(raw),
        model_provider_name="anthropic",
    )
    assert classes(call.usage) == B
    assert call.response_id == "msg_1"


def test_a_stream_is_kept_as_its_chunks_one_a_line() -> None:
    chunks = [
        {
            "id": "chatcmpl-a",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": part}}],
        }
        for part in ("H", "o")
    ]
    last = {
        "id": "chatcmpl-a",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [],
        "usage": BODY_A["usage"],
    }
    call = read(raw_response="\n".join(json.dumps(chunk) for chunk in [*chunks, last]))
    assert classes(call.usage) == A
    assert [part.text for part in call.answer] == ["Ho"]


def test_the_id_holds_the_time_where_no_column_does() -> None:
    assert read(timestamp=None, id="0196be52-c750-7000-8000-000000000006").started_at == 1_746_949_818_192_000
    assert read(timestamp=None, id="7d5f1f64-0f4a-4d3c-8f0e-0196be52c750").started_at is None
    assert read(timestamp="2026-05-11 08:30:01").started_at == 1_778_488_201_000_000


def test_an_inference_tells_of_the_calls_that_it_took() -> None:
    fragment = asked()
    assert fragment.is_fragment
    assert fragment.link_id == read().link_id
    assert (fragment.feature, fragment.feature_from, fragment.conversation_id) == (
        "sort_ticket",
        "function_name",
        ASKED["episode_id"],
    )
    assert (fragment.user_id, fragment.usage.state) == ("kim", "missing")
    assert [part.text for part in (*fragment.prompt, *fragment.answer)] == ["Be brief.", "Hi", "Ho"]


def test_arguments_of_a_template_are_not_the_text_that_was_sent() -> None:
    for block in ({"type": "text", "value": {"topic": "x"}}, {"type": "text", "arguments": {"topic": "x"}}):
        assert asked(input=json.dumps({"messages": [{"role": "user", "content": [block]}]})).prompt == ()


def test_a_json_function_answers_with_its_raw_text() -> None:
    schema = {"type": "object"}
    fragment = asked(output=json.dumps({"raw": '{"a":1}', "parsed": {"a": 1}}), output_schema=json.dumps(schema))
    assert [part.text for part in fragment.answer] == ['{"a":1}']
    assert fragment.response_schema == schema
    assert asked(output=json.dumps({"raw": None, "parsed": None})).answer == ()


def test_an_entry_of_the_cache_is_the_call_that_filled_it() -> None:
    entry = {key: ROW[key] for key in ("raw_request", "raw_response", "output", "input_tokens", "output_tokens")}
    entry |= {"short_cache_key": "1", "long_cache_key": "2f", "timestamp": "2026-05-11 08:30:01", "is_deleted": False}
    call = only_call(READER, entry)
    assert classes(call.usage) == A
    assert (call.gateway_cache_hit, call.response_id) == (False, "chatcmpl-a")
    assert outcomes(READER, {**entry, "is_deleted": True}) == [Aside("deleted cache row")]


@pytest.mark.parametrize(
    "record",
    [{"inference_id": "x", "value": True}, {"function_name": "f"}, {"long_cache_key": "x"}, {"raw_response": "{}"}],
)
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
