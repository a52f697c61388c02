"""What does a span of Datadog LLM Observability say?

Spans of the kinds `llm` and `embedding` are calls. The SDK counts the cache inside the input for every provider. The export API
has the same span flat; its estimated costs are in billionths of a dollar (1,500 for 10 tokens at $0.15 a million).
Source: dd-trace-py, `llmobs`; Datadog docs, LLM Observability HTTP API and Export API; CATALOGUE 12.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.apis.kept_exchanges import billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_in
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.nesting import nested
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.team_names import team_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Json, Outcome, Record, RejectRecordError, Usage

NAME = "datadog_llm_obs"
_OBJECTS = ("meta", "metrics", "input", "output", "metadata")
_CALLS = ("llm", "embedding")
_ASIDES = ("agent", "workflow", "tool", "task", "retrieval", "experiment", "step")
_PRODUCER = Producer("Datadog")
_NANODOLLARS = -9
_NO_PARENT = (None, "undefined", "0")
_TAG_FIELDS = ("service", "env", "version", "source", "error", "ddtrace.version", "language", "ml_app", "integration")
"""Tags that Datadog itself sets."""


def identify(record: Record) -> bool:
    """Say whether the record is a span, or a payload of the intake with spans inside."""
    if _payload(record) is not None:
        return True
    if "start_ns" not in record or "duration" not in record:
        return False
    return "span_kind" in record or _kind(nested(record, _OBJECTS)) is not None


def _payload(record: Record) -> tuple[Record, list[Json]] | None:
    """Return what a payload says of its spans, and the spans."""
    data = record.get("data")
    inner = data.get("attributes") if type(data) is dict else None
    places: tuple[Record, ...] = (inner, record) if type(inner) is dict else (record,)
    for place in places:
        spans = place.get("spans")
        if type(spans) is list and spans and type(spans[0]) is dict and "start_ns" in spans[0] and "meta" in spans[0]:
            return place, spans
    return None


def _kind(span: Record) -> str | None:
    """Read the kind, which the SDK, the intake and the export API spell in their own ways."""
    meta = span.get("meta")
    meta = meta if type(meta) is dict else {}
    inner = meta.get("span")
    return (
        first_label(span, "span_kind", "kind")
        or first_label(meta, "span.kind", "kind")
        or (label(inner.get("kind")) if type(inner) is dict else None)
    )


def read(record: Record, options: ReadOptions) -> Outcome | Sequence[Outcome]:
    """Tell what a span is, or each span of a payload. Raises RejectRecordError."""
    payload = _payload(record)
    if payload is None:
        return _read_span(record, {}, options)
    around, spans = payload
    return [_told(span, around, options) for span in spans]


def _told(span: Json, around: Record, options: ReadOptions) -> Outcome:
    if type(span) is not dict:
        return Aside("broken span")
    try:
        return _read_span(span, around, options)
    except RejectRecordError as error:
        return error


def _read_span(record: Record, around: Record, options: ReadOptions) -> Outcome:
    span = nested(record, _OBJECTS)
    kind = _kind(span)
    trace_id, span_id, parent_id = (label(span.get(key)) for key in ("trace_id", "span_id", "parent_id"))
    own = f"{trace_id}:{span_id}" if trace_id and span_id else None
    above = f"{trace_id}:{parent_id}" if trace_id and parent_id not in _NO_PARENT else None
    meta = open_object(span.get("meta")) or span
    metrics, metadata = open_object(span.get("metrics")), open_object(meta.get("metadata"))
    model = first_label(meta, "model_name") or first_label(span, "model_name")
    told = _attribution(span, around, metadata, model, options)
    if kind not in _CALLS:
        return Aside(f"{kind} span" if kind in _ASIDES else "other span", own, above, *told)
    kept = kept_call(NAME, _text(meta.get("input")), _text(meta.get("output")), options, model)
    duration = amount(span.get("duration"))
    http_status, error_type = _outcome(span, meta)
    usage = billed_usage(kept.usage, _usage(metrics), http_status, error_type)
    provider = first_label(meta, "model_provider") or first_label(span, "model_provider")
    return replace(
        kept,
        call_id=None if kept.response_id or not span_id else f"datadog:{trace_id}:{span_id}",
        log_id=span_id,
        started_at=micros(_digits(span.get("start_ns")), "UTC"),
        latency_ms=None if duration is None else round(duration / 1_000_000),
        provider_name=(provider_of_name(provider) if provider else None) or kept.provider_name,
        request_model=plain_model(model) or kept.request_model,
        operation_name="embeddings" if kind == "embedding" else kept.operation_name,
        http_status=http_status,
        error_type=error_type,
        finish_reason=kept.finish_reason or first_label(metadata, "finish_reason", "stop_reason"),
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        usage=embedding_usage({"input_tokens": usage.input_tokens})
        if kind == "embedding" and usage.input_tokens
        else usage,
        logged_cost=_cost(metrics),
        answer=() if kind == "embedding" else kept.answer,
        tools=kept.tools or definitions(meta.get("tool_definitions"), span.get("tool_definitions")),
        span_id=own,
        parent_span_id=above,
    )


def _digits(value: Json) -> Json:
    return int(value) if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20 else value


def _text(side: Json) -> Json:
    """Take the messages of a side, else its value; for embeddings the documents."""
    opened = open_object(side)
    for key in ("messages", "value", "documents", "prompt"):
        if opened.get(key):
            return opened[key]
    return side if type(side) is str else None


def _usage(metrics: Mapping[str, Json]) -> Usage:
    return usage_with_total(
        Counts(
            input=first_count(metrics, "input_tokens", "prompt_tokens"),
            output=first_count(metrics, "output_tokens", "completion_tokens"),
            total=first_count(metrics, "total_tokens"),
            cache_read=first_count(metrics, "cache_read_input_tokens"),
            cache_write=first_count(metrics, "cache_write_input_tokens"),
            cache_write_5m=first_count(metrics, "ephemeral_5m_input_tokens"),
            cache_write_1h=first_count(metrics, "ephemeral_1h_input_tokens"),
            reasoning=first_count(metrics, "reasoning_output_tokens"),
        ),
        _PRODUCER,
    )


def _cost(metrics: Mapping[str, Json]) -> str | None:
    """Read the cost: what an SDK user stated is in USD, what Datadog estimated in billionths."""
    stated = amount(metrics.get("total_cost"))
    if stated is None:
        parts = [found for key in ("input_cost", "output_cost") if (found := amount(metrics.get(key))) is not None]
        stated = sum(parts, Decimal(0)) if parts else None
    estimated = amount(metrics.get("estimated_total_cost"))
    if stated is None and estimated is not None:
        stated = estimated.scaleb(_NANODOLLARS)
    return None if stated is None else decimal_text(stated)


def _outcome(span: Record, meta: Record) -> tuple[int | None, str | None]:
    if span.get("status") != "error":
        return None, None
    error: Json = meta.get("error") or span.get("error")
    held = error if type(error) is dict else {"type": meta.get("error.type"), "message": meta.get("error.message")}
    named, http_status = held.get("type"), status_in(held.get("message"))
    short = named.rpartition(".")[2] if type(named) is str else named
    return http_status, failure(http_status, error_code(short), "error")


def _attribution(
    span: Record, around: Record, metadata: Record, model: str | None, options: ReadOptions
) -> Attribution:
    """Read the team's tags and metadata; else the span's name, and at last the application."""
    tags = {**_tags(around.get("tags")), **_tags(span.get("tags"))}
    own = {key: value for key, value in tags.items() if key not in _TAG_FIELDS}
    app = first_label(span, "ml_app") or first_label(around, "ml_app") or label(tags.get("ml_app"))
    named = (
        ("name", team_name(span.get("name"), model)),
        ("ml_app", app),
        ("tags.service", label(tags.get("service"))),
    )
    found = attribution(span, options, [("tags.", own), ("metadata.", metadata)], named)
    session = first_label(span, "session_id") or first_label(around, "session_id")
    return found._replace(conversation_id=session or found.conversation_id)


def _tags(tags: Json) -> dict[str, Json]:
    """Read tags written as `key:value`."""
    found: dict[str, Json] = {}
    for tag in tags if type(tags) is list else ():
        key, _, value = tag.partition(":") if type(tag) is str else ("", "", "")
        if key and value:
            found.setdefault(key, value)
    return found


READER = Reader(
    name=NAME,
    title="Datadog LLM Observability spans (SDK payloads, intake, export API)",
    sign="`start_ns` and `duration` with `meta.span.kind` or `span_kind`",
    how_to_export=(
        "Page through POST /api/v2/llm-obs/v1/spans/events/search with span_kind llm and a time range (its default is the "
        "last 15 minutes) and keep the answers."
    ),
    switch_on={
        "cache split": "Update the Datadog SDK: newer versions write cache_read_input_tokens and cache_write_input_tokens.",
        "content": "Leave the collection of inputs and outputs on; spans of more than 1 MB lose them.",
        "features": "Annotate spans with a tag such as feature, or run each use case as an ml_app of its own.",
        "conversations": "Pass session_id to the root span.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one span and leave no span of their own."},
    identify=identify,
    keys=frozenset({"start_ns", "spans", "data"}),
    read=read,
)
