"""Which messages does a value hold, in the notation of any tracing library?

The conventions write `parts` with a `content`, OpenInference a `message` in each item, the AI SDK blocks with dashes in their
names, Bedrock's tools blocks without a type. All become messages as the APIs write them, so that equal texts stay equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tokaudit.readers.exchange.parts import compact_json, message_parts
from tokaudit.readers.tracing.otel.attributes import listed
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json, Part, Role

Message = dict[str, Json]

_JSON_STARTS = ("[", "{")
_PLACEHOLDERS = frozenset(
    ("__redacted__", "<redacted>", "[redacted]", "redacted", "***", "[filtered]", "<elided>", "<not serializable>")
)
"""What libraries write where they keep a text back: no prompt anybody sent."""

_TOOL_CALLS = frozenset(("tool_call", "tool-call", "function_call", "server_tool_call"))
_TOOL_RESULTS = frozenset(
    ("tool_call_response", "tool-result", "tool_result", "tool_call_result", "function_call_output")
)
_MEDIA = frozenset(("blob", "uri", "file", "image", "media", "image-data", "image-url"))
_MEDIA_KEYS = ("content", "uri", "url", "data", "file_id", "fileId", "image", "id")
_NESTING = 4


def messages_of(value: Json, role: Role = "user") -> list[Message]:
    """Read messages: a list, one message, JSON text of either, or the text of one; role is that of what names none.

    A text that begins as JSON but is none was cut by the exporter: it yields nothing rather than a wrong prompt.
    """
    if type(value) is str:
        opened = open_text(value)
        if type(opened) is str:
            return [] if opened.lstrip()[:1] in _JSON_STARTS else _single(opened, role)
        value = opened
    if type(value) is dict:
        inner = next((value[key] for key in ("messages", "prompt", "input") if type(value.get(key)) is list), None)
        if inner is not None:
            return [*messages_of(value.get("system"), "system"), *messages_of(inner, role)]
        text = next((value[key] for key in ("prompt", "input") if type(value.get(key)) is str), None)
        if text is not None:
            return [*messages_of(value.get("system"), "system"), *_single(text, role)]
        value = [value]
    if type(value) is not list or not value:
        return []
    value = [_nested(item) for item in value]
    if type(value[0]) is list:  # one conversation of a batch
        return messages_of(value[0], role)
    if all(type(item) is dict and _is_block(item) for item in value):
        return [{"role": role, "content": [_block(item) for item in value]}]
    return [message for item in value if (message := _message(item, role)) is not None]


def _nested(item: Json) -> Json:
    """Rebuild a message whose keys are dotted, as data frames hold it: `{"message.role": …}`."""
    if type(item) is not dict or not any(key.startswith("message.") for key in item):
        return item
    return listed({f"0.0.{key}": held for key, held in item.items()}, "0")[0]


def _single(text: str, role: Role) -> list[Message]:
    return [{"role": role, "content": text}] if text else []


def _is_block(item: Mapping[str, Json]) -> bool:
    """Tell a piece of one message from a message: it has no role and nothing that holds pieces."""
    return "role" not in item and not any(
        key in item for key in ("parts", "message", "messages", "tool_calls", "kwargs")
    )


def _message(item: Json, role: Role) -> Message | None:
    if type(item) is str:
        return {"role": role, "content": item}
    if type(item) is not dict:
        return None
    for wrapper in ("message", "kwargs"):
        inner = item.get(wrapper)
        item = {**item, **inner} if type(inner) is dict else item
    named = next((item[key] for key in ("role", "type") if type(item.get(key)) is str), role)
    if named in ("thinking", "reasoning"):
        return None
    held = next((item[key] for key in ("parts", "content", "contents", "text") if item.get(key) is not None), None)
    message: Message = {"role": named, "content": _content(held)}
    calls = item.get("tool_calls", item.get("toolCalls"))
    calls = open_text(calls) if type(calls) is str else calls
    if type(calls) is list:
        message["tool_calls"] = [_function(call) for call in calls if type(call) is dict]
    return message


def _content(held: Json) -> Json:
    """Read what a message holds: a text, which may be JSON of blocks, or blocks."""
    if type(held) is str:
        opened = open_text(held) if begins(held, ("[{", "[ {", '["')) else held
        if type(opened) is not list or not all(type(item) is dict for item in opened):
            return held
        held = opened
    if type(held) is list:
        return [_block(item) for item in held]
    if type(held) is dict and "type" not in held:  # what AWS's distribution wraps once more
        inner = held.get("content", held.get("message"))
        return _content(inner) if type(inner) is str or type(inner) is list else _block(held)
    return _block(held) if type(held) is dict else held


def _function(call: Mapping[str, Json]) -> Message:
    """Read a tool call of a message, which OpenInference wraps once more and Traceloop writes flat."""
    inner = call.get("tool_call")
    call = inner if type(inner) is dict else call
    function = call.get("function")
    function = function if type(function) is dict else call
    name = function.get("name", function.get("toolName"))
    arguments = next((function[key] for key in ("arguments", "args", "input") if key in function), None)
    return {"function": {"name": name, "arguments": arguments}}


def _block(item: Json, depth: int = 0) -> Json:
    """Read one piece of a message."""
    if type(item) is not dict or depth > _NESTING:
        return item
    inner = item.get("message_content")
    if type(inner) is dict:  # OpenInference
        return _block(inner, depth + 1)
    kind = item.get("type") if type(item.get("type")) is str else ""
    if kind in _TOOL_CALLS or "toolUse" in item:
        return _call_block(item)
    if kind in _TOOL_RESULTS or "toolResult" in item:
        return _result_block(item, depth)
    if kind in _MEDIA and "source" not in item:
        return {"type": "file", "file_data": _media(item, depth) or kind}
    if kind == "text" and "text" not in item:
        return {"type": "text", "text": item.get("content")}
    return item


def _media(item: Mapping[str, Json], depth: int) -> str | None:
    """Find the address, the id or the data of an image, a sound or a file."""
    held = next((item[key] for key in _MEDIA_KEYS if item.get(key)), None)
    if type(held) is dict and depth < _NESTING:
        return _media(held, depth + 1)
    return held if type(held) is str else None


def _call_block(item: Mapping[str, Json]) -> Message:
    held = item.get("toolUse")
    call = _function(held if type(held) is dict else item)["function"]
    return {"type": "tool_use", "name": call["name"], "input": call["arguments"]}


def _result_block(item: Mapping[str, Json], depth: int) -> Message:
    held = item.get("toolResult")
    held = held if type(held) is dict else item
    result = next((held[key] for key in ("response", "result", "output", "content") if held.get(key) is not None), None)
    return {"type": "tool_result", "content": _result(result, depth + 1)}


def _result(result: Json, depth: int) -> Json:
    """Read what a tool gave back: its text, blocks, or anything else as JSON."""
    if type(result) is dict and "value" in result and "type" in result:  # AI SDK
        result = result["value"]
    if type(result) is str or result is None:
        return result
    if type(result) is list and result and all(type(item) is dict and "text" in item for item in result):
        return [_block(item, depth) for item in result]
    return compact_json(result)


def parts_of(messages: Iterable[Message]) -> tuple[Part, ...]:
    """Turn messages into parts; a text that was kept back is left out."""
    return tuple(part for part in message_parts(list(messages)) if not is_placeholder(part.text))


def is_placeholder(text: str) -> bool:
    """Say whether a text stands in for one that was kept back."""
    return len(text) <= 20 and text.strip().lower() in _PLACEHOLDERS


def answers_of(messages: Iterable[Message]) -> tuple[Part, ...]:
    """Turn answers into parts; whatever their role says, the model wrote them."""
    return parts_of({**message, "role": "assistant"} for message in messages)


def reasons_of(values: Iterable[Json]) -> Iterator[str]:
    """Find why the model stopped, in messages or choices."""
    for value in values:
        reason = value.get("finish_reason") if type(value) is dict else None
        if type(reason) is str and reason:
            yield reason
