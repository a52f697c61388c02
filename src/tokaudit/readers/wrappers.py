"""What lies inside a record that a log shipper, a queue or a store wrapped?

A wrapper around one record (CloudWatch, Cloud Logging, Docker, Elasticsearch). Pages of many are `listings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokaudit.readers.values.embedded import open_text, record_in
from tokaudit.schema import Json, Record

_INNER_KEYS = (
    "message", "@message", "log", "msg", "_source", "jsonPayload", "protoPayload", "textPayload", "event", "line",
    "_raw", "result", "attributes", "properties", "data", "payload", "body", "record", "detail", "Message", "MESSAGE", "value",
    "standard_logging_object", "standard_logging_payload",
)  # fmt: skip
"""Where shippers put the record they carry, as an object or as its JSON text. Sources: CloudWatch Logs events, Docker's
json-file driver, Cloud Logging, Elasticsearch hits, Splunk's HEC export, Loki and Datadog, EventBridge, SQS and SNS, Kafka,
and what LiteLLM hands to callbacks."""

_KEYS_ASKED = frozenset(_INNER_KEYS)
"""Few records have one of them: the others are let go by one look."""

NO_CARRIERS = frozenset(
    (
        *("request", "response", "req", "resp", "res", "request_body", "response_body", "requestBody", "responseBody"),
        *("kwargs", "input", "inputs", "output", "outputs", "params", "completion", "usage", "headers", "error"),
    )
)
"""What stands there is a side of one call, or a part of it."""

_DEPTH = 3


def inner_records(record: Record) -> Iterator[Record]:
    """Yield what a wrapper of one record may carry, outermost first; nothing where the record is no wrapper."""
    level = _inner(record)
    for _ in range(_DEPTH - 1):
        if not level:
            return
        yield from level
        level = [inner for holder in level for inner in _inner(holder)]
    yield from level


def carried(holder: Record) -> list[Record]:
    """Return the objects that stand where shippers put what they carry, also as JSON text."""
    if _KEYS_ASKED.isdisjoint(holder):
        return []
    return [inner for key in _INNER_KEYS if key in holder and (inner := _object(holder[key])) is not None]


def _inner(holder: Record) -> list[Record]:
    of_other_names = [
        _of_any_name(key, value)
        for key, value in holder.items()
        if type(value) is dict or (type(value) is str and value.startswith("{"))
    ]
    return [*carried(holder), *(inner for inner in of_other_names if inner is not None)]


def _of_any_name(key: str, value: Json) -> Record | None:
    """Return what a logger put under a name of its own: `llm`, `call`, `Content`, `value`."""
    if key in _KEYS_ASKED or key in NO_CARRIERS:
        return None
    return _object(value)


def with_texts_opened(record: Record) -> Record:
    """Return the record with objects in place of the texts that hold them; bodies stay as they are."""
    opened = {
        key: inner
        for key, value in record.items()
        if type(value) is str and value.startswith("{") and key not in NO_CARRIERS and (inner := record_in(value))
    }
    return {**record, **opened} if opened else record


def _object(value: Json) -> Record | None:
    if type(value) is str:
        return record_in(value)
    return value if type(value) is dict else None


def _text_of_bytes(value: list[Json]) -> str | None:
    try:
        return bytes(value).decode()
    except (TypeError, ValueError):
        return None


def as_record(value: Json) -> Json:
    """Write a record that a store or a tool spells in its own way as a plain one; any other value stays.

    A row of CloudWatch Logs Insights is a list of fields, a hit of Elasticsearch may hold a list for each field, an item of
    DynamoDB a type around each value; an entry of HAR has its duration under `time`; journald writes a text that cannot be
    printed as its bytes.
    """
    if type(value) is str:
        return open_text(value)
    if type(value) is list:
        row = insights_row(value)
        return value if row is None else row
    if type(value) is not dict:
        return value
    if "startedDateTime" in value and "time" in value:
        return {("duration_ms" if key == "time" else key): item for key, item in value.items()}
    if type(value.get("MESSAGE")) is list:
        return {**value, "MESSAGE": _text_of_bytes(value["MESSAGE"])}
    fields = value.get("fields")
    if type(fields) is dict and "_source" not in value and _are_lists(fields):
        return {name: items[0] if len(items) == 1 else items for name, items in fields.items()}
    return _plain_item(value)


def _are_lists(fields: Mapping[str, Json]) -> bool:
    return bool(fields) and all(type(items) is list for items in fields.values())


def _plain_item(value: Mapping[str, Json]) -> Mapping[str, Json]:
    item = value.get("Item", value)
    typed = next(iter(item.values()), None) if type(item) is dict else None
    if type(typed) is not dict or len(typed) != 1 or not all(map(_is_typed, item.values())):
        return value
    return {name: _untyped(cell) for name, cell in item.items()}


def _is_typed(cell: Json) -> bool:
    return type(cell) is dict and len(cell) == 1 and next(iter(cell)) in _TYPES


def _untyped(cell: Json) -> Json:
    if not _is_typed(cell):
        return cell
    ((kind, value),) = cell.items()
    if kind == "M" and type(value) is dict:
        return {name: _untyped(inner) for name, inner in value.items()}
    if kind == "L" and type(value) is list:
        return [_untyped(inner) for inner in value]
    return None if kind == "NULL" else value


_TYPES = frozenset(("S", "N", "BOOL", "NULL", "M", "L", "SS", "NS", "B", "BS"))
"""How DynamoDB types a value. Source: AWS, "DynamoDB low-level API"."""


def insights_row(value: Json) -> Mapping[str, Json] | None:
    """Read a row of CloudWatch Logs Insights, which is a list of fields; None when the value is none."""
    if type(value) is not list or not value:
        return None
    if not all(type(field) is dict and type(field.get("field")) is str and "value" in field for field in value):
        return None
    return {field["field"]: field["value"] for field in value}
