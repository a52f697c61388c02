"""How many tokens did a provider's usage block bill, when only its shape tells whose it is?

For platforms that keep the block of whichever provider answered, without the body around it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.readers.usage.counts import Counts, Producer, is_claude, usage_of
from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_GEMINI_KEYS = ("promptTokenCount", "prompt_token_count", "candidatesTokenCount", "candidates_token_count")
_ANTHROPIC_KEYS = ("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")
_OPENAI_KEYS = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
_OPENAI_DETAILS = ("input_tokens_details", "output_tokens_details", "prompt_tokens_details", "total_tokens")
_CONVERSE = Producer("Bedrock Converse", cache="outside", always_states_cache=True)


def block_usage(block: Json, model: str | None = None, started_at: int | None = None) -> Usage:
    """Read a usage block of any provider.

    model       decides where the shape leaves Anthropic's and OpenAI's open
    started_at  decides whether an unstated cache share can be anything but 0
    Raises      RejectRecordError.
    """
    if type(block) is not dict:
        return MISSING_USAGE
    if any(key in block for key in _GEMINI_KEYS):
        return content_usage(block)
    if "inputTokens" in block and "cachedInputTokens" not in block:
        return _converse_usage(block)
    if "input_tokens" in block and _is_anthropic(block, model):
        return messages_usage(block, model)
    return chat_usage(block, started_at) if any(key in block for key in _OPENAI_KEYS) else MISSING_USAGE


def _is_anthropic(block: Mapping[str, Json], model: str | None) -> bool:
    """OpenAI's Responses API has `input_tokens` too, but always a total and details beside it."""
    if any(key in block for key in _OPENAI_DETAILS):
        return False
    return is_claude(model) or any(key in block for key in _ANTHROPIC_KEYS)


def _converse_usage(block: Mapping[str, Json]) -> Usage:
    names = ("inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return usage_of(Counts(*(count(block.get(name)) for name in names)), _CONVERSE)
