"""Which records does a bill's file hold, with every digit of their numbers?

Files are opened, unpacked and cut as logs are. JSON numbers are read as decimals: a double does not hold what a dashboard writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import NoReturn

from tokaudit.ingest.cutting.decoding import values_of
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.sniff import sniff
from tokaudit.ingest.sources import Source
from tokaudit.ingest.splits import Split, frames_of
from tokaudit.readers.contract import Spot
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json, RejectRecordError

_EXTENDED = b'"$'
"""MongoDB's extended JSON, which the lenient decoder opens."""


def values_in(source: Source) -> Iterator[tuple[int, Json | RejectRecordError]]:
    """Yield the values of a file with the line each begins on. Raises InputError or UnreadableError."""
    split = Split(source.place, sniff(source.place).framing)
    for frame in frames_of(split):
        exact = _exact(frame)
        if exact is not None:
            yield frame.line, exact
            continue
        for spot, value in values_of(frame):
            yield Spot(*spot).line, value


def _exact(frame: Frame) -> Json:
    """Decode a frame of JSON without rounding; None where it is none, or spelled beside the standard."""
    if not isinstance(frame.data, bytes) or _EXTENDED in frame.data:
        return None
    try:
        decode_json(frame.data)  # strict about what is JSON: the parser below takes more
        return json.loads(frame.data, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError, ArithmeticError):
        return None


def _refuse(_: str) -> NoReturn:
    raise ValueError("not a number")
