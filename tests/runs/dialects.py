"""How does a logged OpenAI chat call look in another provider's words?"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from runs.hard_conversations import Message, Record


def _calls_of(message: Message) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (id, name, arguments) of a message's tool calls."""
    calls = ((call["id"], call["function"]) for call in message.get("tool_calls", ()))
    return [(number, function["name"], json.loads(function["arguments"])) for number, function in calls]


def _answer_of(record: Record) -> Message | None:
    choices = record["response"].get("choices")
    return dict(choices[0]["message"]) if choices else None


def _tokens(record: Record) -> tuple[int, int]:
    usage = record["response"]["usage"]
    return usage["prompt_tokens"], usage["completion_tokens"]


def _functions(record: Record) -> list[dict[str, Any]]:
    return [tool["function"] for tool in record["request"].get("tools", ())]


def _system_of(record: Record) -> str:
    return "\n\n".join(m["content"] for m in record["request"]["messages"] if m["role"] == "system")


def _anthropic_blocks(message: Message) -> list[dict[str, Any]]:
    if message["role"] == "tool":
        return [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}]
    uses = [{"type": "tool_use", "id": i, "name": name, "input": given} for i, name, given in _calls_of(message)]
    return uses or [{"type": "text", "text": message["content"]}]


def _merged(turns: Sequence[tuple[str, list[dict[str, Any]]]], name: str) -> list[Message]:
    """Put what one side says in a row into one message, as these providers want it."""
    merged: list[Message] = []
    for role, blocks in turns:
        if merged and merged[-1]["role"] == role:
            merged[-1][name] += blocks
        else:
            merged.append({"role": role, name: list(blocks)})
    return merged


def anthropic(record: Record) -> Record:
    said = [m for m in record["request"]["messages"] if m["role"] != "system"]
    turns = [("assistant" if m["role"] == "assistant" else "user", _anthropic_blocks(m)) for m in said]
    tools = [{"name": f["name"], "input_schema": f["parameters"]} for f in _functions(record)]
    request = {"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": _merged(turns, "content")}
    request |= {"system": _system_of(record)} | ({"tools": tools} if tools else {})
    answer = _answer_of(record)
    if answer is None:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return {**record, "endpoint": "/v1/messages", "status_code": 529, "request": request, "response": error}
    given, made = _tokens(record)
    response = {
        "id": record["response"]["id"].replace("chatcmpl-", "msg_"), "type": "message", "role": "assistant",
        "model": "claude-sonnet-4-5-20250929", "content": _anthropic_blocks(answer), "stop_reason": "end_turn",
        "usage": {"input_tokens": given, "output_tokens": made},
    }  # fmt: skip
    return {**record, "endpoint": "/v1/messages", "request": request, "response": response}


def _gemini_parts(message: Message) -> list[dict[str, Any]]:
    if message["role"] == "tool":
        return [{"functionResponse": {"name": "search", "response": {"result": message["content"]}}}]
    calls = [{"functionCall": {"name": name, "args": given}} for _, name, given in _calls_of(message)]
    return calls or [{"text": message["content"]}]


def gemini(record: Record) -> Record:
    said = [m for m in record["request"]["messages"] if m["role"] != "system"]
    turns = [("model" if m["role"] == "assistant" else "user", _gemini_parts(m)) for m in said]
    tools = [{"name": f["name"], "parameters": f["parameters"]} for f in _functions(record)]
    request: dict[str, Any] = {
        "contents": _merged(turns, "parts"),
        "systemInstruction": {"parts": [{"text": _system_of(record)}]},
    }
    request |= {"tools": [{"functionDeclarations": tools}]} if tools else {}
    told = {**record, "endpoint": "/v1beta/models/gemini-2.5-flash:generateContent", "request": request}
    answer = _answer_of(record)
    if answer is None:
        error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
        return {**told, "status_code": 503, "response": error}
    given, made = _tokens(record)
    usage = {"promptTokenCount": given, "candidatesTokenCount": made, "totalTokenCount": given + made}
    content = {"role": "model", "parts": _gemini_parts(answer)}
    response = {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash", "responseId": record["response"]["id"],
    }  # fmt: skip
    return {**told, "response": response}


def _response_items(message: Message) -> list[dict[str, Any]]:
    if message["role"] == "tool":
        return [{"type": "function_call_output", "call_id": message["tool_call_id"], "output": message["content"]}]
    calls = [
        {"type": "function_call", "call_id": i, "name": name, "arguments": json.dumps(given)}
        for i, name, given in _calls_of(message)
    ]
    kind = "output_text" if message["role"] == "assistant" else "input_text"
    text = {"type": "message", "role": message["role"], "content": [{"type": kind, "text": message["content"]}]}
    return calls or [text]


def responses(record: Record) -> Record:
    said = [m for m in record["request"]["messages"] if m["role"] != "system"]
    tools = [{"type": "function", **f} for f in _functions(record)]
    request = {"model": record["request"]["model"], "instructions": _system_of(record)}
    request |= {"input": [item for m in said for item in _response_items(m)]} | ({"tools": tools} if tools else {})
    told = {**record, "endpoint": "/v1/responses", "request": request}
    answer = _answer_of(record)
    if answer is None:
        return told
    given, made = _tokens(record)
    response = {
        "id": record["response"]["id"].replace("chatcmpl-", "resp_"), "object": "response", "status": "completed",
        "model": record["request"]["model"], "output": _response_items(answer),
        "usage": {"input_tokens": given, "output_tokens": made, "total_tokens": given + made},
    }  # fmt: skip
    return {**told, "response": response}


DIALECTS: tuple[Callable[[Record], Record], ...] = (anthropic, gemini, responses)
