"""What is a content block, in the words of OpenAI and Anthropic, whichever API or SDK wrote it?

Bedrock, OpenTelemetry, the Vercel AI SDK, PostHog and TensorZero write texts, tool calls and their results in blocks of
their own; `parts.add_content` reads the two old dialects.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.parts import compact_json
from tokaudit.schema import Json

_CALLS = frozenset(("tool_call", "tool-call", "function", "function_call"))
_RESULTS = frozenset(("tool_call_response", "tool-result", "tool_result", "function_result", "function_call_output"))
_HIDDEN = ("reasoning", "thinking", "thought")
_RESULT_KEYS = ("response", "result", "output", "content")
_ARGUMENT_KEYS = ("raw_arguments", "arguments", "args", "input")
_MEDIA_KEYS = ("uri", "url", "data", "content", "image", "file_id", "bytes")
_ADDRESSES = ("url", "data", "uri", "key")
_MEDIA = frozenset(("blob", "uri", "image", "file", "media", "audio", "video"))


def known_content(content: Json) -> Json:
    """Rewrite the blocks of a message's content that only others than OpenAI and Anthropic write."""
    if type(content) is list:
        return [_known_block(block) if type(block) is dict else block for block in content]
    return _known_block(content) if type(content) is dict else content


def _known_block(block: Mapping[str, Json]) -> Json:
    kind = block.get("type")
    kind = kind if type(kind) is str else ""
    if any(word in kind.lower() for word in _HIDDEN) or "reasoningContent" in block or block.get("thought") is True:
        return None
    if kind in _CALLS or type(block.get("toolUse")) is dict:
        return _call(block)
    if kind in _RESULTS or type(block.get("toolResult")) is dict:
        return _result(block)
    if kind in ("text", "raw_text") and "text" not in block:
        return {"type": "text", "text": block.get("content", block.get("value"))}
    if kind in _MEDIA and (media := _media(block)) is not None:
        return {"type": "image", "image_url": media}
    return block


def _call(block: Mapping[str, Json]) -> Mapping[str, Json]:
    inner = next((block[key] for key in ("toolUse", "function") if type(block.get(key)) is dict), block)
    name = inner.get("raw_name") or inner.get("name") or inner.get("toolName")
    asked = next((inner[key] for key in _ARGUMENT_KEYS if inner.get(key) is not None), None)
    return {"type": "tool_use", "name": name, "input": asked}


def _result(block: Mapping[str, Json]) -> Mapping[str, Json]:
    inner = block["toolResult"] if type(block.get("toolResult")) is dict else block
    given = next((inner[key] for key in _RESULT_KEYS if inner.get(key) is not None), None)
    if type(given) is list and all(_is_text_block(item) for item in given):
        return {"type": "tool_result", "content": given}
    return {"type": "tool_result", "content": given if type(given) is str or given is None else compact_json(given)}


def _is_text_block(item: Json) -> bool:
    return type(item) is dict and type(item.get("text")) is str


def _media(block: Mapping[str, Json]) -> str | None:
    """Find the address or the data of a picture, a sound or a file; None where OpenAI's or Anthropic's key holds it."""
    source = block.get("source")
    attachment = source.get("data") if type(source) is dict else None
    if "image_url" in block or (type(source) is dict and type(attachment) is not dict):
        return None
    place: Mapping[str, Json] = {"data": attachment} if type(attachment) is dict else block
    for key in _MEDIA_KEYS:
        value = place.get(key)
        if type(value) is dict:
            value = next((value[name] for name in _ADDRESSES if type(value.get(name)) is str), None)
        if type(value) is str and value:
            return value
    return None
