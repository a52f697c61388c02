from __future__ import annotations

import json
from typing import Any

import pytest

from readers.golden import FIXTURES, plain, records
from tokaudit.readers.choose import choose, claims
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.bedrock_log import READER
from tokaudit.schema import Aside, Call

LOG = records(FIXTURES / "bedrock_log" / "s3.jsonl")
RECORD: dict[str, Any] = {
    "schemaType": "ModelInvocationLog", "timestamp": "2026-03-02T09:15:12Z", "requestId": "r1", "operation": "Converse",
    "modelId": "amazon.nova-lite-v1:0", "input": {"inputTokenCount": 3}, "output": {"outputTokenCount": 4},
}  # fmt: skip


def read(record: Any) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_the_input_leaves_the_cache_out() -> None:
    call = read(
        {**RECORD, "input": {"inputTokenCount": 3, "cacheReadInputTokenCount": 0, "cacheWriteInputTokenCount": 25037}}
    )
    assert (call.usage.input_tokens, call.usage.cache_write_5m_input_tokens) == (25040, 25037)


def test_the_body_splits_writes_by_their_lifetime() -> None:
    usage = read(LOG[1]).usage
    assert (usage.input_tokens, usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens) == (
        25040,
        37,
        25000,
    )


def test_a_body_that_leaves_the_cache_out_is_overruled_by_the_log() -> None:
    body = {
        "output": {"message": {"content": []}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 4},
    }
    sent = {"inputTokenCount": 3, "cacheReadInputTokenCount": 1111}
    usage = read({**RECORD, "input": sent, "output": {"outputBodyJson": body, "outputTokenCount": 4}}).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1114, 1111, 4)


def test_no_count_of_the_cache_means_that_none_was_used() -> None:
    usage = read(RECORD).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens, usage.state) == (3, 0, 4, "exact")


def test_zeros_of_a_guardrail_are_real() -> None:
    usage = read(LOG[8]).usage
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (0, 0, "exact")


def test_a_call_in_both_sinks_is_one() -> None:
    wrapped = {"timestamp": 1772442911000, "message": json.dumps(LOG[0])}
    ((reader, record),) = claims(wrapped)
    assert reader is READER
    assert plain(read(record)) == plain(read(LOG[0]))
    assert read(LOG[0]).response_id == "msg_bdrk_01B"
    assert read(LOG[5]).call_id == "bedrock:22222222-0000-4000-8000-000000000006"


def test_the_order_of_keys_does_not_matter() -> None:
    for record in LOG:
        assert plain(read(dict(reversed(record.items())))) == plain(read(record))


@pytest.mark.parametrize("missing", ["schemaType", "schemaVersion"])
def test_a_record_is_known_without_its_schema(missing: str) -> None:
    assert READER.identify({key: value for key, value in RECORD.items() if key != missing})


def test_bodies_in_s3_leave_no_texts() -> None:
    call = read(LOG[4])
    assert (call.prompt, call.usage.input_tokens) == ((), 41210)


@pytest.mark.parametrize(
    ("code", "state", "output"),
    [("ThrottlingException", "exact", 0), ("ModelTimeoutException", "output_lower_bound", None)],
)
def test_failed_calls(code: str, state: str, output: int | None) -> None:
    call = read({**RECORD, "errorCode": code, "input": {}, "output": {}})
    assert (call.error_type, call.usage.state, call.usage.output_tokens) == (code, state, output)


@pytest.mark.parametrize(
    ("arn", "user", "feature"),
    [
        ("arn:aws:sts::1:assumed-role/mail-sorter/i-0abc1234def", None, "mail-sorter"),
        ("arn:aws:sts::1:assumed-role/mail-sorter/botocore-session-1772442912", None, "mail-sorter"),
        ("arn:aws:sts::1:assumed-role/mail-sorter/nightly-job", "nightly-job", "mail-sorter"),
        ("arn:aws:sts::1:assumed-role/AWSReservedSSO_Dev_1a2b/ann@example.com", "ann@example.com", None),
        ("arn:aws:iam::1:user/team/ann", "ann", None),
        ("arn:aws:iam::1:root", None, None),
        (None, None, None),
    ],
)
def test_the_caller_is_a_user_or_the_weakest_name_of_a_use_case(
    arn: str | None, user: str | None, feature: str | None
) -> None:
    call = read({**RECORD, "identity": {"arn": arn}})
    assert (call.user_id, call.feature) == (user, feature)


def test_what_the_team_names_goes_before_profile_and_role() -> None:
    named = {"identity": {"arn": "arn:aws:sts::1:assumed-role/mail-sorter/x"}}
    named["modelId"] = "arn:aws:bedrock:us-east-1:1:application-inference-profile/ab1"
    profile = read({**RECORD, **named})
    assert (profile.feature, profile.feature_from) == ("application-inference-profile/ab1", "modelId")
    assert (profile.request_model, profile.response_model) == (named["modelId"], None)
    tagged = read({**RECORD, **named, "requestMetadata": {"feature": "triage", "user_id": "u1", "session_id": "s1"}})
    assert (tagged.feature, tagged.user_id, tagged.conversation_id) == ("triage", "u1", "s1")


def test_columns_of_a_query_are_a_record() -> None:
    row = {"@timestamp": "2026-03-02 09:15:12.000", "modelId": "amazon.nova-lite-v1:0", "input.inputTokenCount": "3"}
    call = read({**row, "output.outputTokenCount": "4"})
    assert (call.usage.input_tokens, call.usage.output_tokens, call.started_at) == (3, 4, 1772442912000000)


def test_the_line_that_checks_permissions_is_no_call() -> None:
    line = {"timestamp": 1, "message": "Permissions are correctly set for Amazon Bedrock logs."}
    assert READER.identify(line)
    assert READER.read(line, ReadOptions()) == Aside("permission check")


@pytest.mark.parametrize(
    "record",
    [
        {"modelId": "m", "operation": "x"},
        {"modelId": "m", "input": {}},
        {"message": "Permissions"},
        {"input": {"inputTokenCount": 1}},
    ],
)
def test_other_records_are_left(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
