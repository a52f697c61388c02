"""How many tokens did an OpenAI-shaped usage block bill?

OpenAI counts cached input inside the input and reasoning inside the output; of the servers that copy its API, xAI and
Google leave reasoning out, and some write the cache under names of their own.
Source: CATALOGUE of usage semantics, each rule proved by arithmetic on recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping

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

_PROMPT_DETAILS = ("prompt_tokens_details", "prompt_token_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = (
    *("completion_tokens_details", "completion_token_details"),
    *("output_tokens_details", "output_token_details"),
)
_NOTHING: Mapping[str, Json] = {}


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
    reading = settle(prompt, completion, count(usage.get("total_tokens")), cached, reasoning or 0, inclusive=is_openai)
    state: UsageState = "exact"
    rule = api + _RULES[reading.cache_outside, reading.reasoning_outside]
    if hides_thoughts and reasoning is None and reading.unexplained > 0:
        reasoning = reading.unexplained
        reading = reading._replace(output=reading.output + reasoning, unexplained=0)
        rule = f"{api} shape: thoughts of Gemini, which the total alone holds, added to output"
    if reading.unexplained > 0:
        state, rule = "output_lower_bound", f"{api} shape: the total holds tokens that no field names"
    elif read is None:
        read, state, rule = _unstated_cache(started_at, api)
    return checked(
        Usage(
            reading.input,
            reading.output,
            read,
            write_5m,
            write_1h,
            reasoning,
            count(details.get("audio_tokens")),
            count(output_details.get("audio_tokens")),
            state,
            rule,
        )
    )


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
