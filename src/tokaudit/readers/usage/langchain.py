"""How many tokens does LangChain say a call used?

Its `usage_metadata` is the sum of all input and of all output, with the parts in `input_token_details`; beside it stands the
provider's own block, which is preferred. OpenAI's service tiers are prefixes of the parts: `priority_cache_read`.
Source: LangChain, `UsageMetadata`; LangSmith, run data format; CATALOGUE 12.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.counts import Counts, Producer
from tokaudit.readers.usage.media import Media, part
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_PRODUCER = Producer("LangChain")
_TIERS = ("priority", "flex")
_NOTHING: Mapping[str, Json] = {}


def metadata_usage(metadata: Json, model: str | None = None) -> Usage:
    """Read a `usage_metadata` block. Raises RejectRecordError."""
    if type(metadata) is not dict or not metadata:
        return MISSING_USAGE
    names = ("input_tokens", "output_tokens", "total_tokens", "input_token_details", "output_token_details")
    return _usage([metadata.get(name) for name in names], model)


def run_usage(run: Mapping[str, Json], model: str | None = None) -> Usage:
    """Read the counts that LangSmith keeps beside a run. Raises RejectRecordError."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details", "completion_token_details")
    return _usage([run.get(name) for name in names], model)


def tier_of(details: Json) -> str | None:
    """Name the service tier that the parts of the input are counted under."""
    named = (key.partition("_")[0] for key in details) if type(details) is dict else ()
    return next((tier for tier in named if tier in _TIERS), None)


def _usage(fields: list[Json], model: str | None) -> Usage:
    whole_input, whole_output, total, asked, answered = fields
    details, output_details = _object(asked), _object(answered)
    return usage_with_total(
        Counts(
            input=count(whole_input),
            output=count(whole_output),
            total=count(total),
            cache_read=_part(details, "cache_read"),
            cache_write=_written(details),
            cache_write_5m=_part(details, "ephemeral_5m_input_tokens"),
            cache_write_1h=_part(details, "ephemeral_1h_input_tokens"),
            reasoning=_part(output_details, "reasoning"),
            input_audio=_part(details, "audio"),
            output_audio=_part(output_details, "audio"),
            media=_media(details, output_details),
        ),
        _PRODUCER,
        model,
    )


def _media(details: Mapping[str, Json], output_details: Mapping[str, Json]) -> Media | None:
    if "image" in details or "video" in details or "image" in output_details:
        return {
            "input_image_tokens": part(details.get("image")),
            "input_video_tokens": part(details.get("video")),
            "output_image_tokens": part(output_details.get("image")),
        }
    return None


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else _NOTHING


def _part(details: Mapping[str, Json], name: str) -> int | None:
    """Read a part under its own name or under that of a service tier."""
    for key in (name, *(f"{tier}_{name}" for tier in _TIERS)):
        if key in details and (found := count(details[key])) is not None:
            return found
    return None


def _written(details: Mapping[str, Json]) -> int | None:
    """Read cache writes of unstated lifetime; LangChain sets them to 0 where it splits them."""
    split = any(_part(details, f"ephemeral_{life}_input_tokens") for life in ("5m", "1h"))
    return None if split else _part(details, "cache_creation")
