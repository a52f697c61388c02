from __future__ import annotations

import json
from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways import litellm_error_logs, litellm_payload
from tokaudit.readers.gateways.litellm_spend_logs import READER
from tokaudit.schema import Aside, Call, RejectRecordError

ROW = records(FIXTURES / "litellm_spend_logs" / "rows.jsonl")[0]
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def read(**changes: Any) -> Call:
    record = {**ROW, **changes}
    assert choose(record) is READER
    call = READER.read(record, ReadOptions(timezone="America/New_York"))
    assert isinstance(call, Call)
    return call


def test_times_are_utc_whatever_zone_the_user_names() -> None:
    assert (read().started_at, read().latency_ms) == (1772442912_000_000, 2500)


def test_the_id_of_the_answer_is_known_to_other_logs() -> None:
    assert (read().response_id, read().log_id) == ("chatcmpl-a1", None)
    hit = read(request_id="chatcmpl-a1_cache_hit17.5", cache_hit="True")
    assert (hit.response_id, hit.log_id, hit.gateway_cache_hit, hit.logged_cost) == (
        None,
        "chatcmpl-a1_cache_hit17.5",
        True,
        "0",
    )


@pytest.mark.parametrize("word", ["None", "False", "", None, False])
def test_the_words_for_no_cache_hit(word: Any) -> None:
    assert not read(cache_hit=word).gateway_cache_hit


def test_the_cache_split_stands_in_either_place() -> None:
    details = {"cache_read_input_tokens": 1111, "cache_creation_input_tokens": 0}
    for metadata in ({"additional_usage_values": details}, {"usage_object": {**details, "prompt_tokens": 1114}}):
        usage = read(metadata=json.dumps(metadata), prompt_tokens=1114, completion_tokens=406).usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.state) == (1114, 1111, "exact")
    assert read(metadata="{}").usage.state == "cache_split_unknown"


def test_failures_report_nothing() -> None:
    information = {"error_information": {"error_code": "429", "error_class": "RateLimitError", "error_message": "Jane"}}
    call = read(**ZEROS, status="failure", metadata=json.dumps(information), request_id="0b9c")
    assert (call.http_status, call.error_type, call.usage.input_tokens) == (429, "RateLimitError", 0)
    assert (call.response_id, call.log_id) == (None, "0b9c")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"call_type": "call_mcp_tool"}, "MCP tool call"),
        ({"mcp_namespaced_tool_name": "crm/find"}, "MCP tool call"),
        ({"call_type": "acreate_batch"}, "batch request"),
        ({"call_type": "afile_content"}, "file request"),
        ({"call_type": "avector_store_search"}, "vector store request"),
    ],
)
def test_what_asked_no_model_is_no_call(changes: dict[str, Any], kind: str) -> None:
    assert READER.read({**ROW, **ZEROS, **changes}, ReadOptions()) == Aside(kind)
    payload = {**ROW, **ZEROS, **changes, "response_cost": 0.0}
    assert litellm_payload.READER.read(payload, ReadOptions()) == Aside(kind)


def test_a_finished_batch_is_a_sum() -> None:
    with pytest.raises(RejectRecordError, match="row sums several calls"):
        READER.read({**ROW, "call_type": "aretrieve_batch"}, ReadOptions())


def test_texts_that_were_cut_or_hidden_are_no_texts() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert [part.text for part in read(proxy_server_request=json.dumps(asked)).prompt] == ["Hi"]
    for text in ("a... (litellm_truncated skipped 9 chars) ...b", "redacted-by-litellm"):
        hidden = {"model": "m", "messages": [{"role": "user", "content": text}]}
        assert read(proxy_server_request=json.dumps(hidden)).prompt == ()
        assert read(proxy_server_request=hidden).prompt == ()


def test_a_row_with_a_few_columns_is_known() -> None:
    few = {
        "request_id": "chatcmpl-1",
        "call_type": "acompletion",
        "spend": "0.1",
        "prompt_tokens": "5",
        "completion_tokens": "7",
    }
    assert choose(few) is READER
    assert choose({"request_id": "1", "spend": 1}) is not READER


def test_errors_are_failed_calls() -> None:
    record = records(FIXTURES / "litellm_error_logs" / "errors.jsonl")[0]
    assert choose(record) is litellm_error_logs.READER
    call = litellm_error_logs.READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    assert (call.error_type, call.http_status, call.usage.input_tokens) == ("RateLimitError", 429, 0)
    assert [part.role for part in call.prompt] == ["system", "user"]
