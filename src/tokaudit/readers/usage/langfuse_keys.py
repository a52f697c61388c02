"""Which token class does a key of Langfuse's `usageDetails` name?

The map is free: its keys come from Langfuse's own mapping, from OpenInference (`prompt_details.cache_read`), or are those of
the provider. Of several keys of one class the first listed counts: they repeat one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.spelling import snake_case
from tokaudit.schema import Json

_NAMES = {
    "input": "input input_tokens prompt_tokens prompt_token_count input_token_count",
    "output": """
        output output_tokens completion_tokens candidates_token_count output_token_count generated_token_count""",
    "total": "total",
    "provider_total": "total_tokens total_token_count",
    "cache_read": """
        input_cached_tokens input_cache_read input_cached input_cache_read_tokens input_cache_read_input_tokens
        input_priority_cache_read input_flex_cache_read input_cached_content_tokens cached_modality_text
        cache_read_input_tokens cached_input_tokens cached_tokens cache_read_tokens cache_read prompt_cache_hit_tokens
        cached_content_token_count prompt_details.cache_read prompt_tokens_details.cached_tokens
        input_tokens_details.cached_tokens input_token_details.cache_read details.cache_read_tokens
        cache_read.input_tokens""",
    "cache_write": """
        input_cache_creation input_cache_write input_cache_creation_tokens input_cache_write_tokens
        input_cache_creation_input_tokens cache_creation_input_tokens cache_write_input_tokens cache_creation_tokens
        cache_write_tokens prompt_details.cache_write prompt_tokens_details.cache_write_tokens
        input_tokens_details.cache_write_tokens input_token_details.cache_creation details.cache_write_tokens
        cache_creation.input_tokens""",
    "cache_write_5m": """
        input_cache_creation_5m input_cache_write_5m input_ephemeral_5m_input_tokens ephemeral_5m_input_tokens
        cache_creation.ephemeral_5m_input_tokens input_token_details.ephemeral_5m_input_tokens""",
    "cache_write_1h": """
        input_cache_creation_1h input_cache_write_1h input_ephemeral_1h_input_tokens ephemeral_1h_input_tokens
        cache_creation.ephemeral_1h_input_tokens input_token_details.ephemeral_1h_input_tokens""",
    "reasoning": """
        output_reasoning_tokens output_reasoning output_thinking_tokens output_priority_reasoning output_flex_reasoning
        thoughts_token_count reasoning_tokens reasoning completion_details.reasoning
        completion_tokens_details.reasoning_tokens output_tokens_details.reasoning_tokens
        output_tokens_details.thinking_tokens output_token_details.reasoning details.reasoning_tokens
        details.thoughts_tokens""",
    "tool_use_input": "tool_use_prompt_token_count",
    "input_audio": """
        input_audio_tokens input_audio input_modality_audio prompt_details.audio prompt_tokens_details.audio_tokens
        input_token_details.audio""",
    "output_audio": """
        output_audio_tokens output_audio output_modality_audio completion_details.audio
        completion_tokens_details.audio_tokens output_token_details.audio""",
    "input_image": """
        input_image_tokens input_image input_modality_image prompt_details.image prompt_tokens_details.image_tokens
        input_tokens_details.image_tokens input_token_details.image""",
    "input_video": """
        input_video_tokens input_video input_modality_video prompt_tokens_details.video_tokens""",
    "output_image": """
        output_image_tokens output_image output_modality_image completion_details.image
        completion_tokens_details.image_tokens output_tokens_details.image_tokens""",
    "cache_read_audio": "cached_modality_audio",
    "cache_read_image": "cached_modality_image",
    "cache_read_video": "cached_modality_video cached_modality_document",
    "web_searches": """
        web_search_requests server_tool_use.web_search_requests web_searches web_search web_search_calls
        server_side_tool_usage_details.web_search_calls prompt_tokens_details.web_search_requests""",
}
_SIDES = ("input_", "output_")
_KNOWN = {name for names in _NAMES.values() for name in names.split()}
MEDIA_NAMES = frozenset(
    name
    for kind, names in _NAMES.items()
    if kind.endswith(("audio", "image", "video", "searches"))
    for name in names.split()
)
"""Keys of other media than text and of searches: most maps have none."""
_ORDER = {kind: names.split() for kind, names in _NAMES.items()}


def counts_of(details: Mapping[str, Json]) -> dict[str, int]:
    """Read every count of a map, keys in snake_case; what nests in objects gets dotted keys.

    Keys that name no tokens (a unit, a cost) are left out. Raises RejectRecordError.
    """
    counts: dict[str, int] = {}
    for name, value in _leaves(details, ""):
        is_count = name in _KNOWN or name.startswith(_SIDES)
        if is_count and (found := count(value)) is not None:
            counts[name] = found
    return counts


def _leaves(details: Mapping[str, Json], above: str) -> Iterator[tuple[str, Json]]:
    for key, value in details.items():
        name = above + (key.lower() if "_" in key or "." in key else snake_case(key))
        if type(value) is dict and not above:
            yield from _leaves(value, f"{name}.")
        elif type(value) in (int, float, str):
            yield name, value


def key_of(counts: Mapping[str, int], kind: str) -> str | None:
    """Name the key that states a class; None where none does."""
    return next((name for name in _ORDER[kind] if name in counts), None)


def tokens_of(counts: Mapping[str, int], kind: str) -> int | None:
    """Return the tokens of a class; None where no key states them."""
    key = key_of(counts, kind)
    return None if key is None else counts[key]


def others(counts: Mapping[str, int], prefix: str) -> Iterable[int]:
    """List what stands under further names of a side (`input_image_tokens`): parts that Langfuse took out of the whole."""
    return [counts[name] for name in counts if name.startswith(prefix) and "." not in name and name not in _KNOWN]
