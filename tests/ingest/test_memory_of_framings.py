"""Does memory stay flat where the records of a file are streams, recordings, pairs, or the items of one endless page?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.logs import chat as pair
from ingest.test_chunks import chat
from ingest.test_events import sent
from ingest.test_framing import ACCESS
from ingest.test_memory import MIB, MOST_MIB, ingested_elsewhere, zipped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

LONG_MIB = 16
"""Four times the longest record of the measured run."""
ITEMS = 40

EXCHANGE = b"- request:\n    body: '{}'\n  response:\n    body: '{}'\n"


def filled(before: bytes, piece: bytes, after: bytes = b"") -> Iterator[bytes]:
    """Repeat a piece until it is `LONG_MIB` long."""
    yield before
    for _ in range(LONG_MIB):
        yield piece * (MIB // len(piece) + 1)
    yield after


def items(count: int) -> Iterator[bytes]:
    yield b'{"object": "list", "data": ['
    yield b",".join(json.dumps(pair(number, answer="A" * MIB)).encode() for number in range(count))
    yield b'], "has_more": false}'


def test_what_never_ends_is_not_held(tmp_path: Path) -> None:
    chunk, first = (json.dumps(part).encode() for part in (chat("x")[1], chat("y")[0]))
    whole = b"".join(json.dumps(part).encode() + b"\n" for part in chat("a"))
    bombs = {
        "page.zst": zipped(items(ITEMS)),
        "unknown-items.zst": zipped(filled(b'{"data": [{}', b',{"a": "' + b"x" * 9000 + b'"}', b"]}")),
        "deep-page.zst": zipped(filled(b"", b'{"data": [' + b" " * 99)),
        "chunks.zst": zipped(filled(whole, chunk + b"\n", whole)),
        "chunks-without-end.zst": zipped(filled(b"", first + b"\n")),
        "events.zst": zipped(filled(sent(chat("a"), done=True), b"data: " + chunk + b"\n\n")),
        "data-lines.zst": zipped(filled(sent(chat("a"), done=True), b"data: {" + b"x" * 900 + b"\n")),
        "cassette.zst": zipped(
            filled(b"interactions:\n" + EXCHANGE + b"- request:\n", b"    a: |\n", b"\n" + EXCHANGE)
        ),
        "blank-lines.zst": zipped(filled(b"interactions:\n" + EXCHANGE, b" " * 900 + b"\n")),
        "text.zst": zipped(filled(ACCESS * 2 + b'a=1 b="', b"x", b'"\n' + ACCESS)),
    }
    for name, data in bombs.items():
        assert len(data) < 3 * MIB, name
        (tmp_path / name).write_bytes(data)
    files, refused, peak = ingested_elsewhere(tmp_path / "ledger", *(tmp_path / name for name in bombs))
    assert files["page.zst"] == [ITEMS, ITEMS]
    assert files["text.zst"] == [3, 4]
    assert {*files, *refused} == set(bombs)
    assert peak < MOST_MIB, f"{peak} MiB"
