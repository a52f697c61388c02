"""Which values does a frame hold?

Mostly one. A line may hold several, one after the other, or one behind what a log shipper put in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokaudit.ingest.cutting.documents import frames_within
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.cutting.prefixed import record_behind
from tokaudit.readers.contract import Spot
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json, RejectRecordError

NOT_JSON = "not valid JSON"
_VALUE = (b"{", b"[{", b'["', b"[[")


def values_of(frame: Frame) -> Iterator[tuple[Spot, Json | RejectRecordError]]:
    """Yield the values of a frame, or the reason why there is none; nothing for a blank frame."""
    spot = Spot(frame.line, frame.offset)
    if frame.data is None:
        if frame.reject is not None:
            yield spot, RejectRecordError(frame.reject)
    elif isinstance(frame.data, dict):
        yield spot, frame.data
    else:
        try:
            yield spot, decode_json(frame.data)
        except ValueError:
            yield from _values_of_line(frame, frame.data, spot)


def _values_of_line(frame: Frame, line: bytes, spot: Spot) -> Iterator[tuple[Spot, Json | RejectRecordError]]:
    # What stands inside a torn value is no record: only a text may stand before one.
    record = None if line.startswith(_VALUE) else record_behind(line)
    if record is not None:
        yield spot, record
        return
    parts = frames_within(frame)
    if parts == (frame,):
        yield spot, RejectRecordError(NOT_JSON)
        return
    for part in parts:
        yield from values_of(part)
