"""How often did a gateway try itself, as its one line of the answer tells it?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, records
from readers.test_laws import values
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.values.attempts import MOST_ATTEMPTS, attempts, before_the_last, failed_before
from tokaudit.schema import Call, Record


def calls(record: Record, /, **changes: Any) -> list[Call]:
    changed = {**record, **changes}
    reader = choose(changed)
    assert reader is not None
    return [call for call in outcomes_of(reader.read(changed, ReadOptions())) if isinstance(call, Call)]


def told(record: Record, /, **changes: Any) -> tuple[int | None, str | None]:
    call = calls(record, **changes)[0]
    return call.gateway_retries, call.gateway_tried


def first(reader: str, file: str) -> Record:
    return records(FIXTURES / reader / file)[0]


SPEND = first("litellm_spend_logs", "rows.jsonl")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"attempted_retries": 2}, (2, None)),
        ({"attempted_retries": 0, "attempted_fallbacks": 1, "original_model_group": "first"}, (1, "first")),
        ({"attempted_retries": 1, "attempted_fallbacks": 2, "original_model_group": "first"}, (3, "first")),
        ({"attempted_retries": 0, "original_model_group": "small"}, (0, None)),
        ({"attempted_retries": None, "attempted_fallbacks": None, "max_retries": 3}, (None, None)),
        ({"max_retries": 3}, (None, None)),
    ],
)
def test_litellm_counts_retries_and_fallbacks(
    metadata: dict[str, Any], expected: tuple[int | None, str | None]
) -> None:
    assert told(SPEND, metadata=json.dumps(metadata)) == expected


def test_payloads_of_litellm_have_one_for_each_try() -> None:
    payload = first("litellm_payload", "payloads.jsonl")
    assert told(payload, metadata={**payload["metadata"], "attempted_retries": 2}) == (None, None)


@pytest.mark.parametrize(("header", "expected"), [("2", 2), ("0", 0), ("-1", None), (None, None), ("often", None)])
def test_portkey_says_it_in_a_header(header: str | None, expected: int | None) -> None:
    stored = first("portkey", "stored.jsonl")
    headers = {} if header is None else {"X-Portkey-Retry-Attempt-Count": header}
    assert told(stored, response={**stored["response"], "headers": headers}) == (expected, None)


def test_the_retries_that_portkey_was_set_to_are_none_it_made() -> None:
    stored = first("portkey", "stored.jsonl")
    sent = {**stored["request"]["portkeyHeaders"], "x-portkey-config": '{"retry":{"attempts":5}}'}
    request, response = {**stored["request"], "portkeyHeaders": sent}, {**stored["response"], "headers": {}}
    assert told(stored, request=request, response=response) == (None, None)


GENERATION = first("openrouter_generation", "generations.jsonl")["data"]


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ([{"provider_name": "Azure", "status": 429}, {"provider_name": "OpenAI", "status": 200}], (1, "Azure")),
        ([{"provider_name": "A"}, {"provider_name": "B"}, {"provider_name": "A"}, {"status": 200}], (3, "A, B")),
        ([{"provider_name": "OpenAI", "status": 200}], (0, None)),
        ([{"status": 500}, {"status": 200}], (1, None)),
        ([], (None, None)),
        (None, (None, None)),
    ],
)
def test_openrouter_lists_whom_it_asked(responses: Any, expected: tuple[int | None, str | None]) -> None:
    assert told(GENERATION, provider_responses=responses) == expected


def test_kong_lists_upstreams_of_the_call_that_it_passed_on() -> None:
    entry = records(FIXTURES / "kong_ai" / "entries.jsonl")[5]
    assert [call.gateway_retries for call in calls(entry)] == [1, None]
    assert [call.gateway_retries for call in calls(entry, tries=[])] == [None, None]
    assert [call.gateway_retries for call in calls(entry, tries=[{"ip": "192.0.2.1"}])] == [0, None]


@pytest.mark.parametrize(("made", "expected"), [(3, 2), ("2", 1), (1, 0), (0, 0), ("-", None), (None, None)])
def test_envoy_counts_the_first_attempt_too(made: Any, expected: int | None) -> None:
    assert told(first("envoy_ai_gateway", "access.jsonl"), upstream_request_attempt_count=made) == (expected, None)


def test_new_api_lists_channels_and_ties_its_errors_to_them() -> None:
    row = records(FIXTURES / "one_api" / "logs.jsonl")[1]
    other = {**json.loads(row["other"]), "admin_info": {"use_channel": ["3", "9"]}}
    assert told(row, other=json.dumps(other)) == (1, None)
    (call,) = calls(row, other=json.dumps(other), request_id="r-1")
    assert call.operation_id == "r-1"


RESULT = records(FIXTURES / "ai_sdk" / "results.jsonl")[-1]


def test_the_ai_gateway_of_vercel_tells_its_routing_and_a_setting_is_no_count() -> None:
    assert told(RESULT) == (2, "openai/gpt-4.1-mini, bedrock")
    listed = {"routing": {"attempts": [{"provider": "bedrock"}, {"provider": "anthropic"}]}}
    result = {**RESULT["result"], "providerMetadata": {"gateway": listed}}
    assert told(RESULT, result=result) == (1, "bedrock")
    assert told(RESULT, result={**result, "providerMetadata": {"gateway": {}}, "maxRetries": 2}) == (None, None)


ROW = {"time": "2026-03-02T09:15:12Z", "model": "gpt-4.1-mini", "prompt_tokens": 12, "completion_tokens": 4}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"upstream_status": "502, 200"}, 1),
        ({"upstream_status": "504, - , 200"}, 2),
        ({"upstream_status": "200 : 200"}, 0),
        ({"upstream_status": "502, 502 : 200"}, 2),
        ({"upstream_status": 200}, 0),
        ({"upstream_status": "-"}, None),
        ({"upstream_status": "up, down"}, None),
        ({"upstream_request_attempt_count": "3"}, 2),
        ({"x-litellm-attempted-retries": "1", "x-litellm-attempted-fallbacks": "1"}, 2),
        ({"gateway": {"retries": 2}}, 2),
        ({"retries": 3, "attempt": 2, "max_retries": 5, "retry_count": 1}, None),
    ],
)
def test_tables_tell_it_under_the_names_of_gateways(columns: dict[str, Any], expected: int | None) -> None:
    assert told({**ROW, **columns}) == (expected, None)


def test_users_may_name_the_column() -> None:
    record = {**ROW, "hops": 2}
    reader = choose(record)
    assert reader is not None
    call = reader.read(record, ReadOptions({"gateway_retries": "hops"}))
    assert isinstance(call, Call)
    assert call.gateway_retries == 2


ANSWERED = records(FIXTURES / "openai_chat" / "wrappers.jsonl")[-1]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-litellm-attempted-retries": "2"},
        {"X-LiteLLM-Attempted-Retries": ["2"]},
        [{"name": "x-litellm-attempted-retries", "value": "2"}],
        json.dumps({"x-portkey-retry-attempt-count": "2"}),
    ],
)
def test_headers_of_an_answer_tell_it(headers: Any) -> None:
    assert told(ANSWERED, response_headers=headers) == (2, None)


def test_other_headers_tell_nothing() -> None:
    (call,) = calls(
        ANSWERED, response_headers={"x-stainless-retry-count": "2", "x-request-id": "r", "retry-after": "3"}
    )
    assert (call.gateway_retries, call.log_id) == (None, None)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(values)
def test_whatever_is_read_is_a_small_count_or_nothing(value: Any) -> None:
    for read in (attempts(value), failed_before(value), before_the_last(value).retries):
        assert read is None or (type(read) is int and 0 <= read <= MOST_ATTEMPTS)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["502", "504", "429", "-"]), max_size=8))
def test_each_failed_upstream_before_the_answer_counts_once(failed: list[str]) -> None:
    assert failed_before(", ".join([*failed, "200"])) == len(failed)
    assert attempts(len(failed)) == before_the_last([{} for _ in [*failed, "200"]]).retries == len(failed)
