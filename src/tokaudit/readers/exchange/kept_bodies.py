"""Which bodies did a log keep whole?

Gateways cut bodies at a number of bytes. A text that was cut is not the text that was billed; the events of a stream
before the cut still tell the usage they carry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import orjson

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.server_sent_events import is_event_stream
from tokaudit.schema import MISSING_USAGE, Call, Json, Usage

_CUT_BEFORE_USAGE = Usage(None, None, state="output_lower_bound", rule="answer cut in the log before its usage")
_STARTS_OF_JSON = ("{", "[{", '["')


class Kept(NamedTuple):
    """A body as a log kept it: decoded, None where there is none to read; is_cut when its end is missing."""

    body: Json
    is_cut: bool


def kept_body(value: Json) -> Kept:
    """Read a body that may be an object, its JSON, an event stream, plain text, or the beginning of one."""
    if type(value) is not str:
        return Kept(value, is_cut=False)
    text = value.strip()
    if not text:
        return Kept(None, is_cut=False)
    opened = open_text(text)
    if is_event_stream(text):
        return Kept(opened or None, is_cut=not _ends_with_a_whole_event(text))
    if type(opened) is str and text.startswith(_STARTS_OF_JSON):
        return Kept(None, is_cut=True)
    return Kept(opened, is_cut=False)


def first_whole(*values: Json) -> Kept:
    """Choose among copies of a body the first that is whole, else the first that tells anything."""
    kept = [kept_body(value) for value in values]
    return next((each for each in kept if each.body and not each.is_cut), None) or next(
        (each for each in kept if each.body or each.is_cut), Kept(None, is_cut=False)
    )


def without_cut_texts(call: Call, request: Kept, response: Kept) -> Call:
    """Leave out texts whose end is missing, and say so where the usage was cut off with them."""
    if response.is_cut:
        usage = _CUT_BEFORE_USAGE if call.usage == MISSING_USAGE else call.usage
        call = replace(call, answer=(), usage=usage)
    return replace(call, prompt=(), tools=None, response_schema=None) if request.is_cut else call


def _ends_with_a_whole_event(stream: str) -> bool:
    last = stream.rpartition("\n")[2].strip()
    data = last.removeprefix("data:").strip()
    return last.startswith("data:") and (data == "[DONE]" or _is_json(data))


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True
