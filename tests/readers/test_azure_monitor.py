from __future__ import annotations

import json
from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.choose import choose, claims
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.readers.gateways import azure_apim_gateway, azure_apim_llm_log, azure_diagnostics
from tokaudit.readers.gateways.azure_apim_llm_log import WAITING_CHARACTERS, WAITING_REQUESTS
from tokaudit.readers.gateways.azure_monitor import fields_of, time_of
from tokaudit.schema import Aside, Call, RejectRecordError

DIAGNOSTIC = records(FIXTURES / "azure_diagnostics" / "diagnostics.jsonl")[0]
GATEWAY = records(FIXTURES / "azure_apim_gateway" / "event-hub.jsonl")[0]
ROW = records(FIXTURES / "azure_apim_llm_log" / "table.jsonl")[1]


def one(record: dict[str, Any]) -> Call:
    reader = choose(record)
    assert reader is not None
    call = reader.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


def told(rows: list[dict[str, Any]]) -> list[tuple[int, Any]]:
    reader = FileReader(ReadOptions())
    found = [each for line, row in enumerate(rows, 1) for each in reader.read(row, Spot(line, line))]
    return [(each.spot.line, each.telling) for each in (*found, *reader.end())]


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("3/2/2026, 9:15:12.435 AM", 1772442912_435_000),
        ("3/2/2026, 9:15:12 PM", 1772486112_000_000),
        ("12/31/2025, 12:00:00.000 AM", 1767139200_000_000),
        ("13/31/2025, 9:15:12 AM", None),
        ("2026-03-02T09:15:12.1234567Z", 1772442912_123_456),
        (639080397120000000, 1772442912_000_000),
        (None, None),
    ],
)
def test_times_of_every_way_out_are_read(text: Any, micros: int | None) -> None:
    assert time_of({"t": text}, "t") == micros


def test_columns_lose_their_types_and_zones() -> None:
    row = {"url_s": "u", "responseCode_d": 200, "correlationId_g": "c", "TimeGenerated [UTC]": "t", "_ResourceId": "r"}
    assert fields_of(row) == {
        "url": "u",
        "responsecode": 200,
        "correlationid": "c",
        "timegenerated": "t",
        "_resourceid": "r",
    }


def test_diagnostics_tell_no_tokens_and_no_texts() -> None:
    call = one(DIAGNOSTIC)
    assert (call.usage.state, call.usage.input_tokens, call.prompt) == ("missing", None, ())
    assert (call.provider_name, call.request_model, call.response_model) == ("azure", "tickets", "gpt-4.1-mini")
    assert (call.started_at, call.latency_ms, call.http_status) == (1772442912_000_000, 2500, 200)


def test_a_negative_duration_is_none() -> None:
    properties = {key: value for key, value in DIAGNOSTIC["properties"].items() if not key.endswith("Time")}
    assert one({**DIAGNOSTIC, "durationMs": -3, "properties": properties}).latency_ms is None


@pytest.mark.parametrize(
    "record",
    [
        {"category": "RequestResponse", "properties": {"x": 1}},
        {"category": "Audit", "resourceId": "/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.STORAGE/ACCOUNTS/X"},
        {"category": ["RequestResponse"]},
        {"category": "FunctionAppLogs", "properties": {"message": "hi"}},
    ],
)
def test_other_diagnostics_are_not_known(record: dict[str, Any]) -> None:
    assert not azure_diagnostics.identify(record)
    assert not azure_apim_gateway.identify(record)
    assert not azure_apim_llm_log.identify(record)


def gateway(**properties: Any) -> Call:
    return one({**GATEWAY, "properties": {**GATEWAY["properties"], **properties}})


def test_the_deployment_of_the_url_is_what_was_asked() -> None:
    call = gateway()
    assert json.loads(GATEWAY["properties"]["backendRequestBody"])["model"] == "gpt-3.5-turbo"
    assert (call.request_model, call.response_model) == ("tickets", "gpt-4.1-mini-2025-04-14")
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens) == (1420, 1280)


def test_a_body_cut_before_its_usage_is_said_and_no_text() -> None:
    cut = GATEWAY["properties"]["backendResponseBody"][:300]
    call = gateway(backendResponseBody=cut, responseBody=cut)
    assert (call.usage.state, call.usage.rule) == ("output_lower_bound", "answer cut in the log before its usage")
    assert (call.answer, len(call.prompt), call.error_type) == ((), 2, None)


def test_of_two_copies_the_whole_one_is_read() -> None:
    whole = GATEWAY["properties"]["responseBody"]
    call = gateway(backendResponseBody=whole[:300], responseBody=whole)
    assert (call.usage.state, call.usage.input_tokens) == ("exact", 1420)


