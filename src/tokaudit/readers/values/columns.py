"""Which column of a table, or which path of a nested log line, holds which field?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.names import meaning, words_of
from tokaudit.schema import Json, Record

TOKEN_FIELDS = ("input_tokens", "output_tokens", "total_tokens")
_PART_FIELDS = frozenset(
    (
        "uncached_input_tokens",
        "cache_read_input_tokens",
        "cache_write_input_tokens",
        "cache_write_5m_input_tokens",
        "cache_write_1h_input_tokens",
        "reasoning_output_tokens",
        "input_audio_tokens",
        "input_image_tokens",
        "input_video_tokens",
        "cache_read_audio_tokens",
        "cache_read_image_tokens",
        "output_audio_tokens",
        "output_image_tokens",
    )
)
_WHOLES = (*TOKEN_FIELDS, "uncached_input_tokens")
"""Counts that make an object one of usage."""
_DEPTH = 6


def guess_columns(names: Sequence[str], overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Map our fields to columns by the columns' names; overrides (field -> column) win.

    All token counts come from one group of columns (one object of a nested record); of equally good names for another
    field, the one nearest to that group is taken.
    """
    return dict(columns_of(tuple(names), tuple(sorted((overrides or {}).items()))))


@lru_cache(maxsize=256)
def token_groups(names: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    """Find the objects that hold token counts: path of the object -> field -> column."""
    groups: dict[str, dict[str, tuple[int, str]]] = {}
    for name in names:
        known = meaning(name)
        if known is not None and (known.field in TOKEN_FIELDS or known.field in _PART_FIELDS):
            group = groups.setdefault(_owner(name), {})
            if known.field not in group or known.rank < group[known.field][0]:
                group[known.field] = (known.rank, name)
    found = {
        path: {field: column for field, (_, column) in group.items()}
        for path, group in groups.items()
        if any(field in group for field in _WHOLES)
    }
    return {path: group for path, group in found.items() if not _is_running(path)} or found


def _is_running(path: str) -> bool:
    """Say whether an object counts more than one call, as its name tells: `cumulative`, `session_totals`."""
    return any(word in _RUNNING for part in path.split(".") for word in words_of(part))


_RUNNING = frozenset(
    ("cumulative", "accumulated", "aggregate", "aggregated", "running", "lifetime", "session", "totals")
)


def _owner(name: str) -> str:
    """Name the object that a count belongs to: details of a usage block belong to the block."""
    above = name.rpartition(".")[0]
    while above and ("detail" in above.rpartition(".")[2].lower() or above.endswith("cache_creation")):
        above = above.rpartition(".")[0]
    return above


@lru_cache(maxsize=256)
def columns_of(names: tuple[str, ...], overrides: tuple[tuple[str, str], ...] = ()) -> Mapping[str, str]:
    """Do the work of `guess_columns` once for each set of names: rows of a table share theirs."""
    groups = token_groups(names)
    home = max(groups, key=lambda path: (_completeness(groups[path]), path.count(".") + bool(path)), default="")
    best: dict[str, tuple[int, int, str]] = {}
    for name in names:
        known = meaning(name)
        if known is None or known.field in TOKEN_FIELDS or known.field in _PART_FIELDS:
            continue
        distance = _distance(name, home)
        # A phone has a model too: the model beside the counts is theirs, however the key is spelled.
        order = (distance, known.rank) if known.field.endswith("_model") else (known.rank, distance)
        candidate = (*order, name)
        if known.field not in best or candidate[:2] < best[known.field][:2]:
            best[known.field] = candidate
    columns = {field: name for field, (_, _, name) in best.items()} | dict(groups.get(home, {}))
    return _with_plain_token_names(columns, names) | dict(overrides)


def _completeness(group: Mapping[str, str]) -> int:
    return sum(field in group for field in ("input_tokens", "output_tokens")) * 2 + ("total_tokens" in group)


def _distance(name: str, home: str) -> int:
    """Count the steps between two paths of a nested record."""
    path, goal = name.split(".")[:-1], home.split(".") if home else []
    shared = next((i for i, (a, b) in enumerate(zip(path, goal, strict=False)) if a != b), min(len(path), len(goal)))
    return len(path) + len(goal) - 2 * shared


_PLAIN_NAMES = (("input", "output"), ("prompt", "completion"), ("in", "out"))
"""All but the first only beside a model: bytes go in and out too."""


def _with_plain_token_names(columns: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Read columns named just `input` and `output` as counts where no other column is one; the values must agree."""
    if any(field in columns for field in _WHOLES):
        return columns
    has_model = "request_model" in columns or "response_model" in columns
    for sent, given in _PLAIN_NAMES[: None if has_model else 1]:
        prompt = next((name for name in names if words_of(name) == {sent}), None)
        answer = next((name for name in names if words_of(name) == {given}), None)
        if prompt is not None and answer is not None:
            rest = {field: name for field, name in columns.items() if name not in (prompt, answer)}
            return rest | {"input_tokens": prompt, "output_tokens": answer}
    return columns


def flat(record: Record) -> Mapping[str, Json]:
    """Spread nested objects, and objects written as text, into dotted paths; lists stay whole."""
    for value in record.values():
        if type(value) is dict or (type(value) is str and (value.startswith("{") or _PRINTED.match(value))):
            return dict(_leaves(record, "", 0))
    return record


_PRINTED = re.compile(r"[A-Z]\w{2,60}\((?=.{0,500}tokens=)")
"""Python's spelling of a usage object: `CompletionUsage(completion_tokens=100, …)`."""
_LONGEST_PRINTED = 4_000
_PRINTED_COUNT = re.compile(r"(\w+)=(\d+)\b")


def _counts_in(text: str) -> Mapping[str, Json] | None:
    if len(text) > _LONGEST_PRINTED or not _PRINTED.match(text):
        return None
    return {name: int(number[:32]) for name, number in _PRINTED_COUNT.findall(text)}


def _leaves(record: Mapping[str, Json], path: str, depth: int) -> Iterable[tuple[str, Json]]:
    for key, value in record.items():
        opened = value
        if type(value) is str:
            opened = open_text(value) if value.startswith("{") else _counts_in(value) or value
        if type(opened) is dict and depth < _DEPTH:
            yield from _leaves(opened, f"{path}{key}.", depth + 1)
        else:
            yield f"{path}{key}", value
