"""How many tokens does a span count, and does its input include the cache?

Since version 1.40 the conventions count cache reads and writes inside the input; older libraries hand on what the provider
said. Which one wrote the span is told by the names of its attributes and by its library.
Source: tags 1.26 to 1.41 of open-telemetry/semantic-conventions, and the libraries named below; CATALOGUE 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.tracing.otel.attributes import Attributes, opened
from tokaudit.readers.tracing.otel.raw_usage import BLOCKS, holds_block
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.langfuse import details_usage
from tokaudit.readers.usage.media import Media, first_part
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.usage.table import row_usage
from tokaudit.readers.values.columns import columns_of
from tokaudit.schema import Usage

_INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens",
)  # fmt: skip
_TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens")

_READ_SINCE_1_40 = "gen_ai.usage.cache_read.input_tokens"
_WRITE_SINCE_1_40 = ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens")
_READ = (
    _READ_SINCE_1_40, "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.cached_input_tokens", "gen_ai.usage.cached_tokens", "gen_ai.usage.input_cached_tokens",
    "gen_ai.usage.input_tokens.cached", "gen_ai.usage.input_tokens_details.cached_tokens",
    "gen_ai.usage.prompt_tokens_details.cached_tokens", "gen_ai.usage.prompt_details.cache_read",
    "gen_ai.usage.details.cache_read_input_tokens", "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cached_tokens", "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input", "llm.usage.cache_read_input_tokens",
    "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens",
)  # fmt: skip
_WRITE = (
    *_WRITE_SINCE_1_40, "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_creation_tokens",
    "gen_ai.usage.cache_write_input_tokens", "gen_ai.usage.cache_write_tokens", "gen_ai.usage.input_cache_creation",
    "gen_ai.usage.prompt_details.cache_write", "gen_ai.usage.prompt_details.cache_creation",
    "gen_ai.usage.details.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write", "llm.usage.cache_creation_input_tokens",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
)  # fmt: skip
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.reasoning_output_tokens",
    "gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.output_reasoning_tokens",
    "gen_ai.usage.output_tokens_details.reasoning_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
    "gen_ai.usage.completion_details.reasoning", "gen_ai.usage.thoughts_tokens", "gen_ai.usage.thinking_tokens",
    "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thoughts_tokens",
    "llm.token_count.completion_details.reasoning", "llm.token_count.reasoning_tokens", "llm.usage.reasoning_tokens",
    "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens",
)  # fmt: skip
_INPUT_AUDIO = (
    "gen_ai.usage.audio.input_tokens", "gen_ai.usage.details.input_audio_tokens", "llm.token_count.prompt_details.audio",
)  # fmt: skip
_OUTPUT_AUDIO = (
    "gen_ai.usage.audio.output_tokens", "gen_ai.usage.details.output_audio_tokens",
    "llm.token_count.completion_details.audio",
)  # fmt: skip
_MEDIA = {
    "input_image_tokens": (
        "gen_ai.usage.image.input_tokens", "gen_ai.usage.details.image_prompt_tokens",
        "llm.token_count.prompt_details.image",
    ),
    "input_video_tokens": ("gen_ai.usage.video.input_tokens", "gen_ai.usage.details.video_prompt_tokens"),
    "cache_read_audio_tokens": (
        "gen_ai.usage.audio.cache_read.input_tokens", "gen_ai.usage.details.cache_audio_read_tokens",
        "gen_ai.usage.details.audio_cache_tokens",
    ),
    "cache_read_image_tokens": (
        "gen_ai.usage.image.cache_read.input_tokens", "gen_ai.usage.details.image_cache_tokens",
    ),
    "output_image_tokens": (
        "gen_ai.usage.image.output_tokens", "gen_ai.usage.details.image_candidates_tokens",
        "llm.token_count.completion_details.image",
    ),
    "web_searches": ("gen_ai.usage.details.web_search_requests", "gen_ai.usage.web_search_requests"),
}  # fmt: skip
"""The conventions' names (of their own repository, after 1.42), Pydantic AI's, and OpenInference's."""
_MEDIA_NAMES = frozenset(name for names in _MEDIA.values() for name in names)

