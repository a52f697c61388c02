"""How many tokens were billed, when a gateway or a tracing platform counted them?

The same model changes meaning by the tool between: some count cached input inside the input, some beside it, some hand on
whatever the provider said. A reader states what its producer does; arithmetic overrules it where the counts cannot be read
that way. Source: CATALOGUE 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from tokaudit.readers.usage.media import Media, fitted, with_media
from tokaudit.readers.usage.token_classes import Reading, checked, settle
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

Side: TypeAlias = Literal["inside", "outside", "as the provider"]
"""Where a producer counts a part: inside its whole, beside it, or wherever the provider of the model does."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one call as its producer states them. None = not stated.

    cache_write     writes whose lifetime is not stated; the two split ones beside it are parts of it where both are stated
    tool_use_input  input that tools added, which no producer counts inside the input
    media           further fields of `Usage`, by name
    """

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    tool_use_input: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    media: Media | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Producer:
    """What a producer of counts means by them.

    name        for the rule that is shown
    cache       where cache reads and writes are counted
    reasoning   where reasoning is counted
    always_states_cache  no cache field then means that nothing was cached; else that it is not known
    """

    name: str
    cache: Side = "inside"
    reasoning: Side = "inside"
    always_states_cache: bool = False


def first_count(place: Mapping[str, Json], *names: str) -> int | None:
    """Read the first of the counts that is stated. Raises RejectRecordError for one that is no count."""
    return next((found for name in names if name in place and (found := count(place[name])) is not None), None)


def usage_of(counts: Counts, producer: Producer, model: str | None = None) -> Usage:
    """Turn counts into exclusive token classes.

    model    decides where the producer hands on what the provider said
    Raises   RejectRecordError when the counts cannot be read in any way.
    """
    if counts.input is None or counts.output is None:
        return _partial(counts, producer, model)
    write_5m, write_1h = _writes(counts)
    cached = (counts.cache_read or 0) + (write_5m or 0) + (write_1h or 0)
    reading = _reading(counts, cached, producer, model)
    usage = Usage(
        reading.input + (counts.tool_use_input or 0),
        reading.output,
        counts.cache_read,
        write_5m,
        write_1h,
        counts.reasoning,
        counts.input_audio,
        counts.output_audio,
        rule=_rule(producer, reading, cached, counts.reasoning),
    )
    usage = checked(_with_known_cache(usage, producer))
    if counts.media:
        return with_media(usage, counts.media)
    return fitted(usage) if counts.input_audio or counts.output_audio else usage


def _with_known_cache(usage: Usage, producer: Producer) -> Usage:
    if usage.cache_read_input_tokens is not None:
        return usage
    if producer.always_states_cache or (usage.cache_write_5m_input_tokens or usage.cache_write_1h_input_tokens):
        return replace(usage, cache_read_input_tokens=0)
    return replace(usage, state="cache_split_unknown", rule=f"{producer.name}: cache share not reported")


def _partial(counts: Counts, producer: Producer, model: str | None) -> Usage:
    if counts.input is None and counts.output is None:
        only_total = counts.total is not None
        return Usage(None, None, state="missing", rule="only a total of tokens") if only_total else MISSING_USAGE
    if counts.input is None:
        return Usage(None, counts.output, state="missing", rule="input tokens not reported")
    whole = usage_of(replace(counts, output=0, reasoning=None, total=None, output_audio=None), producer, model)
    return replace(
        whole, output_tokens=None, output_audio_tokens=counts.output_audio, output_image_tokens=None,
        state="output_lower_bound", rule="output tokens not reported",
    )  # fmt: skip


def _writes(counts: Counts) -> tuple[int | None, int | None]:
    """Split cache writes by lifetime; writes of unstated lifetime count as short-lived, the default everywhere."""
    if counts.cache_write is None or counts.cache_write_5m is not None:
        return counts.cache_write_5m, counts.cache_write_1h
    return max(counts.cache_write - (counts.cache_write_1h or 0), 0), counts.cache_write_1h


def _reading(counts: Counts, cached: int, producer: Producer, model: str | None) -> Reading:
    whole_input, whole_output = counts.input or 0, counts.output or 0
    reasoning = counts.reasoning or 0
    if producer.cache == "as the provider":
        return settle(
            whole_input, whole_output, counts.total, cached, reasoning,
            cache_outside=_counts_cache_apart(model), reasoning_outside=_counts_thoughts_apart(model),
        )  # fmt: skip
    cache_outside = producer.cache == "outside" or cached > whole_input
    reasoning_outside = (
        producer.reasoning == "outside"
        or reasoning > whole_output
        or (producer.reasoning == "as the provider" and _counts_thoughts_apart(model))
    )
    return Reading(
        whole_input + cached * cache_outside, whole_output + reasoning * reasoning_outside,
        cache_outside, reasoning_outside, 0,
    )  # fmt: skip


def is_claude(model: str | None) -> bool:
    """Say whether a model is Anthropic's, whose API counts the cache beside the input."""
    return model is not None and "claude" in model.lower()


def _counts_cache_apart(model: str | None) -> bool:
    """Anthropic's API counts the cache beside the input, and so does Amazon's for its own models."""
    return is_claude(model) or (model is not None and "amazon.nova" in model.lower())


def _counts_thoughts_apart(model: str | None) -> bool:
    """Google's API counts thoughts beside the output, and xAI's chat API reasoning."""
    return model is not None and model.lower().rpartition("/")[2].startswith(("gemini", "grok"))


_PLACES: Mapping[bool, str] = {False: "inside", True: "added to"}


def _rule(producer: Producer, reading: Reading, cached: int, reasoning: int | None) -> str:
    told = []
    if cached or producer.cache != "inside":
        told.append(f"cache {_PLACES[reading.cache_outside]} input")
    if reasoning or producer.reasoning == "outside":
        told.append(f"reasoning {_PLACES[reading.reasoning_outside]} output")
    return f"{producer.name}: {', '.join(told) or 'as reported'}"
