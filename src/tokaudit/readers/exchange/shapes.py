"""Which API is a body of? Told by the shape of the answer, of a stream's first events, or of the request and its URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json

Api: TypeAlias = Literal[
    "openai_chat",
    "openai_responses",
    "openai_completions",
    "openai_embeddings",
    "anthropic_messages",
    "gemini",
    "gemini_interactions",
    "bedrock_converse",
    "bedrock_invoke",
    "cohere",
    "ollama",
]
"""An API with a reader of the same name."""

Body: TypeAlias = Mapping[str, Json]

_FIRST_EVENTS = 3
"""Streams may begin with a ping or an event of the server's own; what they are is told by one of the first few."""


def _is_chat(body: Body) -> bool:
    """Tell chat from legacy completions, whose choices hold `text`; without choices the object's name says it."""
    choices = body.get("choices")
    if type(choices) is not list:
        return False
    if not choices:
        return not begins(body.get("object"), "text_completion") and begins(body.get("object"), "chat.completion")
    first = choices[0]
    return type(first) is dict and (type(first.get("message")) is dict or type(first.get("delta")) is dict)


def _is_completion(body: Body) -> bool:
    choices = body.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    return begins(body.get("object"), "text_completion") or (
        type(first) is dict and type(first.get("text")) is str and "message" not in first and "delta" not in first
    )


def _is_response(body: Body) -> bool:
    return body.get("object") in ("response", "response.compaction") and ("output" in body or "usage" in body)


def _is_embedding(body: Body) -> bool:
    data = body.get("data")
    first = data[0] if type(data) is list and data else None
    return type(body.get("usage")) is dict and type(first) is dict and "embedding" in first


def _is_message(body: Body) -> bool:
    return body.get("type") == "message" and type(body.get("content")) is list


def _is_gemini(body: Body) -> bool:
    return any(type(body.get(key)) is dict for key in ("usageMetadata", "usage_metadata")) or (
        type(body.get("candidates")) is list and ("modelVersion" in body or "promptFeedback" in body)
    )


def _is_interaction(body: Body) -> bool:
    usage = body.get("usage")
    return body.get("object") == "interaction" or (type(usage) is dict and "total_input_tokens" in usage)


def _is_converse(body: Body) -> bool:
    output, usage = body.get("output"), body.get("usage")
    return "stopReason" in body and (
        (type(output) is dict and "message" in output) or (type(usage) is dict and "inputTokens" in usage)
    )


def _is_invoke(body: Body) -> bool:
    """Llama, Titan and Nova name their own counts; the others are known by where the text stands."""
    return (
        ("generation" in body and "stop_reason" in body)
        or "inputTextTokenCount" in body
        or "amazon-bedrock-invocationMetrics" in body
    )


def _is_cohere(body: Body) -> bool:
    for key in ("usage", "meta"):
        found = body.get(key)
        if type(found) is dict and "billed_units" in found:
            return True
    return "generation_id" in body and "finish_reason" in body


def _is_ollama(body: Body) -> bool:
    counted = "eval_count" in body or "prompt_eval_count" in body
    return counted and ("done" in body or "total_duration" in body)


_ANSWERS: tuple[tuple[Api, Callable[[Body], bool]], ...] = (
    ("openai_chat", _is_chat),
    ("anthropic_messages", _is_message),
    ("openai_responses", _is_response),
    ("gemini", _is_gemini),
    ("bedrock_converse", _is_converse),
    ("openai_completions", _is_completion),
    ("openai_embeddings", _is_embedding),
    ("cohere", _is_cohere),
    ("ollama", _is_ollama),
    ("gemini_interactions", _is_interaction),
    ("bedrock_invoke", _is_invoke),
)

_CONVERSE_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop")
_COHERE_EVENTS = ("message-start", "content-start", "content-delta", "message-end")


def _api_of_event(event: Body) -> Api | None:
    kind = event.get("type")
    if kind == "message_start":
        return "anthropic_messages"
    if begins(kind, "response."):
        return "openai_responses"
    if kind in _COHERE_EVENTS or begins(event.get("event_type"), ("stream-", "text-generation")):
        return "cohere"
    if begins(event.get("event_type"), "interaction."):
        return "gemini_interactions"
    if any(key in event for key in _CONVERSE_EVENTS):
        return "bedrock_converse"
    if "candidates" in event or "usageMetadata" in event or "usage_metadata" in event:
        return "gemini"
    if _is_chat(event):
        return "openai_chat"
    if "done" in event and ("message" in event or "response" in event):
        return "ollama"
    return "openai_completions" if _is_completion(event) else "bedrock_invoke" if _is_invoke(event) else None


def api_of_events(events: Sequence[Body]) -> Api | None:
    """Name the API of a stream's events; None = none is known."""
    return next((api for event in events[:_FIRST_EVENTS] if (api := _api_of_event(event))), None)


def api_of_answer(body: Body) -> Api | None:
    """Name the API of an answer that was not streamed; None = no answer of a known shape."""
    return next((api for api, fits in _ANSWERS if fits(body)), None)


_PATHS: tuple[tuple[str, Api], ...] = (
    (r"/chat/completions\b", "openai_chat"),
    (r"/v\d[a-z0-9]*/messages\b|/anthropic/.*messages|:(stream)?rawpredict\b", "anthropic_messages"),
    (r"/responses\b", "openai_responses"),
    (r"/embeddings\b", "openai_embeddings"),
    (r"/completions\b", "openai_completions"),
    (r":(stream)?generatecontent\b|:(batch)?embedcontents?\b", "gemini"),
    (r"/interactions\b", "gemini_interactions"),
    (r"/converse(-stream)?\b", "bedrock_converse"),
    (r"/api/(chat|generate|embed)\b", "ollama"),
    (r"cohere\.\w+/v\d/(chat|embed|rerank|generate)\b", "cohere"),
)  # fmt: skip


def api_of_url(url: Json) -> Api | None:
    """Name the API that a URL or a path is of."""
    if type(url) is not str:
        return None
    return next((api for pattern, api in _PATHS if re.search(pattern, url[:500], re.IGNORECASE)), None)


def is_request(body: Json) -> bool:
    """Say whether a body is certainly a request: it lists messages or contents as only the APIs do."""
    if type(body) is dict:
        return type(body.get("messages")) is list or _lists_contents(body.get("contents"))
    return type(body) is list and bool(body) and "role" in body[0] and "content" in body[0]


def may_be_request(body: Json) -> bool:
    """Say whether a body that stands where requests do is one: a model and what it is asked, under any of the names."""
    return type(body) is dict and "model" in body and any(key in body for key in ("input", "prompt", "message"))


def _lists_contents(contents: Json) -> bool:
    first = contents[0] if type(contents) is list and contents else None
    return type(first) is dict and "parts" in first


def api_of_request(request: Body) -> Api | None:
    """Name the API of a request by its body alone; None where it could be of several."""
    if _lists_contents(request.get("contents")):
        return "gemini"
    if "inferenceConfig" in request or "toolConfig" in request:
        return "bedrock_converse"
    if "anthropic_version" in request or ("system" in request and "messages" in request):
        return "anthropic_messages"
    if is_request(request):
        return None
    if "input" in request:
        only_texts = type(request["input"]) is list and not any(type(item) is dict for item in request["input"])
        return "openai_embeddings" if "encoding_format" in request or only_texts else "openai_responses"
    return "openai_completions" if "prompt" in request else None