VECTOR_OPERATIONS = ("embeddings", "rerank")
"""Operations whose tokens are all input."""
_LANGSMITH_DETAILS = "gen_ai.usage.input_token_details"
_LANGFUSE = "langfuse.observation.usage_details"
"""Where Langfuse's SDK writes all counts, in Langfuse's own names."""

CLAUDE_CODE = Producer("Claude Code", cache="outside", always_states_cache=True)
_CONVENTION = Producer("OpenTelemetry GenAI, 1.40 or later")
_OLDER = Producer("OpenTelemetry GenAI, before 1.40", cache="as the provider", reasoning="as the provider")
_OPENINFERENCE = Producer("OpenInference")
_PYDANTIC_AI = Producer("Pydantic AI", always_states_cache=True)
"""It writes each count that is not 0: without a count of cached tokens, none were."""
_TRACELOOP = Producer("OpenLLMetry", reasoning="as the provider")
"""It adds Anthropic's cache to the input wherever it writes the cache at all."""
_LITELLM = Producer("LiteLLM")
_OPENLIT = Producer("OpenLIT", cache="as the provider", reasoning="as the provider")
_AI_SDK = Producer("AI SDK 6 or later")
_AI_SDK_OLD = Producer("AI SDK 5 or earlier", cache="as the provider", reasoning="as the provider")

NO_REPORT = "counts of zero report nothing"
UNNAMED_TOKENS = "the total holds tokens that no attribute names"


def plain_columns(attributes: Attributes) -> Mapping[str, str]:
    """Find the counts and the model of a span that a team instrumented itself, by the names it chose.

    Returns field -> attribute; {} where it has not both counts and a model.
    """
    if not any("token" in name for name in attributes):
        return {}
    columns = columns_of(tuple(attributes))
    has_model = "request_model" in columns or "response_model" in columns
    return columns if has_model and "input_tokens" in columns and "output_tokens" in columns else {}


class Cached(NamedTuple):
    """Cache reads and writes of a call; None = not stated."""

    read: int | None = None
    write: int | None = None


NOT_STATED = Cached()


def has_counts(attributes: Attributes) -> bool:
    """Say whether a span counts tokens under any known name."""
    if _LANGFUSE in attributes or any(name in attributes for names in (_INPUT, _OUTPUT, _TOTAL) for name in names):
        return True
    return any(name in attributes for name in BLOCKS) and holds_block(attributes)


def counted(span: Span, operation: str, model: str | None, cached: Cached = NOT_STATED) -> Usage:
    """Read the counts of a call; cached: what the provider's own report says of the cache where the counts do not.

    Raises RejectRecordError when they cannot be read in any way.
    """
    counts = claude_code_counts(span.attributes) if is_claude_code(span) else _counts(span.attributes, cached)
    if operation in VECTOR_OPERATIONS:
        return embedding_usage({"input_tokens": counts.input, "total_tokens": counts.total})
    details = opened(span.attributes, _LANGFUSE)
    if counts.input is None and type(details) is dict:
        return details_usage(details)
    if all_zero(counts):
        return Usage(None, None, state="missing", rule=NO_REPORT)
    if counts.input is None and counts.output is None and (columns := plain_columns(span.attributes)):
        return row_usage(columns, span.attributes, model)
    producer = producer_of(span)
    usage = usage_with_total(counts, producer, model)
    whole = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    if usage.state != "missing" and counts.total is not None and counts.total > whole:
        return replace(usage, state="output_lower_bound", rule=f"{producer.name}: {UNNAMED_TOKENS}")
    return usage


def _counts(attributes: Attributes, cached: Cached) -> Counts:
    read, write = _cache_read(attributes), first_count(attributes, *_WRITE)
    return Counts(
        input=first_count(attributes, *_INPUT),
        output=first_count(attributes, *_OUTPUT),
        total=first_count(attributes, *_TOTAL),
        cache_read=cached.read if read is None else read,
        cache_write=cached.write if write is None else write,
        reasoning=first_count(attributes, *_REASONING),
        input_audio=first_count(attributes, *_INPUT_AUDIO),
        output_audio=first_count(attributes, *_OUTPUT_AUDIO),
        media=_media(attributes),
    )


