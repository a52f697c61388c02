"""Which texts do the steps of a Gemini interaction consist of?

The API first listed `outputs` and took turns with roles; since 2026 both sides are lists of steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokaudit.readers.exchange.parts import add_content, compact_json, tool_call_part
from tokaudit.readers.values.labels import exact
from tokaudit.schema import Json, Part, Role

_ROLE_OF_STEP: Mapping[Json, Role] = {"user_input": "user", "model_output": "assistant"}
_ROLES: Mapping[Json, Role] = {"model": "assistant", "assistant": "assistant", "system": "system"}
_MEDIA = ("image", "audio", "video", "document")


def steps_parts(steps: Json, role: Role, first: int = 0) -> list[Part]:
    """Read one side of an interaction: a text, one piece, or a list of pieces, turns or steps; role: where none is named."""
    parts: list[Part] = []
    for index, step in enumerate(steps if type(steps) is list else [steps], first):
        if type(step) is str:
            add_content(parts, role, step, index)
        elif type(step) is dict:
            _add_step(parts, step, role, index)
    return parts


def _add_step(parts: list[Part], step: Mapping[str, Json], role: Role, index: int) -> None:
    named = step.get("role")
    kind = step.get("type")
    kind = kind if type(kind) is str else ""
    role = _ROLE_OF_STEP.get(kind) or (_ROLES.get(named, role) if type(named) is str else role)
    if kind == "thought":
        return  # hidden, and billed as such
    if kind.endswith("_call"):
        parts.append(tool_call_part(step.get("name") or kind.removesuffix("_call"), step.get("arguments"), index))
    elif kind.endswith("_result"):
        result = step.get("result")
        parts.append(Part("tool", "text", exact(result if type(result) is str else compact_json(result)), index))
    elif "content" in step or "parts" in step:
        inner = step.get("content", step.get("parts"))
        for piece in inner if type(inner) is list else [inner]:
            _add_piece(parts, piece, role, index)
    else:
        _add_piece(parts, step, role, index)


def _add_piece(parts: list[Part], piece: Json, role: Role, index: int) -> None:
    if type(piece) is str:
        add_content(parts, role, piece, index)
    elif type(piece) is not dict or piece.get("type") == "thought":
        return
    elif type(piece.get("text")) is str:
        add_content(parts, role, piece["text"], index)
    elif piece.get("type") in _MEDIA:
        found = next((piece[key] for key in ("uri", "data") if type(piece.get(key)) is str), None)
        if found:
            parts.append(Part(role, "media", exact(found), index))
    elif type(piece.get("type")) is str and piece["type"].endswith(("_call", "_result")):
        _add_step(parts, piece, role, index)


def assemble_interaction(events: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the events of a stream together as if it had not been one, and say whether it came to its end.

    The last event holds the interaction without its steps, which come in pieces before.
    """
    body: dict[str, Json] = {}
    steps: dict[int, dict[str, Json]] = {}
    ended = False
    for event in events:
        if type(event.get("interaction")) is dict:
            body |= {key: value for key, value in event["interaction"].items() if value is not None}
        if event.get("error"):
            body["error"] = event["error"]
        ended = ended or event.get("event_type") in ("interaction.complete", "interaction.completed")
        index = event.get("index")
        start, delta = event.get("step") or event.get("content"), event.get("delta")
        if type(index) is not int:
            continue
        if type(start) is dict:
            steps.setdefault(index, dict(start))
        elif type(delta) is dict:
            _add_delta(steps.setdefault(index, {}), delta)
    if steps:
        body["steps"] = [steps[index] for index in sorted(steps)]
    return body, ended


def _add_delta(step: dict[str, Json], delta: Mapping[str, Json]) -> None:
    """Join texts, and arguments that come as text; of all else the last value stays."""
    for key, value in delta.items():
        before = step.get(key)
        joined = key in ("text", "arguments") and type(value) is str and type(before) is str
        if key != "type" or "type" not in step:
            step[key] = before + value if joined else value
