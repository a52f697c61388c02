"""What is a file packed in, and how is it cut into records? Told by its beginning."""

from __future__ import annotations

import re
from typing import NamedTuple

from tokaudit.errors import InputError
from tokaudit.ingest.cutting.framing import HEAD_BYTES, framing_of
from tokaudit.ingest.cutting.headers import lacks_header
from tokaudit.ingest.cutting.signs import known_refusal
from tokaudit.ingest.storage.place import Place
from tokaudit.ingest.unpacking.streams import not_unpacked, open_unpacked, reading
from tokaudit.readers.choose import claims
from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import RejectRecordError

NOTHING_INSIDE = "the file is empty"
NOT_A_LOG = "neither JSON nor a table of columns"
NO_HEADER = "a table without the names of its columns: export it with a header"
BODY_APART = "a body that the Bedrock log beside it set apart: its call is read from the log"

SESSION = "session"
"""Lines of which some tell only together with others what was called: the file is read by one worker, from its start."""

_FIRST_LINES = 200
"""Enough to meet the lines of a session between those of the service that wrote it."""


class Sniffed(NamedTuple):
    """framing: see `framing`, or `session`. packing: the layers taken off the bytes, None = offsets are those of the file."""

    framing: str
    packing: str | None


_BODY_APART = re.compile(r"/BedrockModelInvocationLogs/.*/data/[^/]*_(input|output)\.json(\.gz)?$")
"""Bedrock writes bodies over 100 KB to files of their own. Source: AWS, "Monitor model invocation using CloudWatch Logs"."""


def sniff(place: Place) -> Sniffed:
    """Look at the beginning of a file. Raises UnreadableError, or InputError for what is no log."""
    if _BODY_APART.search(place.identity):
        raise InputError(BODY_APART)
    with reading(), open_unpacked(place) as (stream, packing):
        head = stream.read(HEAD_BYTES)
    if packed := not_unpacked(head):
        raise InputError(packed)
    framing = framing_of(head)
    if framing is None:
        raise InputError(_refusal(head))
    return Sniffed(SESSION if framing == "lines" and _holds_session(head) else framing, packing)


def _refusal(head: bytes) -> str:
    if not head.strip():
        return NOTHING_INSIDE
    return known_refusal(head) or (NO_HEADER if lacks_header(head) else NOT_A_LOG)


def _holds_session(head: bytes) -> bool:
    """Say whether one of the first lines is of a format whose calls stand on several records."""
    return any(_is_of_session(line) for line in head.split(b"\n", _FIRST_LINES)[:_FIRST_LINES] if line.strip())


def _is_of_session(line: bytes) -> bool:
    try:
        found = list(claims(decode_json(line)))
    except (ValueError, RejectRecordError):
        return False
    return any(claim.reader is not None and claim.reader.open_session is not None for claim in found)
