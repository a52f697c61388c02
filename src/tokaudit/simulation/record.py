"""How does a call stand in the log? As one line: OpenAI's request and response, and what a proxy adds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from tokaudit.schema import Json
from tokaudit.simulation.scenario import Feature

Message = dict[str, str]


class Exchange(NamedTuple):
    """What one attempt has that others of its conversation have not. answer None: it failed with `status`."""

    id: str
    started_at: int
    latency_ms: int
    status: int
    messages: list[Message]
    answer: str | None
    input_tokens: int
    cached_tokens: int
    output_tokens: int


_ERRORS = {
    429: {"message": "Too many requests.", "type": "requests", "param": None, "code": "rate_limit_exceeded"},
    500: {"message": "The server failed to answer.", "type": "server_error", "param": None, "code": None},
}


def timestamp(milliseconds: int) -> str:
    """Write a time since 1970 as the log does.

    >>> timestamp(1788220800719)
    '2026-09-01T00:00:00.719Z'
    """
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def _request(feature: Feature, messages: list[Message]) -> dict[str, Any]:
    request: dict[str, Any] = {"model": feature.model, "messages": messages, "temperature": 0.2}
    if feature.tools:
        request["tools"] = feature.tools
    if feature.response_format:
        request["response_format"] = feature.response_format
    return request


def _response(model: str, exchange: Exchange) -> dict[str, Any]:
    if exchange.answer is None:
        return {"error": _ERRORS[exchange.status]}
    message = {"role": "assistant", "content": exchange.answer}
    return {
        "id": f"chatcmpl-{exchange.id}",
        "object": "chat.completion",
        "created": (exchange.started_at + exchange.latency_ms) // 1000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": exchange.input_tokens,
            "completion_tokens": exchange.output_tokens,
            "total_tokens": exchange.input_tokens + exchange.output_tokens,
            "prompt_tokens_details": {"cached_tokens": exchange.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def line(feature: Feature, exchange: Exchange, user: str, metadata: Json) -> bytes:
    """Write a call as one line of the log. metadata None: the call carries none."""
    record: dict[str, Any] = {
        "id": f"req_{exchange.id}",
        "timestamp": timestamp(exchange.started_at),
        "endpoint": "/v1/chat/completions",
        "request": _request(feature, exchange.messages),
        "response": _response(feature.model, exchange),
        "status_code": exchange.status,
        "latency_ms": exchange.latency_ms,
        "user": user,
    }
    if metadata is not None:
        record["metadata"] = metadata
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
