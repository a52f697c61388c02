"""What does an MLflow trace say?

One record is a whole trace. The values of span attributes are JSON in text. A chain, an LLM wrapper and the chat model inside
it may all count the same tokens: the deepest span with usage is the call, and the trace's own total is a sum.
Source: MLflow, `entities/trace*.py`, `tracing/constant.py`; CATALOGUE 12.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from tokaudit.readers.apis.kept_exchanges import billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_in
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.tracing.otel.span import is_error_status, span_id_of
from tokaudit.readers.tracing.span_tree import ancestors, without_repeats
from tokaudit.readers.usage.counts import Counts, Producer, first_count
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.team_names import team_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, RejectRecordError, Usage

NAME = "mlflow"
_MLFLOW = "mlflow."
_CALLS = ("LLM", "CHAT_MODEL", "EMBEDDING")
_KINDS: Mapping[str, str] = {
    "AGENT": "agent span",
    "CHAIN": "chain span",
    "TOOL": "tool span",
    "RETRIEVER": "retriever span",
    "PARSER": "parser span",
    "RERANKER": "reranker span",
    "MEMORY": "memory span",
    "WORKFLOW": "workflow span",
    "TASK": "task span",
    "GUARDRAIL": "guardrail span",
    "EVALUATOR": "evaluator span",
}
_PRODUCER = Producer("MLflow")
_MODELS = ("mlflow.llm.model", "model", "model_name", "gen_ai.response.model", "gen_ai.request.model", "ai.model.id")
_WRAPPER = Aside("wrapper span")
_TRACE = Aside("trace")


def identify(record: Record) -> bool:
    """Say whether the record is a trace with MLflow's spans, as the SDK, the server or a table writes it."""
    spans = _spans(_trace(record))
    return bool(spans) and any(key.startswith(_MLFLOW) for key in _raw_attributes(spans[0]))


def _trace(record: Record) -> Record:
    """Open a trace that stands in a column `trace`, as in the table of found traces."""
    inner = record.get("trace")
    opened = open_object(inner) if inner is not None and "data" not in record else {}
    return opened if "data" in opened or "spans" in opened else record


def _spans(trace: Record) -> list[Record]:
    data = trace.get("data")
    listed = data.get("spans") if type(data) is dict else trace.get("spans")
    listed = open_text(listed) if type(listed) is str and listed.startswith("[") else listed
    return [span for span in listed if type(span) is dict] if type(listed) is list else []


