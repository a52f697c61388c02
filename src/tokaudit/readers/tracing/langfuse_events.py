"""What does an event of Langfuse's ingestion say, as its event store and its SDKs' batches hold them?

An observation is created by one event and completed by others, which repeat its id and add what they know: usage and answer
come with the last. All of them are records of one call.
Source: Langfuse, ingestion API (`ingestionEvent`) and the bucket of event uploads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tokaudit.readers.values.embedded import open_object
from tokaudit.schema import Json, Record

_EVENT = re.compile(
    r"(trace|span|event|generation|embedding|agent|tool|chain|retriever|evaluator|guardrail|observation|score)-(create|update)"
    r"|sdk-log|dataset-run-item-create"
)
_NO_OBSERVATIONS = ("trace", "score", "sdk", "dataset", "observation")


def kind_of_event(record: Record) -> str | None:
    """Name what an event is about: `generation`, `trace`, …; None where the record is no event of Langfuse's."""
    named = record.get("type")
    found = _EVENT.fullmatch(named) if type(named) is str and len(named) <= 32 else None
    if found is None or type(record.get("body")) not in (dict, str) or "timestamp" not in record:
        return None
    return named.partition("-")[0] if type(named) is str else None


def body_of_event(record: Record, kind: str) -> Mapping[str, Json]:
    """Return what an event says, an observation's with its type."""
    body = open_object(record.get("body"))
    return body if kind in _NO_OBSERVATIONS else {"type": kind.upper(), **body}
