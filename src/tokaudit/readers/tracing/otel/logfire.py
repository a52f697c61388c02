"""What do Logfire's spans of the provider SDKs say?

They hold the request as JSON in `request_data` and what was made of the answer in `response_data`; their first versions named
nothing else. A streamed answer is told twice: the span of the request ends at once and counts nothing, and a log at the end of
the stream, written as a span of its own, repeats the request.
Source: pydantic/logfire, integrations of its LLM providers.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.tracing.otel.attributes import Attributes, opened
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.values.labels import begins, label
from tokaudit.readers.values.numbers import amount
from tokaudit.schema import Json

REQUEST, RESPONSE = "request_data", "response_data"
_TEMPLATE, _TYPE = "logfire.msg_template", "logfire.span_type"
_STREAMED = "streaming response from"
_OPERATIONS = {
    "chat completion with": "chat",
    "message with": "chat",
    "responses api": "chat",
    _STREAMED: "chat",
    "completion with": "completion",
    "embedding creation with": "embeddings",
    "image generation with": "image",
}
"""How the names of the spans begin, in lower case, and what they tell."""

_ANSWERS = (RESPONSE, "gen_ai.output.messages", "gen_ai.response.id", "response_id", "gen_ai.usage.output_tokens")
_NOTHING: Mapping[str, Json] = {}


def operation_of(span: Span) -> str | None:
    """Name the operation that a span of a provider's SDK tells; None for any other span."""
    template = span.attributes.get(_TEMPLATE)
    named = template if type(template) is str else span.name if REQUEST in span.attributes else ""
    start = named[:32].lower()
    return next((operation for name, operation in _OPERATIONS.items() if start.startswith(name)), None)


def is_pending(span: Span) -> bool:
    """Say whether a span was written when it began: it is written again when it ends."""
    return span.attributes.get(_TYPE) == "pending_span"


def is_request_of_stream(span: Span) -> bool:
    """Say whether a span is the request of a streamed answer, which a log tells again at its end."""
    is_answered = span.is_error or any(name in span.attributes for name in _ANSWERS)
    return span.attributes.get(_TYPE) == "span" and not is_answered and operation_of(span) is not None


def stream_ms(span: Span) -> int | None:
    """Return how long a stream took, which the log at its end states in seconds."""
    if span.attributes.get(_TYPE) != "log" or not begins(span.attributes.get(_TEMPLATE), _STREAMED):
        return None
    seconds = amount(span.attributes.get("duration"))
    return None if seconds is None else round(seconds * 1000)


def model_of_data(attributes: Attributes) -> str | None:
    """Name the model asked for, which the first versions wrote nowhere else."""
    data = opened(attributes, REQUEST)
    return label(data.get("model")) if type(data) is dict else None


def answer_of_data(attributes: Attributes) -> Json:
    """Return what came back: a message, or the text of a stream."""
    data = opened(attributes, RESPONSE)
    if type(data) is not dict:
        return None
    return next((data[key] for key in ("message", "text", "combined_chunk_content") if data.get(key)), None)


def usage_in_data(attributes: Attributes) -> Mapping[str, Json]:
    """Return the provider's usage block; {} where there is none."""
    data = opened(attributes, RESPONSE)
    usage = data.get("usage") if type(data) is dict else None
    return usage if type(usage) is dict else _NOTHING
