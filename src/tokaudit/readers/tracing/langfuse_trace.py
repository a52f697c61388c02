"""Which calls does a whole trace of Langfuse hold, and what does a trace alone tell of calls elsewhere?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tracing.langfuse_observation import (
    aside_of,
    is_call,
    is_empty,
    latest,
    observation_call,
    own_usage,
    told_around,
)
from tokaudit.readers.tracing.span_tree import ancestors, without_repeats
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.spelling import either
from tokaudit.schema import Aside, Call, Json, Outcome, Record, RejectRecordError

_REPEAT = Aside("repeated generation")
EMPTY = Aside("empty generation")


def trace_fragment(reader: str, trace: Record, options: ReadOptions) -> Outcome:
    """Tell of a trace what its calls may lack: user, session, and a name for the use case."""
    identity = label(trace.get("id"))
    if identity is None:
        return Aside("trace")
    told = told_around({}, trace, {}, None, options)
    if not any(told):
        return Aside("trace")
    return Call(
        reader,
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        link_id=f"langfuse:{identity}",
        is_fragment=True,
    )


def read_document(reader: str, document: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Read a trace with its observations: only calls that repeat no other are told."""
    trace = open_object(document.get("trace")) or document
    observations = latest(item for item in _listed(document.get("observations")))
    parents = {_key(item): label(either(item, "parentObservationId")) for item in observations}
    told = {_key(item): _told(reader, item, trace, options) for item in observations if is_call(item)}
    told |= _calls_of_other_types(reader, observations, parents, trace, options)
    calls = {key: outcome for key, outcome in told.items() if isinstance(outcome, Call)}
    kept = without_repeats(calls, parents)
    outcomes: list[Outcome] = [Aside("trace")]
    for item in observations:
        key = _key(item)
        if key in calls:
            outcomes.append(kept.get(key, _REPEAT))
        else:
            outcomes.append(told.get(key, aside_of(item, options)))
    return outcomes


def _listed(value: Json) -> list[Record]:
    return [item for item in value if type(item) is dict] if type(value) is list else []


def _key(observation: Record) -> str:
    return label(observation.get("id")) or ""


def _told(reader: str, observation: Record, trace: Record, options: ReadOptions) -> Outcome:
    """Read one of many: counts that cannot be read cost this observation alone."""
    try:
        return EMPTY if is_empty(observation) else observation_call(reader, observation, trace, options)
    except RejectRecordError as error:
        return error


def _calls_of_other_types(
    reader: str,
    observations: Sequence[Record],
    parents: Mapping[str, str | None],
    trace: Record,
    options: ReadOptions,
) -> dict[str, Outcome]:
    """Read spans, agents and tools that count tokens of their own, with nothing below them that does."""
    counted = [item for item in observations if not is_call(item) and _counts(item)]
    busy = {_key(item) for item in (*counted, *filter(is_call, observations))}
    above = {span for key in busy for span in ancestors(key, parents)}
    return {_key(item): _told(reader, item, trace, options) for item in counted if _key(item) not in above}


def _counts(observation: Record) -> bool:
    try:
        usage = own_usage(observation)
    except RejectRecordError:
        return False
    return bool(usage.input_tokens or usage.output_tokens)
