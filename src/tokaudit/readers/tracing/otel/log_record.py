"""What is a log record, whatever carried it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tokaudit.readers.tracing.otel.attributes import Attributes, any_value, attributes_of, first_label
from tokaudit.readers.tracing.otel.columns import CONTEXTS, SCOPES, SPAN_IDS, TRACE_IDS, pick, resource_attributes
from tokaudit.readers.tracing.otel.span import scope_of, span_id_of, span_key, time_of
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import label
from tokaudit.schema import Json, Record

_EVENT_NAMES = ("eventName", "event_name", "EventName")
_TIMES = ("timeUnixNano", "time_unix_nano", "timestamp", "Timestamp", "hrTime", "_hrTime", "@timestamp")
_OBSERVED = ("observedTimeUnixNano", "observed_time_unix_nano", "observed_timestamp", "hrTimeObserved")
_BODIES = ("body", "Body", "_body")
_ATTRIBUTES = ("attributes", "Attributes", "LogAttributes", "log_attributes", "_attributes")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log record with the span it was written in.

    event      its name: the field, an attribute, or a body that is a name alone
    body       {} where it is no object
    """

    event: str
    at: int | None = None
    trace_id: str | None = None
    span_id: str | None = None
    body: Mapping[str, Json] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)
    resource: Attributes = field(default_factory=dict)
    scope_name: str = ""

    @property
    def span_key(self) -> str | None:
        """The span it was written in; None without one."""
        return span_key(self.trace_id, self.span_id)


def log_record_of(record: Record, resource: Attributes, scope: Json) -> LogRecord:
    """Read a log record in the names of the protocol, of an SDK or of ClickHouse."""
    attributes = attributes_of(pick(record, _ATTRIBUTES))
    context = pick(record, CONTEXTS)
    ids = context if type(context) is dict else record
    body = any_value(pick(record, _BODIES))
    opened = open_text(body) if type(body) is str else body
    return LogRecord(
        label(pick(record, _EVENT_NAMES)) or first_label(attributes, "event.name") or _name_alone(opened),
        time_of(pick(record, _TIMES)) or time_of(attributes.get("event.timestamp")) or time_of(pick(record, _OBSERVED)),
        span_id_of(pick(ids, TRACE_IDS)),
        span_id_of(pick(ids, SPAN_IDS)),
        {key: any_value(value) for key, value in opened.items()} if type(opened) is dict else {},
        attributes,
        resource,
        scope_of(scope)[0],
    )


def _name_alone(body: Json) -> str:
    """A body that is one word with a point is the name of the event: `claude_code.api_request`."""
    name = body.removeprefix("event ") if type(body) is str and len(body) <= 100 else ""
    return name if "." in name and " " not in name else ""


def lone_log_record(record: Record) -> LogRecord:
    """Read a log record that stands alone, with its process and library beside it."""
    return log_record_of(record, resource_attributes(record), pick(record, SCOPES))


def exported(record: Record) -> Iterator[LogRecord]:
    """Yield the log records of an export request, or of one resource of it."""
    for resource in (record, *_dicts(pick(record, ("resourceLogs", "resource_logs")))):
        process = resource.get("resource")
        attributes = attributes_of(process.get("attributes")) if type(process) is dict else {}
        for scoped in _dicts(pick(resource, ("scopeLogs", "scope_logs", "instrumentationLibraryLogs"))):
            scope = pick(scoped, ("scope", "instrumentationLibrary"))
            for inner in _dicts(pick(scoped, ("logRecords", "log_records", "logs"))):
                yield log_record_of(inner, attributes, scope)


def _dicts(value: Json) -> Iterator[Record]:
    return (item for item in value if type(item) is dict) if type(value) is list else iter(())
