"""What answer do the events of a Converse stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tokaudit.schema import Json

_ERRORS = (
    "internalServerException", "modelStreamErrorException", "modelTimeoutException", "serviceUnavailableException",
    "throttlingException", "validationException",
)  # fmt: skip


def assemble_converse(events: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the events together as if the call had not been streamed, and say whether the stream came to its end."""
    body: dict[str, Json] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        metadata, stop = event.get("metadata"), event.get("messageStop")
        if type(metadata) is dict:
            body |= {key: value for key, value in metadata.items() if value is not None}
        if type(stop) is dict:
            body |= {key: value for key, value in stop.items() if value is not None}
        for kind in _ERRORS:
            if kind in event:
                body["error"] = {"code": kind}
        for key in ("contentBlockStart", "contentBlockDelta"):
            if type(event.get(key)) is dict:
                _add_to_block(blocks, event[key])
    content = [_finished(blocks[index]) for index in sorted(blocks)]
    body["output"] = {"message": {"role": "assistant", "content": content}}
    return body, "usage" in body or "stopReason" in body


def _add_to_block(blocks: dict[int, dict[str, Any]], event: Mapping[str, Json]) -> None:
    index = event.get("contentBlockIndex")
    block = blocks.setdefault(index if type(index) is int else 0, {})
    piece = event.get("start") or event.get("delta")
    if type(piece) is not dict:
        return
    if type(piece.get("text")) is str:
        block["text"] = block.get("text", "") + piece["text"]
    use = piece.get("toolUse")
    if type(use) is dict:
        tool = block.setdefault("toolUse", {})
        tool |= {key: value for key, value in use.items() if key != "input"}
        if type(use.get("input")) is str:
            tool["written"] = tool.get("written", "") + use["input"]


def _finished(block: dict[str, Any]) -> dict[str, Json]:
    """Decode the input of a tool call, which is streamed as text; a torn one stays text."""
    tool: dict[str, Any] = block.get("toolUse", {})
    written = tool.pop("written", "")
    if written:
        try:
            tool["input"] = orjson.loads(written)
        except ValueError:
            tool["input"] = written
    return block
