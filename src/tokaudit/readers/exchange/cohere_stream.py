"""What answer do the events of a Cohere stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokaudit.schema import Json


def assemble_cohere(events: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the events together as if the call had not been streamed, and say whether the stream came to its end.

    Version 1 ends with the whole answer; version 2 sends pieces of a message, and usage with its end.
    """
    body: dict[str, Json] = {}
    text, plan = "", ""
    calls: dict[int, dict[str, Json]] = {}
    ended = False
    for event in events:
        if type(event.get("response")) is dict:
            return {**event["response"], "finish_reason": event.get("finish_reason")}, True
        if event.get("event_type") == "text-generation":
            text += _text(event.get("text"))
        elif event.get("id") and "id" not in body:
            body["id"] = event["id"]
        delta = event.get("delta")
        if type(delta) is not dict:
            continue
        if event.get("type") == "message-end":
            body |= {key: delta[key] for key in ("finish_reason", "usage", "error") if delta.get(key) is not None}
            ended = True
        message = delta.get("message")
        if type(message) is dict:
            content = message.get("content")
            text += _text(content.get("text")) if type(content) is dict else ""
            plan += _text(message.get("tool_plan"))
            _add_call(calls, event.get("index"), message.get("tool_calls"))
    body["message"] = {
        "role": "assistant",
        "tool_plan": plan,
        "content": [{"type": "text", "text": text}] if text else [],
        "tool_calls": [calls[index] for index in sorted(calls)],
    }
    return body, ended


def _text(value: Json) -> str:
    return value if type(value) is str else ""


def _add_call(calls: dict[int, dict[str, Json]], index: Json, call: Json) -> None:
    """Append to the tool call of that index: its name comes first, its arguments in pieces."""
    function = call.get("function") if type(call) is dict else None
    if type(function) is not dict:
        return
    whole = calls.setdefault(index if type(index) is int else 0, {"function": {"name": None, "arguments": ""}})[
        "function"
    ]
    whole["name"] = whole["name"] or function.get("name")
    whole["arguments"] += _text(function.get("arguments"))
