"""Which piece of a line does a line of a container's log hold?

Runtimes cut lines that are longer than 16 KiB. Kubernetes marks each piece but the last with `P`, the last with `F`; of Docker's
only the last ends with a line end.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokaudit.readers.values.json_text import decode_json
from tokaudit.schema import Json

_LINES_ASKED = 1000
_CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\S{8,27}) (stdout|stderr) ([FP])(?::\S*)? ?(.*)", re.DOTALL)
"""Source: Kubernetes, CRI logging format."""

_PIECE_BYTES = 16 << 10
"""Source: moby, daemon/logger/copier.go."""
_SHORTER = 64
"""Bytes that a piece may lack: a character is not cut."""


class Piece(NamedTuple):
    """A piece of a line: when it was written, to which stream, its text, whether the line ends with it."""

    time: Json
    stream: str
    text: str
    ends: bool


def is_container_log(lines: list[bytes]) -> bool:
    """Say whether most lines were written by a container's runtime, and some of them hold an object."""
    filled = [line for line in lines[:_LINES_ASKED] if line.strip()]
    pieces = [piece for line in filled if (piece := piece_of(line)) is not None]
    return 2 * len(pieces) > len(filled) and any(piece.text.lstrip().startswith("{") for piece in pieces)


def piece_of(line: bytes) -> Piece | None:
    """Read a line of Kubernetes or Docker; None when it is none."""
    if line.startswith(b"{"):
        return _piece_of_docker(line) if b'"log"' in line and b'"stream"' in line else None
    cri = _CRI.match(line)
    if cri is None:
        return None
    try:
        return Piece(cri[1].decode(), cri[2].decode(), cri[4].decode(), cri[3] == b"F")
    except UnicodeDecodeError:
        return None


def _piece_of_docker(line: bytes) -> Piece | None:
    try:
        record = decode_json(line)
    except ValueError:
        return None
    if type(record) is not dict or type(record.get("log")) is not str or type(record.get("stream")) is not str:
        return None
    text = record["log"]
    return Piece(record.get("time"), record["stream"], text, text.endswith("\n") or _is_whole(text))


def _is_whole(text: str) -> bool:
    """Tell a line whose end a shipper has taken off from a piece, which is as long as a piece may be."""
    if len(text.encode(errors="replace")) < _PIECE_BYTES - _SHORTER:
        return True
    try:
        decode_json(text)
    except ValueError:
        return False
    return True
