"""Of which stream is a decoded event, and is it the stream's first or last?

Providers stream an answer as many small objects. OpenAI and Gemini repeat the answer's id in each of them; the Responses
API names its items; Anthropic, Converse, Cohere and Ollama name nothing: their events follow one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tokaudit.schema import Json


class Mark(NamedTuple):
    """What an event says of its stream.

    api     whose event it is
    stream  the stream's id, where the event states it
    item    the id of an item of the stream, where the event states it
    number  the event's number in its stream
    first   certainly the first event of a stream
    begins  a stream may begin with it; without an open stream an event that begins none is a record of its own
    ends    nothing follows in this stream
    closes  nothing but counts may follow
    """

    api: str
    stream: str | None = None
    item: str | None = None
    number: int | None = None
    first: bool = False
    begins: bool = False
    ends: bool = False
    closes: bool = False


_TYPES: Mapping[str, Mark] = {
    "message_start": Mark("anthropic_messages", first=True, begins=True),
    "content_block_start": Mark("anthropic_messages", begins=True),
    "content_block_delta": Mark("anthropic_messages", begins=True),
    "content_block_stop": Mark("anthropic_messages", begins=True),
    "message_delta": Mark("anthropic_messages", begins=True),
    "message_stop": Mark("anthropic_messages", begins=True, ends=True),
    "ping": Mark("anthropic_messages"),
    "message-start": Mark("cohere", first=True, begins=True),
    "content-start": Mark("cohere", begins=True),
    "content-delta": Mark("cohere", begins=True),
    "content-end": Mark("cohere", begins=True),
    "tool-plan-delta": Mark("cohere", begins=True),
    "tool-call-start": Mark("cohere", begins=True),
    "tool-call-delta": Mark("cohere", begins=True),
    "tool-call-end": Mark("cohere", begins=True),
    "citation-start": Mark("cohere", begins=True),
    "citation-end": Mark("cohere", begins=True),
    "message-end": Mark("cohere", begins=True, ends=True),
}
"""Events that their `type` tells. A ping alone is no stream."""

_EVENT_TYPES: Mapping[str, Mark] = {
    "interaction.start": Mark("gemini_interactions", first=True, begins=True),
    "interaction.status_update": Mark("gemini_interactions", begins=True),
    "content.start": Mark("gemini_interactions", begins=True),
    "content.delta": Mark("gemini_interactions", begins=True),
    "content.stop": Mark("gemini_interactions", begins=True),
    "interaction.complete": Mark("gemini_interactions", begins=True, ends=True),
    "stream-start": Mark("cohere", first=True, begins=True),
    "text-generation": Mark("cohere", begins=True),
    "citation-generation": Mark("cohere", begins=True),
    "tool-calls-chunk": Mark("cohere", begins=True),
    "tool-calls-generation": Mark("cohere", begins=True),
    "stream-end": Mark("cohere", begins=True, ends=True),
}
"""Events that their `event_type` tells: Gemini's Interactions, and Cohere before its version 2."""

_CONVERSE: Mapping[str, Mark] = {
    "messageStart": Mark("bedrock_converse", first=True, begins=True),
    "contentBlockStart": Mark("bedrock_converse", begins=True),
    "contentBlockDelta": Mark("bedrock_converse", begins=True),
    "contentBlockStop": Mark("bedrock_converse", begins=True),
    "messageStop": Mark("bedrock_converse", begins=True),
    "metadata": Mark("bedrock_converse", ends=True),
}
"""Events that their only key tells."""

_LAST_RESPONSE_EVENTS = frozenset(
    ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
)

ERROR_APIS = ("anthropic_messages", "openai_responses")
"""Their streams may hold an event of type `error`, which names no API."""


def mark_of(event: Json) -> Mark | None:
    """Tell what stream an event belongs to; None = it is none that is known."""
    return (_by_type(event) or _by_shape(event)) if type(event) is dict else None


