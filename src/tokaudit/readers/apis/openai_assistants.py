"""What does a run of OpenAI's Assistants API say? The messages of its thread stand elsewhere; the run has what was billed.

A run is polled until it is completed: earlier copies have no usage. Its steps repeat its usage in parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair
from tokaudit.readers.apis.openai_family import ASSISTANTS, provider_of, reported_usage
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import error_code, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Record

NAME = "openai_assistants"
_RUN, _STEP = "thread.run", "thread.run.step"
_UNFINISHED = ("queued", "in_progress", "requires_action", "cancelling")
_FAILURES = ("failed", "cancelled", "expired")


def identify(record: Record) -> bool:
    """Say whether the record holds a run or a step of one."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the record is. Raises RejectRecordError."""
    pair = find_pair(record)
    body = pair.response if pair is not None and type(pair.response) is dict else {}
    if body.get("object") == _STEP:
        return Aside("step of a run")
    if body.get("status") in _UNFINISHED and type(body.get("usage")) is not dict:
        return Aside("unfinished run")
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    body = _run(pair.response)
    call = logged_call(NAME, pair, body, options)
    started_at = micros(body.get("started_at")) or micros(body.get("created_at")) or call.started_at
    provider = provider_of(body, call)
    status = label(body.get("status"))
    error_type = _failure(body, status) if status in _FAILURES else call.error_type
    return replace(
        call,
        started_at=started_at,
        latency_ms=None,  # times of a run are whole seconds
        provider_name=provider,
        error_type=error_type,
        finish_reason=None if status in _UNFINISHED else status,
        feature=call.feature or label(body.get("assistant_id")),
        feature_from=call.feature_from or ("assistant_id" if label(body.get("assistant_id")) else None),
        conversation_id=call.conversation_id or label(body.get("thread_id")),
        usage=reported_usage(pair, body, started_at, provider, ASSISTANTS)
        or unreported_usage(call.http_status, error_type),
    )


def _failure(run: Mapping[str, Json], status: str | None) -> str | None:
    return error_code(run.get("last_error")) or status


def _run(response: Json) -> Mapping[str, Json]:
    """Return the run; of a stream its last copy."""
    copies = response if type(response) is list else [response]
    runs = [copy for copy in copies if type(copy) is dict and copy.get("object") in (_RUN, _STEP)]
    run = next((copy for copy in reversed(runs) if copy["object"] == _RUN), {})
    return run or (runs[-1] if runs else {})


READER = Reader(
    name=NAME,
    title="OpenAI Assistants runs",
    sign="an object `thread.run` with `usage`, or the stream of a run",
    how_to_export="Log each run as it comes back once it is completed, or its whole event stream.",
    switch_on={
        "money": "Keep the runs that are completed, failed or expired: only they have `usage`.",
        "cache split": "Keep `usage.prompt_token_details` of the run as it came.",
        "features": "Log a `feature` beside the run; without it runs are told apart by their assistant.",
    },
    limits={
        "content": "A run does not hold the messages of its thread.",
        "retries": "A run does not say how often its model was asked.",
    },
    identify=identify,
    read=read,
)
