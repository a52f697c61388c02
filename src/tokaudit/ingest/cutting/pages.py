"""Where in a JSON object is its list of records?

Exports and APIs hand out pages: one object that holds a list of records, and a few fields around it. A page that fits in
memory is one record to us; the readers know what it is. One that does not is read item by item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tokaudit.ingest.cutting.stream_events import mark_of
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json


def _as_written(names: str) -> frozenset[bytes]:
    return frozenset(b'"%s"' % name.encode() for name in names.split())


RECORD_LISTS = _as_written("""
    data items results result records Records value rows entries objects hits logEvents events logs interactions
    http_interactions runs spans traces observations calls generations requests messages batches resourceSpans
    resource_spans scopeSpans scope_spans instrumentationLibrarySpans instrumentation_library_spans resourceLogs
    resource_logs scopeLogs scope_logs logRecords log_records
""")
"""Under what keys pages hold their records, as they stand in the text. Sources: list objects of OpenAI and Anthropic,
OData (Azure), Event Hub, CloudWatch and CloudTrail, Cloudflare, Elasticsearch, HAR, VCR, the APIs of Langfuse, LangSmith,
MLflow, Phoenix and Jaeger, histories of coding agents, OTLP and Tempo. `response` is missing on purpose: a list there is
one answer, in pieces."""

_PAGE_OBJECTS = _as_written("data hits log result results")
"""What may stand around such a list besides the outermost object; a list in an `input` belongs to one call."""

_VALUES = b'"values"'
"""Of a stream of Loki: lists of a time and a line."""
_NO_RECORDS = _as_written("""
    tools functions content contents choices candidates parts tool_calls input output embeddings embedding tags columns
    fields parameters attributes
""")
"""Lists of any other name are pages, too, if their first item may be a record."""

_SIGNS_OF_A_CALL = _as_written("model request response usage choices")
"""An object that begins with one of these is a record itself, whatever lists it holds."""

_MESSAGES = b'"messages"'
_DEEPEST_LIST = 3
LONGEST_BEFORE = 64 << 10
"""Bytes of the fields before a list that each of its items is given. Longer ones are no description of a page."""

TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]"]|[^\s\x1e,{}\[\]":]+', re.DOTALL)
"""A whole string, a bracket, a quote whose string is not complete, or a run of anything else. 0x1e separates records."""

_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")
_COLON = re.compile(rb"\s*:")


@dataclass(frozen=True, slots=True)
class RecordList:
    """A list of records in a text. keys: those of the objects around it, then its own. first: where its first item begins."""

    keys: tuple[bytes, ...]
    first: int

    def before(self, text: bytes) -> bytes:
        """Return what stands before the items: all of it if it is short, else the keys alone."""
        return text[: self.first] if self.first <= LONGEST_BEFORE else self.around + self.keys[-1] + b":["

    @property
    def around(self) -> bytes:
        """What opens the objects around the list, for the fields that follow it."""
        return b"".join(b"{" + key + b":" for key in self.keys[:-1]) + b"{"

    @property
    def after(self) -> bytes:
        """What closes the list and the objects around it."""
        return b"]" + b"}" * len(self.keys)


def find_list(text: bytes) -> RecordList | None:
    """Find the first list of records in an object; the text may be cut off anywhere."""
    found = (page for page in _lists(text) if _holds_records(text, page))
    return next(found, None)


class _Path:
    """Where in an object a scan is. keys: of the objects that are open, as long as no list is; last: the last word in them."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.depth = 0
        self.last = b""

    @property
    def is_plain(self) -> bool:
        """Only objects are open, and all of them may stand around a page's list."""
        return self.depth == len(self.keys)

    def open(self, token: bytes) -> None:
        may_hold_page = not self.keys or (self.last in _PAGE_OBJECTS and self.depth < _DEEPEST_LIST)
        if self.is_plain and token == b"{" and may_hold_page:
            self.keys.append(self.last)
        self.depth += 1

    def close(self) -> None:
        self.depth -= 1
        self.last = b""
        if self.depth < len(self.keys):
            self.keys.pop()


def _lists(text: bytes) -> Iterator[RecordList]:
    """Yield the lists of objects or lists that may be of records, until the object is a call or ends."""
    path, is_named = _Path(), False
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in _OPENING:
            if is_named:
                yield RecordList((*path.keys[1:], path.last), match.start())
            is_named = token == b"[" and path.is_plain and path.last[:1] == b'"' and path.last not in _NO_RECORDS
            path.open(token)
            continue
        is_named = False
        if token in _CLOSING:
            path.close()
        elif path.is_plain:
            path.last = token
            if path.depth == 1 and token in _SIGNS_OF_A_CALL and _COLON.match(text, match.end()):
                return
        if token == b'"' or not path.depth:  # what follows is inside a string, or outside the object
            return


def _holds_records(text: bytes, page: RecordList) -> bool:
    """Judge a list by its first item; an item that is cut off is believed, where only records are expected."""
    end, name = _end_of_value(text, page.first), page.keys[-1]
    if end is None:
        return name in RECORD_LISTS and name != _MESSAGES
    try:
        item = decode_json(text[page.first : end])
    except ValueError:
        return False
    return _is_line(item) if name == _VALUES else is_record(item)


def _is_line(item: Json) -> bool:
    return type(item) is list and len(item) > 1 and type(item[0]) is type(item[1]) is str


def _end_of_value(text: bytes, start: int) -> int | None:
    depth = 0
    for match in TOKEN.finditer(text, start):
        token = match.group()
        if token == b'"':
            return None
        depth += (token in _OPENING) - (token in _CLOSING)
        if not depth:
            return match.end()
    return None


def is_record(item: Json) -> bool:
    """Say whether an item of a list may be a record of its own, not a piece of one answer or request."""
    if type(item) is list:  # a row of CloudWatch Logs Insights
        return bool(item) and type(item[0]) is dict
    if type(item) is not dict or "embedding" in item or "b64_json" in item:
        return False
    mark = mark_of(item)
    if mark is not None and mark.begins:  # an event of a stream
        return False
    is_message = "role" in item and any(key in item for key in ("content", "parts", "tool_calls"))
    return not is_message or ("id" in item and any(key in item for key in ("timestamp", "time", "created_at")))
