"""Is a body that was kept as base64, hexadecimal digits or gzip opened, and plain text left alone?"""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from tokaudit.readers.values import packed_text
from tokaudit.readers.values.packed_text import open_base64, open_chunks, open_packed

BODY = json.dumps({"id": "chatcmpl-1", "choices": []})
EVENTS = 'data: {"id": "chatcmpl-1"}\n\n'


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "text", [BODY, json.dumps(json.loads(BODY), indent=2), f"[{BODY}]", EVENTS, f"event: x\n{EVENTS}"]
)
def test_packed_texts_are_opened(text: str) -> None:
    data = text.encode()
    for packed in (b64(data), b64(gzip.compress(data)), data.hex(), gzip.compress(data).hex()):
        assert open_packed(packed) == text


@pytest.mark.parametrize(
    "text",
    ["", "eyJ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJhbGciOiJIUzI1NiJ9eyJz!", "hello world, this is text",
     "7b22 is the beginning", BODY, b64(b"\x1f\x8b" + b"torn gzip data")],
)  # fmt: skip
def test_other_texts_stay(text: str) -> None:
    assert open_packed(text) is None


def test_what_is_said_to_be_base64_is_opened_whatever_it_holds() -> None:
    assert open_base64(b64(b"hello")) == "hello"
    assert open_base64("not base64!") is None
    assert open_base64(b64(b"\xff\xfe\x00")) is None


def test_pieces_are_put_together() -> None:
    data = gzip.compress(BODY.encode())
    pieces = [data[:20], data[20:]]
    assert open_chunks([b64(piece) for piece in pieces]) == BODY
    assert open_chunks([piece.hex() for piece in pieces]) == BODY
    assert open_chunks([]) is open_chunks(["data: {}"]) is None


def test_what_unpacks_to_too_much_stays_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_text, "LONGEST_UNPACKED", 1000)
    assert open_packed(b64(gzip.compress(b"x" * 1001))) is None
    assert open_packed(b64(gzip.compress(b"x" * 1000))) == "x" * 1000
