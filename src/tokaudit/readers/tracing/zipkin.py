"""Which calls do the spans of a Zipkin export tell of?

A span is an object with texts as tags and microseconds as times; OpenTelemetry's exporter writes status and library into
tags, and an event into an annotation: its name, or its name and attributes as JSON.
Source: Zipkin's API v2, OpenTelemetry's mapping to Zipkin; CATALOGUE 11.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.tracing.otel.abilities import LIMITS, SWITCH_ON
from tokaudit.readers.tracing.otel.attributes import Attributes, attributes_of, first
from tokaudit.readers.tracing.otel.calls import outcomes_of_spans
from tokaudit.readers.tracing.otel.span import (
    Span,
    SpanEvent,
    end_of,
    event_of,
    is_error_status,
    span_id_of,
    text_of,
    time_of,
)
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json, Outcome, Record

NAME = "zipkin"
_SIGNS = ("localEndpoint", "annotations", "remoteEndpoint", "tags")


def identify(record: Record) -> bool:
    """Say whether the record is a span of Zipkin: its id is named `id`, its parent's `parentId`."""
    if "traceId" not in record or type(record.get("id")) is not str or "attributes" in record:
        return False
    is_numbered = type(record.get("timestamp")) is int or type(record.get("duration")) is int
    return is_numbered and type(record.get("tags")) is not list and any(sign in record for sign in _SIGNS)


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what the span is. Raises RejectRecordError."""
    return outcomes_of_spans([_span(record)], NAME, options)


def _span(span: Record) -> Span:
    tags = attributes_of(span.get("tags"))
    started_at, local = time_of(span.get("timestamp")), span.get("localEndpoint")
    return Span(
        trace_id=span_id_of(span.get("traceId")),
        span_id=span_id_of(span.get("id")),
        parent_id=span_id_of(span.get("parentId")),
        name=text_of(span.get("name")),
        scope_name=text_of(first(tags, "otel.scope.name", "otel.library.name")),
        scope_version=text_of(first(tags, "otel.scope.version", "otel.library.version")),
        started_at=started_at,
        ended_at=end_of(started_at, span.get("duration")),
        is_error="error" in tags or is_error_status(tags.get("otel.status_code")),
        attributes=tags,
        events=_annotations(span.get("annotations")),
        resource={"service.name": local.get("serviceName")} if type(local) is dict else {},
    )


def _annotations(annotations: Json) -> tuple[SpanEvent, ...]:
    listed = annotations if type(annotations) is list else ()
    return tuple(_annotation(item.get("value")) for item in listed if type(item) is dict)


def _annotation(value: Json) -> SpanEvent:
    """Read `{"name": {attributes}}`, also behind the name and a colon; else the text is the name."""
    text = value if type(value) is str else ""
    opened = open_text(text[text.find("{") :]) if "{" in text else None
    if type(opened) is dict and len(opened) == 1:
        ((name, held),) = opened.items()
        if type(held) is dict:
            return event_of(name, attributes_of(held))
    if type(opened) is dict:
        held_attributes: Attributes = attributes_of(opened)
        return event_of(text.partition("{")[0].strip(": \"'"), held_attributes)
    return event_of(text, {})


READER = Reader(
    name=NAME,
    title="Zipkin spans (API v2, or OpenTelemetry's Zipkin exporter)",
    how_to_export="Call Zipkin's API: /api/v2/traces?serviceName=NAME&limit=N, and keep the JSON.",
    identify=identify,
    keys=frozenset({"traceId"}),
    read=read,
    sign="the keys traceId, id, timestamp and tags",
    switch_on=SWITCH_ON,
    limits=LIMITS,
)
