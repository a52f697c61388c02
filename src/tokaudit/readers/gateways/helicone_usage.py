"""How many tokens were billed, by the counts of a row of Helicone?

Where Helicone counts a cache it leaves it out of `prompt_tokens`, and reasoning out of `completion_tokens`; older rows hand
on what the provider said. Of reasoning the newest rows alone tell. Source: Helicone's usage processors; CATALOGUE 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.usage.counts import Counts, Producer, is_claude, usage_of
from tokaudit.readers.values.labels import begins
from tokaudit.readers.values.numbers import count
from tokaudit.schema import Json, Usage

_PRODUCER = Producer("Helicone", cache="outside", reasoning="outside")
_HIDDEN_CACHE = "Helicone: cached tokens are not in the export, and may not be in the input"
_HIDDEN_REASONING = "Helicone: reasoning tokens are not in the export"
_DO_NOT_REASON = (
    *("gpt-3.5", "gpt-35", "gpt-4", "chatgpt-4o", "text-", "gemini-1", "gemini-2.0", "llama", "mistral", "mixtral"),
    *("codestral", "command", "amazon.titan", "nova-lite", "nova-micro", "nova-pro"),
)
"""Families of models without hidden reasoning. Of any other the completion is what is known of the output."""


def row_counts_usage(row: Mapping[str, Json], model: str | None) -> Usage:
    """Read the counts of a row without a provider's usage block. Raises RejectRecordError."""
    reasoning = _stated(row, "reasoning_tokens")
    counts = Counts(
        input=_stated(row, "prompt_tokens"),
        output=_stated(row, "completion_tokens"),
        cache_read=_stated(row, "prompt_cache_read_tokens"),
        cache_write=_stated(row, "prompt_cache_write_tokens"),
        reasoning=reasoning,
        input_audio=_stated(row, "prompt_audio_tokens"),
        output_audio=_stated(row, "completion_audio_tokens"),
    )
    usage = usage_of(counts, _PRODUCER, model)
    if usage.output_tokens and "reasoning_tokens" not in row and _may_reason(model):
        return replace(usage, state="output_lower_bound", rule=_HIDDEN_REASONING)
    return replace(usage, rule=_HIDDEN_CACHE) if usage.state == "cache_split_unknown" else usage


def _stated(row: Mapping[str, Json], name: str) -> int | None:
    """Read a count; -1 stands for none."""
    value = row.get(name)
    return None if value in (-1, "-1") else count(value)


def _may_reason(model: str | None) -> bool:
    """Anthropic's thinking is inside its output in every row."""
    return not (is_claude(model) or begins((model or "").lower().rpartition("/")[2], _DO_NOT_REASON))
