"""Which record does a line hold behind what a log shipper or a logging library put in front of it?

Kubernetes writes `<time> stdout F {…}`, exports of CloudWatch `<time> {…}`, Python's logging `INFO:app:{…}`.
"""

from __future__ import annotations

import re

import orjson

from tokaudit.schema import Json

LONGEST_PREFIX = 500
"""Bytes before the object of a line: a time, a level, a container's name."""
_LINES_ASKED = 1000
_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


def record_behind(line: bytes) -> Json:
    """Read the JSON object that ends a line behind a text such as a time; None when the line is none of that kind.

    >>> record_behind(b'2026-03-02T09:15:12Z stdout F {"a": 1}')
    {'time': '2026-03-02T09:15:12Z', 'message': {'a': 1}}
    """
    start = line.find(b"{", 1, LONGEST_PREFIX)
    if start < 0 or not line.rstrip().endswith(b"}"):
        return None
    try:
        value = orjson.loads(line[start:])
    except orjson.JSONDecodeError:
        return None
    time = _TIME.search(line, 0, start)
    return {"time": time[0].decode(), "message": value} if time else value


def are_prefixed(lines: list[bytes]) -> bool:
    """Say whether most lines hold an object behind a text."""
    filled = [line for line in lines[:_LINES_ASKED] if line.strip()]
    return bool(filled) and 2 * sum(record_behind(line) is not None for line in filled) > len(filled)
