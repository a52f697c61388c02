"""Exports of OpenTelemetry as they are written, from a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tokaudit.readers.choose import claims
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Aside, Call, Outcome, Record, Usage

TRACE = "4fd0b6131f19f39af59518d127b0c0d1"
START = 1_773_052_800_000_000_000  # 2026-03-09T10:40:00Z

CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.usage.input_tokens": 1420,
    "gen_ai.usage.output_tokens": 100,
}
CALL_A = (1420, 1280, 100)
CALL_B = (1114, 1111, 406)


def typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [typed(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    return {"stringValue": value}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": typed(value)} for key, value in attributes.items()]


def span(attributes: dict[str, Any], number: int = 1, parent: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": "span",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 1_500_000_000),
        "attributes": pairs(attributes),
        "status": {},
        **more,
    }


def event(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"timeUnixNano": str(START), "name": name, "attributes": pairs(attributes)}


def export(*spans: dict[str, Any], scope: str = "app", version: str = "", **resource: Any) -> dict[str, Any]:
    scoped = {"scope": {"name": scope, "version": version}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource)}, "scopeSpans": [scoped]}]}


def read(record: Record, options: ReadOptions | None = None) -> list[Outcome]:
    """What the readers make of a record, whatever it is wrapped in."""
    found: list[Outcome] = []
    for claim in claims(record):
        assert claim.reader is not None
        found += outcomes_of(claim.reader.read(claim.record, options or ReadOptions()))
    return found


def calls(record: Record, options: ReadOptions | None = None) -> list[Call]:
    return [found for found in read(record, options) if isinstance(found, Call)]


def asides(record: Record) -> list[str]:
    return [found.kind for found in read(record) if isinstance(found, Aside)]


def call(attributes: dict[str, Any], scope: str = "app", version: str = "", **more: Any) -> Call:
    """The one call of an export of one span."""
    (found,) = calls(export(span(attributes, **more), scope=scope, version=version))
    return found


def classes(usage: Usage) -> tuple[int | None, int | None, int | None]:
    return usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens


def texts(parts: Sequence[Any]) -> list[tuple[str, str]]:
    return [(part.role, part.text) for part in parts]
