"""How many tokens did an OpenAI-shaped usage block bill?

OpenAI counts cached input inside the input and reasoning inside the output; of the servers that copy its API, xAI and
Google leave reasoning out, and some write the cache under names of their own.
Source: CATALOGUE of usage semantics, each rule proved by arithmetic on recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.media import Media, fitted, milliseconds, part, with_media
from tokaudit.readers.usage.searches import TOOL_COUNTS, counted_searches
from tokaudit.readers.usage.token_classes import checked, settle
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage, UsageState

FIRST_PROMPT_CACHING = 1_727_740_800_000_000
"""2024-10-01, when OpenAI began to cache prompts: earlier calls read nothing from a cache."""

_RULES = {
    (False, False): ": cache inside input, reasoning inside output",
    (True, False): " shape: cache added to input, as the counts require",
    (False, True): " shape: reasoning added to output, as the counts require",
    (True, True): " shape: cache and reasoning added, as the counts require",
}
"""By (cache outside input, reasoning outside output)."""

_PERPLEXITY = "Perplexity: reasoning added to output; citations, which have a rate of their own, left out"

_PROMPT_DETAILS = ("prompt_tokens_details", "prompt_token_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = (
    *("completion_tokens_details", "completion_token_details"),
    *("output_tokens_details", "output_token_details"),
)
_NOTHING: Mapping[str, Json] = {}

_MEDIA = frozenset(("image_tokens", "video_tokens", "cached_tokens_details", "web_search_requests"))
_BESIDE = TOOL_COUNTS | {"prompt_audio_seconds", "billable_audio_seconds"}
"""Keys of details, and of the block, that say more than text and sound: most blocks have none and are let go."""


def chat_usage(
    usage: Json,
    started_at: int | None,
    *,
    is_openai: bool = False,
    hides_thoughts: bool = False,
    api: str = "OpenAI chat",
) -> Usage:
    """Read a usage block.

    started_at  decides whether an unstated cache share can be anything but 0
    is_openai   OpenAI itself answered: counts that exceed their whole are wrong, not of another dialect
    hides_thoughts  Google answered: its thoughts, which are billed as output, stand in the total alone
    api         whose block it is, for the rule that is shown
    Raises      RejectRecordError.
    """
    if type(usage) is not dict:
        return MISSING_USAGE
    prompt = _first(usage, ("prompt_tokens", "input_tokens"))
    completion = _first(usage, ("completion_tokens", "output_tokens"))
    if prompt is None or completion is None:
        return _partial(prompt, completion)
    details, output_details = _details(usage, _PROMPT_DETAILS), _details(usage, _OUTPUT_DETAILS)
    read = _cache_read(usage, details)
    write_5m, write_1h = _cache_writes(usage, details)
    reasoning = _reasoning(usage, output_details)
    cached = (read or 0) + (write_5m or 0) + (write_1h or 0)
    total = count(usage.get("total_tokens"))
    state: UsageState = "exact"
    if reasoning and "citation_tokens" in usage:  # its total leaves out what it bills at rates of their own
        reading = settle(prompt, completion, None, cached, reasoning, reasoning_outside=True)
        rule = _PERPLEXITY
    else:
        reading = settle(prompt, completion, total, cached, reasoning or 0, inclusive=is_openai)
        rule = api + _RULES[reading.cache_outside, reading.reasoning_outside]
    if hides_thoughts and reasoning is None and reading.unexplained > 0:
        reasoning = reading.unexplained
        reading = reading._replace(output=reading.output + reasoning, unexplained=0)
        rule = f"{api} shape: thoughts of Gemini, which the total alone holds, added to output"
    if reading.unexplained > 0:
        state, rule = "output_lower_bound", f"{api} shape: the total holds tokens that no field names"
    elif read is None:
        read, state, rule = _unstated_cache(started_at, api)
    heard, spoken = part(details.get("audio_tokens")), part(output_details.get("audio_tokens"))
    whole = checked(
        Usage(reading.input, reading.output, read, write_5m, write_1h, reasoning, heard, spoken, state, rule)
    )
    if not (_MEDIA.isdisjoint(details) and _MEDIA.isdisjoint(output_details) and _BESIDE.isdisjoint(usage)):
        return with_media(whole, _media(usage, details, output_details))
    return fitted(whole) if heard or spoken else whole


def _media(usage: Mapping[str, Json], asked: Mapping[str, Json], answered: Mapping[str, Json]) -> Media:
    """Read what the details say of other media, and what is billed beside tokens."""
    cached = _details(asked, ("cached_tokens_details",))
    return {
        "input_image_tokens": part(asked.get("image_tokens")),
        "input_video_tokens": part(asked.get("video_tokens")),
        "cache_read_audio_tokens": part(cached.get("audio_tokens")),
        "cache_read_image_tokens": part(cached.get("image_tokens")),
        "output_image_tokens": part(answered.get("image_tokens")),
        "audio_ms": milliseconds(usage.get("prompt_audio_seconds", usage.get("billable_audio_seconds"))),
        **counted_searches(usage, asked),
    }


def _partial(prompt: int | None, completion: int | None) -> Usage:
    if prompt is None and completion is None:
        return MISSING_USAGE
    if prompt is None:
        return Usage(None, completion, state="missing", rule="input tokens not reported")
    return Usage(prompt, None, state="output_lower_bound", rule="output tokens not reported")


def _unstated_cache(started_at: int | None, api: str) -> tuple[int | None, UsageState, str]:
    if started_at is not None and started_at < FIRST_PROMPT_CACHING:
        return 0, "exact", f"{api} before prompt caching (2024-10-01): nothing cached"
    return None, "cache_split_unknown", f"{api}: cache share not reported"


def _first(fields: Mapping[str, Json], names: tuple[str, ...]) -> int | None:
    for name in names:
        if name in fields and (value := count(fields[name])) is not None:
            return value
    return None


def _details(usage: Mapping[str, Json], names: tuple[str, ...]) -> Mapping[str, Json]:
    for name in names:
        value = usage.get(name)
        if type(value) is dict:
            return value
    return _NOTHING


def _cache_read(usage: Mapping[str, Json], details: Mapping[str, Json]) -> int | None:
    """Read the cached tokens: OpenAI's place, then DeepSeek's, Moonshot's and LiteLLM's. They never add up."""
    if "cached_tokens" in details and (value := count(details["cached_tokens"])) is not None:
        return value
    return _first(usage, ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"))


def _cache_writes(usage: Mapping[str, Json], details: Mapping[str, Json]) -> tuple[int | None, int | None]:
    """Read the tokens written to a cache, split by lifetime where that is stated; else all are short-lived."""
    written = _first(details, ("cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens"))
    if written is None:
        written = _first(usage, ("cache_creation_input_tokens", "cache_write_tokens"))
    split = details.get("cache_creation_token_details")
    hour = count(split.get("ephemeral_1h_input_tokens")) if type(split) is dict else None
    if written is None or hour is None:
        return written, hour
    return max(written - hour, 0), hour


def _reasoning(usage: Mapping[str, Json], details: Mapping[str, Json]) -> int | None:
    if "reasoning_tokens" in details and (value := count(details["reasoning_tokens"])) is not None:
        return value
    return _first(usage, ("reasoning_tokens",))
