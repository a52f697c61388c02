"""How many tokens did an embedding, a ranking or a transcription bill?

Vectors and ranks are no tokens: all that is billed is input, and nothing of it is ever cached. Some servers state a total
alone, which is that input.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.token_classes import checked
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_RULE = "embeddings: all tokens are input"
_TOTAL_RULE = "embeddings: the total is the input"
_AUDIO_RULE = "transcription: audio and text inside input"
_DURATION = Usage(None, None, state="missing", rule="transcription: billed by its duration, not by tokens")


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
        return _DURATION
    tokens, output = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    if tokens is None or output is None:
        return MISSING_USAGE
    details = usage.get("input_token_details")
    audio = count(_object(details).get("audio_tokens"))
    return checked(Usage(tokens, output, 0, 0, 0, 0, audio, rule=_AUDIO_RULE))


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}
