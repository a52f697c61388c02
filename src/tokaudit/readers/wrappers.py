"""What lies inside a record that a log shipper, an event hub or a paged API wrapped?

A wrapper around one record (CloudWatch, Cloud Logging, Docker, Elasticsearch) and a page of many are told apart: of a page
every item is a record of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json, Record

_INNER_KEYS = (
    "message", "@message", "log", "msg", "_source", "jsonPayload", "protoPayload", "textPayload", "event", "line",
    "_raw", "result", "attributes", "properties", "data", "payload", "body", "record", "detail",
)  # fmt: skip
"""Where shippers put the record they carry, as an object or as its JSON text. Sources: CloudWatch Logs events, Docker's
json-file driver, Cloud Logging, Elasticsearch hits, Splunk's HEC export, Loki and Datadog, EventBridge."""

_PAGE_PATHS = (
    ("records",), ("Records",), ("logEvents",), ("events",), ("data",), ("data", "data"), ("items",), ("result",),
    ("results",), ("response",), ("value",), ("rows",), ("hits", "hits"), ("log", "entries"), ("interactions",),
    ("http_interactions",), ("entries",), ("logs",), ("runs",), ("spans",), ("traces",), ("observations",), ("calls",),
    ("objects",), ("generations",), ("requests",), ("usageEvents",), ("usageEventsDisplay",),
)  # fmt: skip
"""Where pages hold their list. Sources: OpenAI and Anthropic list objects, Azure Event Hub and Storage, CloudWatch
FilterLogEvents, Cloudflare, Elasticsearch, HAR, VCR cassettes, and the REST APIs of the tracing platforms."""

_DEPTH = 3


def inner_records(record: Record) -> Iterator[Record]:
    """Yield what a wrapper of one record may carry, outermost first; nothing where the record is no wrapper."""
    level = [record]
    for _ in range(_DEPTH):
        level = [inner for holder in level for key in _INNER_KEYS if (inner := _object(holder.get(key))) is not None]
        yield from level


def _object(value: Json) -> Record | None:
    opened = open_text(value) if type(value) is str and value[:64].lstrip()[:1] in ("{", '"') else value
    return opened if type(opened) is dict else None


def page_items(value: Json) -> list[Json] | None:
    """Return the items of a page or a list; None when the value is none."""
    if type(value) is list:
        return value
    if type(value) is not dict:
        return None
    if (rows := _rows_of_table(value)) is not None:
        return rows
    for path in _PAGE_PATHS:
        found: Json = value
        for key in path:
            found = found.get(key) if type(found) is dict else None
        found = open_text(found) if type(found) is str and found.startswith("[") else found
        if type(found) is list and (not found or type(found[0]) in (dict, list)):
            return found
    return None


def _rows_of_table(value: Mapping[str, Json]) -> list[Json] | None:
    """Read a table that names its columns once, as the query API of Azure Monitor returns it, alone or in a list."""
    tables = value.get("tables")
    if type(tables) is list and tables and all(type(table) is dict and "rows" in table for table in tables):
        return tables
    columns, rows = value.get("columns"), value.get("rows")
    if type(columns) is not list or type(rows) is not list or not all(type(row) is list for row in rows):
        return None
    names = [column.get("name") if type(column) is dict else column for column in columns]
    if not names or not all(type(name) is str for name in names):
        return None
    return [dict(zip(names, row, strict=False)) for row in rows]


def insights_row(value: Json) -> Mapping[str, Json] | None:
    """Read a row of CloudWatch Logs Insights, which is a list of fields; None when the value is none."""
    if type(value) is not list or not value:
        return None
    if not all(type(field) is dict and type(field.get("field")) is str and "value" in field for field in value):
        return None
    return {field["field"]: field["value"] for field in value}
