"""By which id is a call known again, in whatever file it stands, and which of its records tells most?"""

from __future__ import annotations

import re

from xxhash import xxh3_64_intdigest

from tokaudit.schema import Call


def fullness(call: Call) -> int:
    """Rate how much a record tells, so that the fullest record of a call can win."""
    return (
        32 * (call.usage.state != "missing")
        + 16 * bool(call.prompt)
        + 8 * bool(call.answer)
        + 4 * (call.usage.cache_read_input_tokens is not None)
        + 2 * (call.started_at is not None)
        + (call.feature is not None)
    )


def call_key(call: Call, record_id: int) -> int:
    """Identify the call over all files: by the format's own identity, the provider's id, the logger's id and time, or the
    record itself.

    A logger's id alone may be a row number that another file uses too; in the same millisecond it is the same call (many
    sinks write no more of a time than that).
    """
    if call.call_id:
        return key_of("call", call.call_id)
    if call.response_id:
        return key_of("response", _unique(call.response_id, call))
    if call.log_id:
        at = None if call.started_at is None else call.started_at // 1000
        return key_of("log", f"{call.log_id}:{at}:{call.request_model}")
    return record_id


_FEW_IDS = re.compile(r"chatcmpl-[0-9]{1,3}")
"""Ollama draws the ids of its OpenAI-compatible answers from a thousand. Source: ollama, openai/openai.go."""


def _unique(response_id: str, call: Call) -> str:
    """Return what tells an answer from all others: its id, or, where ids come back, what it said it cost as well."""
    if not _FEW_IDS.fullmatch(response_id):
        return response_id
    return f"{response_id}:{call.response_model}:{call.usage.input_tokens}:{call.usage.output_tokens}"


def key_of(kind: str, name: str | None) -> int:
    """Return the id of a name among those of its kind."""
    return xxh3_64_intdigest(f"{kind}:{name}".encode())


def optional_key_of(kind: str, name: str | None) -> int | None:
    """Return the id of a name that may be missing."""
    return None if name is None else key_of(kind, name)
