"""How many tokens did an embedding, a ranking or a transcription bill?

Vectors and ranks are no tokens: all that is billed is input, and nothing of it is ever cached. Some servers state a total
alone, which is that input.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.counts import first_count
from tokaudit.readers.usage.media import milliseconds, part, with_media
from tokaudit.readers.usage.token_classes import checked
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_RULE = "embeddings: all tokens are input"
_TOTAL_RULE = "embeddings: the total is the input"
_AUDIO_RULE = "transcription: audio and text inside input"
_DURATION_RULE = "transcription: billed by its duration, not by tokens"
_NO_DURATION = Usage(None, None, state="missing", rule=_DURATION_RULE)


def embedding_usage(usage: Json) -> Usage:
    """Read the usage block of vectors or ranks. Raises RejectRecordError."""
    if type(usage) is not dict:
        return MISSING_USAGE
    named = next(
        (found for key in ("prompt_tokens", "input_tokens") if (found := count(usage.get(key))) is not None), None
    )
    total = count(usage.get("total_tokens"))
    tokens = total if named is None else named
    if tokens is None:
        return MISSING_USAGE
    return Usage(tokens, 0, 0, 0, 0, 0, rule=_TOTAL_RULE if named is None else _RULE)


def transcription_usage(usage: Json) -> Usage:
    """Read the usage block of a transcription. Raises RejectRecordError."""
    if type(usage) is not dict:
        return MISSING_USAGE
    if usage.get("type") == "duration" or ("seconds" in usage and "input_tokens" not in usage):
        return duration_usage(usage.get("seconds"))
    tokens, output = first_count(usage, "input_tokens", "prompt_tokens"), _written(usage)
    if tokens is None or output is None:
        heard = usage.get("prompt_audio_seconds")
        return duration_usage(heard) if heard is not None else MISSING_USAGE
    details = _object(usage.get("input_token_details"))
    whole = checked(Usage(tokens, output, 0, 0, 0, 0, rule=_AUDIO_RULE))
    return with_media(
        whole,
        {
            "input_audio_tokens": part(details.get("audio_tokens")),
            "audio_ms": milliseconds(usage.get("prompt_audio_seconds")),
        },
    )


def duration_usage(seconds: Json) -> Usage:
    """Write the length of sound as what was billed; no tokens are."""
    length = milliseconds(seconds)
    return _NO_DURATION if length is None else Usage(0, 0, 0, 0, 0, 0, rule=_DURATION_RULE, audio_ms=length)


def _written(usage: Mapping[str, Json]) -> int | None:
    return first_count(usage, "output_tokens", "completion_tokens")


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}
