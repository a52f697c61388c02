"""What does a call of W&B Weave say?

Weave traces functions: one that calls a model's API has the API's answer as its output, and every function above it repeats the
sum of the tokens below in `summary.usage`. So a record is a call when its output is an answer, or when it is said or known to
be of a model and counts one request. The counts mean what the provider meant.
Source: Weave, `trace_server_interface.CallSchema`; CATALOGUE 12.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.apis.kept_exchanges import billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_in
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import begins, is_missing, label
from tokaudit.readers.values.nesting import nested
from tokaudit.readers.values.numbers import amount, count, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.team_names import team_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record

NAME = "weave"
_OBJECTS = ("inputs", "output", "summary", "attributes")
_OP = re.compile(r"(?:weave:///[^/]+/[^/]+/op/)?(.+?)(?::[^:/]*)?")
_MODEL_OPS = re.compile(
    r"(openai|anthropic|mistral\w*|cohere|groq|google|vertexai|bedrock|litellm|cerebras|together|huggingface|nvidia|ollama)\b.*"
    r"|.*(chat\.completions|completions|messages|responses|embeddings)\.(a?create|parse|stream)"
    r"|.*generate_content(_async|_stream)?|langchain\.llm\..*|.*\b(Chat)?(OpenAI|Anthropic|Bedrock|VertexAI)\b",
    re.IGNORECASE,
)
"""Operations of the provider SDKs that Weave patches, and of LangChain's models."""

_NO_CALL = "function span"


