"""Which call does a log event of a coding tool tell of?

Claude Code, Gemini CLI (and Qwen Code, which is made from it) and Codex write an event for each answer, with counts under
names of their own. Claude Code counts the cache beside the input; Gemini CLI counts thoughts beside the output and what tools
added beside the input; Codex counts as OpenAI does.
Source: the tools' own telemetry code; CATALOGUE 11.3.
"""

from __future__ import annotations

from collections.abc import Callable

from tokaudit.readers.exchange.outcome import failure, status_of, unreported_usage
from tokaudit.readers.tracing.otel.attributes import Attributes, first, first_label
from tokaudit.readers.tracing.otel.facts import claude_code_id, named_provider, plain_model
from tokaudit.readers.tracing.otel.log_record import LogRecord
from tokaudit.readers.tracing.otel.usage import CLAUDE_CODE, NO_REPORT, all_zero, claude_code_counts
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.labels import code
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.schema import Aside, Call, Outcome, Usage

_GEMINI_CLI = Producer("Gemini CLI", reasoning="outside", always_states_cache=True)
_CODEX = Producer("Codex")
_UNKNOWN_LENGTH_MS = 24 * 3600 * 1000

EVENT = Aside("event of a coding tool")
_PREFIXES = ("claude_code.", "gemini_cli.", "qwen-code.", "qwen_code.", "codex.")
_GEMINI_SERVICES = ("gemini-cli", "gemini_cli", "qwen-code", "qwen_code")


def is_tool_event(record: LogRecord) -> bool:
    """Say whether a log record is an event of a coding tool."""
    return (
        record.event.startswith(_PREFIXES)
        or record.scope_name.startswith(("com.anthropic.claude_code", "codex_otel"))
        or (record.event == "api_request" and "input_tokens" in record.attributes)
        or _is_codex_answer(record.attributes)
    )


def restates_an_answer(record: LogRecord) -> bool:
    """Say whether a record repeats, in the names of the conventions, what Gemini CLI's own event tells."""
    service = record.resource.get("service.name")
    return service in _GEMINI_SERVICES or record.scope_name in _GEMINI_SERVICES


def told(record: LogRecord, reader: str) -> Outcome:
    """Tell what an event is: a call, or none. Raises RejectRecordError."""
    attributes = record.attributes
    name = record.event.rpartition(".")[2]
    if record.event.startswith("codex.") or _is_codex_answer(attributes):
        return _codex(record, reader) if _is_codex_answer(attributes) else EVENT
    if name == "api_response":
        return _gemini(record, reader, _gemini_usage(attributes))
    if name == "api_request" and ("input_tokens" in attributes or "output_tokens" in attributes):
        return _claude(record, reader, _usage(CLAUDE_CODE, claude_code_counts, attributes))
    if name == "api_error":
        is_gemini = record.event.startswith(_PREFIXES[1:4]) or restates_an_answer(record)
        return (_gemini if is_gemini else _claude)(record, reader, None)
    return EVENT


def _usage(producer: Producer, counts_of: Callable[[Attributes], Counts], attributes: Attributes) -> Usage:
    counts = counts_of(attributes)
    if all_zero(counts):
        return Usage(None, None, state="missing", rule=NO_REPORT)
    return usage_of(counts, producer, first_label(attributes, "model"))


def _gemini_usage(attributes: Attributes) -> Usage:
    return _usage(_GEMINI_CLI, _gemini_counts, attributes)


def _gemini_counts(attributes: Attributes) -> Counts:
    return Counts(
        input=first_count(attributes, "input_token_count"),
        output=first_count(attributes, "output_token_count"),
        cache_read=first_count(attributes, "cached_content_token_count"),
        reasoning=first_count(attributes, "thoughts_token_count"),
        tool_use_input=first_count(attributes, "tool_token_count"),
    )


_CODEX_INPUT = ("input_token_count", "gen_ai.usage.input_tokens")


