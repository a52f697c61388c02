"""Random calls in the words of each provider: texts, tools, schemas, media, caches, estimates and failures."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
WORDS = [
    "brake",
    "chain",
    "gear",
    "pedal",
    "saddle",
    "spoke",
    "tyre",
    "valve",
    "wheel",
    "frame",
    "fork",
    "bell",
    "lamp",
    "pump",
]
IMAGE = "iVBORw0KGgoAAAANSUhEUg"
START = datetime(2026, 9, 1, tzinfo=UTC)


class Draw(random.Random):
    """Draws the parts of a call."""

    def text(self, most: int = 60) -> str:
        return " ".join(self.choices(WORDS, k=self.randint(1, most)))

    def chance(self, share: float = 0.5) -> bool:
        return self.random() < share

    def cuts(self, count: int, most: int = 4000) -> list[int]:
        """Return parts of a random whole."""
        marks = sorted(self.randint(0, most) for _ in range(count))
        return [high - low for low, high in zip([0, *marks], marks, strict=False)]

    def schema(self, depth: int = 2) -> Json:
        kinds: list[Json] = [{"type": "string"}, {"type": "number"}, {"enum": ["a", "b"]}, {"type": ["string", "null"]}]
        if depth:
            kinds += [self.schema(depth - 1), {"type": "array", "items": self.schema(depth - 1)}]
        properties = {self.choice(WORDS): {**self.choice(kinds), "description": self.text(5)} for _ in range(3)}
        return {"type": "object", "properties": properties, "required": list(properties)[:1]}

    def functions(self) -> list[Json]:
        return [{"name": w, "description": self.text(8), "parameters": self.schema()} for w in self.sample(WORDS, 2)]


def _messages(draw: Draw) -> list[Json]:
    """Return a chat of OpenAI's: system, turns, calls of tools and their results, an image."""
    messages = [{"role": "system", "content": draw.text()}] if draw.chance(0.8) else []
    for _ in range(draw.randint(0, 3)):
        messages += [{"role": "user", "content": draw.text()}, {"role": "assistant", "content": draw.text(10)}]
    asked: Any = draw.text()
    if draw.chance(0.2):
        asked = [
            {"type": "text", "text": asked},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}},
        ]
    messages.append({"role": "user", "content": asked})
    if draw.chance(0.3):
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": draw.choice(WORDS), "arguments": '{"a":1}'}}
            for n in range(draw.randint(1, 2))
        ]
        messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": call["id"], "content": draw.text()} for call in calls]
    return messages


def _said(messages: list[Json]) -> list[tuple[str, str]]:
    """Return (role, text) of the texts of a chat."""
    return [(m["role"], m["content"]) for m in messages if isinstance(m["content"], str)]


