"""How many tokens does a Langfuse observation say a call used?

Langfuse's own mapping makes its keys disjoint (`input` is the uncached rest), and so are Anthropic's; OpenInference's dotted
names and OpenAI's raw keys lie inside their whole. Each side is read both ways, and a total that fits only one decides.
Langfuse adds up a total of its own where none was sent: of raw keys only the provider's total counts.
Source: Langfuse, ingestion types and OtelIngestionProcessor; CATALOGUE 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from tokaudit.readers.usage.langfuse_keys import MEDIA_NAMES, counts_of, key_of, others, tokens_of
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.token_classes import checked
from tokaudit.schema import MISSING_USAGE, Json, Usage

_OWN = "Langfuse: disjoint keys added up"
_RAW = "Langfuse: parts inside their whole"
_MIXED = "Langfuse: parts inside or beside their whole, as names and total say"
_UNSPLIT = "Langfuse: cache share not reported"
_MORE = "Langfuse: the total holds tokens that no key names"
_NO_OUTPUT = "Langfuse: output tokens not reported"
_ONLY_TOTAL = Usage(None, None, state="missing", rule="only a total of tokens")

_MEDIA = {
    "input_audio": "input_audio_tokens",
    "input_image": "input_image_tokens",
    "input_video": "input_video_tokens",
    "cache_read_audio": "cache_read_audio_tokens",
    "cache_read_image": "cache_read_image_tokens",
    "output_audio": "output_audio_tokens",
    "output_image": "output_image_tokens",
    "web_searches": "web_searches",
}
"""Our name of a kind of key -> the field of `Usage`."""

_CACHED, _ASKED = "cached_modality_", "input_modality_"
_TOTALS = ("total", "provider_total")
_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens", "ephemeral_5m_input_tokens")
_GOOGLE_THOUGHTS = "thoughts_token_count"


class _Side(NamedTuple):
    """One side of the counts: its plain count, its parts, and whether their names say that they lie beside it."""

    whole: int
    parts: int
    beside: bool

    def readings(self) -> tuple[int, ...]:
        """Return what the side may be in all, the likeliest first."""
        if self.parts > self.whole:
            return (self.whole + self.parts,)
        both = (self.whole + self.parts, self.whole)
        return both if self.beside else both[::-1]


def details_usage(details: Mapping[str, Json]) -> Usage:
    """Read a map of counts. Raises RejectRecordError."""
    counts = counts_of(details)
    whole_input, whole_output = _whole(counts, "input"), _whole(counts, "output")
    if whole_input is None:
        if whole_output is None:
            return _ONLY_TOTAL if any(tokens_of(counts, kind) for kind in _TOTALS) else MISSING_USAGE
        return Usage(None, whole_output, state="missing", rule="input tokens not reported")
    usage = checked(_usage(counts, whole_input, whole_output))
    if MEDIA_NAMES.isdisjoint(counts):
        return usage
    return with_media(usage, {field: tokens_of(counts, kind) for kind, field in _MEDIA.items()})


def _media_parts(counts: Mapping[str, int], side: str) -> int:
    """Add up what stands under further names of a side: of several keys of one medium the first."""
    rest = sum(others(counts, side))
    if MEDIA_NAMES.isdisjoint(counts):
        return rest
    keys = (key_of(counts, kind) for kind in _MEDIA if kind.startswith(side))
    return rest + sum(counts[key] for key in keys if key is not None and "." not in key)


def _whole(counts: Mapping[str, int], side: str) -> int | None:
    """Return the count under a side's plain name; 0 where only parts of it are named."""
    plain = tokens_of(counts, side)
    has_parts = any(name.startswith(f"{side}_") and "." not in name for name in counts)
    return 0 if plain is None and has_parts else plain


