"""What does a Braintrust event say?

Events are spans of logs and experiments. Only those of type `llm` are calls; scores of evaluations are spans of their own. An
event that was changed is written again with a higher `_xact_id`. The SDKs count the cache inside the prompt for every
provider.
Source: braintrust-sdk wrappers, braintrust-openapi; CATALOGUE 12.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.kept_exchanges import billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_in
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.media import first_part
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, is_missing, label
from tokaudit.readers.values.nesting import nested
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.team_names import team_name, team_tag
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Json, Outcome, Record, Usage

NAME = "braintrust"
_OBJECTS = ("metrics", "metadata", "span_attributes", "input", "output", "context")
_TYPES = (
    "llm",
    "task",
    "tool",
    "function",
    "eval",
    "score",
    "automation",
    "facet",
    "preprocessor",
    "classifier",
    "review",
)
_PRODUCER = Producer("Braintrust")
_METRICS = ("prompt_tokens", "completion_tokens", "tokens", "start", "end")


def identify(record: Record) -> bool:
    """Say whether the record is an event of a log: its transaction and its span; or a span before it was sent."""
    if "_xact_id" in record:
        return "root_span_id" in record or "span_attributes" in record or "span_id" in record
    metrics = record.get("metrics")
    return (
        type(metrics) is dict
        and any(name in metrics for name in _METRICS)
        and "metadata" in record
        and "input" in record
        and (record.get("type") in _TYPES or "span_attributes" in record)
    )


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the event is. Raises RejectRecordError."""
    if record.get("_object_delete") is True:
        return Aside("deleted event")
    event = nested(record, _OBJECTS)
    attributes, metrics = open_object(event.get("span_attributes")), open_object(event.get("metrics"))
    kind = attributes.get("type") or event.get("type")
    span_id, parent_span_id = _spans(event)
    metadata = open_object(event.get("metadata"))
    name, model = attributes.get("name") or event.get("name"), first_label(metadata, "model", "model_name", "modelId")
    told = _attribution(event, metadata, name, model, options)
    if kind != "llm":
        return Aside(f"{kind} span" if kind in _TYPES else "untyped span", span_id, parent_span_id, *told)
    kept = kept_call(NAME, event.get("input"), event.get("output"), options, model)
    event_id = label(event.get("id"))
    started_at, ended_at = micros(metrics.get("start"), "UTC"), micros(metrics.get("end"), "UTC")
    http_status, error_type = _outcome(event.get("error"))
    is_embedding = type(name) is str and "embed" in name.lower()
    usage = billed_usage(kept.usage, _usage(metrics), http_status, error_type)
    return replace(
        kept,
        call_id=None if kept.response_id or not event_id else f"braintrust:{event_id}",
        log_id=event_id,
        started_at=started_at if started_at is not None else micros(event.get("created"), "UTC"),
        latency_ms=round((ended_at - started_at) / 1000)
        if started_at and ended_at and ended_at >= started_at
        else None,
        provider_name=_provider(metadata) or kept.provider_name,
        request_model=kept.request_model or plain_model(model),
        operation_name="embeddings" if is_embedding else kept.operation_name,
        http_status=http_status,
        error_type=error_type,
        finish_reason=kept.finish_reason or first_label(metadata, "stop_reason", "finish_reason"),
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        service_tier=kept.service_tier or label(metadata.get("service_tier")),
        usage=embedding_usage({"input_tokens": usage.input_tokens}) if is_embedding and usage.input_tokens else usage,
        logged_cost=_cost(metrics),
        tools=kept.tools or definitions(_opened(metadata.get("tools")), _opened(metadata.get("functions"))),
        response_schema=kept.response_schema or _schema(metadata.get("response_format")),
        span_id=span_id,
        parent_span_id=parent_span_id,
    )


def _opened(value: Json) -> Json:
    return open_text(value) if type(value) is str else value


def _spans(event: Record) -> tuple[str | None, str | None]:
    """Return the ids of the event's span and of the one above it."""
    root, parents = label(event.get("root_span_id")), _opened(event.get("span_parents"))
    ids = label(event.get("span_id")), label(parents[0]) if type(parents) is list and parents else None
    own, above = (f"{root}:{span_id}" if root and span_id else None for span_id in ids)
    return own, above


def _outcome(error: Json) -> tuple[int | None, str | None]:
    if is_missing(error):
        return None, None
    http_status = status_in(error)
    return http_status, failure(http_status, error_code(_head(error)), "error")


def _head(error: Json) -> Json:
    """Cut an exception's text before its message: `RateLimitError: …`, `RateLimitError('…')`."""
    return error[:200].partition("(")[0].strip() if type(error) is str else error


def _usage(metrics: Mapping[str, Json]) -> Usage:
    return usage_with_total(
        Counts(
            input=first_count(metrics, "prompt_tokens"),
            output=first_count(metrics, "completion_tokens"),
            total=first_count(metrics, "tokens", "total_tokens"),
            cache_read=first_count(metrics, "prompt_cached_tokens"),
            cache_write=first_count(metrics, "prompt_cache_creation_tokens"),
            cache_write_5m=first_count(metrics, "prompt_cache_creation_5m_tokens"),
            cache_write_1h=first_count(metrics, "prompt_cache_creation_1h_tokens"),
            reasoning=first_count(metrics, "completion_reasoning_tokens", "reasoning_tokens"),
            input_audio=first_count(metrics, "prompt_audio_tokens"),
            output_audio=first_count(metrics, "completion_audio_tokens"),
            media={
                "input_image_tokens": first_part(metrics, "prompt_image_tokens"),
                "output_image_tokens": first_part(metrics, "completion_image_tokens"),
            },
        ),
        _PRODUCER,
    )


def _provider(metadata: Record) -> str | None:
    named = label(metadata.get("provider"))
    return provider_of_name(named) if named else None


def _cost(metrics: Mapping[str, Json]) -> str | None:
    cost = next((found for key in ("estimated_cost", "cost") if (found := amount(metrics.get(key))) is not None), None)
    return None if cost is None else decimal_text(cost)


def _schema(response_format: Json) -> Json:
    value = _opened(response_format)
    return value if type(value) is dict and "json_schema" in value else None


def _attribution(event: Record, metadata: Record, name: Json, model: str | None, options: ReadOptions) -> Attribution:
    """Read the team's keys in the metadata; else the tags and the span's name."""
    named = (("tags", team_tag(event.get("tags"))), ("span_attributes.name", team_name(name, model)))
    return attribution(event, options, [("metadata.", metadata)], named)


READER = Reader(
    name=NAME,
    title="Braintrust events (logs, experiments, BTQL)",
    sign="`_xact_id` with `span_attributes` or `root_span_id`",
    how_to_export="Query the project's logs with BTQL (select: *) through the API and write the rows as JSON lines.",
    switch_on={
        "money": "Wrap the provider's client or set metrics.prompt_tokens and completion_tokens on llm spans.",
        "cache split": "Use an SDK version that writes prompt_cached_tokens.",
        "content": "Select the fields input and output.",
        "features": "Put a key such as feature into the metadata of spans, or tag them.",
        "conversations": "Put session_id into the metadata of spans.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one span and leave no span of their own."},
    identify=identify,
    keys=frozenset({"_xact_id", "metrics"}),
    read=read,
)