def openai_chat(draw: Draw, number: int) -> tuple[str, Json, Json]:
    model = draw.choice(["gpt-4o", "gpt-4-0613", "gpt-5-mini", "in-house"])
    request: Json = {"model": model, "messages": _messages(draw)}
    if draw.chance(0.4):
        request["tools"] = [{"type": "function", "function": function} for function in draw.functions()]
    if draw.chance(0.3):
        request["response_format"] = {"type": "json_schema", "json_schema": {"name": "a", "schema": draw.schema()}}
    cached, rest, output, reasoning = draw.cuts(4)
    usage = {
        "prompt_tokens": cached + rest, "completion_tokens": output + reasoning,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": draw.randint(0, rest) if draw.chance(0.2) else 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }  # fmt: skip
    choice = {"index": 0, "message": {"role": "assistant", "content": draw.text(9)}, "finish_reason": "stop"}
    response: Json = {"id": f"chatcmpl-{number}", "object": "chat.completion", "model": model, "choices": [choice]}
    return "/v1/chat/completions", request, response if draw.chance(0.2) else {**response, "usage": usage}


def openai_responses(draw: Draw, number: int) -> tuple[str, Json, Json]:
    items: list[Json] = [{"role": role, "content": text} for role, text in _said(_messages(draw)) if role != "tool"]
    if draw.chance():
        items.insert(1, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"})
        items.append({"type": "function_call", "call_id": "c", "name": "gear", "arguments": "{}"})
        items.append({"type": "function_call_output", "call_id": "c", "output": draw.text()})
    request: Json = {"model": "gpt-5-mini", "instructions": draw.text(), "input": items}
    if draw.chance():
        request["tools"] = [{"type": "function", **function} for function in draw.functions()]
    if draw.chance(0.3):
        request["text"] = {"format": {"type": "json_schema", "name": "a", "schema": draw.schema()}}
    cached, rest, output, reasoning = draw.cuts(4)
    usage = {
        "input_tokens": cached + rest, "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output + reasoning, "output_tokens_details": {"reasoning_tokens": reasoning},
    }  # fmt: skip
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": draw.text(9)}]}
    return "/v1/responses", request, {
        "id": f"resp_{number}", "object": "response", "model": "gpt-5-mini", "status": "completed", "output": [message],
        "usage": usage,
    }  # fmt: skip


def anthropic(draw: Draw, number: int) -> tuple[str, Json, Json]:
    said = [(role, text) for role, text in _said(_messages(draw)) if role in ("user", "assistant")] or [("user", "hi")]
    messages: list[Json] = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in said]
    if draw.chance(0.3):
        thought = {"type": "thinking", "thinking": draw.text(), "signature": "s"}
        use = {"type": "tool_use", "id": "t", "name": "gear", "input": {"a": 1}}
        result = {"type": "tool_result", "tool_use_id": "t", "content": draw.text()}
        messages += [{"role": "assistant", "content": [thought, use]}, {"role": "user", "content": [result]}]
    if draw.chance(0.2):
        source = {"type": "base64", "media_type": "image/png", "data": IMAGE}
        messages.append({"role": "user", "content": [{"type": "image", "source": source}]})
    request: Json = {"model": "claude-sonnet-4-5", "max_tokens": 9, "system": draw.text(), "messages": messages}
    if draw.chance():
        request["tools"] = [
            {"name": f["name"], "description": f["description"], "input_schema": f["parameters"]}
            for f in draw.functions()
        ]
    read, short, long, rest, output = draw.cuts(5)
    usage = {
        "input_tokens": rest, "cache_read_input_tokens": read, "cache_creation_input_tokens": short + long,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}, "output_tokens": output,
    }  # fmt: skip
    return "/v1/messages", request, {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": draw.text(9)}], "stop_reason": "end_turn", "usage": usage,
    }  # fmt: skip


def gemini(draw: Draw, number: int) -> tuple[str, Json, Json]:
    roles = {"user": "user", "assistant": "model"}
    contents: list[Json] = [
        {"role": roles[role], "parts": [{"text": text}]} for role, text in _said(_messages(draw)) if role in roles
    ]
    image = draw.chance(0.3)
    if image:
        contents.append({"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": IMAGE}}]})
    request: Json = {"contents": contents, "systemInstruction": {"parts": [{"text": draw.text()}]}}
    if draw.chance():
        request["tools"] = [{"functionDeclarations": draw.functions()}]
    cached, pictures, rest, output, thoughts = draw.cuts(5)
    usage = {
        "promptTokenCount": cached + pictures + rest, "cachedContentTokenCount": cached, "candidatesTokenCount": output,
        "thoughtsTokenCount": thoughts, "totalTokenCount": cached + pictures + rest + output + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": cached + rest}, {"modality": "IMAGE", "tokenCount": pictures}],
    }  # fmt: skip
    content = {"role": "model", "parts": [{"text": draw.text(9)}]}
    return "/v1beta/models/gemini-2.5-flash:generateContent", request, {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash", "responseId": f"gemini-{number}",
    }  # fmt: skip


