"""What answer do the chunks of a Gemini stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokaudit.readers.values.spelling import either
from tokaudit.schema import Json

_FIRST_WINS = ("responseId", "createTime")
_LAST_WINS = ("modelVersion", "promptFeedback", "error")
_OF_CANDIDATE = ("finishReason", "groundingMetadata")
"""The last wins, too: what a stream was grounded in is told whole at its end."""


def assemble_content(chunks: Iterable[Mapping[str, Json]]) -> tuple[dict[str, Json], bool]:
    """Put the chunks together as if the call had not been streamed, and say whether the stream came to its end.

    Usage is that of the last chunk which states any: a later prompt count may be smaller than an earlier one.
    """
    body: dict[str, Json] = {}
    candidates: dict[int, dict[str, Json]] = {}
    for chunk in chunks:
        for name in _FIRST_WINS:
            if name not in body and either(chunk, name):
                body[name] = either(chunk, name)
        for name in _LAST_WINS:
            if either(chunk, name):
                body[name] = either(chunk, name)
        if either(chunk, "usageMetadata"):
            body["usageMetadata"] = either(chunk, "usageMetadata")
        listed = chunk.get("candidates")
        for place, candidate in enumerate(listed if type(listed) is list else ()):
            if type(candidate) is dict:
                index = candidate.get("index")
                _add_candidate(candidates.setdefault(index if type(index) is int else place, {}), candidate)
    body["candidates"] = [candidates[index] for index in sorted(candidates)]
    return body, has_ended(body)


def has_ended(body: Mapping[str, Json]) -> bool:
    """Say whether an answer is whole: a candidate that goes on in a later chunk has no reason to finish yet."""
    candidates = body.get("candidates")
    listed = [item for item in candidates if type(item) is dict] if type(candidates) is list else []
    if listed:
        return any(either(item, "finishReason") for item in listed)
    return bool(either(body, "promptFeedback")) or type(candidates) is not list


def _add_candidate(whole: dict[str, Json], candidate: Mapping[str, Json]) -> None:
    for name in _OF_CANDIDATE:
        if either(candidate, name):
            whole[name] = either(candidate, name)
    content = candidate.get("content")
    parts = content.get("parts") if type(content) is dict else None
    joined = whole.setdefault("content", {"role": "model", "parts": []})["parts"]
    for part in parts if type(parts) is list else ():
        if type(part) is dict:
            _add_part(joined, part)


def _add_part(joined: list[dict[str, Json]], part: Mapping[str, Json]) -> None:
    """Append a part; a text goes on the text before it, unless one of the two is a thought."""
    last = joined[-1] if joined else None
    if (
        last is not None
        and type(part.get("text")) is str
        and type(last.get("text")) is str
        and bool(part.get("thought")) == bool(last.get("thought"))
    ):
        last["text"] += part["text"]
    else:
        joined.append(dict(part))