def _by_type(event: Mapping[str, Json]) -> Mark | None:
    kind, older_kind = event.get("type"), event.get("event_type")
    if type(kind) is str:
        if kind in _TYPES:
            return _typed(event, _TYPES[kind])
        if kind.startswith("response."):
            return _response_event(event, kind)
    return _EVENT_TYPES.get(older_kind) if type(older_kind) is str else None


def _by_shape(event: Mapping[str, Json]) -> Mark | None:
    if event.get("object") == "chat.completion.chunk" or _has_delta(event):
        return _chat_chunk(event)
    if event.get("object") == "text_completion":
        return _completion_chunk(event)
    if type(event.get("candidates")) is list or _states_gemini_usage(event):
        return _gemini_chunk(event)
    if type(event.get("done")) is bool and "created_at" in event and _says_something(event):
        return Mark("ollama", _text(event.get("model")), begins=not event["done"], ends=event["done"])
    return _CONVERSE.get(next(iter(event))) if len(event) == 1 else None


def is_error(event: Mapping[str, Json]) -> bool:
    """Say whether an event tells of a failure within a stream, without saying of which."""
    return event.get("type") == "error"


def _typed(event: Mapping[str, Json], mark: Mark) -> Mark:
    message = event.get("message")
    if mark.api == "cohere":
        return mark._replace(stream=_text(event.get("id")))
    return mark._replace(stream=_text(message.get("id"))) if type(message) is dict else mark


def _response_event(event: Mapping[str, Json], kind: str) -> Mark | None:
    """Read an event of the Responses API; webhooks and Realtime sessions use the same names."""
    if "event_id" in event or event.get("object") == "event":
        return None
    response, item, number = event.get("response"), event.get("item"), event.get("sequence_number")
    item_id = item.get("id") if type(item) is dict else event.get("item_id")
    return Mark(
        "openai_responses",
        _text(response.get("id")) if type(response) is dict else None,
        _text(item_id),
        number if type(number) is int else None,
        first=kind == "response.created",
        begins=True,
        ends=kind in _LAST_RESPONSE_EVENTS,
    )


def _has_delta(event: Mapping[str, Json]) -> bool:
    """Recognise chunks of compatible servers that name no object."""
    first = _first(event.get("choices"))
    if first is None:  # Azure states the filter's verdict on the prompt before it states anything else
        return event.get("choices") == [] and "prompt_filter_results" in event and not event.get("id")
    return type(first.get("delta")) is dict and "message" not in first and "messages" not in event


def _chat_chunk(event: Mapping[str, Json]) -> Mark:
    choices = event.get("choices")
    return Mark(
        "openai_chat",
        _text(event.get("id")),
        first=not choices and "prompt_filter_results" in event,
        begins=True,
        ends=choices == [] and type(event.get("usage")) is dict,
    )


def _completion_chunk(event: Mapping[str, Json]) -> Mark:
    choice, has_usage = _first(event.get("choices")), type(event.get("usage")) is dict
    unfinished = choice is not None and choice.get("finish_reason") is None and not has_usage
    return Mark("openai_completions", _text(event.get("id")), begins=unfinished, ends=choice is None and has_usage)


def _states_gemini_usage(event: Mapping[str, Json]) -> bool:
    return any(type(event.get(key)) is dict for key in ("usageMetadata", "usage_metadata"))


def _gemini_chunk(event: Mapping[str, Json]) -> Mark:
    """Read a chunk of Gemini. A whole answer looks the same, but has a finish reason."""
    candidate = _first(event.get("candidates"))
    finished = candidate is not None and bool(candidate.get("finishReason") or candidate.get("finish_reason"))
    stream = _text(event.get("responseId")) or _text(event.get("response_id"))
    return Mark("gemini", stream, begins=candidate is not None and not finished, closes=finished)


def _says_something(event: Mapping[str, Json]) -> bool:
    return type(event.get("message")) is dict or type(event.get("response")) is str


def _first(items: Json) -> Mapping[str, Json] | None:
    first = items[0] if type(items) is list and items else None
    return first if type(first) is dict else None


def _text(value: Json) -> str | None:
    return value if type(value) is str and value else None
