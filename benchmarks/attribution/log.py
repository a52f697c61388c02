"""How are calls written as an OpenAI or Anthropic log, with the truth beside them?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tokaudit.tokens.chat_format import chat_format_tokens
from tokaudit.tokens.count import count_tokens

START = datetime(2026, 9, 1, tzinfo=UTC)
Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planted:
    """One call with its truth. at: seconds after the month began."""

    at: float
    feature: str
    conversation: str
    messages: tuple[Message, ...]
    answer: str
    tools: tuple[Mapping[str, Any], ...] = ()
    schema: Mapping[str, Any] | None = None
    model: str = "gpt-4o"

    @property
    def time(self) -> datetime:
        return START + timedelta(seconds=self.at)


def _usage(call: Planted) -> tuple[int, int]:
    texts = [message["content"] for message in call.messages]
    counts = count_tokens([*texts, call.answer], "o200k_base").tolist()
    return sum(counts[:-1]) + chat_format_tokens(len(texts)), counts[-1]


def openai_record(call: Planted, number: int) -> dict[str, Any]:
    """Write a call as a request and its response; number tells it from the others."""
    given, made = _usage(call)
    request: dict[str, Any] = {"model": call.model, "messages": list(call.messages)}
    if call.tools:
        request["tools"] = list(call.tools)
    if call.schema:
        request["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(call.schema)},
        }
    return {
        "id": f"req_{number:06d}",
        "timestamp": call.time.isoformat(),
        "endpoint": "/v1/chat/completions",
        "status_code": 200,
        "latency_ms": 700,
        "request": request,
        "response": {
            "id": f"chatcmpl-{number:06d}", "object": "chat.completion", "model": call.model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": call.answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made},
        },
    }  # fmt: skip


def anthropic_record(call: Planted, number: int) -> dict[str, Any]:
    """Write a call as an Anthropic request and its response."""
    given, made = _usage(call)
    system = "\n\n".join(message["content"] for message in call.messages if message["role"] == "system")
    turns = [dict(message) for message in call.messages if message["role"] != "system"]
    request: dict[str, Any] = {"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": turns}
    if system:
        request["system"] = system
    if call.schema:
        request["output_config"] = {"format": {"type": "json_schema", "schema": dict(call.schema)}}
    if call.tools:
        functions = [tool["function"] for tool in call.tools]
        request["tools"] = [
            {"name": f["name"], "description": f["description"], "input_schema": f["parameters"]} for f in functions
        ]
    return {
        "id": f"req_{number:06d}",
        "timestamp": call.time.isoformat(),
        "request": request,
        "response": {
            "id": f"msg_{number:06d}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": call.answer}], "stop_reason": "end_turn",
            "usage": {"input_tokens": given, "output_tokens": made},
        },
    }  # fmt: skip


RECORDS = {"openai": openai_record, "anthropic": anthropic_record}


def write_case(calls: Sequence[Planted], folder: Path, name: str, style: str = "openai") -> tuple[Path, Path]:
    """Write calls, in order of time, and their truth. Returns (log, truth)."""
    log, truth = folder / f"{name}.jsonl", folder / f"{name}.truth.csv"
    ordered = sorted(calls, key=lambda call: call.at)
    with log.open("w", encoding="utf-8") as lines, truth.open("w", encoding="utf-8") as rows:
        rows.write("request_id,feature,conversation_id\n")
        for number, call in enumerate(ordered):
            lines.write(json.dumps(RECORDS[style](call, number), ensure_ascii=False) + "\n")
            rows.write(f"req_{number:06d},{call.feature},{call.conversation}\n")
    return log, truth
