"""What did a model answer to Bedrock's InvokeModel? Each vendor has a body of its own; streams send it in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tokaudit.readers.values.numbers import count
from tokaudit.schema import Json


class InvokeAnswer(NamedTuple):
    """An answer, whole: of the pieces of a stream the texts are joined, and of counts the last one is taken."""

    texts: tuple[str, ...]
    finish_reason: Json
    input_tokens: int | None
    output_tokens: int | None


def invoke_answer(body: Json) -> InvokeAnswer:
    """Read an answer or the list of its pieces. Raises RejectRecordError for a count that is none."""
    if type(body) is not list:
        return _piece(body if type(body) is dict else {})
    pieces = [_piece(item) for item in body if type(item) is dict]
    text = "".join(piece for answer in pieces for piece in answer.texts)
    return InvokeAnswer((text,) if text else (), *(_last(pieces, place) for place in (1, 2, 3)))


def _last(pieces: Iterable[InvokeAnswer], place: int) -> Json:
    return next((found for piece in reversed(list(pieces)) if (found := piece[place]) is not None), None)


def _piece(body: Mapping[str, Json]) -> InvokeAnswer:
    for key, item_text, item_reason in _LISTS:
        if type(body.get(key)) is list:
            items = [item for item in body[key] if type(item) is dict]
            texts = tuple(text for item in items if type(text := _at(item, item_text)) is str)
            reason = next((found for item in items if (found := _at(item, item_reason))), None)
            return InvokeAnswer(texts, reason, count(body.get("inputTextTokenCount")), _titan_output(items))
    key, reason_key = next(((key, reason) for key, reason in _TEXTS if type(body.get(key)) is str), ("", ""))
    return InvokeAnswer(
        (body[key],) if key and body[key] else (),
        body.get(reason_key),
        _first_count(body, ("prompt_token_count", "inputTextTokenCount")),
        _first_count(body, ("generation_token_count", "totalOutputTextTokenCount")),
    )


_LISTS = (
    ("results", ("outputText",), ("completionReason",)),  # Titan
    ("outputs", ("text",), ("stop_reason",)),  # Mistral
    ("completions", ("data", "text"), ("finishReason", "reason")),  # Jurassic
    ("generations", ("text",), ("finish_reason",)),  # Command
)
_TEXTS = (
    ("generation", "stop_reason"),  # Llama
    ("completion", "stop_reason"),  # Claude before the Messages API
    ("outputText", "completionReason"),  # a piece of Titan's
    ("text", "finish_reason"),  # a piece of Command's
)


def _at(item: Mapping[str, Json], path: tuple[str, ...]) -> Json:
    found: Json = item
    for key in path:
        found = found.get(key) if type(found) is dict else None
    return found


def _titan_output(items: list[dict[str, Json]]) -> int | None:
    counts = [count(item["tokenCount"]) for item in items if "tokenCount" in item]
    return sum(tokens or 0 for tokens in counts) if counts else None


def _first_count(body: Mapping[str, Json], names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count(body.get(name))) is not None), None)
