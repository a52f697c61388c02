"""Which usage block of the provider, or of a library's own, does a span hold beside or instead of plain counts?

Such a block tells more than the counts: the share of the cache, and how long what was written to it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tokaudit.readers.tracing.otel.attributes import Attributes, opened
from tokaudit.readers.tracing.otel.logfire import usage_in_data
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.values.labels import label
from tokaudit.schema import MISSING_USAGE, Json, RejectRecordError, Usage

_PROVIDERS = ("gen_ai.usage.raw", "usage")
"""Where Logfire keeps the provider's block, and the OpenAI Agents SDK's."""

_MLFLOW, _LANGTRACE, _GENKIT = "mlflow.chat.tokenUsage", "llm.token.counts", "genkit:output"
BLOCKS = (*_PROVIDERS, "response_data", _MLFLOW, _LANGTRACE, _GENKIT)
_OWN: Mapping[str, Producer] = {
    _MLFLOW: Producer("MLflow"),
    _LANGTRACE: Producer("Langtrace", cache="as the provider"),
}
_GENKIT_PRODUCER = Producer("Genkit", reasoning="as the provider")
_NOTHING: Mapping[str, Json] = {}


def holds_block(attributes: Attributes) -> bool:
    """Say whether a span holds a usage block."""
    return any(True for _ in _provider_blocks(attributes)) or any(_own_block(attributes, name) for name in _OWN)


def raw_usage(attributes: Attributes, model: str | None) -> Usage:
    """Read the usage block; one that cannot be read is no reason to reject: the counts stand beside it."""
    try:
        found = (block_usage(block, model) for block in _provider_blocks(attributes))
        usage = next((usage for usage in found if usage != MISSING_USAGE), MISSING_USAGE)
        if usage != MISSING_USAGE:
            return replace(usage, rule=f"provider's usage, {usage.rule}")
        own = (_own_usage(_own_block(attributes, name), producer, model) for name, producer in _OWN.items())
        return next(
            (usage for usage in (*own, _genkit_usage(attributes, model)) if usage != MISSING_USAGE), MISSING_USAGE
        )
    except RejectRecordError:
        return MISSING_USAGE


def raw_tier(attributes: Attributes) -> str | None:
    """Read the service tier that the provider states in its block."""
    stated = (label(block.get("service_tier")) for block in _provider_blocks(attributes))
    return next((tier for tier in stated if tier), None)


def _provider_blocks(attributes: Attributes) -> Iterator[Mapping[str, Json]]:
    for name in _PROVIDERS:
        block = _own_block(attributes, name)
        if any(key.endswith(("tokens", "tokenCount", "token_count")) for key in block):
            yield block
    if "response_data" in attributes and (block := usage_in_data(attributes)):
        yield block
    whole = _own_block(attributes, _GENKIT)
    for key in ("raw", "custom"):
        answer: Json = whole.get(key)
        answer = answer if type(answer) is dict else _NOTHING
        yield from (answer[name] for name in ("usageMetadata", "usage") if type(answer.get(name)) is dict)


def _own_block(attributes: Attributes, name: str) -> Mapping[str, Json]:
    block = opened(attributes, name) if name in attributes else None
    return block if type(block) is dict else _NOTHING


def _own_usage(block: Mapping[str, Json], producer: Producer, model: str | None) -> Usage:
    if not block:
        return MISSING_USAGE
    counts = Counts(
        input=first_count(block, "input_tokens", "prompt_tokens"),
        output=first_count(block, "output_tokens", "completion_tokens"),
        total=first_count(block, "total_tokens"),
        cache_read=first_count(block, "cache_read_input_tokens", "cached_input_tokens", "cached_tokens"),
        cache_write=first_count(block, "cache_creation_input_tokens"),
        reasoning=first_count(block, "reasoning_tokens", "reasoning_output_tokens"),
    )
    return usage_with_total(counts, producer, model)


def _genkit_usage(attributes: Attributes, model: str | None) -> Usage:
    usage = _own_block(attributes, _GENKIT).get("usage")
    if type(usage) is not dict:
        return MISSING_USAGE
    counts = Counts(
        input=first_count(usage, "inputTokens"),
        output=first_count(usage, "outputTokens"),
        total=first_count(usage, "totalTokens"),
        cache_read=first_count(usage, "cachedContentTokens"),
        reasoning=first_count(usage, "thoughtsTokens"),
    )
    return usage_with_total(counts, _GENKIT_PRODUCER, model)
