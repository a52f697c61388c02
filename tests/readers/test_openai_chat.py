from __future__ import annotations

import json
from typing import Any

import pytest

from tokaudit.readers.apis.openai_chat import READER
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.usage.openai import FIRST_PROMPT_CACHING, chat_usage
from tokaudit.schema import Call, Part, RejectRecordError

REQUEST: dict[str, Any] = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
RESPONSE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1772442912,
    "model": "gpt-4.1-mini-2025-04-14",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def facts(call: Call) -> tuple[Any, ...]:
    return call.response_id, call.response_model, call.usage, call.prompt, call.answer, call.started_at


PAIRS = {
    "side by side": {"request": REQUEST, "response": RESPONSE},
    "short names": {"req": REQUEST, "res": RESPONSE},
    "input and output": {"input": REQUEST, "output": RESPONSE},
    "kwargs and result": {"kwargs": REQUEST, "result": RESPONSE},
    "payload and completion": {"payload": REQUEST, "completion": RESPONSE},
    "any names": {"what_we_sent": REQUEST, "what_we_got": RESPONSE},
    "bodies": {"request": {"body": REQUEST}, "response": {"body": RESPONSE, "status_code": 200}},
    "texts": {"request": json.dumps(REQUEST), "response": json.dumps(RESPONSE)},
    "texts of texts": {
        "request": json.dumps(json.dumps(json.dumps(REQUEST))),
        "response": json.dumps(json.dumps(RESPONSE)),
    },
    "cassette": {
        "request": {"method": "POST", "uri": "http://localhost/", "body": json.dumps(REQUEST)},
        "response": {"status": {"code": 200, "message": "OK"}, "body": {"string": json.dumps(RESPONSE)}},
    },
    "browser archive": {
        "request": {"postData": {"text": json.dumps(REQUEST)}},
        "response": {"status": 200, "content": {"text": json.dumps(RESPONSE)}},
    },
    "http client": {"request": {"data": json.dumps(REQUEST)}, "response": {"data": RESPONSE, "status": 200}},
    "messages as a list": {"model": "gpt-4.1-mini", "input": REQUEST["messages"], "output": RESPONSE},
    "below another object": {"level": "info", "llm": {"call": {"request": REQUEST, "response": RESPONSE}}},
    "inside a log line": {"stream": "stdout", "log": json.dumps({"request": REQUEST, "response": RESPONSE})},
    "request merged into the record": {**REQUEST, "response": RESPONSE},
    "response merged into the record": {**RESPONSE, "request": REQUEST},
}


@pytest.mark.parametrize("record", PAIRS.values(), ids=PAIRS.keys())
def test_a_call_is_the_same_in_any_wrapper(record: dict[str, Any]) -> None:
    call = read(record)
    assert facts(call) == facts(read(PAIRS["side by side"]))
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens, call.usage.output_tokens) == (1420, 1280, 100)
    assert call.usage.state == "exact"
    assert call.request_model == "gpt-4.1-mini"
    assert (call.prompt, call.answer) == ((Part("user", "text", "Hi", 0),), (Part("assistant", "text", "Ho", 0),))


def test_a_bare_answer_says_nothing_of_the_request() -> None:
    call = read(RESPONSE)
    assert (call.request_model, call.response_model, call.prompt) == (None, "gpt-4.1-mini-2025-04-14", ())
    assert (call.response_id, call.log_id) == ("chatcmpl-1", None)


def test_what_the_answer_says_comes_back_word_for_word_in_the_next_prompt() -> None:
    message = {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "find", "arguments": '{ "id":7 }'}}],
    }
    first = read({"request": REQUEST, "response": {**RESPONSE, "choices": [{"index": 0, "message": message}]}})
    following = {**REQUEST, "messages": [*REQUEST["messages"], message, {"role": "tool", "content": "sent"}]}
    second = read({"request": following, "response": RESPONSE})
    assert [part[:3] for part in second.prompt[1:3]] == [part[:3] for part in first.answer]
    assert second.prompt[2] == Part("assistant", "tool_call", 'find({ "id":7 })', 1)
    assert second.prompt[3] == Part("tool", "text", "sent", 2)


def test_two_exchanges_in_one_record_are_refused() -> None:
    with pytest.raises(RejectRecordError, match="two calls in one record"):
        read(
            {"first": {"request": REQUEST, "response": RESPONSE}, "second": {"request": REQUEST, "response": RESPONSE}}
        )


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://acme.openai.azure.com/openai/deployments/mini-eu/chat/completions?api-version=1", "mini-eu"),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/openai.gpt-oss-20b-1%3A0/invoke",
            "openai.gpt-oss-20b-1:0",
        ),
        ("https://api.openai.com/v1/chat/completions", None),
    ],
)
def test_a_model_named_only_by_the_url_is_the_one_asked(url: str, model: str | None) -> None:
    request = {"messages": REQUEST["messages"]}
    assert read({"request": {"url": url, "body": request}, "response": {"body": RESPONSE}}).request_model == model


def test_a_json_answer_logged_as_text_is_a_text() -> None:
    call = read({"request": REQUEST, "response": '{"category": "shipping"}'})
    assert call.answer == (Part("assistant", "text", '{"category": "shipping"}', 0),)


