"""Are bodies found in the ways that proxies, browsers, recorders and queues keep them?"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from tokaudit.readers.choose import claims
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Call

REQUEST: dict[str, Any] = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
RESPONSE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1772442912,
    "model": "gpt-4.1-mini-2025-04-14",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
}
PAIR = {"request": REQUEST, "response": RESPONSE}
TEXT = json.dumps(RESPONSE)
IN_BASE64 = base64.b64encode(TEXT.encode()).decode()
PACKED = base64.b64encode(gzip.compress(TEXT.encode())).decode()
CHUNKS: list[dict[str, Any]] = [
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1772442912, "model": "gpt-4.1-mini-2025-04-14"}
    | rest
    for rest in (
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Ho"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": RESPONSE["usage"]},
    )
]
STREAM = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in CHUNKS)


def call_of(record: Any) -> Call:
    (claim,) = list(claims(record))
    assert claim.reader is not None
    (call,) = outcomes_of(claim.reader.read(claim.record, ReadOptions()))
    assert isinstance(call, Call)
    return call


KEPT = {
    "browser archive in base64": {
        "request": {"url": "https://api.openai.com/v1/chat/completions", "postData": {"text": json.dumps(REQUEST)}},
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": IN_BASE64, "encoding": "base64"}},
    },
    "stream of a browser archive": {
        "request": {"url": "https://api.openai.com/v1/chat/completions", "postData": {"text": json.dumps(REQUEST)}},
        "response": {
            "status": 200,
            "content": {"text": base64.b64encode(STREAM.encode()).decode(), "encoding": "base64"},
        },
    },
    "api gateway": {"request": REQUEST, "response": {"statusCode": 200, "body": IN_BASE64, "isBase64Encoded": True}},
    "cassette of Ruby": {
        "request": {"body": {"string": json.dumps(REQUEST)}},
        "response": {"body": {"base64_string": IN_BASE64}},
    },
    "cassette, packed": {"request": {"body": json.dumps(REQUEST)}, "response": {"body": {"string": PACKED}}},
    "stub of httpx": {
        "request": {"body": json.dumps(REQUEST), "method": "POST"},
        "response": {"content": TEXT, "http_version": "HTTP/1.1", "status_code": 200},
    },
    "events with their names": {
        "request": REQUEST,
        "response": [{"event": None, "data": json.dumps(chunk)} for chunk in CHUNKS],
    },
    "events with their data": {"request": REQUEST, "response": [{"event": "m", "data": chunk} for chunk in CHUNKS]},
    "a proxy's own wrapper": {"request": {"project": "p", "request": REQUEST}, "response": {"response": RESPONSE}},
    "queue": {"messageId": "1", "body": json.dumps(PAIR)},
    "notification": {"Type": "Notification", "Message": json.dumps(PAIR)},
    "text payload": {"insertId": "1", "textPayload": json.dumps(PAIR)},
    "raw event": {"result": {"_raw": json.dumps(PAIR)}},
    "line": {"line": json.dumps(PAIR), "labels": {"app": "a"}},
    "line behind a level": {"log": f"INFO:llm:{json.dumps(PAIR)}\n", "stream": "stderr"},
    "line of a function": {"message": f"2026-03-02T09:15:12.000Z\t8c1f\tINFO\t{json.dumps(PAIR)}", "timestamp": 1772442912000},
}  # fmt: skip


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_the_same_call_is_read(kept: dict[str, Any]) -> None:
    call = call_of(kept)
    usage = call.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1420, 1280, 100)
    assert (call.response_id, call.provider_name, usage.state) == ("chatcmpl-1", "openai", "exact")
    assert ([part.text for part in call.prompt], [part.text for part in call.answer]) == (["Hi"], ["Ho"])


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize(
    ("record", "reader", "error_type"),
    [
        (
            {"request": {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
             "response": f"event: error\ndata: {json.dumps(ERROR)}\n\n"},
            "anthropic_messages", "overloaded_error",
        ),
        (
            {"request": REQUEST, "response": 'data: {"error": {"message": "m", "code": "insufficient_quota"}}\n\n'},
            "openai_chat", "insufficient_quota",
        ),
        (
            {"url": "https://api.cohere.com/v2/chat", "request": REQUEST, "response": {"id": "1", "message": "invalid token"},
             "status": 401},
            "cohere", "http_401",
        ),
        ({"request": {"model": "text-embedding-3-small", "input": "Hi"}, "response": None, "status": 429},
         "openai_embeddings", "http_429"),
    ],
)  # fmt: skip
def test_a_call_that_failed_before_it_began_cost_nothing(record: dict[str, Any], reader: str, error_type: str) -> None:
    call = call_of(record)
    assert (call.reader, call.error_type, call.answer) == (reader, error_type, ())
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.state) == (0, 0, "exact")


def test_arguments_of_a_client_are_a_request() -> None:
    sent = {"prompt": "Hi", "max_gen_len": 9}
    answer = {"generation": "Ho", "prompt_token_count": 5, "generation_token_count": 7, "stop_reason": "stop"}
    call = call_of({"modelId": "meta.llama3-70b-instruct-v1:0", "body": json.dumps(sent), "response": answer})
    assert ([part.text for part in call.prompt], call.usage.input_tokens) == (["Hi"], 5)


def test_an_answer_in_a_body_is_no_request() -> None:
    call = call_of({"status": 200, "body": RESPONSE, "response": None})
    assert (call.prompt, call.usage.output_tokens) == ((), 100)


def test_contents_merged_into_the_record_are_the_prompt() -> None:
    answer = {"candidates": [{"content": {"parts": [{"text": "Ho"}]}, "finishReason": "STOP"}],
              "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 11}}  # fmt: skip
    call = call_of(
        {
            "model": "gemini-2.5-flash",
            "contents": "Hi",
            "config": {"system_instruction": "Be brief."},
            "response": answer,
        }
    )
    assert [part.text for part in call.prompt] == ["Be brief.", "Hi"]
