"""What do LangChain's messages and results say?

LangChain hands tracers its own objects, written as constructors (`{"lc": 1, "id": [..., "HumanMessage"], "kwargs": ...}`), as
plain objects (`{"type": "human", ...}`), or as OpenAI's messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import Json

_CLASSES = {
    "system": "system",
    "human": "user",
    "ai": "assistant",
    "tool": "tool",
    "function": "tool",
    "developer": "system",
    "chat": None,
}
"""Message class, without `Message` and `Chunk`, -> role; a chat message names its own."""

_PROVIDER_IDS = ("chatcmpl-", "cmpl-", "msg_", "resp_", "gen-")
_NOTHING: Mapping[str, Json] = {}


def is_message(value: Json) -> bool:
    """Say whether a value is a LangChain message in either form."""
    return type(value) is dict and (_is_constructor(value) or _class(value.get("type")) is not None)


def _is_constructor(value: Mapping[str, Json]) -> bool:
    return type(value.get("kwargs")) is dict and type(value.get("id")) is list


def _class(name: Json) -> str | None:
    """Name the class of a message without `Message` and `Chunk`; None for what is none."""
    if type(name) is not str:
        return None
    short = name.removesuffix("Chunk").removesuffix("Message").lower()
    return short if short in _CLASSES else None


def fields_of(message: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the fields of a message in either form."""
    inner = message.get("kwargs") if _is_constructor(message) else message.get("data")
    return inner if type(inner) is dict and "content" in inner else message


def open_message(message: Mapping[str, Json]) -> Mapping[str, Json]:
    """Write a message as OpenAI's API does: role, content, tool calls. One that is none of LangChain's stays as it is."""
    fields = fields_of(message)
    names = message["id"][-1:] if _is_constructor(message) else [message.get("type")]
    kind = _class(names[0]) if names else None
    role = _CLASSES.get(kind) if kind else None
    if kind is None and fields is message and "additional_kwargs" not in message:
        return message
    return {"role": role or fields.get("role"), "content": fields.get("content"), "tool_calls": _tool_calls(fields)}


def _tool_calls(fields: Mapping[str, Json]) -> list[Json]:
    """List the calls as the provider wrote them where they were kept so, else as LangChain read them."""
    extra = fields.get("additional_kwargs")
    extra = extra if type(extra) is dict else _NOTHING
    if type(extra.get("tool_calls")) is list:
        return list(extra["tool_calls"])
    if type(extra.get("function_call")) is dict:
        return [{"function": extra["function_call"]}]
    listed = fields.get("tool_calls")
    if type(listed) is not list or _holds_calls(fields.get("content")):
        return []
    return [_openai_call(call) for call in listed if type(call) is dict]


def _holds_calls(content: Json) -> bool:
    """Anthropic's blocks hold the calls themselves."""
    blocks = content if type(content) is list else []
    return any(type(block) is dict and block.get("type") in ("tool_use", "tool_call") for block in blocks)


def _openai_call(call: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"function": {"name": call.get("name"), "arguments": call["args"]}} if "args" in call else call


def results_of(outputs: Json) -> list[Mapping[str, Json]]:
    """List the generations of a result, which LangChain nests by prompt and by candidate; [] when it is none."""
    listed = outputs.get("generations") if type(outputs) is dict else None
    if type(listed) is list and listed and type(listed[0]) is list:
        listed = listed[0]
    return [item for item in listed if type(item) is dict] if type(listed) is list else []


def answer_message(outputs: Json) -> Mapping[str, Json]:
    """Return the fields of the message a model answered with; {} when the result holds none."""
    for result in results_of(outputs):
        if type(result.get("message")) is dict:
            return fields_of(result["message"])
    for value in (outputs, outputs.get("output") if type(outputs) is dict else None):
        first: Json = value[0] if type(value) is list and value else value
        if type(first) is dict and is_message(first) and "content" in fields_of(first):
            return fields_of(first)
    return _NOTHING


def response_metadata(message: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what the provider said beside an answer: id, model, stop reason, raw usage."""
    found = message.get("response_metadata")
    return found if type(found) is dict else _NOTHING


def response_id(message: Mapping[str, Json]) -> str | None:
    """Find the provider's id of an answer; `run-…` is LangChain's own."""
    found = (label(value) for value in (response_metadata(message).get("id"), message.get("id")))
    return next((name for name in found if begins(name, _PROVIDER_IDS)), None)
