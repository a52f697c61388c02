"""Under which names do a span's own fields stand where one object or one row is one span?

The SDKs' console exporters (Python, JavaScript, Go), CloudWatch, Elasticsearch, ClickHouse, SigNoz, Logfire, Application
Insights, Honeycomb, DuckDB and home-made tables each name them in their own way, and no two mean different things by one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokaudit.readers.tracing.otel.attributes import Attributes, attributes_of
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json, Record

TRACE_IDS = (
    "traceId", "trace_id", "TraceId", "traceID", "TraceID", "trace.trace_id", "trace.id", "operation_Id", "OperationId",
)  # fmt: skip
SPAN_IDS = ("spanId", "span_id", "SpanId", "spanID", "SpanID", "trace.span_id", "span.id")
OWN_IDS = ("id", "Id")
"""How JavaScript's console exporter and Application Insights name the id of a span."""

PARENT_IDS = (
    "parentSpanId", "parent_span_id", "ParentSpanId", "parentSpanID", "parent_id", "parentId", "trace.parent_id",
    "parent.id", "operation_ParentId", "ParentId",
)  # fmt: skip
CONTEXTS = ("context", "spanContext", "_spanContext", "SpanContext")
PARENT_CONTEXTS = ("parentSpanContext", "Parent", "parent")
NAMES = ("name", "SpanName", "span_name", "Name", "displayName")
STARTS = (
    "startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime", "StartTime", "start_timestamp", "Timestamp",
    "timestamp", "@timestamp", "TimeGenerated",
)  # fmt: skip
ENDS = ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime", "EndTime", "end_timestamp")
DURATIONS: Mapping[str, float] = {
    "Duration": 0.001,
    "durationNano": 0.001,
    "duration_nano": 0.001,
    "duration_ns": 0.001,
    "duration_time_unix_nano": 0.001,
    "durationInNanos": 0.001,
    "duration_us": 1,
    "duration_ms": 1000,
    "durationMs": 1000,
    "DurationMs": 1000,
}
"""Name -> microseconds in one of its unit. A plain `duration` is of another unit in each exporter."""

STATUSES = ("status", "Status", "StatusCode", "otel_status_code", "status_code", "statusCode", "statusCodeString")
SCOPES = (
    "instrumentationScope", "instrumentationLibrary", "InstrumentationScope", "InstrumentationLibrary",
    "instrumentation_scope", "instrumentation_info", "scope", "ScopeName", "scope_name", "otel_scope_name", "scope.name",
)  # fmt: skip
SCOPE_VERSIONS = ("ScopeVersion", "scope_version", "otel_scope_version", "scope.version")
ATTRIBUTES = (
    "attributes",
    "Attributes",
    "SpanAttributes",
    "span_attributes",
    "customDimensions",
    "Properties",
    "tagMap",
)
_TYPED_ATTRIBUTES = (
    "attributes_string", "attributes_number", "attributes_bool", "stringTagMap", "numberTagMap", "boolTagMap",
)  # fmt: skip
_RESOURCES = (
    "resource", "Resource", "ResourceAttributes", "resource_attributes", "otel_resource_attributes", "resources_string",
    "resourceTagsMap",
)  # fmt: skip
_RAW_RESOURCES = ("attributes", "_attributes", "_rawAttributes")
_SERVICES = ("ServiceName", "service_name", "serviceName", "service.name", "cloud_RoleName", "AppRoleName")

COLUMN_PREFIXES = ("attributes.", "SpanAttributes.", "span_attributes.")
NAMESPACES = ("gen_ai.", "llm.", "ai.", "openinference.", "traceloop.", "embedding.")
"""Attributes that some exporters write as columns of their own, without a prefix."""


def pick(record: Record, names: tuple[str, ...]) -> Json:
    """Return what stands under the first of the names that is there and not null."""
    return next((record[name] for name in names if record.get(name) is not None), None)


def has_columns(record: Record) -> bool:
    """Say whether attributes of a model call stand in columns of their own."""
    return any(key.startswith(_CALL_COLUMNS) for key in record)


_CALL_COLUMNS = tuple(
    f"{prefix}{namespace}" for prefix in ("", *COLUMN_PREFIXES) for namespace in NAMESPACES if namespace != "ai."
)


def span_attributes(record: Record) -> Attributes:
    """Read the attributes of a span, in one place, in one for each type, or in columns."""
    found: dict[str, Json] = {}
    for name in (*_TYPED_ATTRIBUTES, *ATTRIBUTES):
        if name in record:
            found.update(attributes_of(record[name]))
    found.update(_columns(record))
    return found


def _columns(record: Record) -> Iterator[tuple[str, Json]]:
    """Yield attributes that stand in columns; structured ones stand there as JSON text, empty cells say nothing."""
    for key, value in record.items():
        if value is None or value == "":
            continue
        prefix = next((prefix for prefix in COLUMN_PREFIXES if key.startswith(prefix)), None)
        if prefix is not None:
            yield key[len(prefix) :], value
        elif key.startswith(NAMESPACES) or key in _PLAIN_COLUMNS:
            yield key, value


_PLAIN_COLUMNS = frozenset(
    ("session.id", "user.id", "enduser.id", "error.type", "server.address", "metadata", "tag.tags")
)


def resource_attributes(record: Record) -> Attributes:
    """Read the attributes of the process, and the service's name from its own column."""
    found: dict[str, Json] = {}
    for name in _RESOURCES:
        held = record.get(name)
        inner = pick(held, _RAW_RESOURCES) if type(held) is dict else None
        found.update(_pairs(inner) if type(inner) is list else attributes_of(held if inner is None else inner))
    service = pick(record, _SERVICES)
    return {**found, "service.name": service} if service is not None else found


def _pairs(items: list[Json]) -> Attributes:
    """Read `[["service.name", "x"]]`, how JavaScript's SDK keeps a resource; else a list of typed values."""
    if items and type(items[0]) is list:
        return {item[0]: item[1] for item in items if type(item) is list and len(item) == 2 and type(item[0]) is str}
    return attributes_of(items)


def opened_list(value: Json) -> list[Json]:
    """Read a list, or its JSON text."""
    value = open_text(value) if type(value) is str else value
    return value if type(value) is list else []
