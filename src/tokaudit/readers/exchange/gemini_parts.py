"""Which texts do the contents of a Gemini request or answer consist of?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.parts import compact_json, tool_call_part
from tokaudit.readers.values.labels import exact
from tokaudit.readers.values.spelling import either, either_object
from tokaudit.schema import Json, Part, Role

_ROLES: Mapping[Json, Role] = {"model": "assistant", "function": "tool", "tool": "tool", "system": "system"}


def contents_parts(contents: Json, first: int = 0) -> list[Part]:
    """Read the contents of a request: a list of turns, one turn, or a text; the first has message index `first`."""
    parts: list[Part] = []
    for index, turn in enumerate(contents if type(contents) is list else [contents], first):
        add_turn(parts, turn, "user", index)
    return parts


def add_turn(parts: list[Part], turn: Json, role: Role, index: int) -> None:
    """Append the parts of a turn, which may be its text alone, one part, or a list of parts; role: where it names none."""
    if type(turn) is str:
        turn = {"parts": [{"text": turn}]}
    elif type(turn) is list:
        turn = {"parts": turn}
    elif type(turn) is not dict:
        return
    named = turn.get("role")
    role = _ROLES.get(named, role) if type(named) is str else role
    listed = turn.get("parts") if "parts" in turn else [turn]
    for item in listed if type(listed) is list else [listed]:
        part = {"text": item} if type(item) is str else item
        if type(part) is dict:
            _add_part(parts, part, role, index)


def _add_part(parts: list[Part], part: Mapping[str, Json], role: Role, index: int) -> None:
    """Append a part; thoughts are hidden: billed as reasoning, and never text of the prompt."""
    text = part.get("text")
    if type(text) is str and text:
        if not part.get("thought"):
            parts.append(Part(role, "text", exact(text), index))
    elif call := either_object(part, "functionCall"):
        parts.append(tool_call_part(call.get("name"), call.get("args"), index))
    elif answer := either_object(part, "functionResponse"):
        parts.append(Part("tool", "text", exact(compact_json(answer.get("response"))), index))
    elif code := either_object(part, "executableCode"):
        parts.append(tool_call_part("executableCode", code.get("code"), index))
    elif result := either_object(part, "codeExecutionResult"):
        parts.append(Part("tool", "text", exact(_text(result.get("output"))), index))
    elif media := _media(part):
        parts.append(Part(role, "media", exact(media), index))


def _media(part: Mapping[str, Json]) -> str | None:
    """Find the data or the address of an image, a sound, a video or a file."""
    data = either_object(part, "inlineData").get("data")
    address = either(either_object(part, "fileData"), "fileUri")
    return next((value for value in (data, address) if type(value) is str and value), None)


def _text(value: Json) -> str:
    return value if type(value) is str else ""
