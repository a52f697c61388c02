"""Are the calls found in whatever a log shipper, a queue, a store or a data frame made of them, and nothing else?"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from tokaudit.readers.choose import claims
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.readers.listings import page_items, records_by_key, unnamed_list
from tokaudit.readers.wrappers import as_record
from tokaudit.schema import Call

OPENAI = {
    "request": {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Where is it?"}]},
    "response": {
        "id": "chatcmpl-a1",
        "object": "chat.completion",
        "model": "gpt-4.1-mini",
        "created": 1772442912,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Here."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}},
    },
}
BEDROCK = {
    "schemaType": "ModelInvocationLog",
    "timestamp": "2026-03-02T09:15:12Z",
    "requestId": "b-1",
    "operation": "InvokeModel",
    "modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "input": {"inputTokenCount": 3, "cacheReadInputTokenCount": 1111, "cacheWriteInputTokenCount": 0},
    "output": {"outputTokenCount": 406},
}
ROW = {"ts": "2026-03-02T09:15:12Z", "model": "gpt-4.1-mini", "prompt_tokens": 1420, "cached_tokens": 1280,
       "completion_tokens": 100}  # fmt: skip
TEXTS = [json.dumps(record) for record in (OPENAI, BEDROCK)]


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def calls_in(value: Any) -> list[Call]:
    found = [one.telling for one in FileReader(ReadOptions()).read(value, Spot(1, 0))]
    return [telling for telling in found if isinstance(telling, Call)]


def readers_in(value: Any) -> list[str | None]:
    return [claim.reader.name if claim.reader else None for claim in claims(value)]


CARRIERS = {
    "CloudWatch, filtered": lambda text: {"timestamp": 1, "message": text, "ingestionTime": 2},
    "Docker": lambda text: {"log": f"{text}\n", "stream": "stdout", "time": "2026-03-02T09:15:12Z"},
    "journald": lambda text: {"__REALTIME_TIMESTAMP": "1772442912000000", "MESSAGE": text, "PRIORITY": "6"},
    "journald, in bytes": lambda text: {"__CURSOR": "s=1", "MESSAGE": list(text.encode())},
    "Cloud Logging": lambda text: {
        "insertId": "1",
        "jsonPayload": json.loads(text),
        "timestamp": "2026-03-02T09:15:12Z",
    },
    "Splunk": lambda text: {"preview": False, "offset": 0, "result": {"_raw": text, "_time": "2026-03-02T09:15:12Z"}},
    "Elasticsearch": lambda text: {"_index": "llm", "_id": "1", "_source": {"message": text}},
    "Datadog's screen": lambda text: {"Date": "2026-03-02T09:15:12Z", "Service": "chat", "Content": text},
    "Grafana's screen": lambda text: {"Time": "2026-03-02 09:15:12", "Line": text, "labels": '{"app":"chat"}'},
    "Loki": lambda text: {"stream": {"app": "chat"}, "values": [["1772442912000000000", text]]},
    "SNS": lambda text: {"Type": "Notification", "Message": text, "Timestamp": "2026-03-02T09:15:12Z"},
    "SQS": lambda text: {"Records": [{"messageId": "1", "body": text, "eventSource": "aws:sqs"}]},
    "Kafka": lambda text: {"topic": "llm", "partition": 0, "offset": 1, "key": "k", "value": text},
    "Kinesis": lambda text: {"Records": [{"kinesis": {"data": packed(text)}, "eventSource": "aws:kinesis"}]},
    "Pub/Sub": lambda text: {"message": {"data": packed(text), "messageId": "1"}, "subscription": "s"},
    "Event Hub": lambda text: {"SequenceNumber": 1, "EnqueuedTimeUtc": "2026-03-02T09:15:12Z", "Body": text},
    "pino": lambda text: {"level": 30, "time": 1772442912000, "pid": 1, "msg": "done", "llm": json.loads(text)},
    "zap": lambda text: {"level": "info", "ts": 1772442912.1, "msg": "llm", "entry": text},
    "loguru": lambda text: {"text": "x", "record": {"extra": {"call": json.loads(text)}, "message": "llm"}},
    "ECS": lambda text: {"@timestamp": "2026-03-02T09:15:12Z", "llm": {"exchange": json.loads(text)}},
    "GELF": lambda text: {"version": "1.1", "short_message": "llm", "full_message": text, "timestamp": 1772442912.1},
    "MongoDB": lambda text: {"_id": "65f0", "createdAt": "2026-03-02T09:15:12Z", "doc": json.loads(text)},
    "Snowflake": lambda text: {"RECORD_CONTENT": json.loads(text), "RECORD_METADATA": {"offset": 1}},
    "DynamoDB": lambda text: {"Item": {"id": {"S": "1"}, "payload": {"S": text}, "n": {"N": "1"}}},
    "an export": lambda text: {"exported_at": "2026-04-01", "llm_calls": [json.loads(text)]},
    "an export in an export": lambda text: {"export": {"rows_of_march": [json.loads(text)]}, "version": 3},
    "a text": lambda text: text,
    "a list of texts": lambda text: {"records": [text]},
    "a store by key": lambda text: {"_default": {"1": json.loads(text), "2": json.loads(text)}},
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_call_is_found_in_what_carries_it(carrier: str) -> None:
    openai, bedrock = (CARRIERS[carrier](text) for text in TEXTS)
    (found, *_) = calls_in(openai)
    assert (found.reader, found.usage.cache_read_input_tokens) == ("openai_chat", 1280)
    (found, *_) = calls_in(bedrock)
    assert (found.reader, found.usage.input_tokens) == ("bedrock_log", 1114)  # not as the body inside it


def test_a_batch_of_cloudwatch_comes_packed_to_a_function() -> None:
    batch = {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"id": "1", "timestamp": 1, "message": text} for text in TEXTS],
    }
    data = base64.b64encode(gzip.compress(json.dumps(batch).encode())).decode()
    assert readers_in({"awslogs": {"data": data}}) == ["openai_chat", "bedrock_log"]


TABLES = {
    "a data frame by row": {"0": ROW, "1": ROW},
    "a data frame by column": {name: {"0": cell, "1": cell} for name, cell in ROW.items()},
    "a data frame in pieces": {"columns": list(ROW), "index": [0, 1], "data": [list(ROW.values())] * 2},
    "a data frame with its schema": {"schema": {"fields": [{"name": "ts"}]}, "data": [ROW, ROW]},
    "a list a column": {name: [cell, cell] for name, cell in ROW.items()},
    "Splunk's rows": {"fields": list(ROW), "rows": [list(ROW.values())] * 2},
    "Azure's tables": {
        "tables": [{"name": "t", "columns": [{"name": n} for n in ROW], "rows": [list(ROW.values())] * 2}]
    },
    "hits with fields": {"hits": {"hits": [{"_id": "1", "fields": {n: [c] for n, c in ROW.items()}}] * 2}},
    "items of DynamoDB": {
        "Items": [{n: {"N" if type(c) is int else "S": str(c)} for n, c in ROW.items()}] * 2,
        "Count": 2,
    },
}


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_found_however_a_table_is_written(table: str) -> None:
    found = calls_in(TABLES[table])
    assert [(call.request_model, call.started_at) for call in found] == [("gpt-4.1-mini", 1772442912_000_000)] * 2
    assert {(call.usage.input_tokens, call.usage.cache_read_input_tokens) for call in found} == {(1420, 1280)}


def test_an_entry_of_a_recording_has_its_duration() -> None:
    request = {"method": "POST", "url": "https://api.openai.com/v1/chat/completions"}
    entry = {
        "startedDateTime": "2026-03-02T09:15:12.1Z",
        "time": 812.5,
        "request": {**request, "postData": {"text": json.dumps(OPENAI["request"])}},
        "response": {
            "status": 200,
            "content": {"mimeType": "application/json", "text": json.dumps(OPENAI["response"])},
        },
    }
    (found,) = calls_in({"log": {"entries": [entry]}})
    assert (found.latency_ms, found.started_at) == (812, 1772442912_100_000)


@pytest.mark.parametrize(
    "value",
    [
        {"name": "x", "dependencies": [{"a": 1}, {"b": 2}]},
        {"a": {"x": 1}, "b": {"y": 1}},
        {"a": [1], "b": [2, 3]},
        {"request": {"a": 1, "b": 2}, "response": {"a": 1, "b": 2}},
        {"data": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"},
        {"MESSAGE": [123, 999]},
        {"Item": {"S": "x"}},
        {"fields": {"a": [1], "b": 2}},
    ],
)
def test_what_lists_no_calls_stays_one_unknown_record(value: Any) -> None:
    assert readers_in(value) == [None]


def test_an_empty_page_is_a_page() -> None:
    assert page_items({"data": [], "has_more": False}) == []
    assert readers_in({"data": [], "has_more": False}) == []


def test_the_parts_of_one_call_are_no_list_of_calls() -> None:
    answer = {"choices": [{"message": {"role": "assistant", "content": "x"}}], "tools": [{"a": 1}]}
    assert unnamed_list(answer) is page_items(answer) is records_by_key(answer) is None
    assert unnamed_list({"a": [{"x": 1}], "b": [{"x": 1}]}) is None  # which of the two?


def test_other_values_are_records_as_they_are() -> None:
    for value in ({"a": 1}, [1, 2], 3, None, "text", {"fields": 3, "Item": 4}):
        assert as_record(value) == value