def _raw_attributes(span: Record) -> Mapping[str, Json]:
    attributes = span.get("attributes")
    attributes = open_object(attributes) if type(attributes) is str else attributes
    return attributes if type(attributes) is dict else {}


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Read all spans of a trace; only the deepest that count tokens are calls."""
    trace = _trace(record)
    spans = _spans(trace)
    info = open_object(trace.get("info")) or trace
    told_of_trace = _attribution(info, options)
    keys = [_span_id(span) or f"#{number}" for number, span in enumerate(spans)]
    parents = {key: _parent_id(span) for key, span in zip(keys, spans, strict=True)}
    told: dict[str, Outcome] = {}
    for key, span in zip(keys, spans, strict=True):
        told[key] = _told(span, info, told_of_trace, options)
    calls = {key: outcome for key, outcome in told.items() if isinstance(outcome, Call)}
    kept = _deepest(without_repeats(calls, parents), parents)
    return [_TRACE, *(kept.get(key, _WRAPPER) if key in calls else told[key] for key in keys)]


def _deepest(calls: Mapping[str, Call], parents: Mapping[str, str | None]) -> dict[str, Call]:
    """Leave out calls above others that count tokens."""
    counted = [key for key, call in calls.items() if call.usage.state != "missing"]
    above = {span for key in counted for span in ancestors(key, parents)}
    return {key: call for key, call in calls.items() if key not in above}


def _told(span: Record, info: Record, around: Attribution, options: ReadOptions) -> Outcome:
    attributes = {key: _decoded(value) for key, value in _raw_attributes(span).items()}
    kind = label(attributes.get("mlflow.spanType")) or label(span.get("span_type")) or ""
    if kind in _KINDS:
        return Aside(_KINDS[kind])
    try:
        usage = _usage(attributes.get("mlflow.chat.tokenUsage"))
        if kind not in _CALLS and usage == MISSING_USAGE:
            return Aside("other span")
        return _call(span, attributes, usage, info, around, options)
    except RejectRecordError as error:
        return error


def _decoded(value: Json) -> Json:
    """Read an attribute, which is JSON in text: `"\\"CHAT_MODEL\\""`; older versions wrote the value itself."""
    if type(value) is not str:
        return value
    try:
        return orjson.loads(value)
    except ValueError:
        return value


def _call(
    span: Record, attributes: Record, counted: Usage, info: Record, around: Attribution, options: ReadOptions
) -> Call:
    asked, answered = attributes.get("mlflow.spanInputs"), attributes.get("mlflow.spanOutputs")
    stated = first_label(attributes, *_MODELS)
    kept = kept_call(NAME, asked, answered, options, stated)
    is_embedding = attributes.get("mlflow.spanType") == "EMBEDDING"
    trace_id, span_id = _trace_id(info, span), _span_id(span)
    parent_id = _parent_id(span)
    started_at, ended_at = (micros(_first(span, *names), "UTC") for names in _TIMES)
    http_status, error_type = _outcome(span)
    usage = billed_usage(kept.usage, counted, http_status, error_type)
    name = team_name(span.get("name"), stated)
    own = attribution(attributes, options, [("attributes.", _own(attributes))])
    best = next(((told.feature, told.feature_from) for told in (own, around) if told.feature), (None, None))
    feature, feature_from = (name, "name") if name and best[1] in (None, _TRACE_NAME) else best
    return replace(
        kept,
        call_id=None if kept.response_id or not span_id else f"mlflow:{trace_id}:{span_id}",
        log_id=span_id,
        started_at=started_at,
        latency_ms=round((ended_at - started_at) / 1000)
        if started_at and ended_at and ended_at >= started_at
        else None,
        provider_name=_provider(attributes) or kept.provider_name,
        request_model=kept.request_model or plain_model(stated) or _asked_model(asked),
        operation_name="embeddings" if is_embedding else kept.operation_name,
        http_status=http_status,
        error_type=error_type,
        feature=feature,
        feature_from=feature_from,
        user_id=own.user_id or around.user_id,
        conversation_id=own.conversation_id or around.conversation_id,
        usage=embedding_usage({"input_tokens": usage.input_tokens}) if is_embedding and usage.input_tokens else usage,
        logged_cost=_cost(attributes.get("mlflow.llm.cost")),
        answer=() if is_embedding else kept.answer,
        tools=kept.tools or definitions(attributes.get("mlflow.chat.tools")),
        span_id=f"{trace_id}:{span_id}" if trace_id and span_id else None,
        parent_span_id=f"{trace_id}:{parent_id}" if trace_id and parent_id else None,
    )


_TIMES = (("start_time_unix_nano", "start_time_ns", "start_time"), ("end_time_unix_nano", "end_time_ns", "end_time"))
_TRACE_NAME = "tags.mlflow.traceName"
"""The trace's name is the root span's: a span's own name says more of its call."""


def _first(place: Record, *names: str) -> Json:
    return next((place[name] for name in names if place.get(name) is not None), None)


def _span_id(span: Record) -> str | None:
    context = span.get("context")
    return span_id_of(_first(span, "span_id", "spanId") or (context.get("span_id") if type(context) is dict else None))


def _parent_id(span: Record) -> str | None:
    return span_id_of(_first(span, "parent_span_id", "parent_id", "parentSpanId"))


def _trace_id(info: Record, span: Record) -> str | None:
    """Prefer the span's id of OpenTelemetry: the same span may have gone to another place too."""
    context = span.get("context")
    inner = context.get("trace_id") if type(context) is dict else None
    return span_id_of(_first(span, "trace_id") or inner) or first_label(info, "trace_id", "request_id")


