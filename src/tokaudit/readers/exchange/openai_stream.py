"""What response do the chunks of an OpenAI chat or completions stream add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tokaudit.schema import Json

_FIRST_WINS = ("id", "object", "created", "provider", "prompt_filter_results")
_LAST_WINS = ("model", "service_tier", "error", "usage")


def assemble_chat(chunks: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Put the chunks together as if the call had not been streamed; usage is the last one that is not null."""
    body: dict[str, Json] = {}
    choices: dict[int, dict[str, Json]] = {}
    for chunk in chunks:
        for key in _FIRST_WINS:
            if chunk.get(key) and key not in body:
                body[key] = chunk[key]
        for key in _LAST_WINS:
            if chunk.get(key):
                body[key] = chunk[key]
        groq = chunk.get("x_groq")
        if type(groq) is dict and type(groq.get("usage")) is dict:
            body["usage"] = groq["usage"]
            body["x_groq"] = groq
        for choice in chunk["choices"] if type(chunk.get("choices")) is list else ():
            if type(choice) is dict:
                _add_choice(choices, choice)
                if type(choice.get("usage")) is dict:  # Moonshot states it within the choice
                    body.setdefault("usage", choice["usage"])
    body["choices"] = [choices[index] for index in sorted(choices)]
    return body


def is_cut_off(chunks: Json) -> bool:
    """Say whether a stream of choices stopped before its end: none was finished, and no closing count came."""
    listed = chunks if type(chunks) is list else ()
    pieces = [chunk for chunk in listed if type(chunk) is dict and type(chunk.get("choices")) is list]
    return bool(pieces) and not any(_ends(piece) for piece in pieces)


def _ends(chunk: Mapping[str, Json]) -> bool:
    if not chunk["choices"]:
        return type(chunk.get("usage")) is dict
    return any(choice.get("finish_reason") for choice in chunk["choices"] if type(choice) is dict)


def _add_choice(choices: dict[int, dict[str, Json]], choice: Mapping[str, Json]) -> None:
    index = choice.get("index")
    whole = choices.setdefault(index if type(index) is int else 0, {"message": {"role": "assistant"}})
    for key in ("finish_reason", "content_filter_results"):
        if choice.get(key):
            whole[key] = choice[key]
    if type(choice.get("text")) is str:  # completions, which are no messages
        whole["text"] = _text(whole.get("text")) + choice["text"]
    delta = choice.get("delta") or choice.get("message")
    if type(delta) is dict:
        _add_delta(whole["message"], delta)


def _add_delta(message: dict[str, Json], delta: Mapping[str, Json]) -> None:
    for key in ("content", "refusal"):
        piece, whole = delta.get(key), message.get(key)
        if type(piece) is str:
            message[key] = _text(whole) + piece
        elif type(piece) is list:  # Mistral streams blocks
            message[key] = [*whole, *piece] if type(whole) is list else piece
    if type(delta.get("function_call")) is dict:
        _add_function(message.setdefault("function_call", {}), delta["function_call"])
    calls = delta.get("tool_calls")
    if type(calls) is list:
        _add_tool_calls(message.setdefault("tool_calls", []), calls)


def _add_tool_calls(whole: list[dict[str, Json]], calls: Iterable[Json]) -> None:
    """Append to the call of the same index; servers that send none send a new id with each new call."""
    for call in calls:
        function = call.get("function") if type(call) is dict else None
        if type(function) is not dict:
            continue
        index = call.get("index")
        place = next((item for item in whole if type(index) is int and item["index"] == index), None)
        if place is None and (type(index) is int or call.get("id") or not whole):
            place = {"index": index, "function": {}}
            whole.append(place)
        _add_function((place or whole[-1])["function"], function)


def _add_function(whole: dict[str, Any], function: Mapping[str, Json]) -> None:
    """The name comes once; the arguments come in pieces, or whole as an object."""
    if type(function.get("name")) is str and not whole.get("name"):
        whole["name"] = function["name"]
    arguments = function.get("arguments")
    if type(arguments) is str:
        whole["arguments"] = _text(whole.get("arguments")) + arguments
    elif arguments is not None:
        whole["arguments"] = arguments


def _text(value: Json) -> str:
    return value if type(value) is str else ""
