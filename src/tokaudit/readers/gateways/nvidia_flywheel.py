"""What does a log line of NVIDIA's data flywheel blueprint say?

Bodies are OpenAI's, though tool arguments may be objects and answers come without usage. Source: the blueprint's README;
CATALOGUE 13.4.
"""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Record, RejectRecordError

NAME = "nvidia_flywheel"
_NAMED = ("workload_id", "client_id")


def identify(record: Record) -> bool:
    """Say whether the record is a line of the flywheel's log."""
    return "workload_id" in record and "client_id" in record and "request" in record and "response" in record


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the line into a call. Raises RejectRecordError."""
    request, response = record.get("request"), record.get("response")
    call = call_of_bodies(request, response, options) or call_of_bodies(request, None, options)
    if call is None:
        raise RejectRecordError("no call in the record")
    for_whom = attribution(record, options, (), ((name, record.get(name)) for name in _NAMED))
    return replace(
        call,
        reader=NAME,
        started_at=micros(record.get("timestamp"), options.timezone) or call.started_at,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id or call.user_id,
        conversation_id=for_whom.conversation_id or call.conversation_id,
    )


READER = Reader(
    name=NAME,
    title="NVIDIA data flywheel logs",
    sign="workload_id and client_id beside request and response",
    how_to_export="Export the index of the flywheel's log store as JSON lines.",
    identify=identify,
    keys=frozenset({"workload_id"}),
    read=read,
    switch_on={
        "money": "Log answers with their usage: for streams, set stream_options.include_usage.",
        "cache split": "Log answers with their usage and its details.",
        "conversations": "Send a session_id in the metadata of requests.",
    },
    limits={"retries": "The log ties no tries of one request together."},
)