def _usage(counts: Mapping[str, int], whole_input: int, whole_output: int | None) -> Usage:
    read, reasoning = _cache_read(counts), tokens_of(counts, "reasoning")
    write_5m, write_1h = _writes(counts)
    cached = (read or 0) + (write_5m or 0) + (write_1h or 0)
    beside = cached - (read or 0) if _holds_cache_by_modality(counts) else cached
    sides = (
        _Side(whole_input, beside + _media_parts(counts, "input_"), _is_input_beside(counts)),
        _Side(whole_output or 0, (reasoning or 0) + _media_parts(counts, "output_"), _is_output_beside(counts)),
    )
    tool_use, total = tokens_of(counts, "tool_use_input") or 0, _total(counts)
    all_input, all_output = _fitting(sides, None if total is None else total - tool_use)
    usage = Usage(
        all_input + tool_use,
        all_output,
        0 if read is None and (write_5m or write_1h) else read,
        write_5m,
        write_1h,
        reasoning,
        rule=_rule(sides, (all_input, all_output)),
    )
    if whole_output is None:
        return replace(usage, output_tokens=None, state="output_lower_bound", rule=_NO_OUTPUT)
    if total is not None and total > (usage.input_tokens or 0) + all_output:
        return replace(usage, state="output_lower_bound", rule=_MORE)
    if usage.cache_read_input_tokens is None:
        return replace(usage, state="cache_split_unknown", rule=_UNSPLIT)
    return usage


def _cache_read(counts: Mapping[str, int]) -> int | None:
    """Read the cached tokens; Google's are counted by modality."""
    key = key_of(counts, "cache_read")
    if key is not None and not key.startswith(_CACHED):
        return counts[key]
    parts = [counts[name] for name in counts if name.startswith(_CACHED)]
    return sum(parts) if parts else None


def _holds_cache_by_modality(counts: Mapping[str, int]) -> bool:
    """Say whether the input is counted by modality: as Google does, with what was cached inside."""
    return any(name.startswith(_CACHED) for name in counts) and any(name.startswith(_ASKED) for name in counts)


def _writes(counts: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Split cache writes by lifetime: beside the split ones Langfuse keeps what they leave over, Anthropic their sum."""
    written, short, long = (tokens_of(counts, f"cache_write{life}") for life in ("", "_5m", "_1h"))
    if written is None or (short is None and long is None):
        return (short if written is None else written), long
    split = (short or 0) + (long or 0)
    key = key_of(counts, "cache_write") or ""
    is_sum = written == split or (written > split and not key.startswith("input_"))
    return (written - (long or 0) if is_sum else written + (short or 0)), long


def _is_input_beside(counts: Mapping[str, int]) -> bool:
    """Judge by the name of the cache: Langfuse's own and Anthropic's are disjoint from the input."""
    keys = [key for kind in ("cache_read", "cache_write", "cache_write_5m") if (key := key_of(counts, kind))]
    names = keys or [name for name in counts if name.startswith("input_")]
    return any("." not in name and (name.startswith("input_") or name in _ANTHROPIC) for name in names)


def _is_output_beside(counts: Mapping[str, int]) -> bool:
    """Langfuse takes the parts out of the output; Google counts thoughts beside it."""
    key = key_of(counts, "reasoning") or "output_"
    return "." not in key and (key.startswith("output_") or key == _GOOGLE_THOUGHTS)


def _total(counts: Mapping[str, int]) -> int | None:
    """Find a total that was sent. Langfuse's own adds up all keys: beside OpenAI's raw ones it counts parts twice."""
    own, provided = tokens_of(counts, "total"), tokens_of(counts, "provider_total")
    if "input" in counts or "output" in counts:
        return provided if own is None else own
    is_disjoint = any(name in counts for name in _ANTHROPIC)
    return own if provided is None and is_disjoint else provided


def _fitting(sides: tuple[_Side, _Side], total: int | None) -> tuple[int, int]:
    """Choose the reading whose sum is the total, else the likeliest."""
    readings = [(asked, answered) for asked, answered in product(*(side.readings() for side in sides))]
    return next((reading for reading in readings if sum(reading) == total), readings[0])


def _rule(sides: tuple[_Side, _Side], chosen: tuple[int, int]) -> str:
    added = [total != side.whole for side, total in zip(sides, chosen, strict=True) if side.parts]
    if all(added):
        return _OWN
    return _MIXED if any(added) else _RAW
