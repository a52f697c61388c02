"""Which column of a table, or which path of a nested log line, holds which field?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.names import meaning
from tokaudit.schema import Json, Record

TOKEN_FIELDS = ("input_tokens", "output_tokens", "total_tokens")
_PART_FIELDS = frozenset(
    (
        "cache_read_input_tokens",
        "cache_write_input_tokens",
        "cache_write_5m_input_tokens",
        "cache_write_1h_input_tokens",
        "reasoning_output_tokens",
        "input_audio_tokens",
        "output_audio_tokens",
    )
)
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
    return {
        path: {field: column for field, (_, column) in group.items()}
        for path, group in groups.items()
        if any(field in group for field in TOKEN_FIELDS)
    }


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
    return _with_plain_token_names(columns) | dict(overrides)


def _completeness(group: Mapping[str, str]) -> int:
    return sum(field in group for field in ("input_tokens", "output_tokens")) * 2 + ("total_tokens" in group)


def _distance(name: str, home: str) -> int:
    """Count the steps between two paths of a nested record."""
    path, goal = name.split(".")[:-1], home.split(".") if home else []
    shared = next((i for i, (a, b) in enumerate(zip(path, goal, strict=False)) if a != b), min(len(path), len(goal)))
    return len(path) + len(goal) - 2 * shared


def _with_plain_token_names(columns: dict[str, str]) -> dict[str, str]:
    """Read columns named just `input` and `output` as counts where no other column is one; the values must agree."""
    if any(field in columns for field in TOKEN_FIELDS):
        return columns
    prompt, answer = columns.get("prompt"), columns.get("answer")
    if prompt is not None and answer is not None and _is_word(prompt, "input") and _is_word(answer, "output"):
        rest = {field: name for field, name in columns.items() if field not in ("prompt", "answer")}
        return rest | {"input_tokens": prompt, "output_tokens": answer}
    return columns


def _is_word(name: str, word: str) -> bool:
    known, same = meaning(name), meaning(word)
    return known is not None and same is not None and (known.field, known.rank) == (same.field, same.rank)


def flat(record: Record) -> Mapping[str, Json]:
    """Spread nested objects, and objects written as text, into dotted paths; lists stay whole."""
    for value in record.values():
        if type(value) is dict or (type(value) is str and value.startswith("{")):
            return dict(_leaves(record, "", 0))
    return record


def _leaves(record: Mapping[str, Json], path: str, depth: int) -> Iterable[tuple[str, Json]]:
    for key, value in record.items():
        opened = open_text(value) if type(value) is str and value.startswith("{") else value
        if type(opened) is dict and depth < _DEPTH:
            yield from _leaves(opened, f"{path}{key}.", depth + 1)
        else:
            yield f"{path}{key}", value
