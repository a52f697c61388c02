"""Which texts does a prompt or an answer consist of, in the order the provider sees them?

One function reads the message content of OpenAI and of Anthropic, since routers mix both. An assistant's text and tool
call yield the same parts in an answer and when the message is sent again, so equal content has equal hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import orjson

from tokaudit.readers.values.labels import exact
from tokaudit.schema import Json, Part, RejectRecordError, Role

_ROLES: Mapping[Json, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
_TEXT_KEYS = ("text", "refusal", "transcript")
_HIDDEN = frozenset(("thinking", "redacted_thinking", "reasoning", "reasoning_content"))
"""Never sent again as prompt text and billed as reasoning, not as visible output."""

_NESTING = 4


def definitions(*sent: Json) -> Json:
    """Choose the first of the places that holds tool definitions, as they were sent."""
    return next((value for value in sent if value and (type(value) is list or type(value) is dict)), None)


def message_parts(messages: Json, first: int = 0) -> list[Part]:
    """Read a list of messages; the first one has message index `first`."""
    parts: list[Part] = []
    if type(messages) is not list:
        return parts
    for index, message in enumerate(messages, first):
        if type(message) is dict:
            add_message(parts, message, index)
        elif type(message) is str:
            add_content(parts, "user", message, index)
    return parts


def add_message(parts: list[Part], message: Mapping[str, Json], index: int, role: Role | None = None) -> None:
    """Append the parts of one message: its content, then its tool calls."""
    if role is None:
        named = message.get("role")
        role = _ROLES.get(named, "user") if type(named) is str else "user"
    content = message.get("content")
    if type(content) is str:
        if content:
            parts.append(Part(role, "text", content if content.isascii() else exact(content), index))
    elif content is not None:
        add_content(parts, role, content, index)
    if message.get("refusal"):
        add_content(parts, role, message["refusal"], index)
    if "tool_calls" in message or "function_call" in message:
        _add_tool_calls(parts, message, index)


def choice_parts(choices: Json) -> list[Part]:
    """Read the answers of all choices of a chat completion; the message index is the choice's place."""
    parts: list[Part] = []
    for index, choice in enumerate(choices if type(choices) is list else ()):
        message = choice.get("message") if type(choice) is dict else None
        if type(message) is dict:
            add_message(parts, message, index, "assistant")
    return parts


def _add_tool_calls(parts: list[Part], message: Mapping[str, Json], index: int) -> None:
    calls = message.get("tool_calls")
    if type(calls) is list:
        for call in calls:
            function = call.get("function") or call.get("custom") if type(call) is dict else None
            if type(function) is dict:
                parts.append(
                    tool_call_part(function.get("name"), function.get("arguments", function.get("input")), index)
                )
    legacy = message.get("function_call")
    if type(legacy) is dict:
        parts.append(tool_call_part(legacy.get("name"), legacy.get("arguments"), index))


def tool_call_part(name: Json, arguments: Json, index: int) -> Part:
    """Write a call as `name(arguments)`: text as it was written, an object as compact JSON in its own order.

    Raises RejectRecordError when it is nested too deep.
    """
    written = arguments if type(arguments) is str else "" if arguments is None else compact_json(arguments)
    return Part("assistant", "tool_call", exact(f"{name if type(name) is str else ''}({written})"), index)


def compact_json(value: Json) -> str:
    """Write a value as JSON without spaces, keys in the order given. Raises RejectRecordError when nested too deep."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # numbers over 64 bits, nesting over 254
        pass
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RejectRecordError("tool call cannot be written as JSON") from error


def add_content(parts: list[Part], role: Role, content: Json, index: int, depth: int = 0) -> None:
    """Append the parts of a message's content: text, a block, or a list of blocks."""
    if type(content) is str:
        if content:
            parts.append(Part(role, "text", exact(content), index))
    elif type(content) is list:
        for block in content:
            add_content(parts, role, block, index, depth)
    elif type(content) is dict and depth < _NESTING:
        _add_block(parts, role, content, index, depth + 1)


def _add_block(parts: list[Part], role: Role, block: Mapping[str, Json], index: int, depth: int) -> None:
    kind = block.get("type")
    kind = kind if type(kind) is str else ""
    if kind in _HIDDEN:
        return
    if kind.endswith("tool_use"):
        parts.append(tool_call_part(block.get("name"), block.get("input"), index))
    elif kind.endswith("tool_result"):
        add_content(parts, "tool", block.get("content"), index, depth)
    elif (text := next((block[key] for key in _TEXT_KEYS if type(block.get(key)) is str), None)) is not None:
        add_content(parts, role, text, index)
    elif (media := _media(block)) is not None:
        parts.append(Part(role, "media", exact(media), index))
    else:
        add_content(parts, role, _nested_text(block), index, depth)


def _media(block: Mapping[str, Json]) -> str | None:
    """Find the URL, data or file id of an image, a sound or a file."""
    for key in ("image_url", "input_audio", "file", "source", "video_url", "audio"):
        value = block.get(key)
        if type(value) is str and key != "source":
            return value
        if type(value) is dict and value.get("type") not in ("text", "content"):
            return _first_text(value[name] for name in ("url", "data", "file_data", "file_id", "id") if name in value)
    return _first_text(block[name] for name in ("file_data", "file_id", "file_url") if name in block)


def _first_text(values: Iterable[Json]) -> str | None:
    return next((value for value in values if type(value) is str), None)


def _nested_text(block: Mapping[str, Json]) -> Json:
    """Find the content of a search result, a compaction or a document given as text."""
    source = block.get("source")
    if type(source) is dict:
        return source.get("data") if source.get("type") == "text" else source.get("content")
    return block.get("content")
