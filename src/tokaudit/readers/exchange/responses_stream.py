"""What response do the events of a Responses API stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokaudit.schema import Json

_LAST = frozenset(
    ("response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done")
)
_DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "text",
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
}
"""Events that bring a piece of an item, and the field it belongs to."""


def assemble_response(events: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the events together as if the call had not been streamed, and say whether the stream came to its end.

    Earlier copies of the response have no usage yet and only the beginning of its output.
    """
    body: dict[str, Json] = {}
    items: dict[int, dict[str, Json]] = {}
    ended = False
    for event in events:
        kind, copy = event.get("type"), event.get("response")
        if type(copy) is dict:
            is_last = type(kind) is str and kind in _LAST
            body |= copy if is_last else {**copy, "usage": None}
            ended = ended or is_last
        elif kind == "error":
            body["error"] = event.get("error") or {"code": event.get("code") or "error"}
        else:
            _add_to_item(items, event)
    if not (ended and body.get("output")):
        body["output"] = [items[index] for index in sorted(items)]
    return body, ended


def _add_to_item(items: dict[int, dict[str, Json]], event: Mapping[str, Json]) -> None:
    """Begin an item, add a piece to it, or take it whole: a finished item holds all its pieces."""
    index, kind, item = event.get("output_index"), event.get("type"), event.get("item")
    if type(index) is not int:
        return
    if type(item) is dict:
        items[index] = dict(item)
        return
    field = _DELTAS.get(kind) if type(kind) is str else None
    if field is None or type(event.get("delta")) is not str:
        return
    place = items.setdefault(index, {"type": "message", "role": "assistant"})
    if field == "text":
        place = _text_block(place, event.get("content_index"))
    place[field] = (place[field] if type(place.get(field)) is str else "") + event["delta"]


def _text_block(item: dict[str, Json], number: Json) -> dict[str, Json]:
    """Find the block of a message that a piece of text belongs to."""
    given = item.get("content")
    blocks = [dict(block) for block in given if type(block) is dict] if type(given) is list else []
    wanted = number if type(number) is int and 0 <= number < len(blocks) else len(blocks)
    if wanted == len(blocks):
        blocks.append({"type": "output_text"})
    item["content"] = blocks
    return blocks[wanted]