def test_the_content_filter_is_a_failure() -> None:
    body = json.dumps({"error": {"message": "Jane Doe", "code": "content_filter", "status": 400}})
    call = gateway(backendResponseBody=body, responseBody=body, backendResponseCode=400, responseCode=400)
    assert (call.error_type, call.http_status, call.usage.input_tokens) == ("content_filter", 400, 0)


def test_bodies_need_not_be_logged_to_count_a_call() -> None:
    nothing = dict.fromkeys(("requestBody", "responseBody", "backendRequestBody", "backendResponseBody"))
    call = gateway(**nothing)
    assert (call.request_model, call.usage.state, call.prompt) == ("tickets", "missing", ())
    other = "https://orders.example.com/17"
    record = {**GATEWAY, "properties": {**GATEWAY["properties"], **nothing, "url": other, "backendUrl": other}}
    assert azure_apim_gateway.read(record, ReadOptions()) == Aside("request to another API")


def test_both_logs_of_a_request_have_one_key() -> None:
    row = {**ROW, "CorrelationId": GATEWAY["correlationId"]}
    [(_, counted)] = told([row])
    assert counted.call_id == one(GATEWAY).call_id == "apim:g-1"


def test_a_query_may_join_both_logs() -> None:
    joined = {**ROW, "ApimSubscriptionId": "tickets-team", "BackendUrl": "https://a.openai.azure.com", "UserId": "7"}
    [(_, call)] = told([joined])
    assert (call.reader, call.feature, call.feature_from, call.user_id) == (
        "azure_apim_llm_log",
        "tickets-team",
        "apimSubscriptionId",
        "7",
    )


def test_pieces_are_put_in_order_before_they_are_read() -> None:
    rows = [
        {**ROW, "DeploymentName": "", "ModelName": "", "PromptTokens": 0, "CompletionTokens": 0, "TotalTokens": 0}
        | {"SequenceNumber": place, "RequestMessages": piece}
        for place, piece in ((3, '"Hi"}]'), (1, '[{"role":"us'), (2, 'er","content":'))
    ]
    outcomes = told([rows[0], ROW, *rows[1:]])
    assert [line for line, telling in outcomes if telling == Aside("message chunk")] == [1, 3, 4]
    line, call = outcomes[-1]
    assert (line, [part.text for part in call.prompt], call.usage.input_tokens) == (2, ["Hi"], 1420)
    assert told([ROW, *rows[:2]])[-1][1].prompt == ()


def test_cached_tokens_lie_where_the_provider_counts_them() -> None:
    def usage(model: str, prompt: int, cached: int) -> tuple[int | None, str]:
        row = {
            **ROW,
            "ModelName": model,
            "PromptTokens": prompt,
            "TotalTokens": prompt + 100,
            "PromptCachedTokens": cached,
        }
        [(_, call)] = told([row])
        return call.usage.input_tokens, call.usage.state

    assert usage("gpt-4.1-mini", 1420, 1280) == (1420, "exact")
    assert usage("claude-opus-4-5", 26, 48854) == (48880, "cache_split_unknown")


def test_rows_wait_only_so_long() -> None:
    many = [{**ROW, "CorrelationId": f"c-{number}"} for number in range(WAITING_REQUESTS + 3)]
    session = azure_apim_llm_log.READER.open_session(ReadOptions())  # type: ignore[misc]
    known = [spot.line for line, row in enumerate(many) for spot, _ in session.add(row, Spot(line, line))]
    assert known == [0, 1, 2]
    assert [spot.line for spot, _ in session.end()] == list(range(3, WAITING_REQUESTS + 3))
    long = {**ROW, "RequestMessages": "x" * (WAITING_CHARACTERS // 2 + 1)}
    assert list(session.add(long, Spot(0, 0))) == []
    assert [spot.line for spot, _ in session.add({**long, "CorrelationId": "next"}, Spot(1, 1))] == [0]


def test_a_broken_count_rejects_its_row_alone() -> None:
    outcomes = told([{**ROW, "PromptTokens": -5}, ROW])
    assert [(line, isinstance(telling, RejectRecordError)) for line, telling in outcomes] == [(1, True), (2, False)]


def test_a_query_result_is_a_table_of_rows() -> None:
    names = ("CorrelationId", "DeploymentName", "PromptTokens", "CompletionTokens")
    table = {"columns": [{"name": name} for name in names], "rows": [["a", "tickets", 5, 7], ["b", "tickets", 6, 8]]}
    found = [claim.record["PromptTokens"] for claim in claims({"tables": [table]})]
    assert found == [5, 6]
    assert [claim.reader for claim in claims({"tables": ["a"], "x": 1})] == [None]
