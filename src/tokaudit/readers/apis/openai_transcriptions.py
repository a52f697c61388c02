"""What does a logged transcription of speech say? OpenAI's audio API and servers that copy it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.apis.openai_family import provider_of
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.usage.embeddings import duration_usage, transcription_usage
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record

NAME = "openai_transcriptions"
_DONE = ("transcript.text.done", "transcription.done")
"""OpenAI's last event, and Mistral's."""


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with a transcriptions API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    response = _assemble(pair.response) if type(pair.response) is list else pair.response
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    usage = transcription_usage(body.get("usage"))
    if usage is MISSING_USAGE and "duration" in body and _is_by_duration(call, body):
        usage = duration_usage(body["duration"])
    if usage is MISSING_USAGE:
        usage = usage_beside(pair) or unreported_usage(call.http_status, call.error_type)
    return replace(
        call,
        provider_name=provider_of(body, call),
        operation_name="transcription",
        usage=usage,
        prompt=_texts("user", pair.request.get("prompt")),
        answer=_texts("assistant", body.get("text")),
    )


def _is_by_duration(call: Call, body: Mapping[str, Json]) -> bool:
    """Say whether Whisper answered, which all bill by the length of the sound: no other model states its task."""
    return "task" in body or "whisper" in (call.response_model or call.request_model or "").lower()


def _assemble(events: Iterable[Mapping[str, Json]]) -> Mapping[str, Json]:
    """Take the last event, which has the whole text and the usage; without it only the pieces are known."""
    pieces: list[str] = []
    for event in events:
        if event.get("type") in _DONE:
            return event
        if type(event.get("delta")) is str:
            pieces.append(event["delta"])
    return {"text": "".join(pieces)}


def _texts(role: Json, text: Json) -> tuple[Part, ...]:
    parts: list[Part] = []
    if type(text) is str:
        add_content(parts, role, text, 0)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="OpenAI transcriptions of speech",
    sign='an answer with `text` and a `usage` of type "tokens" or "duration", or with seconds of sound',
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Log the model beside the answer, which does not name it.",
        "features": "Log a `feature` beside the bodies.",
        "retries": "Log every attempt with its HTTP status.",
    },
    limits={
        "content": "What was spoken is sound; the log holds its transcript alone.",
        "cache split": "Transcriptions are never cached.",
        "conversations": "Transcriptions have no turns.",
    },
    identify=identify,
    read=read,
)
