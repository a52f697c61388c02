from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.exchange.outcome import CUT_OFF, error_code, failure, status_in, unreported_usage


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("Request timed out.", "timeout"),
        ("The read operation timed out after 60s", "timeout"),
        ({"message": "Request timed out."}, "timeout"),
        ({"type": "error", "message": "upstream deadline exceeded"}, "timeout"),
        ("client disconnected", "cancelled"),
        ("The request was aborted by the user", "cancelled"),
        ("connection reset by peer", "cancelled"),
        ("Something broke in `rm -rf`", "error"),
        ({"message": "Incorrect key"}, "error"),
        ("openai.APIConnectionError: Connection error.", "openai.APIConnectionError"),
        ("net::ERR_ABORTED", "net.ERR_ABORTED"),
        ({"type": "error", "code": "rate_limited"}, "rate_limited"),
        ({"code": 429, "message": "Too many"}, "429"),
        (
            "Error code: 429 - {'error': {'message': 'm', 'type': 'tokens', 'code': 'rate_limit_exceeded'}}",
            "rate_limit_exceeded",
        ),
        ("Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error'}}", "overloaded_error"),
        ("Error code: 503", "error"),
        (True, "error"),
        (None, None),
        ("false", None),
    ],
)
def test_an_error_has_a_code_of_few_words(error: Any, code: str | None) -> None:
    assert error_code(error) == code


@pytest.mark.parametrize("error", ["Request timed out.", "client disconnected", "net::ERR_ABORTED"])
def test_what_was_cut_off_may_have_been_billed(error: str) -> None:
    assert unreported_usage(None, error_code(error)) is CUT_OFF


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("Error code: 429 - {'error': {}}", 429),
        ("Request failed with status code 503", 503),
        ({"statusCode": 500}, 500),
        ({"code": "rate_limited", "status": "429"}, 429),
        ({"code": 7}, None),
        ("Something about 429 parcels", None),
        (None, None),
    ],
)
def test_an_error_may_state_its_status(error: Any, status: int | None) -> None:
    assert status_in(error) == status


def test_a_status_says_more_than_that_there_was_an_error() -> None:
    assert failure(503, "error") == "http_503"
    assert failure(503, "overloaded", "error") == "overloaded"
    assert failure(200, None, "error") == "error"
    assert failure(None, "error", "failed") == "failed"
    assert failure(None, None) is None
