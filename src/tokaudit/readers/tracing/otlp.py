"""Which calls do the spans of an OpenTelemetry export tell of?

Files of the collector's file exporter hold one export request a line, Tempo's and Jaeger's APIs one trace a document; some
tools write each resource with its spans alone. Metrics are sums over many calls and tell none.
Source: opentelemetry-proto, JSON mapping; CATALOGUE 11.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.tracing.otel.abilities import LIMITS, SWITCH_ON
from tokaudit.readers.tracing.otel.attributes import attributes_of
from tokaudit.readers.tracing.otel.calls import outcomes_of_spans
from tokaudit.readers.tracing.otel.span import (
    Span,
    SpanEvent,
    event_of,
    is_error_status,
    scope_of,
    span_id_of,
    text_of,
    time_of,
)
from tokaudit.readers.values.spelling import either
from tokaudit.schema import Aside, Json, Outcome, Record

NAME = "otlp"
_RESOURCES = ("resourceSpans", "resource_spans", "batches")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_METRICS = ("resourceMetrics", "resource_metrics", "scopeMetrics", "scope_metrics")
METRICS = Aside("metrics (sums over many calls)")


def identify(record: Record) -> bool:
    """Say whether the record is an export of spans, one resource of it, or an export of metrics."""
    return any(type(record.get(key)) is list for key in (*_RESOURCES[:2], *_SCOPES, *_METRICS)) or _is_trace(record)


def _is_trace(record: Record) -> bool:
    """Tell a trace as Tempo's API hands it out."""
    trace = record.get("trace")
    if type(trace) is dict:
        return any(type(trace.get(key)) is list for key in _RESOURCES)
    batches = record.get("batches")
    first = batches[0] if type(batches) is list and batches else None
    return type(first) is dict and any(key in first for key in _SCOPES)


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what each span is. Raises RejectRecordError."""
    resources = list(_resources(record))
    if not resources and any(key in record for key in _METRICS):
        return [METRICS]
    spans = [span for resource in resources for span in _spans(resource)]
    return outcomes_of_spans(spans, NAME, options)


def _resources(record: Record) -> Iterator[Record]:
    """Yield each resource with its spans."""
    trace = record.get("trace")
    for holder in (record, trace if type(trace) is dict else {}):
        for key in _RESOURCES:
            held = holder.get(key)
            yield from (item for item in (held if type(held) is list else ()) if type(item) is dict)
    if any(key in record for key in _SCOPES):
        yield record


def _spans(resource: Record) -> Iterator[Span]:
    process = resource.get("resource")
    attributes = attributes_of(process.get("attributes")) if type(process) is dict else {}
    for key in _SCOPES:
        held = resource.get(key)
        for scoped in held if type(held) is list else ():
            if type(scoped) is dict:
                scope = scope_of(next((scoped[name] for name in _SCOPE_KEYS if name in scoped), None))
                listed = scoped.get("spans")
                for span in listed if type(listed) is list else ():
                    if type(span) is dict:
                        yield _span(span, scope, attributes)


_SCOPE_KEYS = ("scope", "instrumentationLibrary", "instrumentation_library")


def _span(span: Record, scope: tuple[str, str], resource: dict[str, Json]) -> Span:
    return Span(
        trace_id=span_id_of(either(span, "traceId")),
        span_id=span_id_of(either(span, "spanId")),
        parent_id=span_id_of(either(span, "parentSpanId")),
        name=text_of(span.get("name")),
        scope_name=scope[0],
        scope_version=scope[1],
        started_at=time_of(either(span, "startTimeUnixNano")),
        ended_at=time_of(either(span, "endTimeUnixNano")),
        is_error=is_error_status(span.get("status")),
        attributes=attributes_of(span.get("attributes")),
        events=events_of(span.get("events")),
        resource=resource,
    )


def events_of(events: Json) -> tuple[SpanEvent, ...]:
    """Read what was noted during a span."""
    listed = events if type(events) is list else ()
    return tuple(
        event_of(event.get("name"), attributes_of(event.get("attributes"))) for event in listed if type(event) is dict
    )


READER = Reader(
    name=NAME,
    title="OpenTelemetry spans in OTLP JSON (collector's file exporter, Tempo, Jaeger's v3 API)",
    how_to_export="Add the file exporter to the collector's trace pipeline, or fetch traces from Tempo's API as JSON.",
    identify=identify,
    keys=frozenset((*_RESOURCES, *_SCOPES, *_METRICS, "trace")),
    read=read,
    sign="the key resourceSpans, or scopeSpans beside resource",
    switch_on=SWITCH_ON,
    limits=LIMITS,
)
