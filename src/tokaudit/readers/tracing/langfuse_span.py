"""What did the span say that Langfuse made an observation of?

Libraries that send OpenTelemetry leave their attributes in the observation's metadata. Langfuse maps them to its own fields and
loses what it does not know: which library counted, hidden reasoning, the provider's own report.
"""

from __future__ import annotations

from tokaudit.readers.tracing.otel.ai_sdk import reported
from tokaudit.readers.tracing.otel.attributes import attributes_of
from tokaudit.readers.tracing.otel.span import Span, scope_of
from tokaudit.readers.tracing.otel.usage import Cached, counted, has_counts
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.spelling import either
from tokaudit.schema import MISSING_USAGE, Record, RejectRecordError, Usage


def span_of(observation: Record, metadata: Record) -> Span:
    """Read the span, whose attributes stand in the metadata as they were sent; without any it has none."""
    scope_name, scope_version = scope_of(metadata.get("scope"))
    return Span(
        label(either(observation, "traceId")),
        label(observation.get("id")),
        name=label(observation.get("name")) or "",
        scope_name=scope_name,
        scope_version=scope_version,
        attributes=attributes_of(metadata.get("attributes")),
        resource=attributes_of(metadata.get("resourceAttributes")),
    )


def sent_usage(span: Span, model: str | None, operation: str) -> Usage:
    """Read what the library itself sent; counts that cannot be read are no reason to reject: Langfuse has its own."""
    try:
        own = reported(span.attributes, model)
        if own.usage != MISSING_USAGE:
            return own.usage
        cached = Cached(own.cache_read, own.cache_write)
        return counted(span, operation, model, cached) if has_counts(span.attributes) else MISSING_USAGE
    except RejectRecordError:
        return MISSING_USAGE
