"""Which call does one observation of Langfuse tell?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.apis.kept_exchanges import better_usage, billed_usage, kept_call
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.kept_messages import with_system
from tokaudit.readers.exchange.outcome import error_code, failure, status_in, status_of
from tokaudit.readers.tracing.langfuse_span import sent_usage, span_of
from tokaudit.readers.tracing.otel.content import answer_of, prompt_of
from tokaudit.readers.tracing.otel.facts import named_provider, provider_of
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.tracing.otel.tools import schema_of, tools_of
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.langfuse import details_usage
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, is_missing, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model
from tokaudit.readers.values.spelling import either
from tokaudit.readers.values.team_names import team_name, team_tag
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Record, Usage

TYPES: Mapping[str, str] = {
    "GENERATION": "generation",
    "EMBEDDING": "embedding",
    "SPAN": "span",
    "EVENT": "event",
    "AGENT": "agent span",
    "TOOL": "tool span",
    "CHAIN": "chain span",
    "RETRIEVER": "retriever span",
    "EVALUATOR": "evaluator span",
    "GUARDRAIL": "guardrail span",
}
"""Types of observations, and what they are called where they are no calls."""

_CALLS = ("GENERATION", "EMBEDDING")
_OTHER_UNIT = Usage(None, None, state="missing", rule="usage counted in another unit than tokens")
_ESTIMATED = "Langfuse counted the texts itself: no usage was sent"
_SERVICE = "metadata.resourceAttributes.service.name"


def type_of(observation: Record) -> str:
    """Name the type of an observation; "" when it has none."""
    named = observation.get("type") or observation.get("observationType")
    return named if type(named) is str else ""


def aside_of(observation: Record, options: ReadOptions) -> Aside:
    """Say what an observation is that is no call, where it stands in its trace, and what it says of the calls below it."""
    trace_id, identity, parent = ids_of(observation)
    told = told_around(observation, {}, open_object(observation.get("metadata")), None, options)
    return Aside(
        TYPES.get(type_of(observation), "untyped observation"),
        f"{trace_id}:{identity}" if trace_id and identity else None,
        f"{trace_id}:{parent}" if trace_id and parent else None,
        *told,
    )


def ids_of(observation: Record) -> tuple[str | None, str | None, str | None]:
    """Return the ids of the trace, of the observation, and of the one above it."""
    names = (either(observation, "traceId"), observation.get("id"), either(observation, "parentObservationId"))
    trace_id, identity, parent = (label(name) for name in names)
    return trace_id, identity, parent


def is_call(observation: Record) -> bool:
    """Say whether the observation is of a type that is a call."""
    return type_of(observation) in _CALLS


def is_empty(observation: Record) -> bool:
    """Say whether a generation tells nothing: some SDKs write one for each event of a call."""
    texts = (observation.get(key) for key in ("input", "output"))
    costs = either(observation, "costDetails"), either(observation, "totalCost")
    failed = observation.get("level") == "ERROR"
    return not failed and own_usage(observation) == MISSING_USAGE and all(map(_is_nothing, (*texts, *costs)))


def _is_nothing(value: Json) -> bool:
    return is_missing(value) or value in ({}, [], "{}", "[]", 0, "0")


def own_usage(observation: Record) -> Usage:
    """Read the counts that stand in the observation itself. Raises RejectRecordError."""
    details = open_object(either(observation, "usageDetails"))
    usage = details_usage(details)
    if usage == MISSING_USAGE:
        return _older_usage(observation)
    provided = either(observation, "providedUsageDetails")
    is_sent = provided is None or provided == "" or bool(open_object(provided))
    if is_sent or not usage.input_tokens:
        return usage
    return replace(usage, state="estimated", rule=_ESTIMATED)


def _older_usage(observation: Record) -> Usage:
    """Read the counts of earlier versions: `usage` with a unit, `promptTokens`, sums by prefix."""
    legacy = open_object(observation.get("usage"))
    if legacy.get("unit") not in (None, "TOKENS"):
        return _OTHER_UNIT
    beside = {key: observation.get(key) for key in ("promptTokens", "completionTokens", "totalTokens")}
    sums = {name: either(observation, f"{name}Usage") for name in ("input", "output", "total")}
    found = (details_usage({key: value for key, value in counts.items() if value}) for counts in (legacy, beside, sums))
    return next((usage for usage in found if usage != MISSING_USAGE), MISSING_USAGE)


def observation_call(reader: str, observation: Record, trace: Record, options: ReadOptions) -> Call:
    """Turn an observation into a call; trace is what is known of its trace, {} when that stands elsewhere.

    Raises RejectRecordError.
    """
    metadata = open_object(observation.get("metadata"))
    span = span_of(observation, metadata)
    attributes, trace_id, identity = span.attributes, span.trace_id, span.span_id
    model = _model(either(observation, "providedModelName") or observation.get("model"))
    kept = kept_call(reader, observation.get("input"), observation.get("output"), options, model)
    parent = label(either(observation, "parentObservationId"))
    http_status, error_type = _outcome(observation, attributes)
    told = told_around(observation, trace, metadata, model, options)
    response_id = kept.response_id or first_label(attributes, "gen_ai.response.id", "ai.response.id")
    is_embedding = type_of(observation) == "EMBEDDING"
    operation = "embeddings" if is_embedding else kept.operation_name
    stated = better_usage(kept.usage, sent_usage(span, model, operation))
    usage = billed_usage(stated, own_usage(observation), http_status, error_type)
    return replace(
        kept,
        call_id=None if response_id or not identity else f"langfuse:{identity}",
        response_id=response_id,
        log_id=identity,
        started_at=micros(either(observation, "startTime"), "UTC"),
        latency_ms=_latency(observation),
        provider_name=_provider(metadata, span) or kept.provider_name,
        request_model=_model(attributes.get("gen_ai.request.model")) or kept.request_model or model,
        response_model=kept.response_model or _model(attributes.get("gen_ai.response.model")) or model,
        operation_name=operation,
        http_status=http_status,
        error_type=error_type,
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        usage=_embedding(usage) if is_embedding else usage,
        logged_cost=_cost(observation),
        prompt=with_system(kept.prompt or prompt_of(span), attributes.get("gen_ai.system_instructions")),
        answer=() if is_embedding else kept.answer or answer_of(span),
        tools=kept.tools or _tools(observation) or tools_of(span),
        response_schema=kept.response_schema or schema_of(span),
        link_id=f"langfuse:{trace_id}" if trace_id else None,
        span_id=span.key,
        parent_span_id=f"{trace_id}:{parent}" if trace_id and parent else None,
    )


def _model(value: Json) -> str | None:
    return plain_model(label(value))


def _latency(observation: Record) -> int | None:
    """Measure from start to end: the `latency` of exports is in seconds, of some in ms."""
    start, end = (micros(either(observation, name), "UTC") for name in ("startTime", "endTime"))
    if start is not None and end is not None and end >= start:
        return round((end - start) / 1000)
    stated, seconds = amount(either(observation, "latencyMs")), amount(observation.get("latency"))
    return round(stated) if stated is not None else None if seconds is None else round(seconds * 1000)


def _outcome(observation: Record, attributes: Record) -> tuple[int | None, str | None]:
    """Read HTTP status and error of a failed observation, which may stand in its message."""
    if observation.get("level") != "ERROR":
        return None, None
    message = either(observation, "statusMessage")
    status, _ = status_of(message)
    http_status = status if status is not None and status >= 400 else status_in(message)
    named = error_code(attributes.get("error.type")), None if http_status else error_code(message)
    return http_status, failure(http_status, *named) or "error"


def _provider(metadata: Record, span: Span) -> str | None:
    named = label(metadata.get("ls_provider"))
    return provider_of(span) or (named_provider(named) if named else None)


def told_around(
    observation: Record, trace: Record, metadata: Record, model: str | None, options: ReadOptions
) -> Attribution:
    """Find whom and what a call was for: the team's own keys, the prompt, the name, the tags, the trace, the service."""
    above = open_object(trace.get("metadata"))
    own = [("metadata.", _without_tags(metadata)), ("trace.metadata.", _without_tags(above))]
    tags = (either(observation, "traceTags"), observation.get("tags"), trace.get("tags"), metadata.get("tags"))
    service = open_object(metadata.get("resourceAttributes")).get("service.name")
    named = (
        ("promptName", label(either(observation, "promptName"))),
        ("name", team_name(observation.get("name"), model)),
        ("tags", next((name for each in tags if (name := team_tag(each))), None)),
        ("traceName", team_name(either(observation, "traceName") or trace.get("name"), model)),
        (_SERVICE, None if str(service).startswith("unknown_service") else label(service)),
    )
    found = attribution(observation, options, own, named)
    user = (either(observation, "userId"), either(trace, "userId"))
    session = (either(observation, "sessionId"), either(trace, "sessionId"))
    return found._replace(
        user_id=next(filter(None, map(label, user)), found.user_id),
        conversation_id=next(filter(None, map(label, session)), found.conversation_id),
    )


