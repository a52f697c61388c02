from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.exchange.envelope import Envelope, context_layers, envelope, gather
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.values.labels import MAX_LABEL, code, exact, label
from tokaudit.readers.values.providers import is_openai_model, provider_of_model, provider_of_name, provider_of_url


def around(record: dict[str, Any]) -> Envelope:
    return envelope(gather(context_layers([("", record)])), "UTC")


@pytest.mark.parametrize(
    ("record", "feature", "place"),
    [
        ({"feature": "triage"}, "triage", "feature"),
        ({"endpoint": "/api/summarise"}, "/api/summarise", "endpoint"),
        ({"endpoint": "/v1/chat/completions"}, None, None),
        ({"endpoint": "chat.completions"}, None, None),
        ({"endpoint": "https://api.openai.com/v1/responses"}, None, None),
        ({"route": "/openai/deployments/x/chat/completions?api-version=1"}, None, None),
        ({"endpoint": "/v1/messages", "service": "mail"}, "mail", "service"),
        ({"metadata": {"use_case": "triage"}, "service": "mail"}, "triage", "metadata.use_case"),
        ({"metadata": '{"feature": "triage"}'}, "triage", "metadata.feature"),
        ({"tags": ["User-Agent:x", "prod", "feature:triage"]}, "triage", "tags"),
        ({"tags": ["User-Agent:x", "prod"]}, "prod", "tags"),
        ({"tags": {"feature": "triage"}}, "triage", "tags.feature"),
        ({"service": "openai"}, None, None),
        ({"feature": ""}, None, None),
        ({"feature": {"name": "triage"}}, "triage", "feature"),
        ({"feature": "x" * 1000}, "x" * MAX_LABEL, "feature"),
    ],
)
def test_the_use_case_is_what_the_team_named(record: dict[str, Any], feature: str | None, place: str | None) -> None:
    found = around(record)
    assert (found.feature, found.feature_from) == (feature, place)


@pytest.mark.parametrize(
    ("record", "latency"),
    [
        ({"latency_ms": 2500}, 2500),
        ({"duration_s": 2.5}, 2500),
        ({"duration_ns": 2_500_000_000}, 2500),
        ({"latency": 2500}, 2500),
        ({"latency": 2.5}, 2500),
        ({"latency": "2.5"}, 2500),
        ({"latency": 45}, None),
        ({"latency_ms": -1}, None),
        ({"latency_ms": 10**12}, None),
        ({"latency_ms": True}, None),
        ({"start_time": 1772366400, "end_time": 1772366402.5}, 2500),
        ({"start_time": 1772366402, "end_time": 1772366400}, None),
    ],
)
def test_a_duration_is_read_in_its_unit_or_not_at_all(record: dict[str, Any], latency: int | None) -> None:
    assert around(record).latency_ms == latency


@pytest.mark.parametrize(
    ("record", "cost"),
    [
        ({"cost": 0.000344}, "0.000344"),
        ({"cost_cents": 0.0344}, "0.000344"),
        ({"cost_usd": "0.000344"}, "0.000344"),
        ({"cost": 0.1, "currency": "USD"}, "0.1"),
        ({"cost": 0.1, "currency": "EUR"}, None),
        ({"cost_eur": 0.1}, None),
        ({"cost": -1}, None),
        ({"cost": "free"}, None),
        ({"cost": 0.5, "cache_hit": True}, "0"),
    ],
)
def test_only_usd_is_a_logged_cost(record: dict[str, Any], cost: str | None) -> None:
    assert around(record).logged_cost == cost


def test_a_start_is_better_than_a_time_of_writing_and_an_end_better_than_nothing() -> None:
    assert around({"created_at": 1772366409, "start_time": 1772366400}).started_at == 1772366400_000_000
    assert around({"end_time": 1772366402}).started_at == 1772366402_000_000


def test_ids_may_stand_in_objects() -> None:
    found = around({"user": {"id": 7}, "session": {"id": "s"}, "metadata": {"thread_id": "t"}})
    assert (found.user_id, found.conversation_id) == ("7", "s")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (200, (200, None)),
        ("429", (429, None)),
        ("429 Too Many Requests", (429, None)),
        ({"code": 200, "message": "OK"}, (200, None)),
        (200.0, (200, None)),
        ("success", (None, None)),
        ("12", (None, None)),
        ("²²²", (None, None)),
        ("404.5", (None, None)),
        ("1200", (None, None)),
        ("failure", (None, "failure")),
        ("timed out", (None, "timed_out")),
        ("active", (None, None)),
        (0, (None, None)),
        (True, (None, None)),
        (None, (None, None)),
        ([], (None, None)),
    ],
)
def test_statuses(value: Any, expected: tuple[int | None, str | None]) -> None:
    assert status_of(value) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, None),
        ({}, None),
        ("", None),
        (False, None),
        (0, None),
        ({"code": "rate_limit_exceeded", "type": "tokens", "message": "secret"}, "rate_limit_exceeded"),
        ({"code": 429, "type": "server_error"}, "server_error"),
        ({"code": 502, "message": "secret"}, "502"),
        ({"error": {"type": "overloaded_error"}}, "overloaded_error"),
        ({"message": "the customer Jane Doe"}, "error"),
        ("RateLimitError: the customer Jane Doe", "RateLimitError"),
        ("the customer Jane Doe", "error"),
        ("<script>", "error"),
        (True, "error"),
    ],
)
def test_an_error_is_known_by_its_code_never_by_its_message(error: Any, expected: str | None) -> None:
    assert error_code(error) == expected


def test_what_calls_without_usage_are_billed() -> None:
    assert unreported_usage(200, None).state == "missing"
    assert (unreported_usage(429, "rate_limit").input_tokens, unreported_usage(429, "rate_limit").state) == (0, "exact")
    for status in (408, 499, 504):
        assert unreported_usage(status, failure(status)).state == "output_lower_bound"
        assert unreported_usage(status, failure(status)).input_tokens is None
    assert unreported_usage(None, "APITimeoutError").state == "output_lower_bound"
    assert unreported_usage(None, "client_cancelled").state == "output_lower_bound"


def test_providers() -> None:
    assert provider_of_url("https://acme.openai.azure.com/openai/deployments/x") == "azure"
    assert provider_of_url("bedrock-runtime.us-east-1.amazonaws.com") == "aws"
    assert provider_of_url("https://api.x.ai/v1") == "x-ai"
    assert provider_of_url("http://user:pw@API.OpenAI.com:443/v1") == "openai"
    assert provider_of_url("https://openai.com.evil.invalid/v1") is None
    assert provider_of_url("http://localhost:8000/v1") is None
    assert provider_of_name("Azure_OpenAI") == "azure"
    assert provider_of_name("vertex_ai") == "google"
    assert provider_of_name("my proxy") is None
    assert provider_of_model("bedrock/anthropic.claude") == "aws"
    assert provider_of_model("openai/gpt-4o") is None
    assert is_openai_model("gpt-4.1-mini")
    assert not is_openai_model("gpt-oss-120b")


def test_labels_can_always_be_written() -> None:
    assert label("a\ud800b") == "a\ufffdb"
    assert exact("\ud83d\ude42 é \udfff") == "\U0001f642 é \ufffd"
    assert exact("é") == "é"
    assert label("  x  ") == "x"
    assert label(12) == "12"
    assert label(True) is None
    assert label("None") is None
    assert label(10**400) is None
    assert code("a b") == "a_b"
    assert code("a" * 65) is None
