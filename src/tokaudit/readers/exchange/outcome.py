"""How did a call end, and what does a call without usage cost?"""

from __future__ import annotations

import re

from tokaudit.readers.values.labels import code
from tokaudit.schema import MISSING_USAGE, Json, Usage

_SUCCESS = frozenset(("success", "succeeded", "ok", "completed", "complete", "finished", "done", "true"))
_FAILURE = ("fail", "error", "timeout", "timed out", "timed_out", "cancel", "abort", "reject", "expired", "disconnect")
_STATUS_NUMBER = re.compile(r"[1-5][0-9]{2}(?![0-9a-z.])")
_NO_ERROR = frozenset(("", "false", "0", "no"))
_BILLED_STATUS = frozenset((408, 499, 504))
_BILLED_ERRORS = ("timeout", "timedout", "timed_out", "timed-out", "cancel", "abort", "disconnect")

_NOT_BILLED = Usage(0, 0, 0, 0, 0, 0, state="exact", rule="failed calls are not billed")
NOT_ANSWERED = Usage(0, 0, 0, 0, 0, 0, state="exact", rule="requests of a batch that failed are not billed")
CUT_OFF = Usage(None, None, state="output_lower_bound", rule="cut off: billed up to the cut, not reported")


def status_of(value: Json) -> tuple[int | None, str | None]:
    """Read a status as (HTTP status, error code): a number, `429 Too Many Requests`, `{"code": 200}`, `failure`."""
    if type(value) is dict:
        value = value.get("code", value.get("status_code"))
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int:
        return (value, None) if 100 <= value <= 599 else (None, None)
    if type(value) is not str:
        return None, None
    text = value.strip().lower()[:64]
    number = _STATUS_NUMBER.match(text)
    if number:
        return status_of(int(number[0]))
    if text in _SUCCESS or not any(word in text for word in _FAILURE):
        return None, None
    return None, code(text) or "error"


def error_code(error: Json) -> str | None:
    """Find a short code for an error object or text: never its message, which may quote the user."""
    if not error or (type(error) is str and error.strip().lower() in _NO_ERROR):
        return None
    if type(error) is dict:
        inner = error.get("error")
        if type(inner) is dict:
            return error_code(inner)
        names = [code(error.get(key)) for key in ("code", "type", "error_class", "name", "class", "status")]
        words = [name for name in names if name and not name.isdigit()]
        return next((name for name in (*words, *names) if name), "error")
    if type(error) is str:
        head = error[:200].partition(":")[0]  # an exception's class comes before its message
        return next((found for text in (error, head) if " " not in text and (found := code(text))), "error")
    return (code(error) if type(error) is int else None) or "error"


def aws_error_code(body: Json) -> str | None:
    """Find the code of an AWS error: of its REST body (`__type`), or of what boto3 makes of it (`Error.Code`)."""
    if type(body) is not dict:
        return None
    inner = body.get("Error")
    named = inner.get("Code") if type(inner) is dict else body.get("__type")
    return code(named.rpartition("#")[2]) if type(named) is str else None


def failure(http_status: int | None, *codes: str | None) -> str | None:
    """Choose the error code of a call: the first that is known, else its HTTP status; None when it succeeded."""
    known = next((name for name in codes if name), None)
    if known is None and http_status is not None and http_status >= 400:
        return f"http_{http_status}"
    return known


def unreported_usage(http_status: int | None, error_type: str | None, *, begun: bool = False) -> Usage:
    """Say what a call without usage was billed: failures nothing, cut-off calls what came before the cut.

    begun  an answer had begun to come before the call failed
    """
    if error_type is None:
        return MISSING_USAGE
    if begun or http_status in _BILLED_STATUS or any(word in error_type.lower() for word in _BILLED_ERRORS):
        return CUT_OFF
    return _NOT_BILLED
