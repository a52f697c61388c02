"""Is the HTTP status found that an SDK wrote into the message of its exception, whichever platform kept it?"""

from __future__ import annotations

from typing import Any

import pytest

from readers.platform_calls import outcomes
from tokaudit.readers.contract import Reader
from tokaudit.readers.exchange.outcome import status_in
from tokaudit.readers.tracing import braintrust, datadog_llm_obs, langfuse, langsmith, mlflow, weave
from tokaudit.schema import Call

MESSAGE = "Error code: 429 - {'error': {'message': 'Slow down'}}"
RECORDS: list[tuple[Reader, dict[str, Any]]] = [
    (langfuse.READER, {"id": "a", "traceId": "t", "type": "GENERATION", "startTime": "2026-03-09T10:40:00Z", "level": "ERROR",
                       "statusMessage": MESSAGE, "input": "Hi", "model": "gpt-4o"}),
    (langsmith.READER, {"id": "a", "run_type": "llm", "dotted_order": "a", "error": f"Limit({MESSAGE!r})", "inputs": {}}),
    (weave.READER, {"id": "a", "op_name": "weave:///e/p/op/openai.chat.completions.create:1", "trace_id": "t",
                    "inputs": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]},
                    "exception": f"Traceback\nopenai.RateLimitError: {MESSAGE}"}),
    (braintrust.READER, {"id": "a", "_xact_id": "1", "root_span_id": "r", "span_attributes": {"type": "llm"},
                         "error": f"RateLimitError: {MESSAGE}"}),
    (datadog_llm_obs.READER, {"start_ns": 1, "duration": 1, "status": "error", "span_id": "1", "trace_id": "t",
                              "meta": {"span.kind": "llm", "error.type": "openai.RateLimitError", "error.message": MESSAGE}}),
    (mlflow.READER, {"info": {}, "data": {"spans": [{
        "span_id": "1", "status": {"code": "STATUS_CODE_ERROR", "message": MESSAGE}, "attributes": {"mlflow.spanType": '"LLM"'},
        "events": [{"name": "exception", "attributes": {"exception.type": "RateLimitError"}}]}]}}),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "record"), RECORDS, ids=lambda each: each.name if isinstance(each, Reader) else "")
def test_the_status_stands_in_the_message(reader: Reader, record: dict[str, Any]) -> None:
    (call,) = (told for told in outcomes(reader, record) if isinstance(told, Call))
    assert (call.http_status, call.usage.input_tokens) == (429, 0)
    assert call.error_type in ("RateLimitError", "Limit", "http_429")


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Error code: 503", 503),
        ("Request failed with status code 429", 429),
        ("HTTP 500: oops", 500),
        ("status=404", 404),
        ("Error code: 200", None),
        ("I wrote 4291 words, error code: 4290", None),
        (None, None),
    ],
)
def test_only_a_status_that_is_named_as_one_counts(message: Any, status: int | None) -> None:
    assert status_in(message) == status
