"""Which texts does a span hold?

Libraries write them as attributes, as attributes numbered one by one, as events of the span, or as the bodies of the API. The
first place that holds a prompt (an answer) is taken: the others repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tokaudit.readers.tracing.otel.attributes import Attributes, first, listed, opened
from tokaudit.readers.tracing.otel.logfire import REQUEST, RESPONSE, answer_of_data
from tokaudit.readers.tracing.otel.messages import Message, answers_of, messages_of, parts_of, reasons_of
from tokaudit.readers.tracing.otel.span import Span, SpanEvent
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import label
from tokaudit.schema import Json, Part, Role

DETAILS_EVENT = "gen_ai.client.inference.operation.details"

_ROLE_OF_EVENT: dict[str, Role] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.tools.message": "tool",
}
CHOICE_EVENT = "gen_ai.choice"
MESSAGE_EVENTS = frozenset((*_ROLE_OF_EVENT, CHOICE_EVENT))

_PROMPT_EVENT, _COMPLETION_EVENT = "gen_ai.content.prompt", "gen_ai.content.completion"


def prompt_of(span: Span) -> tuple[Part, ...]:
    """Read what was sent."""
    return next((parts for place in _PROMPT_PLACES if (parts := parts_of(place(span)))), ())


def answer_of(span: Span) -> tuple[Part, ...]:
    """Read what came back."""
    return next((parts for place in _ANSWER_PLACES if (parts := answers_of(place(span)))), ())


def convention_prompt(attributes: Attributes) -> list[Message]:
    """Read the messages as the conventions write them since 1.37; the system prompt stands beside them."""
    system = messages_of(held(attributes, "gen_ai.system_instructions"), "system")
    sent = messages_of(held(attributes, "gen_ai.input.messages"))
    if sent and sent[0].get("role") == "system":  # some libraries write it in both places
        return sent
    return [*system, *sent]


def convention_answer(attributes: Attributes) -> list[Message]:
    """Read the answer as the conventions write it since 1.37."""
    return messages_of(held(attributes, "gen_ai.output.messages"), "assistant")


def held(attributes: Attributes, name: str) -> Json:
    """Return an attribute, rebuilt where a table spread it over columns."""
    return attributes[name] if name in attributes else listed(attributes, name)


def _details(span: Span) -> Iterator[Attributes]:
    """Yield the span's attributes, then those of its event that holds the details."""
    yield span.attributes
    yield from (event.attributes for event in span.events if event.name == DETAILS_EVENT)


def _prompt_of_convention(span: Span) -> list[Message]:
    return next((found for place in _details(span) if (found := convention_prompt(place))), [])


def _answer_of_convention(span: Span) -> list[Message]:
    return next((found for place in _details(span) if (found := convention_answer(place))), [])


def _prompt_of_openinference(span: Span) -> list[Message]:
    messages = messages_of(held(span.attributes, "llm.input_messages"))
    texts = _texts(held(span.attributes, "llm.prompts"), "prompt")
    return messages or messages_of(texts or _texts(held(span.attributes, "embedding.embeddings"), "embedding"))


def _answer_of_openinference(span: Span) -> list[Message]:
    messages = messages_of(held(span.attributes, "llm.output_messages"), "assistant")
    return messages or messages_of(_texts(held(span.attributes, "llm.choices"), "completion"), "assistant")


def _texts(items: Json, name: str) -> list[Json]:
    """Read `[{"prompt": {"text": …}}]`, how completions and embeddings stand in OpenInference."""
    inner = [item.get(name, item) if type(item) is dict else item for item in (items if type(items) is list else ())]
    return [item.get("text", item.get(f"{name}.text")) if type(item) is dict else item for item in inner]


def _prompt_of_traceloop(span: Span) -> list[Message]:
    """Read `gen_ai.prompt.N.role` and `.content`, or all of it under `gen_ai.prompt`."""
    numbered = [
        {"role": "user", "content": item["user"]} if type(item) is dict and "user" in item else item
        for item in (listed(span.attributes, "gen_ai.prompt") or _turns_of(span.attributes, "llm.prompts"))
    ]
    return messages_of(numbered) or messages_of(span.attributes.get("gen_ai.prompt"))


def _answer_of_traceloop(span: Span) -> list[Message]:
    items = listed(span.attributes, "gen_ai.completion") or _turns_of(span.attributes, "llm.completions")
    numbered = messages_of(items, "assistant")
    return numbered or messages_of(span.attributes.get("gen_ai.completion"), "assistant")


def _turns_of(attributes: Attributes, name: str) -> list[Json]:
    """Rebuild turns under the names that Traceloop used in its first versions."""
    return [item for item in listed(attributes, name) if type(item) is dict and "content" in item]


def _prompt_of_ai_sdk(span: Span) -> list[Message]:
    attributes = span.attributes
    messages = messages_of(first(attributes, "ai.prompt.messages", "ai.prompt"))
    return messages or messages_of([_embedded(value) for value in _values(attributes)])


def _values(attributes: Attributes) -> list[Json]:
    """List the texts to be embedded."""
    many = opened(attributes, "ai.values")
    if type(many) is list:
        return many
    return [attributes["ai.value"]] if "ai.value" in attributes else []


def _embedded(value: Json) -> Json:
    """Read a text that the AI SDK wrote as JSON: in quotation marks."""
    if type(value) is str and value[:1] == value[-1:] == '"' and len(value) > 1:
        found = open_text(f"[{value}]")
        return found[0] if type(found) is list and found else value
    return value


