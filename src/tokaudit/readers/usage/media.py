"""Which of the tokens are of other media than text?

Counts of media are parts of the input, of the cache reads and of the output. They decide the rate, not the sum: one that is
larger than what is left of its whole is cut to it, and the rule says so. No call is rejected for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from tokaudit.readers.values.numbers import MAX_TOKENS, amount, count
from tokaudit.schema import Json, RejectRecordError, Usage

Media: TypeAlias = Mapping[str, int | None]
"""Further fields of `Usage` by name: tokens of other media, and what is billed beside tokens. None = not stated."""

_CUT = "media beyond their whole left out"
_PARTS = (
    ("cache_read_input_tokens", ("cache_read_audio_tokens", "cache_read_image_tokens")),
    ("input_tokens", ("input_audio_tokens", "input_image_tokens", "input_video_tokens")),
    ("output_tokens", ("output_audio_tokens", "output_image_tokens")),
)
"""Each whole, and the parts of it that exclude one another."""

_MS_PER_SECOND = 1000
_LONGEST_SOUND = Decimal(30 * 24 * 3600)
"""Seconds: no request holds a month of sound."""


def part(value: Json, row: Iterable[Json] = ()) -> int | None:
    """Read a count that only tells more of others, so that one which is no count tells nothing; row as of `count`."""
    if type(value) is int and 0 <= value <= MAX_TOKENS:
        return value
    try:
        return count(value, row)
    except RejectRecordError:
        return None


def first_part(place: Mapping[str, Json], *names: str) -> int | None:
    """Read the first of the counts that is stated."""
    return next((found for name in names if name in place and (found := part(place[name])) is not None), None)


def milliseconds(seconds: Json) -> int | None:
    """Read a length of sound; None where there is none."""
    length = amount(seconds)
    return round(length * _MS_PER_SECOND) if length is not None and length <= _LONGEST_SOUND else None


def with_media(usage: Usage, media: Media) -> Usage:
    """Add what is stated of other media and of what is billed beside tokens; the rest stays as it is."""
    stated = {name: found for name, found in media.items() if found is not None}
    return fitted(replace(usage, **stated)) if stated else usage  # type: ignore[arg-type]


def fitted(usage: Usage) -> Usage:
    """Cut each part to what is left of its whole."""
    cut: dict[str, int] = {}
    for whole, parts in _PARTS:
        left: int | None = getattr(usage, whole)
        for name in parts:
            tokens: int | None = getattr(usage, name)
            if tokens is not None and left is not None:
                if tokens > left:
                    cut[name] = left
                left = max(left - tokens, 0)
    return replace(usage, **cut, rule=f"{usage.rule}; {_CUT}") if cut else usage  # type: ignore[arg-type]


_CLASSES = {"audio": "audio", "image": "image", "document": "image", "video": "video"}
"""Google's modality -> ours. Google sees the pages of a document as images; genai-prices counts them so too."""
_KEPT = frozenset(name for _, parts in _PARTS for name in parts)


def add_modality(found: dict[str, int | None], side: str, modality: str, tokens: Json) -> None:
    """Add the tokens of one of Google's modalities to what was found; side: `input`, `cache_read` or `output`."""
    field = f"{side}_{_CLASSES.get(modality.rpartition('.')[2].lower())}_tokens"
    if field in _KEPT and (number := part(tokens)) is not None:
        found[field] = (found.get(field) or 0) + number