def _without_tags(metadata: Record) -> Record:
    """LangChain writes its own tags among the team's."""
    return {key: value for key, value in metadata.items() if key != "tags"}


def _cost(observation: Record) -> str | None:
    """Read the cost in USD; Langfuse writes a total of 0 where it has no price for the model."""
    details = open_object(either(observation, "costDetails"))
    total = amount(details.get("total"))
    if total is None and details:
        parts = [amount(value) for value in details.values()]
        total = sum((part for part in parts if part is not None), Decimal(0))
    if total is None:
        stated = (either(observation, "totalCost"), observation.get("calculatedTotalCost"))
        total = next((found for value in stated if (found := amount(value))), None)
    return None if total is None else decimal_text(total)


def _tools(observation: Record) -> Json:
    """Find tool definitions beside the input: a list, or a map of name -> definition as text."""
    defined = either(observation, "toolDefinitions")
    listed = open_text(defined) if type(defined) is str else defined
    if type(listed) is dict:
        listed = [open_text(text) if type(text) is str else text for text in listed.values()]
    return listed if type(listed) is list and listed else None


def _embedding(usage: Usage) -> Usage:
    """All tokens of an embedding are input."""
    return usage if usage.input_tokens is None else embedding_usage({"input_tokens": usage.input_tokens})


def updated_at(observation: Record) -> int:
    """Say when an observation was last written: of two exports of one, the later counts."""
    return micros(either(observation, "updatedAt"), "UTC") or 0


def latest(observations: Iterable[Record]) -> list[Record]:
    """Keep of each observation the record written last, in the order of the first."""
    kept: dict[str, Record] = {}
    for number, observation in enumerate(observations):
        key = label(observation.get("id")) or f"#{number}"
        if key not in kept or updated_at(observation) >= updated_at(kept[key]):
            kept[key] = observation
    return list(kept.values())