def identify(record: Record) -> bool:
    """Say whether the record is a call of Weave: the reference of its operation, or Weave's part of the summary."""
    if "op_name" not in record or not ("trace_id" in record or "started_at" in record):
        return False
    summary = record.get("summary")
    return (
        begins(record["op_name"], "weave:///")
        or (type(summary) is dict and "weave" in summary)
        or any(key.startswith("summary.weave.") for key in record)
    )


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the record is. Raises RejectRecordError."""
    if not is_missing(record.get("deleted_at")):
        return Aside("deleted call")
    call = nested(record, _OBJECTS)
    operation = _operation(record.get("op_name"))
    summary, inputs = open_object(call.get("summary")), open_object(call.get("inputs"))
    counted = _single(open_object(summary.get("usage")))
    asked = label(inputs.get("model"))
    kept = kept_call(NAME, inputs, call.get("output"), options, asked or (counted[0] if counted else None))
    attributes = open_object(call.get("attributes"))
    if not _is_call(operation, attributes, kept, counted is not None):
        told = _attribution(call, attributes, operation, None, options)
        return Aside(_NO_CALL, _span(call, "id"), _span(call, "parent_id"), *told)
    return _call(call, kept, counted, attributes, operation, options)


def _operation(op_name: Json) -> str:
    """Name the function: `weave:///entity/project/op/openai.chat.completions.create:abc`."""
    found = _OP.fullmatch(op_name) if type(op_name) is str and len(op_name) < 1000 else None
    return found[1] if found else ""


def _single(usage: Mapping[str, Json]) -> tuple[str, Mapping[str, Json]] | None:
    """Return model and counts where the summary counts one request of one model."""
    if len(usage) != 1:
        return None
    ((model, block),) = usage.items()
    if type(block) is not dict or (count(block.get("requests")) or 1) != 1:
        return None
    return model, block


def _is_call(operation: str, attributes: Record, kept: Call, is_single: bool) -> bool:
    if kept.usage.state != "missing" or kept.response_id is not None:
        return True
    weave = attributes.get("weave")
    kind = weave.get("kind") if type(weave) is dict else attributes.get("kind")
    if kind in ("agent", "tool", "chain", "scorer", "guardrail"):
        return False
    return kind == "llm" or (_MODEL_OPS.fullmatch(operation) is not None and (is_single or bool(kept.prompt)))


def _call(
    call: Record,
    kept: Call,
    counted: tuple[str, Mapping[str, Json]] | None,
    attributes: Record,
    operation: str,
    options: ReadOptions,
) -> Call:
    call_id = label(call.get("id"))
    started_at, ended_at = (micros(call.get(key), "UTC") for key in ("started_at", "ended_at"))
    served = kept.response_model or (label(counted[0]) if counted else None)
    http_status, error_type = _outcome(call)
    stated = block_usage(counted[1], served, started_at) if counted else MISSING_USAGE
    stated = stated if stated == MISSING_USAGE else replace(stated, rule=f"Weave, {stated.rule}")
    told = _attribution(call, attributes, operation, served, options)
    return replace(
        kept,
        call_id=None if kept.response_id or not call_id else f"weave:{call_id}",
        log_id=call_id,
        started_at=started_at if started_at is not None else kept.started_at,
        latency_ms=_latency(call, started_at, ended_at),
        provider_name=kept.provider_name or provider_of_name(operation.partition(".")[0]),
        request_model=plain_model(kept.request_model or label(open_object(call.get("inputs")).get("model"))),
        response_model=plain_model(served),
        operation_name="embeddings" if "embed" in operation.lower() else kept.operation_name,
        http_status=http_status,
        error_type=error_type,
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=label(call.get("thread_id")) or told.conversation_id,
        usage=billed_usage(kept.usage, stated, http_status, error_type),
        logged_cost=_cost(call),
        span_id=_span(call, "id"),
        parent_span_id=_span(call, "parent_id"),
    )


def _span(call: Record, key: str) -> str | None:
    trace_id, identity = label(call.get("trace_id")), label(call.get(key))
    return f"{trace_id}:{identity}" if trace_id and identity else None


def _latency(call: Record, started_at: int | None, ended_at: int | None) -> int | None:
    if started_at is not None and ended_at is not None and ended_at >= started_at:
        return round((ended_at - started_at) / 1000)
    stated = amount(open_object(open_object(call.get("summary")).get("weave")).get("latency_ms"))
    return None if stated is None else round(stated)


def _outcome(call: Record) -> tuple[int | None, str | None]:
    exception = call.get("exception")
    if is_missing(exception):
        return None, None
    last = exception.strip().rpartition("\n")[2] if type(exception) is str else exception  # of a traceback
    http_status, named = status_in(last), error_code(last)
    return http_status, failure(http_status, named.rpartition(".")[2] if named else None, "error")


def _cost(call: Record) -> str | None:
    """Add up what Weave computed for the model; it knows no cache rates."""
    costs = open_object(open_object(open_object(call.get("summary")).get("weave")).get("costs"))
    parts = [
        found
        for model in costs.values()
        for key, value in (model.items() if type(model) is dict else ())
        if key.endswith("_tokens_total_cost") and (found := amount(value)) is not None
    ]
    return decimal_text(sum(parts, Decimal(0))) if parts else None


def _attribution(
    call: Record, attributes: Record, operation: str, model: str | None, options: ReadOptions
) -> Attribution:
    own = {key: value for key, value in attributes.items() if key not in ("weave", "kind", "python", "os_name")}
    named = (("display_name", team_name(call.get("display_name"), model)), ("op_name", _own_function(operation, model)))
    return attribution(call, options, [("attributes.", own)], named)


def _own_function(operation: str, model: str | None) -> str | None:
    return None if _MODEL_OPS.fullmatch(operation) else team_name(operation, model)


READER = Reader(
    name=NAME,
    title="W&B Weave calls (export of traces, API)",
    sign="`op_name` that begins with `weave:///`, or `summary.weave`",
    how_to_export="In Weave select calls under Traces and export them as JSONL, or page through calls/stream_query of its API.",
    switch_on={
        "money": "Export whole calls: the tokens stand in output and summary.",
        "cache split": "Export the field output: the answer's usage has the cache, the summary of older clients does not.",
        "content": "Export inputs and output with references expanded.",
        "features": "Set weave.attributes with a key such as feature around calls, or give them a display name.",
        "conversations": "Wrap turns in weave.thread.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one call and leave no call of their own."},
    identify=identify,
    keys=frozenset({"op_name"}),
    read=read,
)
