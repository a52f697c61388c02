"""Which records does one value list: a page of an API, a table that names its columns once, an object with a record a key?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.packed_text import is_packed, open_packed
from tokaudit.readers.wrappers import NO_CARRIERS, carried
from tokaudit.schema import Json

_PAGE_PATHS = (
    ("records",), ("Records",), ("logEvents",), ("events",), ("data",), ("data", "data"), ("data", "result"), ("items",),
    ("result",), ("results",), ("response",), ("value",), ("rows",), ("hits", "hits"), ("log", "entries"),
    ("interactions",), ("http_interactions",), ("entries",), ("logs",), ("runs",), ("spans",), ("traces",),
    ("observations",), ("calls",), ("objects",), ("batch",), ("generations",), ("requests",), ("usageEvents",),
    ("usageEventsDisplay",), ("Items",), ("hits",), ("log",),
)  # fmt: skip
"""Where pages hold their list. Sources: OpenAI and Anthropic list objects, Azure Event Hub and Storage, CloudWatch
FilterLogEvents, Cloudflare, Elasticsearch, Loki, HAR, VCR cassettes, DynamoDB, and the REST APIs of the tracing platforms."""

_NO_LISTS = NO_CARRIERS | frozenset(
    (
        *("messages", "choices", "content", "contents", "candidates", "tools", "functions", "parts", "tool_calls"),
        *("embeddings", "embedding", "predictions", "tags", "attachments", "documents", "examples", "instances"),
    )
)
"""Lists that belong to one call."""
_COLUMN_NAMES = ("columns", "fields")
_ROWS = ("rows", "data", "results")
_TEXTS_ASKED = 64


def page_items(value: Json) -> list[Json] | None:
    """Return the items of a page or a list; None when the value is none."""
    if type(value) is list:
        return value
    if type(value) is not dict:
        return None
    for find in (_rows_of_table, _lines_of_stream, _known_list, _records_by_key, _columns, _packed):
        if (found := find(value)) is not None:
            return found
    return next((items for inner in carried(value) if (items := page_items(inner)) is not None), None)


def records_by_key(value: Json) -> list[Json] | None:
    """Return the records of an object that holds nothing else, such as one with a record for each id; None = it is none."""
    return _records_by_key(value) if type(value) is dict else None


def _known_list(value: Mapping[str, Json]) -> list[Json] | None:
    for path in _PAGE_PATHS:
        found: Json = value
        for key in path:
            found = found.get(key) if type(found) is dict else None
        found = open_text(found) if type(found) is str and found.startswith("[") else found
        if type(found) is list and (not found or type(found[0]) in (dict, list) or _is_written(found[0])):
            return found
    return None


def _is_written(item: Json) -> bool:
    return type(item) is str and item[:64].lstrip().startswith("{")


def unnamed_list(value: Json) -> list[Json] | None:
    """Find the only list of objects, at an object's own level or one below it, under whatever name; it may be anything."""
    if type(value) is not dict:
        return None
    inner = [item for key, item in value.items() if type(item) is dict and key not in _NO_LISTS]
    found = [*_lists(value), *(items for holder in inner for items in _lists(holder))]
    return found[0] if len(found) == 1 else None


def _lists(holder: Mapping[str, Json]) -> Iterator[list[Json]]:
    for key, items in holder.items():
        if type(items) is list and items and key not in _NO_LISTS and all(type(item) is dict for item in items):
            yield items


def _rows_of_table(value: Mapping[str, Json]) -> list[Json] | None:
    """Read a table that names its columns once: Azure Monitor (alone or in a list), Splunk, data frames."""
    tables = value.get("tables")
    if type(tables) is list and tables and all(type(table) is dict and "rows" in table for table in tables):
        return tables
    columns = next((value[key] for key in _COLUMN_NAMES if type(value.get(key)) is list), None)
    rows = next((value[key] for key in _ROWS if type(value.get(key)) is list), None)
    if columns is None or rows is None or not all(type(row) is list for row in rows):
        return None
    names = [column.get("name") if type(column) is dict else column for column in columns]
    if not names or not all(type(name) is str for name in names):
        return None
    return [dict(zip(names, row, strict=False)) for row in rows]


def _lines_of_stream(value: Mapping[str, Json]) -> list[Json] | None:
    """Read a stream of Loki: labels, and a list of times with their lines."""
    labels, lines = value.get("stream"), value.get("values")
    if type(labels) is not dict or type(lines) is not list:
        return None
    return [
        {"labels": labels, "timestamp": line[0], "line": line[1]}
        for line in lines
        if type(line) is list and len(line) >= 2
    ]


def _records_by_key(value: Mapping[str, Json]) -> list[Json] | None:
    if len(value) == 1:  # the only table of a small store
        ((name, table),) = value.items()
        value = table if type(table) is dict and name not in NO_CARRIERS else value
    records = _alike(value)
    if records is None or NO_CARRIERS & value.keys():
        return None
    by_row = all(key.isdecimal() for key in records[0])  # a data frame by column, its rows numbered
    return [dict(zip(value, cells, strict=True)) for cells in _transposed(records)] if by_row else records


def _alike(value: Mapping[str, Json]) -> list[Json] | None:
    """Return the values when all are objects with the same keys, two at least."""
    if len(value) < 2 or not all(type(item) is dict and item for item in value.values()):
        return None
    records = list(value.values())
    keys = records[0].keys()
    return records if all(record.keys() == keys for record in records) and (len(keys) > 1 or _are_rows(keys)) else None


def _are_rows(keys: Iterable[str]) -> bool:
    return all(key.isdecimal() for key in keys)


def _transposed(columns: list[Mapping[str, Json]]) -> Iterator[tuple[Json, ...]]:
    return (tuple(column[row] for column in columns) for row in columns[0])


def _columns(value: Mapping[str, Json]) -> list[Json] | None:
    """Read a data frame that was written as one list a column."""
    columns = list(value.values())
    if len(columns) < 2 or not all(type(column) is list and column for column in columns):
        return None
    if NO_CARRIERS & value.keys() or len({len(column) for column in columns}) > 1:
        return None
    is_plain = all(type(cell) not in (dict, list) for column in columns for cell in column)
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)] if is_plain else None


def _packed(value: Mapping[str, Json]) -> list[Json] | None:
    """Read what a message queue carries as base64: Kinesis and Lambda, Pub/Sub, Event Hub."""
    for holder in (value, *(item for item in value.values() if type(item) is dict)):
        for text in islice(holder.values(), _TEXTS_ASKED):
            if type(text) is str and is_packed(text) and (unpacked := open_packed(text)) is not None:
                opened = open_text(unpacked)
                return [opened] if type(opened) in (dict, list) else None
    return None