def _is_codex_answer(attributes: Attributes) -> bool:
    """Codex writes an event for each piece of a stream; the last one has the counts."""
    kind = first(attributes, "event.kind", "event_kind")
    return kind == "response.completed" and any(name in attributes for name in _CODEX_INPUT)


def _codex_counts(attributes: Attributes) -> Counts:
    return Counts(
        input=first_count(attributes, *_CODEX_INPUT),
        output=first_count(attributes, "output_token_count", "gen_ai.usage.output_tokens"),
        cache_read=first_count(attributes, "cached_token_count", "gen_ai.usage.cache_read.input_tokens"),
        cache_write=first_count(attributes, "cache_write_token_count", "gen_ai.usage.cache_write.input_tokens"),
        reasoning=first_count(attributes, "reasoning_token_count", "codex.usage.reasoning_output_tokens"),
    )


def _claude(record: LogRecord, reader: str, usage: Usage | None) -> Call:
    attributes = record.attributes
    cost = amount(attributes.get("cost_usd"))
    return _call(
        record,
        reader,
        usage,
        call_id=claude_code_id(attributes),
        provider=named_provider(first_label(attributes, "gen_ai.system", "gen_ai.provider.name") or "anthropic"),
        cost=None if cost is None else decimal_text(cost),
    )


def _gemini(record: LogRecord, reader: str, usage: Usage | None) -> Call:
    return _call(record, reader, usage, link_id=gemini_link(record), provider="google")


def _codex(record: LogRecord, reader: str) -> Call:
    return _call(record, reader, _usage(_CODEX, _codex_counts, record.attributes), provider="openai")


def gemini_link(record: LogRecord) -> str | None:
    """Name the link between Gemini CLI's own event and its restatement: both have the session and the same time."""
    session, at = first_label(record.attributes, "session.id"), first_label(record.attributes, "event.timestamp")
    return f"gemini_cli:{session}:{at}" if session and at else None


def _call(
    record: LogRecord,
    reader: str,
    usage: Usage | None,
    *,
    call_id: str | None = None,
    link_id: str | None = None,
    provider: str | None = None,
    cost: str | None = None,
) -> Call:
    """Make a call of an event; usage None: it failed."""
    attributes = record.attributes
    http_status, _ = status_of(first(attributes, "status_code", "http.status_code", "http.response.status_code"))
    named = code(first(attributes, "error_type", "error.type"))
    error_type = failure(http_status, named, "error" if usage is None and http_status is None else None)
    latency = amount(first(attributes, "duration_ms"))
    feature = first_label(attributes, "agent.name")
    service = first_label(record.resource, "service.name")
    return Call(
        reader=reader,
        call_id=call_id,
        started_at=_started_at(record.at, None if latency is None else round(latency)),
        latency_ms=None if latency is None or latency > _UNKNOWN_LENGTH_MS else round(latency),
        provider_name=provider,
        request_model=plain_model(first_label(attributes, "model", "gen_ai.request.model", "slug")),
        http_status=http_status,
        error_type=error_type,
        finish_reason=first_label(attributes, "stop_reason"),
        feature=feature or service,
        feature_from="agent.name" if feature else "service.name" if service else None,
        user_id=first_label(attributes, "user.id", "user.account_id", "user.account_uuid"),
        conversation_id=first_label(attributes, "session.id", "conversation.id", "gen_ai.conversation.id"),
        service_tier="fast" if attributes.get("speed") == "fast" else first_label(attributes, "service_tier"),
        usage=usage if usage is not None else unreported_usage(http_status, error_type),
        logged_cost=cost,
        link_id=link_id,
    )


def _started_at(ended_at: int | None, latency_ms: int | None) -> int | None:
    """The event is written when the answer is there."""
    if ended_at is None or latency_ms is None or latency_ms > _UNKNOWN_LENGTH_MS:
        return ended_at
    return ended_at - latency_ms * 1000
