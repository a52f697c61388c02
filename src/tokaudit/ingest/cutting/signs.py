"""Of what kind is a file whose beginning is no plain JSON?

Each question is asked of the file's first bytes, in which the last line may be cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from tokaudit.ingest.cutting.stream_events import mark_of
from tokaudit.ingest.cutting.text_lines import names_tokens, row_of_line
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json

LINES_ASKED = 1000
_FIRST_BYTES = 64 << 10
_VALUES_ASKED = 20

_WRITTEN = re.compile(rb'\s*"\s*\{\s*(?:\\"|\})')
_EVENT_FIELD = re.compile(rb"(?:data|event|id|retry)?:")
_EVENT_DATA = re.compile(rb'data:\s*(?:\{\s*["}]|\[DONE\])')

INTERACTIONS = re.compile(rb"(?:http_)?interactions:\s*(?:\[\]\s*)?(?:#.*)?")
"""The key of the list of recorded exchanges in cassettes of VCR: Python's and Go's, and Ruby's."""

_VLLM = re.compile(
    rb"Received request \S{1,200}: (?:prompt: ['\"]|params: SamplingParams\()"
    rb"|Avg prompt throughput: [\d.]+ tokens/s, Avg generation throughput: [\d.]+ tokens/s"
)
VLLM_LOG = (
    "a vLLM server log, which states no tokens per request: log requests and responses at the client or a gateway"
)


def holds_chunks(values: Iterable[Json]) -> bool:
    """Say whether pieces of streamed answers stand among the values, each by itself."""
    return any(mark is not None and mark.begins for mark in map(mark_of, values))


def first_values(text: bytes) -> Iterator[Json]:
    """Yield the first items of a JSON array, or the first of several values, as far as they are whole."""
    decoder, head = json.JSONDecoder(), text[:_FIRST_BYTES].decode("utf-8", "replace").lstrip()
    position = 1 if head.startswith("[") else 0
    for _ in range(_VALUES_ASKED):
        while position < len(head) and head[position] in " \t\r\n,\x1e":
            position += 1
        try:
            item, position = decoder.raw_decode(head, position)
        except (ValueError, RecursionError):
            return
        yield item


def are_written(lines: list[bytes]) -> bool:
    """Say whether most lines are JSON texts that hold an object each: records that were encoded twice."""
    filled = [line for line in lines[:LINES_ASKED] if line.strip()]
    return 2 * sum(map(_is_written, filled)) >= len(filled) > 0


def _is_written(line: bytes) -> bool:
    if not _WRITTEN.match(line):
        return False
    try:
        return type(decode_json(line)) is str
    except ValueError:
        return False


def begins_with_two(text: bytes) -> bool:
    """Say whether a line begins with a whole object and another one after it."""
    head = text.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        return False
    return head[end : end + 64].lstrip(" \t,\x1e").startswith("{")


def is_events(lines: list[bytes]) -> bool:
    """Say whether the lines are an event stream of JSON objects."""
    filled = [line.strip() for line in lines[:LINES_ASKED] if line.strip()]
    fields = [line for line in filled if _EVENT_FIELD.match(line)]
    return 2 * len(fields) >= len(filled) and any(map(_EVENT_DATA.match, fields))


def is_cassette(lines: list[bytes]) -> bool:
    """Say whether the lines are YAML that records HTTP exchanges: a list of them, or one by itself."""
    filled = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith(b"#")]
    for line, following in pairwise([*filled, b"-"]):
        if INTERACTIONS.fullmatch(line):
            return following.lstrip(b" ").startswith(b"-") or line.rstrip().endswith(b"[]")
    return b"request:" in filled and b"response:" in filled


def is_text_log(lines: list[bytes]) -> bool:
    """Say whether most lines are pairs, or of an access log, and some state tokens by name."""
    rows = [row_of_line(line.decode("utf-8", "replace").strip()) for line in lines[:LINES_ASKED] if line.strip()]
    read = [row for row in rows if row is not None]
    return 2 * len(read) > len(rows) and any(map(names_tokens, read))


def known_refusal(head: bytes) -> str | None:
    """Name a log that is known and of no use, and what to do instead; None when it is none."""
    return VLLM_LOG if _VLLM.search(head) else None
