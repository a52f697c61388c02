"""Which call does a span tell of, and which spans of a record are calls?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tokaudit.readers.apis.kept_exchanges import better_usage
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.tracing.otel.ai_sdk import reported
from tokaudit.readers.tracing.otel.attributes import first_label
from tokaudit.readers.tracing.otel.attribution import Attribution, own_name
from tokaudit.readers.tracing.otel.bodies import call_in_bodies
from tokaudit.readers.tracing.otel.content import answer_of, finish_reason_of, prompt_of
from tokaudit.readers.tracing.otel.facts import (
    claude_code_span_id,
    cost_of,
    latency_ms,
    link_of,
    named_provider,
    outcome_of,
    plain_model,
    provider_of,
    region_of,
    service_tier_of,
)
from tokaudit.readers.tracing.otel.kinds import kind_of
from tokaudit.readers.tracing.otel.lineage import Lineage
from tokaudit.readers.tracing.otel.logfire import model_of_data, stream_ms
from tokaudit.readers.tracing.otel.raw_usage import raw_tier, raw_usage
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.tracing.otel.tools import schema_of, tools_of
from tokaudit.readers.tracing.otel.usage import VECTOR_OPERATIONS, Cached, counted, plain_columns, reports
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.schema import MISSING_USAGE, Aside, Call, Outcome, RejectRecordError

NO_SPANS = Aside("export without spans")
_WRAPPER = "span around calls"

_REQUEST_MODELS = (
    "gen_ai.request.model", "ai.model.id", "llm.request.model", "llm.model", "embedding.model_name", "model",
    "genkit:name",
)  # fmt: skip
_RESPONSE_MODELS = (
    "gen_ai.response.model",
    "ai.response.model",
    "llm.response.model",
)
_MODELS = ("llm.model_name", "langfuse.observation.model.name")
"""The one model that a library names, as served if it knows it."""
_RESPONSE_IDS = ("gen_ai.response.id", "ai.response.id", "llm.response.id", "gen_ai.response_id", "response_id")


def outcomes_of_spans(spans: Sequence[Span], reader: str, options: ReadOptions) -> list[Outcome]:
    """Tell what the spans of one record are, in their order. Raises RejectRecordError for a lone span that is broken."""
    if not spans:
        return [NO_SPANS]
    kinds = [kind_of(span) for span in spans]
    lineage = Lineage(spans, kinds, options.columns)
    pairs = list(zip(spans, kinds, strict=True))
    calls = (span for span, kind in pairs if kind.operation is not None)
    wrappers = lineage.drop_wrappers(span for span in calls if not reports(span.attributes))
    outcomes: list[Outcome] = []
    for span, kind in pairs:
        if kind.operation is None or span.key in wrappers:
            outcomes.append(_aside(span, kind.aside or _WRAPPER, lineage))
        else:
            outcomes.append(_told(span, kind.operation, lineage, reader, options, alone=len(spans) == 1))
    return outcomes


def _aside(span: Span, kind: str, lineage: Lineage) -> Aside:
    """Say what a span is that is no call, and what it says of the calls below it in other records."""
    said = lineage.attribution(span)
    above = own_name(span) if kind != _WRAPPER else None
    feature, feature_from = said._replace(above=above or said.above, service=None).use_case
    return Aside(kind, span.key, lineage.caller(span), feature, feature_from, said.user_id, said.conversation_id)


def _told(span: Span, operation: str, lineage: Lineage, reader: str, options: ReadOptions, *, alone: bool) -> Outcome:
    """Tell a call; one that is broken is a value, so that the spans beside it are kept."""
    try:
        call = call_of_span(span, operation, lineage.attribution(span), reader, options)
    except RejectRecordError as error:
        if alone:
            raise
        return error
    return replace(call, parent_span_id=lineage.caller(span))


def _time_of(span: Span) -> tuple[int | None, int | None]:
    """Return duration and start; what is written at the end of a stream states how long that took."""
    started_at = span.started_at if span.started_at is not None else span.ended_at
    streamed = stream_ms(span)
    if streamed is None or started_at is None:
        return latency_ms(span.started_at, span.ended_at), started_at
    return streamed, started_at - streamed * 1000


def call_of_span(span: Span, operation: str, attribution: Attribution, reader: str, options: ReadOptions) -> Call:
    """Turn a span into a call. Raises RejectRecordError."""
    attributes = span.attributes
    body = call_in_bodies(span, options)
    request_model = plain_model(first_label(attributes, *_REQUEST_MODELS)) or body.request_model
    response_model = (
        first_label(attributes, *_RESPONSE_MODELS) or body.response_model or first_label(attributes, *_MODELS)
    )
    if request_model is None and response_model is None:
        asked = model_of_data(attributes) or first_label(attributes, plain_columns(attributes).get("request_model", ""))
        request_model = asked
    http_status, error_type = outcome_of(span)
    feature, feature_from = attribution.use_case
    model = response_model or request_model
    own = reported(attributes, model)
    own_provider = named_provider(own.provider) if own.provider else None
    usage = next((found for found in (body.usage, own.usage) if found is not MISSING_USAGE), None)
    if usage is None or usage.input_tokens is None:
        cached = Cached(own.cache_read, own.cache_write)
        raw = raw_usage(attributes, model)
        if operation in VECTOR_OPERATIONS and raw.input_tokens is not None:
            raw = embedding_usage({"input_tokens": raw.input_tokens})
        usage = better_usage(raw, counted(span, operation, model, cached))
        if usage.state == "missing" and error_type is not None:
            usage = unreported_usage(http_status, error_type)
    latency, started_at = _time_of(span)
    return replace(
        body,
        reader=reader,
        call_id=claude_code_span_id(span),
        response_id=first_label(attributes, *_RESPONSE_IDS) or body.response_id,
        log_id=span.key,
        started_at=started_at,
        latency_ms=latency,
        provider_name=provider_of(span) or own_provider or body.provider_name,
        request_model=request_model,
        response_model=response_model,
        operation_name=operation,
        http_status=http_status,
        error_type=error_type,
        finish_reason=finish_reason_of(span) or body.finish_reason,
        feature=feature,
        feature_from=feature_from,
        user_id=attribution.user_id or body.user_id,
        conversation_id=attribution.conversation_id or body.conversation_id,
        service_tier=service_tier_of(attributes, own.service_tier) or body.service_tier or raw_tier(attributes),
        region=body.region or region_of(attributes),
        gateway_retries=own.tried.retries if body.gateway_retries is None else body.gateway_retries,
        gateway_tried=own.tried.names or body.gateway_tried,
        usage=usage,
        logged_cost=cost_of(attributes) or own.cost or body.logged_cost,
        prompt=prompt_of(span) or body.prompt,
        answer=answer_of(span) or body.answer,
        tools=tools_of(span) or body.tools,
        response_schema=schema_of(span) or body.response_schema,
        link_id=None if span.key is None else link_of(span.key),
        span_id=span.key,
        parent_span_id=span.parent_key,
    )