def converse(draw: Draw, number: int) -> tuple[str, Json, Json]:
    said = [(role, text) for role, text in _said(_messages(draw)) if role in ("user", "assistant")] or [("user", "hi")]
    request: Json = {
        "modelId": "anthropic.claude-sonnet-4-5-20250929-v1:0", "system": [{"text": draw.text()}],
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in said],
    }  # fmt: skip
    if draw.chance():
        specs = [{"name": f["name"], "inputSchema": {"json": f["parameters"]}} for f in draw.functions()]
        request["toolConfig"] = {"tools": [{"toolSpec": spec} for spec in specs]}
    read, write, rest, output = draw.cuts(4)
    usage = {
        "inputTokens": rest, "cacheReadInputTokens": read, "cacheWriteInputTokens": write, "outputTokens": output,
        "totalTokens": rest + read + write + output,
    }  # fmt: skip
    message = {"role": "assistant", "content": [{"text": draw.text(9)}]}
    return "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse", request, {
        "output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": number},
    }  # fmt: skip


def cohere(draw: Draw, number: int) -> tuple[str, Json, Json]:
    page = {"id": "d1", "data": {"title": draw.text(3), "snippet": draw.text()}}
    request: Json = {"model": "command-a-03-2025", "messages": _messages(draw), "documents": [page]}
    seen, billed, output = draw.cuts(3)
    usage = {
        "billed_units": {"input_tokens": billed, "output_tokens": output},
        "tokens": {"input_tokens": seen + billed, "output_tokens": output},
    }
    message = {"role": "assistant", "content": [{"type": "text", "text": draw.text(9)}]}
    return "/v2/chat", request, {"id": f"co-{number}", "message": message, "finish_reason": "COMPLETE", "usage": usage}


def ollama(draw: Draw, number: int) -> tuple[str, Json, Json]:
    messages = [{"role": role, "content": text} for role, text in _said(_messages(draw))]
    given, output = draw.cuts(2)
    return "/api/chat", {"model": "llama3.2", "messages": messages, "stream": False}, {
        "model": "llama3.2", "created_at": (START + timedelta(seconds=number)).isoformat(), "done": True, "done_reason": "stop",
        "message": {"role": "assistant", "content": draw.text(9)}, "prompt_eval_count": given, "eval_count": output,
    }  # fmt: skip


DIALECTS: tuple[Callable[[Draw, int], tuple[str, Json, Json]], ...] = (
    openai_chat, openai_responses, anthropic, gemini, converse, cohere, ollama,
)  # fmt: skip


def spend_row(draw: Draw, number: int) -> Json:
    """Write a row of a gateway's table that holds no texts."""
    cached, rest, output = draw.cuts(3)
    at = (START + timedelta(seconds=number)).strftime("%Y-%m-%d %H:%M:%S.000000")
    counts = {
        "prompt_tokens": cached + rest,
        "completion_tokens": output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return {
        "request_id": f"row-{number}", "call_type": "acompletion", "api_key": "88dc28d0", "startTime": at, "endTime": at,
        "model": "gpt-4.1-mini-2025-04-14", "spend": 0.001, "total_tokens": cached + rest + output,
        "prompt_tokens": cached + rest, "completion_tokens": output, "metadata": {"usage_object": counts},
        "custom_llm_provider": "openai", "status": "success", "request_tags": [],
    }  # fmt: skip


def random_calls(seed: int, count: int) -> list[Json]:
    """Write calls of all dialects in turn; some failed."""
    draw = Draw(seed)
    records = []
    for number in range(count):
        if number % (len(DIALECTS) + 1) == len(DIALECTS):
            records.append(spend_row(draw, number))
            continue
        endpoint, request, response = DIALECTS[number % (len(DIALECTS) + 1)](draw, number)
        failed = draw.chance(0.1)
        records.append(
            {
                "timestamp": (START + timedelta(seconds=number)).isoformat(), "endpoint": endpoint, "request": request,
                "status_code": 500 if failed else 200,
                "response": {"error": {"message": "overloaded", "type": "server_error"}} if failed else response,
            }
        )  # fmt: skip
    return records
