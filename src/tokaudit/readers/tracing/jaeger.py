"""Which calls do the spans of a trace exported from Jaeger tell of?

The UI and the API write traces with tags and a table of processes; the Elasticsearch store writes one span a document, its
process inside. Times are microseconds.
Source: Jaeger's model/json; CATALOGUE 11.1.
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
from tokaudit.schema import Json, Outcome, Record

NAME = "jaeger"


def identify(record: Record) -> bool:
    """Say whether the record is a trace of Jaeger, or one span of its store."""
    if type(record.get("spans")) is list and "traceID" in record and "processes" in record:
        return True
    return "traceID" in record and "spanID" in record and "operationName" in record


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what each span is. Raises RejectRecordError."""
    listed = record.get("spans")
    if type(listed) is not list:
        return outcomes_of_spans([_span(record, record.get("process"))], NAME, options)
    processes = record.get("processes")
    processes = processes if type(processes) is dict else {}
    spans = [_span(span, _process(span, processes)) for span in listed if type(span) is dict]
    return outcomes_of_spans(spans, NAME, options)


def _process(span: Record, processes: Record) -> Json:
    """A span names its process, or holds it."""
    name = span.get("processID")
    return processes.get(name) if type(name) is str else span.get("process")


def _span(span: Record, process: Json) -> Span:
    tags = _tags(span)
    started_at = time_of(span.get("startTime"))
    return Span(
        trace_id=span_id_of(span.get("traceID")),
        span_id=span_id_of(span.get("spanID")),
        parent_id=_parent(span),
        name=text_of(span.get("operationName")),
        scope_name=text_of(first(tags, "otel.scope.name", "otel.library.name")),
        scope_version=text_of(first(tags, "otel.scope.version", "otel.library.version")),
        started_at=started_at,
        ended_at=end_of(started_at, span.get("duration")),
        is_error=_is_error(tags),
        attributes=tags,
        events=_logs(span.get("logs")),
        resource=_resource(process),
    )


def _tags(holder: Record) -> Attributes:
    """Read tags: a list, and in the store an object too, whose keys have no points."""
    as_object = attributes_of(holder.get("tag"))
    return {**{key.replace("@", "."): value for key, value in as_object.items()}, **attributes_of(holder.get("tags"))}


def _parent(span: Record) -> str | None:
    references = span.get("references")
    for reference in references if type(references) is list else ():
        if type(reference) is dict and reference.get("refType") in ("CHILD_OF", None):
            return span_id_of(reference.get("spanID"))
    return span_id_of(span.get("parentSpanID"))


def _is_error(tags: Attributes) -> bool:
    return tags.get("error") in (True, "true") or is_error_status(first(tags, "otel.status_code", "status.code"))


def _logs(logs: Json) -> tuple[SpanEvent, ...]:
    fields = [attributes_of(log.get("fields")) for log in (logs if type(logs) is list else ()) if type(log) is dict]
    return tuple(event_of(first(found, "event", "name", "message"), found) for found in fields)


def _resource(process: Json) -> Attributes:
    if type(process) is not dict:
        return {}
    return {"service.name": process.get("serviceName"), **_tags(process)}


READER = Reader(
    name=NAME,
    title="Jaeger traces (JSON of the UI or the API, documents of its Elasticsearch store)",
    how_to_export="Download a trace as JSON in Jaeger's UI, or call its API: /api/traces?service=NAME&limit=N.",
    identify=identify,
    keys=frozenset({"traceID"}),
    read=read,
    sign="the keys traceID, spans and processes, or traceID, spanID and operationName",
    switch_on=SWITCH_ON,
    limits=LIMITS,
)
