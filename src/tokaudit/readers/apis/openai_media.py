"""What does a logged call for images or for speech say? OpenAI's API and servers that copy it.

The newest models bill tokens and say how many; the others bill by the image, or by the characters that are spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.apis.openai_family import provider_of
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "openai_media"
_BY_THE_IMAGE = replace(MISSING_USAGE, rule="OpenAI images: billed by the image, unless the answer counts tokens")
_BY_CHARACTERS = replace(MISSING_USAGE, rule="OpenAI speech: billed by its characters, unless the answer counts tokens")


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with an images or a speech API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    body = _answer(pair.response)
    call = logged_call(NAME, pair, body, options)
    is_speech = "voice" in pair.request or str(body.get("type")).startswith("speech.")
    return replace(
        call,
        started_at=call.started_at if call.started_at is not None else micros(body.get("created")),
        provider_name=provider_of(body, call),
        operation_name="speech" if is_speech else "image",
        usage=_usage(pair, body, call, is_speech=is_speech),
        prompt=_prompt(pair.request),
    )


def _answer(response: Json) -> Mapping[str, Json]:
    """Return the answer; of a stream the last event, which counts the tokens."""
    events = response if type(response) is list else [response]
    bodies = [event for event in events if type(event) is dict]
    return next((body for body in reversed(bodies) if "usage" in body), bodies[-1] if bodies else {})


def _usage(pair: Pair, body: Mapping[str, Json], call: Call, *, is_speech: bool) -> Usage:
    usage = chat_usage(body.get("usage"), None, api="OpenAI speech" if is_speech else "OpenAI images")
    if usage is not MISSING_USAGE:
        return usage if is_speech or usage.output_image_tokens is not None else _drawn(usage)
    found = usage_beside(pair) or unreported_usage(call.http_status, call.error_type)
    return found if found is not MISSING_USAGE else _BY_CHARACTERS if is_speech else _BY_THE_IMAGE


def _drawn(usage: Usage) -> Usage:
    """Without details, what comes back is the image. Source: OpenAI, API reference of images: "the number of image tokens in
    the output image"; newer models that also write text state details.
    """
    return with_media(usage, {"output_image_tokens": usage.output_tokens})


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for key in ("instructions", "prompt", "input"):
        add_content(parts, "system" if key == "instructions" else "user", request.get(key), len(parts))
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="OpenAI images and speech",
    sign="an answer that lists images, or a request to `/audio/speech`",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Keep `usage` of the answer, which the models that bill tokens state; of a stream keep the last event.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "retries": "Log every attempt with its HTTP status.",
    },
    limits={
        "cache split": "Images and speech state no cached tokens.",
        "conversations": "Images and speech have no turns.",
    },
    identify=identify,
    read=read,
)
