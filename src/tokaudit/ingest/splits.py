"""How is a file cut into pieces of work?

A split owns every record that starts inside it. A plain JSONL file is cut at line ends into byte ranges that the workers
read themselves; unpacked streams are cut into runs of whole lines that are handed over; tables and JSON documents are one
split, since only a scan from the start can tell where their records begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tokaudit.ingest.csv_rows import frame_table
from tokaudit.ingest.documents import frame_document
from tokaudit.ingest.framing import Frame, LineBlock, frame_lines, line_blocks
from tokaudit.ingest.streams import open_unpacked, reading

SPLIT_BYTES = 24 << 20
HANDED_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of one file. blocks: its lines, when they are handed over; else [start, end) of the unpacked file."""

    path: Path
    framing: str
    start: int = 0
    end: int | None = None
    blocks: tuple[LineBlock, ...] | None = None


def _next_line(file: BinaryIO, position: int, size: int) -> int:
    """Return the first byte of the first line that starts after `position`."""
    file.seek(position)
    while position < size:
        chunk = file.read(1 << 20)
        if not chunk:
            break
        newline = chunk.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(chunk)
    return size


def _ranges(path: Path, start: int, size: int) -> Iterator[Split]:
    with path.open("rb") as file:
        while start < size:
            end = _next_line(file, start + SPLIT_BYTES, size) if start + SPLIT_BYTES < size else size
            yield Split(path, "lines", start, end)
            start = end


def _handed(path: Path, start: int) -> Iterator[Split]:
    stream, raw, _ = open_unpacked(path)
    with raw, stream:
        _skip(stream, start)
        waiting: list[LineBlock] = []
        held = 0
        for block in line_blocks(stream, start):
            waiting.append(block)
            held += len(block.data)
            if held >= HANDED_BYTES:
                yield Split(path, "lines", waiting[0].offset, blocks=tuple(waiting))
                waiting, held = [], 0
        if waiting:
            yield Split(path, "lines", waiting[0].offset, blocks=tuple(waiting))


def _skip(stream: BinaryIO, count: int) -> None:
    while count > 0 and (chunk := stream.read(min(count, 1 << 20))):
        count -= len(chunk)


def cut(path: Path, framing: str, compression: str | None, start: int, size: int) -> Iterator[Split]:
    """Cut a file into splits in file order, lines from unpacked byte `start` on. Raises UnreadableError."""
    with reading():
        if framing != "lines":
            yield Split(path, framing)
        elif compression is None:
            yield from _ranges(path, start, size)
        else:
            yield from _handed(path, start)


def frames_of(split: Split) -> Iterator[Frame]:
    """Yield the records of a split. Lines are numbered from 1 within the split. Raises UnreadableError."""
    if split.blocks is not None:
        yield from frame_lines(split.blocks)
        return
    with reading():
        stream, raw, _ = open_unpacked(split.path)
        with raw, stream:
            if split.framing == "lines":
                stream.seek(split.start)
                yield from frame_lines(line_blocks(stream, split.start, split.end))
            else:
                yield from frame_document(stream) if split.framing == "document" else frame_table(stream)


def end_of(split: Split) -> tuple[int, bool]:
    """Return the unpacked byte after a split of lines, and whether its last line lacks its newline. Raises UnreadableError."""
    if split.blocks is not None:
        last = split.blocks[-1]
        return last.offset + len(last.data), not last.data.endswith(b"\n")
    if not split.end:
        return 0, False
    with reading(), split.path.open("rb") as file:
        file.seek(split.end - 1)
        return split.end, file.read(1) != b"\n"
