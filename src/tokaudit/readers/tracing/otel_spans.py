"""Which call does a span tell of that stands alone: one object or one row?

So write the SDKs' console exporters, CloudWatch's log group of spans, and every store and table that spans were put into.
Source: CATALOGUE 11.1; the exporters named in `otel/columns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.tracing.otel.abilities import LIMITS, SWITCH_ON
from tokaudit.readers.tracing.otel.attributes import attributes_of
from tokaudit.readers.tracing.otel.calls import outcomes_of_spans
from tokaudit.readers.tracing.otel.columns import (
    ATTRIBUTES,
    CONTEXTS,
    DURATIONS,
    ENDS,
    NAMES,
    OWN_IDS,
    PARENT_CONTEXTS,
    PARENT_IDS,
    SCOPE_VERSIONS,
    SCOPES,
    SPAN_IDS,
    STARTS,
    STATUSES,
    TRACE_IDS,
    has_columns,
    opened_list,
    pick,
    resource_attributes,
    span_attributes,
)
from tokaudit.readers.tracing.otel.span import (
    Span,
    SpanEvent,
    end_of,
    event_of,
    is_error_status,
    scope_of,
    span_id_of,
    text_of,
    time_of,
)
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.numbers import amount
from tokaudit.schema import Json, Outcome, Record

NAME = "otel_spans"

_OTHERS = ("body", "Body", "_body", "severityNumber", "severity_number", "span_kind", "response_code", "operationName")
"""Keys of log records, of Phoenix, of Envoy's access log and of Jaeger, which have readers of their own."""


def identify(record: Record) -> bool:
    """Say whether the record is one span: it has the two ids, a name and a start, and attributes."""
    if any(key in record for key in _OTHERS):
        return False
    context = pick(record, CONTEXTS)
    ids = context if type(context) is dict else record
    if pick(ids, TRACE_IDS) is None:
        return False
    if pick(ids, SPAN_IDS) is None:
        return pick(record, OWN_IDS) is not None and (_is_of_javascript(record) or _is_of_insights(record))
    return has_columns(record) or (
        _holds_attributes(record) and pick(record, NAMES) is not None and pick(record, STARTS) is not None
    )


def _holds_attributes(record: Record) -> bool:
    held = pick(record, (*ATTRIBUTES, "attributes_string", "stringTagMap"))
    if type(held) is str:
        return held.lstrip().startswith(("{", "["))
    return (type(held) is dict and "mlflow.spanType" not in held) or type(held) is list


def _is_of_javascript(record: Record) -> bool:
    return type(record.get("attributes")) is dict and "kind" in record and "duration" in record


def _is_of_insights(record: Record) -> bool:
    """Tables of Application Insights hold all telemetry: only what a GenAI library wrote is read."""
    held = pick(record, ("customDimensions", "Properties"))
    return "gen_ai." in held[:100_000] if type(held) is str else type(held) is dict and has_columns(held)


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what the span is. Raises RejectRecordError."""
    return outcomes_of_spans([_span(record)], NAME, options)


def _span(record: Record) -> Span:
    context, parent = pick(record, CONTEXTS), pick(record, PARENT_CONTEXTS)
    ids = context if type(context) is dict else record
    started_at = time_of(pick(record, STARTS))
    ended_at = time_of(pick(record, ENDS))
    scope_name, scope_version = scope_of(pick(record, SCOPES))
    above = pick(parent, SPAN_IDS) if type(parent) is dict else None
    return Span(
        trace_id=span_id_of(pick(ids, TRACE_IDS)),
        span_id=span_id_of(pick(ids, (*SPAN_IDS, *OWN_IDS))),
        parent_id=span_id_of(pick(record, PARENT_IDS) if above is None else above),
        name=text_of(pick(record, NAMES)),
        scope_name=scope_name,
        scope_version=scope_version or text_of(pick(record, SCOPE_VERSIONS)),
        started_at=started_at,
        ended_at=ended_at if ended_at is not None else end_of(started_at, _duration_us(record)),
        is_error=_is_error(record),
        attributes=span_attributes(record),
        events=tuple(_events(record)),
        resource=resource_attributes(record),
    )


def _duration_us(record: Record) -> Json:
    """Read a duration in the unit that its name states, or its exporter writes."""
    for name, factor in DURATIONS.items():
        stated = amount(record.get(name))
        if stated is not None:
            return float(stated) * factor
    plain = record.get("duration")
    if type(plain) is list and len(plain) == 2 and all(type(part) is int for part in plain):  # [s, ns]
        return plain[0] * 1_000_000 + plain[1] / 1000
    stated = amount(plain)
    if stated is None:
        return None
    if "otel_scope_name" in record or "start_timestamp" in record:  # Logfire
        return float(stated) * 1_000_000
    if "customDimensions" in record:
        return float(stated) * 1000
    return float(stated) / 1000 if "@timestamp" in record else float(stated) if "kind" in record else None


def _is_error(record: Record) -> bool:
    if record.get("is_exception") in (True, "true") or pick(record, ("success", "Success")) in (
        False,
        "False",
        "false",
    ):
        return True
    return is_error_status(pick(record, STATUSES))


_EVENTS = ("events", "Events", "otel_events", "events_json")
_EVENT_NAMES = ("name", "Name", "event_name", "event.name")
_EVENT_ATTRIBUTES = ("attributes", "Attributes", "attributeMap", "event_attributes")
_CLICKHOUSE_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_CLICKHOUSE_MAP = re.compile(r"\{(?:'(?:[^'\\]|\\.)*':'(?:[^'\\]|\\.)*',?)*\}")


def _events(record: Record) -> Iterator[SpanEvent]:
    """Yield what was noted during the span: a list of events, or ClickHouse's lists side by side."""
    for item in opened_list(pick(record, _EVENTS)):
        event = open_text(item) if type(item) is str else item
        if type(event) is dict:
            yield event_of(pick(event, _EVENT_NAMES), attributes_of(pick(event, _EVENT_ATTRIBUTES)))
    names = _clickhouse(record.get("Events.Name"), _CLICKHOUSE_TEXT)
    attributes = _clickhouse(record.get("Events.Attributes"), _CLICKHOUSE_MAP)
    for name, held in zip(names, attributes, strict=False):
        yield event_of(name, attributes_of(held))


def _clickhouse(value: Json, item: re.Pattern[str]) -> list[Json]:
    """Read a list, also as ClickHouse writes it in CSV: `['a','b']`."""
    return list(item.findall(value)) if type(value) is str and value.startswith(("['", "[{'")) else opened_list(value)


READER = Reader(
    name=NAME,
    title="OpenTelemetry spans one by one (console exporters, CloudWatch, ClickHouse, Logfire, Application Insights, tables)",
    how_to_export="Export the table or index that holds your spans as JSON lines or CSV, with all attributes.",
    identify=identify,
    keys=frozenset((*TRACE_IDS, *CONTEXTS)),
    read=read,
    sign="ids of a trace and a span, a start, and attributes (or columns named gen_ai.…)",
    switch_on=SWITCH_ON,
    limits=LIMITS,
)
