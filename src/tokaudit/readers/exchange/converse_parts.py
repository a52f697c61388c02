"""Which texts do the messages of Bedrock's Converse consist of?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.parts import compact_json, tool_call_part
from tokaudit.readers.values.labels import exact
from tokaudit.schema import Json, Part, Role

_MEDIA = ("image", "document", "video", "audio")
_TEXT_HOLDERS = ("citationsContent", "searchResult")
_NESTING = 4


def converse_messages(messages: Json, first: int = 0) -> list[Part]:
    """Read a list of messages; the first one has message index `first`."""
    parts: list[Part] = []
    for index, message in enumerate(messages if type(messages) is list else (), first):
        if type(message) is dict:
            role: Role = "assistant" if message.get("role") == "assistant" else "user"
            add_blocks(parts, role, message.get("content"), index)
    return parts


def add_blocks(parts: list[Part], role: Role, blocks: Json, index: int, depth: int = 0) -> None:
    """Append the parts of a message's content, which Nova and loggers may write as its text alone."""
    if type(blocks) is str and blocks:
        parts.append(Part(role, "text", exact(blocks), index))
    for block in blocks if type(blocks) is list and depth < _NESTING else ():
        if type(block) is dict:
            _add_block(parts, role, block, index, depth + 1)


def _add_block(parts: list[Part], role: Role, block: Mapping[str, Json], index: int, depth: int) -> None:
    """Append a block. Reasoning is hidden, a cache point holds nothing."""
    if type(block.get("text")) is str:
        add_blocks(parts, role, block["text"], index)
    elif type(use := block.get("toolUse")) is dict:
        parts.append(tool_call_part(use.get("name"), use.get("input"), index))
    elif type(result := block.get("toolResult")) is dict:
        add_blocks(parts, "tool", result.get("content"), index, depth)
    elif "json" in block:
        parts.append(Part(role, "text", exact(compact_json(block["json"])), index))
    elif type(guarded := block.get("guardContent")) is dict:
        inner = guarded.get("text")
        add_blocks(parts, role, [inner if type(inner) is dict else guarded], index, depth)
    elif holder := next((block[key] for key in _TEXT_HOLDERS if type(block.get(key)) is dict), None):
        add_blocks(parts, role, holder.get("content"), index, depth)
    elif media := next((block[key] for key in _MEDIA if type(block.get(key)) is dict), None):
        _add_media(parts, role, media.get("source"), index, depth)


def _add_media(parts: list[Part], role: Role, source: Json, index: int, depth: int) -> None:
    """Append a file; a document may be given as text. The log keeps files in S3 and notes where."""
    if type(source) is not dict:
        return
    if type(source.get("text")) is str or type(source.get("content")) is list:
        add_blocks(parts, role, source.get("text") or source.get("content"), index, depth)
        return
    stored = source.get("s3Location")
    places = (source.get("bytes"), source.get("s3Uri"), stored.get("uri") if type(stored) is dict else None)
    found = next((place for place in places if type(place) is str and place), None)
    if found is not None:
        parts.append(Part(role, "media", exact(found), index))
