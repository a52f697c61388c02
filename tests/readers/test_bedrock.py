"""What do raw calls of Bedrock tell: Converse, InvokeModel and the files of a batch job?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.golden import FIXTURES, outcome, records
from tokaudit.readers.apis.bedrock_batch import READER as BATCH
from tokaudit.readers.apis.bedrock_converse import READER as CONVERSE
from tokaudit.readers.apis.bedrock_invoke import READER as INVOKE
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.usage.bedrock import converse_usage, metered_usage
from tokaudit.readers.values.bedrock_models import bedrock_model
from tokaudit.schema import Aside, Call

URL = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/"
ASKED = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
ANSWER = {"output": {"message": {"role": "assistant", "content": [{"text": "Ho"}]}}, "stopReason": "end_turn"}
counts = st.integers(0, 5000)


def read(record: dict[str, Any], reader: Reader) -> Call:
    assert choose(record) is reader
    call = reader.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"inputTokens": 11, "outputTokens": 264, "totalTokens": 1303, "cacheWriteInputTokens": 1028,
          "cacheReadInputTokens": 0}, (1039, 0, 1028, None, 264)),
        ({"inputTokens": 12, "outputTokens": 185, "totalTokens": 1225, "cacheReadInputTokenCount": 1028},
         (1040, 1028, None, None, 185)),
        ({"inputTokens": 4, "outputTokens": 9, "cacheWriteInputTokens": 1028,
          "cacheDetails": [{"ttl": "1h", "inputTokens": 1000}, {"ttl": "5m", "inputTokens": 28}]},
         (1032, 0, 28, 1000, 9)),
        ({"inputTokens": 17, "outputTokens": 17, "totalTokens": 34}, (17, 0, None, None, 17)),
        ({"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}, (0, 0, None, None, 0)),
        ({"inputTokens": 30}, (30, 0, None, None, None)),
    ],
)  # fmt: skip
def test_the_cache_is_beside_the_input(usage: dict[str, Any], expected: tuple[Any, ...]) -> None:
    read = converse_usage(usage)
    assert (
        read.input_tokens,
        read.cache_read_input_tokens,
        read.cache_write_5m_input_tokens,
        read.cache_write_1h_input_tokens,
        read.output_tokens,
    ) == expected


@given(counts, counts, counts, counts)
def test_all_input_is_what_was_asked_read_and_written(asked: int, said: int, found: int, written: int) -> None:
    stated = {"inputTokenCount": asked, "outputTokenCount": said}
    stated |= {"cacheReadInputTokenCount": found, "cacheWriteInputTokenCount": written}
    usage = metered_usage(stated)
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (asked + found + written, said, "exact")


@pytest.mark.parametrize(
    ("model_id", "expected"),
    [
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", None, False)),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", ("amazon.nova-lite-v1:0", None, False)),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0", ("us.amazon.nova-lite-v1:0", None, False)),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/ab1",
         (None, "application-inference-profile/ab1", False)),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/ab1", (None, "provisioned-model/ab1", True)),
        ("arn:aws:bedrock:us-east-1:1:imported-model/ab1", (None, "imported-model/ab1", False)),
        (None, (None, None, False)),
    ],
)  # fmt: skip
def test_a_model_id_names_a_model_or_a_resource_of_the_team(model_id: str | None, expected: tuple[Any, ...]) -> None:
    assert bedrock_model(model_id) == expected


def test_a_call_of_converse_has_the_id_that_the_log_has() -> None:
    for metadata in ({"ResponseMetadata": {"RequestId": "r1"}}, {"$metadata": {"requestId": "r1"}}):
        answer = {**ANSWER, "usage": {"inputTokens": 1, "outputTokens": 1}, **metadata}
        assert read({"request": {"modelId": "m", **ASKED}, "response": answer}, CONVERSE).call_id == "bedrock:r1"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"__type": "com.amazon.coral#ThrottlingException", "message": "x"}, "ThrottlingException"),
        ({"Error": {"Code": "ValidationException", "Message": "x"}}, "ValidationException"),
    ],
)
def test_errors_of_aws_are_failed_calls(error: dict[str, Any], expected: str) -> None:
    call = read({"url": URL + "amazon.nova-lite-v1%3A0/converse", "request": ASKED, "response": error}, CONVERSE)
    assert (call.error_type, call.usage.input_tokens) == (expected, 0)


def test_counts_are_found_in_headers_or_the_last_event() -> None:
    url = URL + "mistral.mistral-7b-instruct-v0%3A2/invoke"
    body = {"outputs": [{"text": "Ho", "stop_reason": "stop"}]}
    headers = {"X-Amzn-Bedrock-Input-Token-Count": ["9"], "X-Amzn-Bedrock-Output-Token-Count": ["4"]}
    metrics = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 4}}
    asked = {"prompt": "Hi", "max_tokens": 9}
    for response in ({"headers": headers, "body": body}, [body, {**body, **metrics}]):
        usage = read({"url": url, "request": asked, "response": response}, INVOKE).usage
        assert (usage.input_tokens, usage.output_tokens, usage.state) == (9, 4, "exact")
    assert read({"url": url, "request": asked, "response": body}, INVOKE).usage.state == "missing"


def test_the_service_tier_stands_in_a_header() -> None:
    headers = {"X-Amzn-Bedrock-Input-Token-Count": "9", "X-Amzn-Bedrock-Service-Tier": "flex"}
    body = {"outputs": [{"text": "Ho", "stop_reason": "stop"}]}
    url = URL + "mistral.mistral-7b-instruct-v0%3A2/invoke"
    call = read({"url": url, "request": {"prompt": "Hi"}, "response": {"headers": headers, "body": body}}, INVOKE)
    assert call.service_tier == "flex"


def test_an_answer_numbered_alike_is_not_one_call() -> None:
    body = {"id": 1, "prompt": {"tokens": []}, "completions": [{"data": {"text": "Ho"}}]}
    assert (
        read({"url": URL + "ai21.j2-mid-v1/invoke", "request": {"prompt": "Hi"}, "response": body}, INVOKE).response_id
        is None
    )


@pytest.mark.parametrize(
    ("model", "reader"),
    [
        ("global.anthropic.claude-sonnet-4-5-20250929-v1%3A0", "anthropic_messages"),
        ("ai21.jamba-1-5-large-v1%3A0", "openai_chat"),
    ],
)
def test_bodies_of_other_apis_are_theirs(model: str, reader: str) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    bodies: dict[str, Any] = {
        "anthropic_messages": {"type": "message", "id": "msg_bdrk_1", "model": "claude-sonnet-4-5-20250929",
                               "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}},
        "openai_chat": {"id": "c1", "choices": [{"message": {"content": "Ho"}}],
                        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}},
    }  # fmt: skip
    found = outcome({"url": f"{URL}{model}/invoke", "request": {"messages": messages}, "response": bodies[reader]})
    assert (found["reader"], found["provider_name"]) == (reader, "aws")


def test_claude_is_billed_by_the_id_that_was_asked_for() -> None:
    body = {"type": "message", "id": "msg_bdrk_1", "model": "claude-sonnet-4-5-20250929", "content": []}
    asked = {"anthropic_version": "bedrock-2023-05-31", "messages": []}
    found = outcome(
        {"url": URL + "global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke", "request": asked, "response": body}
    )
    assert found["response_model"] == "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_a_batch_job_is_half_price_and_its_sums_are_no_call() -> None:
    lines = records(FIXTURES / "bedrock_batch" / "job.jsonl")
    assert read(lines[0], BATCH).is_fragment
    assert {read(line, BATCH).service_tier for line in lines[:4]} == {"batch"}
    assert read(lines[3], BATCH).usage.input_tokens == 0
    assert BATCH.read(lines[4], ReadOptions()) == Aside("batch job")


@pytest.mark.parametrize(
    "record",
    [
        {"stopReason": "end_turn"},
        {"usage": {"inputTokens": 1, "outputTokens": 1}},
        {"completion": "Ho"},
        {"outputs": ["a", "b"]},
        {"generation": 3},
        {"recordId": "1"},
    ],
)
def test_what_is_not_theirs_is_left(record: dict[str, Any]) -> None:
    assert not any(reader.identify(record) for reader in (CONVERSE, INVOKE, BATCH))
