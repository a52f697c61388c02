"""What the lines of an agent's session tell, as a test asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader, Told
from tokaudit.schema import Aside, Call, Usage

Line = dict[str, Any]


def told(lines: Iterable[Mapping[str, Any]]) -> list[Told]:
    """Read the lines of one file; sorted by line."""
    reader = FileReader(ReadOptions())
    found = [one for number, line in enumerate(lines, 1) for one in reader.read(line, Spot(number, number))]
    return sorted([*found, *reader.end()], key=lambda one: one.spot.line)


def calls(lines: Iterable[Mapping[str, Any]]) -> list[Call]:
    """Return the calls of one file."""
    return [one.telling for one in told(lines) if isinstance(one.telling, Call)]


def asides(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the other lines are."""
    return [one.telling.kind for one in told(lines) if isinstance(one.telling, Aside)]


def rejects(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return why lines were refused."""
    return [str(one.telling) for one in told(lines) if isinstance(one.telling, Exception)]


def counts(usage: Usage) -> tuple[int | None, ...]:
    """Return input, cache reads, short and long cache writes, output."""
    return (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_5m_input_tokens,
        usage.cache_write_1h_input_tokens,
        usage.output_tokens,
    )


def texts(call: Call) -> list[str]:
    """Return the texts of the prompt."""
    return [part.text for part in call.prompt]