def _usage(block: Json) -> Usage:
    """Read MLflow's counts, whose input includes the cache."""
    if type(block) is not dict:
        return MISSING_USAGE
    return usage_with_total(
        Counts(
            input=first_count(block, "input_tokens", "prompt_tokens"),
            output=first_count(block, "output_tokens", "completion_tokens"),
            total=first_count(block, "total_tokens"),
            cache_read=first_count(block, "cache_read_input_tokens", "cached_input_tokens"),
            cache_write=first_count(block, "cache_creation_input_tokens"),
            reasoning=first_count(block, "reasoning_tokens", "reasoning_output_tokens"),
        ),
        _PRODUCER,
    )


def _outcome(span: Record) -> tuple[int | None, str | None]:
    """Read HTTP status and error of a span: from its status, its message, and the exception noted in it."""
    status = span.get("status")
    message = status.get("message") if type(status) is dict else span.get("status_message")
    stated = status if status is not None else span.get("status_code")
    if not is_error_status(stated):
        return None, None
    http_status = status_in(message)
    return http_status, failure(http_status, _exception(span.get("events")), error_code(message), "error")


def _exception(events: Json) -> str | None:
    """Name the class of the exception noted in the span."""
    for event in events if type(events) is list else ():
        attributes = _raw_attributes(event) if type(event) is dict else {}
        if named := error_code(_decoded(attributes.get("exception.type"))):
            return named.rpartition(".")[2] or None
    return None


def _provider(attributes: Record) -> str | None:
    named = first_label(attributes, "mlflow.llm.provider", "gen_ai.provider.name", "gen_ai.system")
    return provider_of_name(named) if named else None


def _asked_model(asked: Json) -> str | None:
    return plain_model(first_label(asked, "model", "model_name", "model_id")) if type(asked) is dict else None


def _cost(costs: Json) -> str | None:
    total = amount(costs.get("total_cost")) if type(costs) is dict else None
    return None if total is None else decimal_text(total)


def _own(attributes: Record) -> Record:
    """Leave out what MLflow and the tracing libraries write among the team's attributes."""
    prefixes = (_MLFLOW, "gen_ai.", "llm.", "ai.", "openinference.", "metadata.ls_", "langgraph_")
    return {key: value for key, value in attributes.items() if not key.startswith(prefixes)}


def _attribution(info: Record, options: ReadOptions) -> Attribution:
    """Read what the trace says of all its calls."""
    metadata = open_object(_first(info, "trace_metadata", "request_metadata"))
    tags = open_object(info.get("tags"))
    own = [("tags.", _own(_plain(tags))), ("trace_metadata.", _own(_plain(metadata)))]
    named = [(_TRACE_NAME, team_name(tags.get("mlflow.traceName")))]
    found = attribution(info, options, own, named)
    return found._replace(
        user_id=label(metadata.get("mlflow.trace.user")) or found.user_id,
        conversation_id=label(metadata.get("mlflow.trace.session")) or found.conversation_id,
    )


def _plain(values: Mapping[str, Json]) -> Mapping[str, Json]:
    return {key: value for key, value in values.items() if not isinstance(value, (dict, list))}


READER = Reader(
    name=NAME,
    title="MLflow traces (SDK, server, tables of found traces)",
    sign="`info` and `data.spans` whose attributes are named `mlflow.…`",
    how_to_export="Write trace.to_json() of each trace from mlflow.search_traces(return_type='list') as one JSON line.",
    switch_on={
        "cache split": "Use MLflow 3.4 or later, which writes cache counts, or an autologger that keeps the answer's usage.",
        "content": "Leave span inputs and outputs on: autologging keeps them unless a filter removes them.",
        "features": "Name spans or traces after what they are for, or set a tag such as feature on traces.",
        "conversations": "Set the trace metadata mlflow.trace.session.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one span and leave no span of their own."},
    identify=identify,
    keys=frozenset({"data", "spans", "trace"}),
    read=read,
)