def test_an_error_page_is_no_answer() -> None:
    call = read({"request": REQUEST, "response": {"status_code": 502, "body": "<html>Bad gateway</html>"}})
    assert (call.answer, call.error_type, call.usage.input_tokens) == ((), "http_502", 0)


def test_an_unstated_cache_share_is_nothing_only_before_caching_existed() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    before, after = chat_usage(usage, FIRST_PROMPT_CACHING - 1), chat_usage(usage, FIRST_PROMPT_CACHING)
    assert (before.cache_read_input_tokens, before.state) == (0, "exact")
    assert (after.cache_read_input_tokens, after.state) == (None, "cache_split_unknown")
    assert chat_usage(usage, None).state == "cache_split_unknown"


def test_zero_that_is_reported_is_not_missing() -> None:
    usage = chat_usage(
        {"prompt_tokens": 0, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0}}, None
    )
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (0, 0, "exact")
    assert chat_usage({}, None).state == chat_usage(None, None).state == "missing"


def test_counts_that_exceed_their_whole_are_another_dialect_or_wrong() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10}}
    assert chat_usage(usage, None).input_tokens == 13
    with pytest.raises(RejectRecordError, match="token classes do not add up"):
        chat_usage(usage, None, is_openai=True)


def test_a_choice_that_the_content_filter_emptied_is_an_answer() -> None:
    choice = {"index": 0, "finish_reason": "content_filter", "content_filter_results": {}}
    call = read({"request": REQUEST, "response": {**RESPONSE, "choices": [choice], "prompt_filter_results": []}})
    assert (call.answer, call.finish_reason, call.provider_name) == ((), "content_filter", "azure")
    assert call.usage.output_tokens == 100


@pytest.mark.parametrize(
    ("cost", "expected"),
    [(0.000344, "0.000344"), ({"total_cost": 0.006, "request_cost": 0.005}, "0.006"), (None, None)],
)
def test_a_cost_inside_the_usage_is_what_the_log_claims(cost: Any, expected: str | None) -> None:
    usage = {**RESPONSE["usage"], "cost": cost}
    assert read({"request": REQUEST, "response": {**RESPONSE, "usage": usage}}).logged_cost == expected


def piece(delta: dict[str, Any], usage: dict[str, int], **choice: Any) -> dict[str, Any]:
    kept = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "usage": usage}
    return {**kept, "choices": [{"index": 0, "delta": delta, **choice}]}


def test_running_counts_of_a_stream_that_was_cut_off_are_no_final_ones() -> None:
    first, second = (piece({"content": "H"}, {"prompt_tokens": 50, "completion_tokens": count}) for count in (1, 2))
    last = piece({}, {"prompt_tokens": 50, "completion_tokens": 3}, finish_reason="stop")
    whole = read({"request": REQUEST, "response": [first, second, last]}).usage
    cut = read({"request": REQUEST, "response": [first, second], "error": "aborted"}).usage
    assert (whole.output_tokens, whole.state) == (3, "cache_split_unknown")
    assert (cut.output_tokens, cut.state) == (2, "output_lower_bound")


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "google/gemini-2.5-flash"])
def test_thoughts_of_gemini_stand_in_the_total_alone(model: str) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 15, "total_tokens": 245}
    found = read({"request": REQUEST, "response": {**RESPONSE, "model": model, "usage": usage}}).usage
    assert (found.output_tokens, found.reasoning_output_tokens, found.input_tokens) == (215, 200, 30)
    other = read({"request": REQUEST, "response": {**RESPONSE, "model": "some-model", "usage": usage}}).usage
    assert (other.output_tokens, other.state) == (15, "output_lower_bound")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("openai.gpt-oss-20b-1:0", "aws"),
        ("us.meta.llama4-scout-17b-instruct-v1:0", "aws"),
        ("sonar-pro", "perplexity"),
        ("databricks-claude-sonnet-4-5", "databricks"),
        ("@cf/meta/llama-3.1-8b-instruct", "cloudflare"),
        ("meta-llama/Llama-3.3-70B", None),
        ("gpt-4.1-mini", None),
    ],
)
def test_a_name_that_one_provider_alone_gives_names_the_provider(model: str, provider: str | None) -> None:
    body = {**RESPONSE, "id": "1", "model": "other"}
    assert read({"request": {**REQUEST, "model": model}, "response": body}).provider_name == provider
    assert read({**RESPONSE, "id": "1", "model": model}).provider_name == provider


def test_deepseeks_counts_from_another_host_do_not_make_it_deepseek() -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "prompt_cache_hit_tokens": 10, "prompt_cache_miss_tokens": 10}
    hosts = {"deepseek-chat": "deepseek", "deepseek-ai/DeepSeek-V3": None}
    found = {model: read({**RESPONSE, "id": "1", "model": model, "usage": usage}).provider_name for model in hosts}
    assert found == hosts


def test_another_makers_model_on_azure_counts_as_everywhere() -> None:
    usage = {
        "prompt_tokens": 12,
        "completion_tokens": 2,
        "total_tokens": 334,
        "completion_tokens_details": {"reasoning_tokens": 320},
    }
    record = {"url": "https://r.services.ai.azure.com/models/chat/completions", "request": REQUEST}
    found = read({**record, "response": {**RESPONSE, "model": "grok-3-mini", "usage": usage}})
    assert (found.provider_name, found.usage.output_tokens, found.usage.state) == ("azure", 322, "cache_split_unknown")
