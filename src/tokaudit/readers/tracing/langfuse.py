"""What does a Langfuse export say: observations, traces, or whole traces with their observations inside?

One format in three spellings: the API and the exports of its screens (camelCase, also as CSV), its events, and the blob
export of its tables (snake_case). Only generations and embeddings are calls; spans, agents and traces roll them up.
Source: Langfuse, batch export and blob storage export; CATALOGUE 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.tracing.langfuse_events import body_of_event, kind_of_event
from tokaudit.readers.tracing.langfuse_observation import (
    TYPES,
    aside_of,
    is_call,
    is_empty,
    observation_call,
    own_usage,
    type_of,
)
from tokaudit.readers.tracing.langfuse_span import span_of
from tokaudit.readers.tracing.langfuse_trace import EMPTY, read_document, trace_fragment
from tokaudit.readers.tracing.otel.kinds import kind_of
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.spelling import either
from tokaudit.schema import Aside, Call, Outcome, Record

NAME = "langfuse"
_OBSERVATION_KEYS = (
    *("usageDetails", "usage_details", "providedUsageDetails", "internalModelId", "internal_model_id"),
    *("parentObservationId", "parent_observation_id", "providedModelName", "provided_model_name"),
)


def identify(record: Record) -> bool:
    """Say whether the record is an observation, a trace, a score or a session of Langfuse."""
    if kind_of_event(record) is not None:
        return True
    return (
        _is_observation(record) or _is_document(record) or _is_score(record) or _is_trace(record) or _is_session(record)
    )


def _is_observation(record: Record) -> bool:
    if "traceId" not in record and "trace_id" not in record:
        return False
    if any(key in record for key in _OBSERVATION_KEYS):
        return "type" in record or "observationType" in record or either(record, "usageDetails") is not None
    return "traceId" in record and type(record.get("type")) is str and record["type"] in TYPES and "startTime" in record


def _is_document(record: Record) -> bool:
    """A trace as the API or the screen's download writes it: its observations stand inside."""
    listed = record.get("observations")
    if type(listed) is not list:
        return False
    if not listed:
        return type(record.get("trace")) is dict and "projectId" in record["trace"]
    return type(listed[0]) is dict and _is_observation(listed[0])


def _is_score(record: Record) -> bool:
    has_trace = "traceId" in record or "trace_id" in record
    has_source = "observationId" in record or "observation_id" in record
    return has_trace and has_source and "value" in record and "name" in record and "source" in record


def _is_trace(record: Record) -> bool:
    named = "userId" in record or "user_id" in record
    return (
        named
        and "timestamp" in record
        and "release" in record
        and ("bookmarked" in record or "public" in record or "htmlPath" in record)
    )


def _is_session(record: Record) -> bool:
    return "countTraces" in record and ("userIds" in record or "sessionDuration" in record)


def read(record: Record, options: ReadOptions) -> Outcome | Sequence[Outcome]:
    """Tell what the record is. Raises RejectRecordError."""
    kind = kind_of_event(record)
    if kind is not None:
        return _read_event(body_of_event(record, kind), kind, options)
    if _is_document(record):
        return read_document(NAME, record, options)
    if _is_observation(record):
        return _read_observation(record, options)
    if _is_score(record):
        return Aside("score")
    return trace_fragment(NAME, record, options) if _is_trace(record) else Aside("session")


def _read_event(body: Record, kind: str, options: ReadOptions) -> Outcome:
    """Read one of the events of an observation, which all go by its id."""
    if kind == "trace":
        return trace_fragment(NAME, body, options)
    outcome = Aside(f"{kind} event") if kind in ("score", "sdk", "dataset") else _read_observation(body, options)
    return replace(outcome, call_id=f"langfuse:{outcome.log_id}") if isinstance(outcome, Call) else outcome


def _read_observation(record: Record, options: ReadOptions) -> Outcome:
    """Read an observation by itself, without those above and below it."""
    if is_call(record) and is_empty(record):
        return EMPTY
    if is_call(record) or _is_counted_span(record):
        return observation_call(NAME, record, {}, options)
    return aside_of(record, options)


def _is_counted_span(record: Record) -> bool:
    """A span that has a model and tokens of its own may be a call, unless its library says that it is an agent or a chain."""
    if type_of(record) != "SPAN" or not either(record, "model") or not own_usage(record).input_tokens:
        return False
    span = span_of(record, open_object(record.get("metadata")))
    return not span.attributes or kind_of(span).operation is not None


READER = Reader(
    name=NAME,
    title="Langfuse observations, traces and events (screens, API, blob storage export, event uploads)",
    sign="`traceId` (or `trace_id`) with `usageDetails` or `type: GENERATION`; a trace with `observations`",
    how_to_export=(
        "In Langfuse open Tracing, Observations, and export as JSONL or CSV, or set up the blob storage export of "
        "observations and traces in the project's integrations."
    ),
    switch_on={
        "money": "Name the model of each generation as Langfuse's model list does, or send cost details with it.",
        "cache split": "Send the provider's whole usage block with its details as usage_details, not two totals.",
        "content": "Send input and output of generations, and export with the fields input and output selected.",
        "features": "Name generations after what they are for, link prompts, or tag traces.",
        "conversations": "Set a session id on traces and export the traces beside the observations.",
    },
    limits={"retries": "SDK retries happen inside one generation and leave no trace of their own."},
    identify=identify,
    keys=frozenset({"traceId", "trace_id", "observations", "release", "countTraces", "body"}),
    read=read,
)
