"""Which texts do the items of the Responses API consist of?

Input and output are lists of items: messages, calls of tools, their results, and items whose text the provider keeps to
itself (reasoning, compactions, references). An item yields the same parts as an answer and when it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.parts import add_content, add_message, compact_json
from tokaudit.readers.values.labels import exact
from tokaudit.schema import Json, Part, Role

_HIDDEN = frozenset(
    (
        *(
            "reasoning",
            "compaction",
            "compaction_summary",
            "context_compaction",
            "compaction_trigger",
            "item_reference",
        ),
        *("mcp_list_tools", "mcp_approval_response", "tool_search_output", "additional_tools"),
    )
)
"""Encrypted, kept by the provider, or definitions: no text of the conversation that could be counted."""

_ASKED = ("arguments", "input", "action", "queries", "code", "operation")
"""Where an item of a tool call holds what the model wrote."""

_GIVEN = ("output", "outputs", "results", "result")
_GIVEN_TEXTS = ("logs", "stdout", "stderr")


def item_parts(items: Json, first: int = 0) -> list[Part]:
    """Read the input of a request: a text of the user or a list of items; the first has message index `first`."""
    parts: list[Part] = []
    if type(items) is str:
        add_content(parts, "user", items, first)
    for index, item in enumerate(items if type(items) is list else (), first):
        if type(item) is dict:
            _add_item(parts, item, index)
    return parts


def output_parts(items: Json) -> list[Part]:
    """Read the output of an answer, which is one message however many items it has; what it repeats is left out."""
    parts: list[Part] = []
    for item in items if type(items) is list else ():
        if type(item) is dict and item.get("role") in (None, "assistant"):
            _add_item(parts, item, 0, "assistant")
    return parts


def _add_item(parts: list[Part], item: Mapping[str, Json], index: int, role: Role | None = None) -> None:
    kind = item.get("type")
    kind = kind if type(kind) is str else "message"
    if kind in _HIDDEN:
        return
    if kind == "message":
        add_message(parts, item, index, role)
    elif kind.endswith("_output"):
        _add_given(parts, item, index)
    elif kind == "image_generation_call":
        _add_media(parts, item.get("result"), index)
    elif kind.endswith(("_call", "_request")) or "name" in item or kind == "program":
        _add_call(parts, item, kind, index)
        _add_given(parts, item, index)
    else:
        add_content(parts, "user", dict(item), index)


def _add_call(parts: list[Part], item: Mapping[str, Json], kind: str, index: int) -> None:
    """Write a call as `name(arguments)`; a provider's own tool has the name of its kind."""
    name = item.get("name")
    asked = next((item[key] for key in _ASKED if item.get(key) is not None), None)
    if type(name) is not str:
        name = kind.removesuffix("_call")
        if asked is None:
            return
    written = asked if type(asked) is str else "" if asked is None else compact_json(asked)
    parts.append(Part("assistant", "tool_call", exact(f"{name}({written})"), index))


def _add_given(parts: list[Part], item: Mapping[str, Json], index: int) -> None:
    """Append what a tool gave back: a text, content blocks, or the streams of a shell."""
    given = next((item[key] for key in _GIVEN if item.get(key) is not None), None)
    for block in given if type(given) is list else (given,):
        texts = [block[key] for key in _GIVEN_TEXTS if key in block] if type(block) is dict else []
        add_content(parts, "tool", texts or block, index)


def _add_media(parts: list[Part], data: Json, index: int) -> None:
    if type(data) is str and data:
        parts.append(Part("assistant", "media", exact(data), index))
