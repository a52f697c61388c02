"""How many tokens did a row of a table bill, judged by the names of its columns?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tokaudit.readers.exchange.pair import REQUEST_KEYS, RESPONSE_KEYS
from tokaudit.readers.usage.media import milliseconds, part, with_media
from tokaudit.readers.usage.token_classes import Reading, checked, settle
from tokaudit.readers.values.columns import columns_of, flat
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.names import meaning
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage, UsageState

_ONLY_TOTAL = Usage(None, None, state="missing", rule="only a total of tokens")
_UNSPLIT = "table: cache share not reported"
_INSIDE = "table: cache inside input"
_OUTSIDE = "table: cache added to input"
_CLAUDE = "table: cache added to input, as Anthropic counts"
_UNDECIDED = "table: cache taken to be inside input, which the columns do not say"
_UNCACHED = "table: cache added to the uncached input"
_MORE = "table: the total holds tokens that no column names"


_LENGTH = "audio_length"
_MEDIA = frozenset((
    "input_audio_tokens", "input_image_tokens", "input_video_tokens", "cache_read_audio_tokens",
    "cache_read_image_tokens", "output_audio_tokens", "output_image_tokens", "web_searches", "file_searches", _LENGTH,
))  # fmt: skip
"""Columns that say more than text."""

_BODIES = frozenset((*REQUEST_KEYS, *RESPONSE_KEYS))


def noted_usage(layer: Mapping[str, Json]) -> Usage:
    """Read the counts a logger noted beside the bodies of a call. Raises RejectRecordError."""
    row = flat({key: value for key, value in layer.items() if key not in _BODIES})
    columns = columns_of(tuple(row))
    model = columns.get("request_model")
    return row_usage(columns, row, label(row[model]) if model else None)


def row_usage(columns: Mapping[str, str], row: Mapping[str, Json], model: str | None) -> Usage:
    """Read the counts; columns maps our fields to the row's names. Raises RejectRecordError."""
    usage = _row_usage(columns, row, model)
    if usage.input_tokens is None or _MEDIA.isdisjoint(columns):
        return usage
    media = {
        field: part(row[columns[field]], row.values()) for field in _MEDIA if field in columns and field != _LENGTH
    }
    return with_media(usage, {**media, "audio_ms": _length(columns.get(_LENGTH), row)})


def _length(column: str | None, row: Mapping[str, Json]) -> int | None:
    """Read how long the sound was, where the column's name states the unit."""
    known = meaning(column) if column is not None else None
    if column is None or known is None or known.unit not in ("s", "ms"):
        return None
    length = milliseconds(row[column])
    return length if length is None or known.unit == "s" else length // 1000


def _row_usage(columns: Mapping[str, str], row: Mapping[str, Json], model: str | None) -> Usage:
    def cell(field: str) -> int | None:
        return count(row[columns[field]], row.values()) if field in columns else None

    prompt, completion, total = cell("input_tokens"), cell("output_tokens"), cell("total_tokens")
    if prompt is None and (uncached := cell("uncached_input_tokens")) is not None and completion is not None:
        return _of_uncached(uncached, completion, cell)
    read, reasoning = cell("cache_read_input_tokens"), cell("reasoning_output_tokens")
    if total is not None and not (_is_claude(model) and read):  # whose total may hold the cache or not
        prompt, completion = _completed(prompt, completion, total)
    if prompt is None or completion is None:
        return _partial(prompt, completion, total)
    writes = (cell(f"cache_write{lifetime}_input_tokens") for lifetime in ("", "_5m", "_1h"))
    write_5m, write_1h = _writes(*writes)
    cached = (read or 0) + (write_5m or 0) + (write_1h or 0)
    is_claude = _is_claude(model) and not _named_like_openai(columns)
    reading = settle(prompt, completion, total, cached, reasoning or 0, cache_outside=is_claude)
    usage = Usage(reading.input, reading.output, read, write_5m, write_1h, reasoning)
    return checked(_judged(usage, reading, is_claude=is_claude, is_open=bool(cached) and _is_claude(model)))


def _of_uncached(uncached: int, output: int, cell: Callable[[str], int | None]) -> Usage:
    """Read counts that stand beside each other, as the name of the first says. Raises RejectRecordError."""
    read, reasoning = cell("cache_read_input_tokens"), cell("reasoning_output_tokens")
    writes = (cell(f"cache_write{lifetime}_input_tokens") for lifetime in ("", "_5m", "_1h"))
    write_5m, write_1h = _writes(*writes)
    whole = uncached + (read or 0) + (write_5m or 0) + (write_1h or 0)
    state: UsageState = "exact" if read is not None else "cache_split_unknown"
    return checked(Usage(whole, output, read, write_5m, write_1h, reasoning, state=state, rule=_UNCACHED))


def _completed(prompt: int | None, completion: int | None, total: int) -> tuple[int | None, int | None]:
    """Find one count by the other and their total."""
    if prompt is not None and completion is None and total >= prompt:
        return prompt, total - prompt
    if prompt is None and completion is not None and total >= completion:
        return total - completion, completion
    return prompt, completion


def _partial(prompt: int | None, completion: int | None, total: int | None) -> Usage:
    if prompt is not None:
        return Usage(prompt, None, state="output_lower_bound", rule="output tokens not reported")
    if completion is not None:
        return Usage(None, completion, state="missing", rule="input tokens not reported")
    return _ONLY_TOTAL if total is not None else MISSING_USAGE


def _writes(whole: int | None, short: int | None, long: int | None) -> tuple[int | None, int | None]:
    """Split cache writes by lifetime; writes of unstated lifetime count as short-lived."""
    if whole is None or short is not None:
        return short, long
    return max(whole - (long or 0), 0), long


def _is_claude(model: str | None) -> bool:
    return model is not None and "claude" in model.lower()


def _named_like_openai(columns: Mapping[str, str]) -> bool:
    """Claude counts under OpenAI's names went through a normaliser, which may have added the cache."""
    return "prompt" in columns.get("input_tokens", "").lower()


def _judged(usage: Usage, reading: Reading, *, is_claude: bool, is_open: bool) -> Usage:
    """Name the rule, and say so where the columns leave the cache open."""
    if reading.unexplained > 0:
        return replace(usage, state="output_lower_bound", rule=_MORE)
    if usage.cache_read_input_tokens is None and usage.input_tokens == 0:
        return replace(usage, cache_read_input_tokens=0, rule=_INSIDE)
    if usage.cache_read_input_tokens is None:
        return replace(usage, state="cache_split_unknown", rule=_UNSPLIT)
    if reading.cache_outside:
        return replace(usage, rule=_CLAUDE if is_claude else _OUTSIDE)
    if is_open:
        return replace(usage, state="cache_split_unknown", rule=_UNDECIDED)
    return replace(usage, rule=_INSIDE)
