"""What message do the events of an Anthropic stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from tokaudit.schema import Json


def assemble_message(events: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the events together as if the call had not been streamed, and say whether the stream came to its end.

    Usage is cumulative: each field has the value that came last. A repeated `message_start` adds nothing.
    """
    body: dict[str, Json] = {}
    usage: dict[str, Json] = {}
    blocks: dict[int, dict[str, Json]] = {}
    ended = False
    for event in events:
        kind = event.get("type")
        if kind == "message_start" and type(event.get("message")) is dict:
            body = body or dict(event["message"])
            usage = {**_stated(event["message"].get("usage")), **usage}
        elif kind == "message_delta":
            body |= _stated(event.get("delta"))
            usage |= _stated(event.get("usage"))
            ended = True
        elif kind == "error":
            body["error"] = event.get("error")
        else:
            _add_to_block(blocks, event)
    body["usage"] = usage or None
    body["content"] = [_finished(blocks[index]) for index in sorted(blocks)]
    return body, ended


def _stated(fields: Json) -> dict[str, Json]:
    return {key: value for key, value in fields.items() if value is not None} if type(fields) is dict else {}


def _add_to_block(blocks: dict[int, dict[str, Json]], event: Mapping[str, Json]) -> None:
    index = event.get("index")
    if type(index) is not int:
        return
    start, delta = event.get("content_block"), event.get("delta")
    if type(start) is dict:
        blocks.setdefault(index, dict(start))
    elif type(delta) is dict:
        block = blocks.setdefault(index, {"type": "text"})
        for key in ("text", "partial_json"):
            if type(delta.get(key)) is str:
                block[key] = (block[key] if type(block.get(key)) is str else "") + delta[key]


def _finished(block: dict[str, Json]) -> dict[str, Json]:
    """Decode the input of a tool call, which is streamed as text; a torn one stays text."""
    written = block.pop("partial_json", "")
    if written:
        try:
            block["input"] = orjson.loads(written)
        except ValueError:
            block["input"] = written
    return block
