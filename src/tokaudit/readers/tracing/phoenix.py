"""Which call does a span exported from Arize Phoenix tell of?

Phoenix keeps OpenInference's attributes, nested or flat; its data frames and CSV files have a column for each. The counts
named cumulative are sums over the spans below and are left out.
Source: Phoenix's REST API and client; CATALOGUE 12.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.tracing.otel.abilities import LIMITS, SWITCH_ON
from tokaudit.readers.tracing.otel.attributes import Attributes, attributes_of
from tokaudit.readers.tracing.otel.calls import outcomes_of_spans
from tokaudit.readers.tracing.otel.columns import opened_list, pick
from tokaudit.readers.tracing.otel.span import Span, SpanEvent, event_of, is_error_status, span_id_of, text_of, time_of
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json, Outcome, Record

NAME = "phoenix"
_PREFIX = "attributes."
_TRACE_IDS, _SPAN_IDS = ("trace_id", "traceId"), ("span_id", "spanId")
_COLUMN_SIGNS = ("span_kind", "start_time", "parent_id", "name")


def identify(record: Record) -> bool:
    """Say whether the record is a span of Phoenix: ids in a context, and its kind beside."""
    if "context.span_id" in record and "context.trace_id" in record:
        return any(sign in record for sign in _COLUMN_SIGNS)
    context = _context(record)
    has_ids = pick(context, _SPAN_IDS) is not None and pick(context, _TRACE_IDS) is not None
    return ("span_kind" in record or "spanKind" in record) and has_ids


def _context(record: Record) -> Record:
    context = record.get("context")
    context = open_text(context) if type(context) is str else context
    return context if type(context) is dict else {}


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what the span is. Raises RejectRecordError."""
    return outcomes_of_spans([_span(record)], NAME, options)


def _span(record: Record) -> Span:
    context = _context(record)
    return Span(
        trace_id=span_id_of(pick(context, _TRACE_IDS) or record.get("context.trace_id")),
        span_id=span_id_of(pick(context, _SPAN_IDS) or record.get("context.span_id")),
        parent_id=span_id_of(pick(record, ("parent_id", "parentId"))),
        name=text_of(record.get("name")),
        started_at=time_of(pick(record, ("start_time", "startTime"))),
        ended_at=time_of(pick(record, ("end_time", "endTime"))),
        is_error=is_error_status(pick(record, ("status_code", "statusCode", "status"))),
        attributes=_attributes(record),
        events=_events(record.get("events")),
        resource={"openinference.project.name": pick(record, ("project_name", "projectName"))},
    )


def _attributes(record: Record) -> Attributes:
    """Read the attributes; the kind stands beside them."""
    found: dict[str, Json] = attributes_of(record.get("attributes"))
    for key, value in record.items():
        if key.startswith(_PREFIX) and value is not None and value != "":
            found[key[len(_PREFIX) :]] = value
    kind = pick(record, ("span_kind", "spanKind"))
    return {**found, "openinference.span.kind": kind} if kind is not None else found


def _events(events: Json) -> tuple[SpanEvent, ...]:
    listed = [event for event in opened_list(events) if type(event) is dict]
    return tuple(event_of(event.get("name"), attributes_of(event.get("attributes"))) for event in listed)


READER = Reader(
    name=NAME,
    title="Arize Phoenix spans (REST API, data frames, CSV)",
    how_to_export="Save client.spans.get_spans_dataframe() as CSV or JSON lines, or call /v1/projects/NAME/spans.",
    identify=identify,
    keys=frozenset({"context.span_id", "span_kind", "spanKind"}),
    read=read,
    sign="context.span_id and context.trace_id beside span_kind",
    switch_on=SWITCH_ON,
    limits=LIMITS,
)