def _answer_of_ai_sdk(span: Span) -> list[Message]:
    attributes = span.attributes
    text = first(attributes, "ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object")
    calls = opened(attributes, "ai.response.toolCalls", "ai.result.toolCalls")
    if text is None and type(calls) is not list:
        return []
    return messages_of([{"role": "assistant", "content": text, "tool_calls": calls}], "assistant")


def _prompt_of_events(span: Span) -> list[Message]:
    found = [message for event in _message_events(span) if (message := sent_message(event)) is not None]
    return found or _content_of(span, _PROMPT_EVENT, "gen_ai.prompt")


def _answer_of_events(span: Span) -> list[Message]:
    found = [message for event in _message_events(span) if (message := chosen_message(event)) is not None]
    return found or _content_of(span, _COMPLETION_EVENT, "gen_ai.completion")


def _message_events(span: Span) -> Iterator[SpanEvent]:
    """Yield the events of the span, and those that Pydantic AI writes into an attribute."""
    yield from span.events
    inline = opened(span.attributes, "events")
    for item in inline if type(inline) is list else ():
        if type(item) is dict:
            yield SpanEvent(label(item.get("event.name")) or "", item)


def _content_of(span: Span, event: str, attribute: str) -> list[Message]:
    """Read the one event in which the conventions wrote all of a prompt up to 1.27."""
    role: Role = "user" if event == _PROMPT_EVENT else "assistant"
    held = [found.attributes.get(attribute) for found in span.events if found.name == event]
    if span.scope_name.startswith("openlit") and event == _PROMPT_EVENT:
        held = [_turns(value) for value in held]
    return next((messages for value in held if (messages := messages_of(value, role))), [])


_TURN = re.compile(r"^(system|developer|user|assistant|tool): ", re.MULTILINE)


def _turns(text: Json) -> Json:
    """Split what OpenLIT wrote as one text, each message after its role."""
    if type(text) is not str or not _TURN.match(text):
        return text
    pieces = _TURN.split(text)[1:]
    return [
        {"role": role, "content": said.removesuffix("\n")} for role, said in zip(pieces[::2], pieces[1::2], strict=True)
    ]


def sent_message(event: SpanEvent) -> Message | None:
    """Read an event that tells one message of a prompt; None for another event."""
    role = _ROLE_OF_EVENT.get(event.name)
    if role is None:
        return None
    body = _body(event.attributes)
    return next(iter(messages_of([{**body, "role": role}])), None) if body else None


def chosen_message(event: SpanEvent) -> Message | None:
    """Read an event that tells an answer; None for another event."""
    if event.name != CHOICE_EVENT:
        return None
    body = _body(event.attributes)
    inner = body.get("message")
    inner = open_text(inner) if type(inner) is str else inner
    if type(inner) is dict:
        body = {**body, **inner}
    elif inner is not None:
        body = {**body, "content": inner}
    return next(iter(messages_of([{"message": None, **body, "role": "assistant"}], "assistant")), None)


def _body(attributes: Attributes) -> dict[str, Json]:
    """Return what an event says; some libraries write it as JSON into one attribute."""
    whole = opened(attributes, "gen_ai.event.content")
    return {**attributes, **whole} if type(whole) is dict else dict(attributes)


_ASKED = (
    "langfuse.observation.input", "input.value", "gen_ai.request.messages", REQUEST, "mlflow.spanInputs", "llm.prompts",
    "genkit:input",
)  # fmt: skip
_ANSWERED = ("langfuse.observation.output", "output.value", "mlflow.spanOutputs", "llm.responses", "genkit:output")


def _prompt_of_bodies(span: Span) -> list[Message]:
    return messages_of(first(span.attributes, *_ASKED))


def _answer_of_bodies(span: Span) -> list[Message]:
    held = first(span.attributes, *_ANSWERED) if RESPONSE not in span.attributes else answer_of_data(span.attributes)
    held = open_text(held) if type(held) is str else held
    if type(held) is dict and not any(key in held for key in ("role", "content", "message", "parts")):
        return []
    return messages_of(held, "assistant")


_Place = Callable[[Span], list[Message]]
_PROMPT_PLACES: tuple[_Place, ...] = (
    _prompt_of_convention,
    _prompt_of_openinference,
    _prompt_of_traceloop,
    _prompt_of_ai_sdk,
    _prompt_of_events,
    _prompt_of_bodies,
)
_ANSWER_PLACES: tuple[_Place, ...] = (
    _answer_of_convention,
    _answer_of_openinference,
    _answer_of_traceloop,
    _answer_of_ai_sdk,
    _answer_of_events,
    _answer_of_bodies,
)


def finish_reason_of(span: Span) -> str | None:
    """Find why the model stopped."""
    attributes = span.attributes
    stated = opened(
        attributes,
        "gen_ai.response.finish_reasons",
        "gen_ai.response.finish_reason",
        "ai.response.finishReason",
        "llm.finish_reason",
        "stop_reason",
    )
    stated = stated[0] if type(stated) is list and stated else stated
    if type(stated) is str:
        return label(stated.strip("[]'\" "))
    choices = (event.attributes for event in _message_events(span) if event.name == CHOICE_EVENT)
    answers = opened(attributes, "gen_ai.output.messages")
    return next(
        reasons_of((*listed(attributes, "gen_ai.completion"), *(answers if type(answers) is list else ()), *choices)),
        None,
    )