def _media(attributes: Attributes) -> Media | None:
    if _MEDIA_NAMES.isdisjoint(attributes):
        return None
    return {field: first_part(attributes, *names) for field, names in _MEDIA.items()}


def _cache_read(attributes: Attributes) -> int | None:
    """Read the cached tokens, which LangSmith writes into an object of details."""
    read = first_count(attributes, *_READ)
    if read is not None or _LANGSMITH_DETAILS not in attributes:
        return read
    details = opened(attributes, _LANGSMITH_DETAILS)
    return first_count(details, "cache_read") if type(details) is dict else None


def reports(attributes: Attributes) -> bool:
    """Say whether a span reports tokens in any way: as counts, or in the body of an answer."""
    bodies = ("gcp.vertex.agent.llm_response", "output.value", "langfuse.observation.output", "mlflow.spanOutputs")
    return has_counts(attributes) or any(body in attributes for body in bodies) or bool(plain_columns(attributes))


def all_zero(counts: Counts) -> bool:
    """Say whether counts are stated and none is above 0: no model answers a prompt of no tokens with nothing."""
    stated = (counts.input, counts.output, counts.total, counts.cache_read, counts.cache_write)
    return not any(stated) and any(count is not None for count in stated)


def is_claude_code(span: Span) -> bool:
    """Say whether Claude Code itself counted: relays rename its counts and add them up."""
    return span.name.startswith("claude_code.") and "input_tokens" in span.attributes


def claude_code_counts(attributes: Attributes) -> Counts:
    """Read the counts of Claude Code, which it writes under plain names in spans and in log events."""
    return Counts(
        input=first_count(attributes, "input_tokens", *_INPUT),
        output=first_count(attributes, "output_tokens", *_OUTPUT),
        cache_read=first_count(attributes, "cache_read_tokens", *_READ),
        cache_write=first_count(attributes, "cache_creation_tokens", *_WRITE),
    )


def producer_of(span: Span) -> Producer:
    """Say whose counts these are."""
    attributes, scope = span.attributes, span.scope_name
    if is_claude_code(span):
        return CLAUDE_CODE
    if scope.startswith("pydantic-ai") or "model_request_parameters" in attributes:
        return _PYDANTIC_AI
    if any(name in attributes for name in ("llm.token_count.prompt", "llm.token_count.completion")):
        return _OPENINFERENCE
    if scope == "ai" or "ai.operationId" in attributes or "ai.model.id" in attributes:
        return _AI_SDK if is_ai_sdk_6(span) else _AI_SDK_OLD
    if scope.startswith("openlit") or attributes.get("telemetry.sdk.name") == "openlit":
        return _OPENLIT
    if any(name in attributes for name in (_READ_SINCE_1_40, *_WRITE_SINCE_1_40)):
        return _CONVENTION
    if _is_traceloop(span):
        return _TRACELOOP
    return _LITELLM if scope == "litellm" else _OLDER


def _is_traceloop(span: Span) -> bool:
    return span.scope_name.startswith(("opentelemetry.instrumentation.", "@traceloop/")) or any(
        name in span.attributes for name in ("llm.request.type", "llm.usage.total_tokens", "traceloop.workflow.name")
    )


def is_ai_sdk_6(span: Span) -> bool:
    """Tell the AI SDK of version 6 and later, whose input includes the cache, by its names or by its number."""
    attributes = span.attributes
    if "ai.usage.inputTokenDetails.noCacheTokens" in attributes or _READ_SINCE_1_40 in attributes:
        return True
    agent = attributes.get("ai.request.headers.user-agent")
    stated = agent.partition("ai/")[2] if type(agent) is str else span.scope_version
    major = stated.partition(".")[0]
    return major.isascii() and major.isdigit() and int(major[:4]) >= 6
