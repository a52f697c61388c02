"""What do the tests of tracing platforms share: reading one record, and the two calls that many formats describe?"""

from __future__ import annotations

from typing import Any

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import Reader, ReadOptions, outcomes_of
from tokaudit.schema import Call, Outcome, Record, Usage

A = (1420, 1280, 100, "exact")
"""Call A: all input, of which cached; all output; state."""
B = (1114, 1111, 406, "exact")

BODY_A: dict[str, Any] = {
    "id": "chatcmpl-a",
    "object": "chat.completion",
    "created": 1_778_488_200,
    "model": "gpt-4.1-mini-2025-04-14",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 1420,
        "completion_tokens": 100,
        "total_tokens": 1520,
        "prompt_tokens_details": {"cached_tokens": 1280},
    },
}


def outcomes(reader: Reader, record: Record, options: ReadOptions | None = None) -> list[Outcome]:
    """What the record tells, if it is this reader's."""
    assert choose(record) is reader
    return list(outcomes_of(reader.read(record, options or ReadOptions())))


def only_call(reader: Reader, record: Record, options: ReadOptions | None = None) -> Call:
    """The one call that the record tells."""
    (call,) = [told for told in outcomes(reader, record, options) if isinstance(told, Call)]
    return call


def classes(usage: Usage) -> tuple[int | None, int | None, int | None, str]:
    """All input, of which read from a cache; all output; state."""
    return usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens, usage.state
