"""What is a span, whatever carried it?"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokaudit.readers.tracing.otel.attributes import Attributes
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Json

_HEX_ID = re.compile(r"[0-9a-fA-F]+")
_HEX_LENGTHS = (16, 32)
_BASE64_LENGTHS = (12, 24)
"""8 bytes of a span id and 16 of a trace id, as protobuf's own JSON writes bytes."""

_LONGEST_US = 24 * 3600 * 1_000_000
"""No call takes a day: a longer duration is another unit."""

_ERRORS = frozenset(("2", "error", "status_code_error", "statuscode.error"))


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something noted during a span: a message, an exception."""

    name: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Span:
    """One span, its names as OpenTelemetry has them and its attributes flat.

    trace_id, span_id, parent_id  lower-case hex where the carrier writes ids of OpenTelemetry; None = none
    started_at, ended_at          UTC microseconds
    is_error                      its status says so
    scope_name, scope_version     the library that wrote it
    resource                      attributes of the process it ran in
    """

    trace_id: str | None
    span_id: str | None
    parent_id: str | None = None
    name: str = ""
    scope_name: str = ""
    scope_version: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    is_error: bool = False
    attributes: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    resource: Attributes = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        """The span among all spans of all files; None without ids."""
        return span_key(self.trace_id, self.span_id)

    @property
    def parent_key(self) -> str | None:
        """The span above it."""
        return span_key(self.trace_id, self.parent_id)


def span_key(trace_id: str | None, span_id: str | None) -> str | None:
    """Join the two ids that make a span unique."""
    return f"{trace_id}:{span_id}" if trace_id and span_id else None


def span_id_of(value: Json) -> str | None:
    """Read the id of a trace or a span: hex, base64, bytes or any name; None for none (also: all zeros)."""
    if type(value) is dict:  # a buffer of JavaScript
        value = value.get("data")
    if type(value) is list:
        value = _hex_of_bytes(value)
    found = label(value)
    if found is None:
        return None
    found = found.removeprefix("0x")
    if _HEX_ID.fullmatch(found):
        found = found.lower()
    if len(found) in _BASE64_LENGTHS:
        found = _hex_of_base64(found) or found
    return found if found.strip("0") else None


def _hex_of_bytes(value: list[Json]) -> str | None:
    return bytes(value).hex() if value and all(type(byte) is int and 0 <= byte < 256 for byte in value) else None


def _hex_of_base64(text: str) -> str | None:
    try:
        raw = b64decode(text, validate=True)
    except (Error, ValueError):
        return None
    return raw.hex() if len(raw) * 2 in _HEX_LENGTHS else None


def time_of(value: Json) -> int | None:
    """Read a time of OpenTelemetry: nanoseconds as number, text or two halves, `[s, ns]`, or ISO text (UTC)."""
    if type(value) is dict and type(value.get("high")) is int and type(value.get("low")) is int:
        value = (value["high"] << 32) + (value["low"] & 0xFFFFFFFF)
    return micros(value)


def end_of(started_at: int | None, duration_us: Json) -> int | None:
    """Return the end of a span that states its start and its duration; None where either says nothing."""
    if started_at is None or (type(duration_us) is not int and type(duration_us) is not float):
        return None
    return started_at + round(duration_us) if 0 <= duration_us < _LONGEST_US else None


def is_error_status(status: Json) -> bool:
    """Say whether a status is an error: an object, a code or a word, in the spelling of any exporter."""
    if type(status) is dict:
        names = ("code", "status_code", "Code", "statusCode")
        status = next((status[name] for name in names if name in status), None)
    return (type(status) is int or type(status) is str) and str(status).strip().lower()[:32] in _ERRORS


def event_of(name: Json, attributes: Attributes) -> SpanEvent:
    """Make an event; what is no name is none."""
    return SpanEvent(label(name) or "", attributes)


def text_of(value: Json) -> str:
    """Read a name; "" for none."""
    return label(value) or ""


def scope_of(scope: Json) -> tuple[str, str]:
    """Read name and version of a library."""
    if type(scope) is not dict:
        return text_of(scope), ""
    return text_of(_either(scope, "name", "Name")), text_of(_either(scope, "version", "Version"))


def _either(place: Mapping[str, Json], first: str, second: str) -> Json:
    return place[first] if first in place else place.get(second)
