"""Which API do a request and a response belong to?

The response decides. Where it is an error, plain text or nothing, the request does, so that each exchange has one
reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from tokaudit.readers.exchange.pair import Pair, asks
from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json

Dialect: TypeAlias = Literal["openai_chat", "anthropic_messages"]

_MODEL_KEYS = ("model", "model_name", "modelName", "model_id", "modelId", "deployment")


def dialect(pair: Pair) -> Dialect | None:
    """Name the API of an exchange; None for one that no reader of bodies knows."""
    response = pair.response
    if type(response) is list and response:
        return _dialect_of_events(response)
    if type(response) is dict and response:
        known = _dialect_of_answer(response)
        if known is not None or "error" not in response:
            return known
    if not (asks(pair.request) and pair.answered and _has_model(pair)):
        return None
    return "anthropic_messages" if _asks_anthropic(pair) else "openai_chat"


def _dialect_of_events(events: list[Mapping[str, Json]]) -> Dialect | None:
    for event in events[:3]:
        if type(event.get("choices")) is list:
            return "openai_chat" if _is_chat(event["choices"], event) else None
        if event.get("type") == "message_start":
            return "anthropic_messages"
    return None


def _dialect_of_answer(response: Mapping[str, Json]) -> Dialect | None:
    choices = response.get("choices")
    if type(choices) is list and _is_chat(choices, response):
        return "openai_chat"
    if response.get("type") == "message" and type(response.get("content")) is list:
        return "anthropic_messages"
    return None


def _is_chat(choices: list[Json], body: Mapping[str, Json]) -> bool:
    """Tell chat from legacy completions, whose choices hold `text`; without choices the object's name says it."""
    if not choices:
        return begins(body.get("object"), "chat.completion")
    first = choices[0]
    return type(first) is dict and (type(first.get("message")) is dict or type(first.get("delta")) is dict)


def _has_model(pair: Pair) -> bool:
    """Require a model where no answer shows that this is a call: data sets hold messages and texts too."""
    return "model" in pair.request or any(key in layer for _, layer in pair.around for key in _MODEL_KEYS)


def _asks_anthropic(pair: Pair) -> bool:
    if type(pair.response) is dict and pair.response.get("type") == "error":
        return True
    if "system" in pair.request or "anthropic_version" in pair.request:
        return True
    for _, layer in pair.around:
        url = layer.get("url") or layer.get("uri") or layer.get("host")
        if type(url) is str and ("/v1/messages" in url or "anthropic.com" in url):
            return True
        if type(url) is str and "/chat/completions" in url:
            return False
    return _is_claude_without_system_role(pair.request)


def _is_claude_without_system_role(request: Mapping[str, Json]) -> bool:
    """Anthropic requires max_tokens and takes no system role first; a router's OpenAI-shaped request differs in one."""
    messages = request["messages"]
    first = messages[0] if messages and type(messages[0]) is dict else {}
    return "max_tokens" in request and begins(request.get("model"), "claude") and first.get("role") == "user"
