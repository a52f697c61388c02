"""How is a file cut into pieces of work?

A split owns every record that starts inside it. A plain JSONL file, here or in an object store, is cut at line ends into
byte ranges that the workers read themselves; unpacked streams are cut into runs of whole lines that are handed over; all
other framings are one split, since only a scan from the start can tell where their records begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from tokaudit.ingest.cutting.cassettes import frame_cassette
from tokaudit.ingest.cutting.chunks import frame_chunks
from tokaudit.ingest.cutting.column_habits import with_habits
from tokaudit.ingest.cutting.containers import frame_container
from tokaudit.ingest.cutting.csv_rows import frame_table
from tokaudit.ingest.cutting.documents import frame_document
from tokaudit.ingest.cutting.events import frame_events
from tokaudit.ingest.cutting.framing import Frame, LineBlock, frame_lines, line_blocks
from tokaudit.ingest.cutting.spread import frame_spread
from tokaudit.ingest.cutting.text_rows import frame_text
from tokaudit.ingest.storage.place import Place
from tokaudit.ingest.unpacking.streams import open_unpacked, reading

SPLIT_BYTES = 24 << 20
HANDED_BYTES = 8 << 20

_FRAMERS: Mapping[str, Callable[[BinaryIO], Iterator[Frame]]] = {
    "document": frame_document,
    "chunks": frame_chunks,
    "events": frame_events,
    "cassette": frame_cassette,
    "container": frame_container,
    "spread": frame_spread,
    "text": frame_text,
    "table": lambda stream: with_habits(frame_table(stream)),
}
"""By framing, how the records of a whole file are found; the lines of a file are cut up before."""


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of one file. blocks: its lines, when they are handed over; else the bytes [start, end), None = to its end."""

    place: Place
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


def _ranges(place: Place, start: int, size: int) -> Iterator[Split]:
    with place.open() as file:
        while start < size:
            end = _next_line(file, start + SPLIT_BYTES, size) if start + SPLIT_BYTES < size else size
            yield Split(place, "lines", start, end)
            start = end


def _handed(place: Place, start: int) -> Iterator[Split]:
    with open_unpacked(place) as (stream, _):
        _skip(stream, start)
        waiting: list[LineBlock] = []
        held = 0
        for block in line_blocks(stream, start):
            waiting.append(block)
            held += len(block.data)
            if held >= HANDED_BYTES:
                yield Split(place, "lines", waiting[0].offset, blocks=tuple(waiting))
                waiting, held = [], 0
        if waiting:
            yield Split(place, "lines", waiting[0].offset, blocks=tuple(waiting))


def _skip(stream: BinaryIO, count: int) -> None:
    while count > 0 and (chunk := stream.read(min(count, 1 << 20))):
        count -= len(chunk)


def cut(place: Place, framing: str, packing: str | None, start: int, size: int) -> Iterator[Split]:
    """Cut a file into splits in file order, lines from unpacked byte `start` on. Raises UnreadableError."""
    with reading():
        if framing != "lines":
            yield Split(place, framing)
        elif packing is None and place.is_seekable:
            yield from _ranges(place, start, size)
        else:
            yield from _handed(place, start)


def frames_of(split: Split) -> Iterator[Frame]:
    """Yield the records of a split. Lines are numbered from 1 within the split. Raises UnreadableError."""
    if split.blocks is not None:
        yield from frame_lines(split.blocks)
        return
    with reading(), open_unpacked(split.place) as (stream, _):
        if split.framing in _FRAMERS:
            yield from _FRAMERS[split.framing](stream)
        else:
            if split.start:  # of a file as it stands: an unpacked stream is read from its beginning only
                stream.seek(split.start)
            yield from frame_lines(line_blocks(stream, split.start, split.end))


def end_of(split: Split) -> tuple[int, bool]:
    """Return the unpacked byte after a split of lines, and whether its last line lacks its newline. Raises UnreadableError."""
    if split.blocks is not None:
        last = split.blocks[-1]
        return last.offset + len(last.data), not last.data.endswith(b"\n")
    if not split.end:
        return 0, False
    with reading(), split.place.open() as file:
        file.seek(split.end - 1)
        return split.end, file.read(1) != b"\n"
