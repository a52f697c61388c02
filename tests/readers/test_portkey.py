from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.portkey import READER
from tokaudit.schema import Call, Record

ROW = records(FIXTURES / "portkey" / "export.jsonl")[0]
STORED = records(FIXTURES / "portkey" / "stored.jsonl")[0]


def read(record: Record = ROW, /, **changes: Any) -> Call:
    changed = {**record, **changes}
    assert choose(changed) is READER
    call = READER.read(changed, ReadOptions())
    assert isinstance(call, Call)
    return call


@pytest.mark.parametrize(
    ("cost", "currency", "expected"),
    [(0.0344, "USD", "0.000344"), ("12", None, "0.12"), (0.0344, "EUR", None), (None, "USD", None)],
)
def test_costs_are_cents(cost: Any, currency: str | None, expected: str | None) -> None:
    assert read(cost=cost, cost_currency=currency).logged_cost == expected


def test_the_answers_usage_tells_the_cache_that_the_units_hide() -> None:
    assert (read().usage.cache_read_input_tokens, read().usage.state) == (1280, "exact")
    units = read(request=None, response=None).usage
    assert (units.input_tokens, units.output_tokens, units.state) == (1420, 100, "cache_split_unknown")


def test_the_log_is_written_at_the_end() -> None:
    assert (read().started_at, read().latency_ms) == (1772442912_000_000, 2500)


@pytest.mark.parametrize(
    ("status", "hit"), [("HIT", True), ("SEMANTIC HIT", True), ("MISS", False), ("DISABLED", False)]
)
def test_cache_hits(status: str, hit: bool) -> None:
    call = read(cache_status=status)
    assert (call.gateway_cache_hit, call.response_id) == (hit, None if hit else "chatcmpl-a1")


def test_metadata_may_be_two_lists() -> None:
    lists = {"metadata": None, "metadata.key": "['feature', '_user']", "metadata.value": "['triage', 'u-2']"}
    assert (read(**lists).feature, read(**lists).user_id) == ("triage", "u-2")


def test_zeros_of_a_failure_report_nothing() -> None:
    body = {"error": {"message": "Jane", "type": "tokens", "code": "rate_limit_exceeded"}}
    call = read(response=body, response_status_code=429, req_units=0, res_units=0, total_units=0)
    assert (call.error_type, call.usage.input_tokens, call.usage.state) == ("rate_limit_exceeded", 0, "exact")


def test_a_stored_document_is_read_by_its_headers() -> None:
    call = read(STORED)
    assert (call.log_id, call.response_id, call.feature, call.user_id) == ("d-1", "chatcmpl-a1", "triage", "u-1")
    assert (call.started_at, call.http_status, call.usage.input_tokens) == (1772442911_500_000, 200, 1420)


def test_without_a_body_the_metrics_count() -> None:
    metrics = {"ai_model": "text-embedding-3-small", "req_units": 1420, "res_units": 0, "cost": 0.00284}
    call = read({**STORED, "response": {**STORED["response"], "body": "...REDACTED..."}}, metrics=metrics)
    assert (call.usage.input_tokens, call.logged_cost, call.answer) == (1420, "0.0000284", ())


def test_other_pairs_are_not_known() -> None:
    assert choose({"request": STORED["request"]["body"], "response": STORED["response"]["body"]}) is not READER
    assert not READER.identify({"ai_org": "openai"})
