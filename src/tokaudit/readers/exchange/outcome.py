"""How did a call end, and what does a call without usage cost?"""

from __future__ import annotations

import re

from tokaudit.readers.values.labels import code
from tokaudit.schema import MISSING_USAGE, Json, Usage

_SUCCESS = frozenset(("success", "succeeded", "ok", "completed", "complete", "finished", "done", "true"))
_FAILURE = ("fail", "error", "timeout", "timed out", "timed_out", "cancel", "abort", "reject", "expired", "disconnect")
_STATUS_NUMBER = re.compile(r"[1-5][0-9]{2}(?![0-9a-z.])")
_STATUS_IN_MESSAGE = re.compile(
    r"(?:error code|status code|status|http)[:= ]{1,3}([45][0-9]{2})(?![0-9])", re.IGNORECASE
)
_SAID_CODE = re.compile(r"'(?:code|type)': '([A-Za-z0-9_.-]{1,64})'")
_NO_ERROR = frozenset(("", "false", "0", "no"))
_BILLED_STATUS = frozenset((408, 499, 504))
_BILLED_ERRORS = ("timeout", "timedout", "timed_out", "timed-out", "cancel", "abort", "disconnect")

_UNNAMED = "error"
"""The code of a failure of which nothing more is known than that it was one."""
_SAID = (
    (re.compile(r"time[ -]?out|timed[ -]out|deadline exceeded"), "timeout"),
    (re.compile(r"\b(cancell?ed|aborted|disconnected|hung up|broken pipe|connection (was )?reset|reset by peer)\b"), "cancelled"),
)  # fmt: skip
"""What prose says of an answer that may have been billed in part, and the code that stands for it."""
_SAID_WITHIN = 200
_BODY_WITHIN = 2000

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
    return None, code(text) or _UNNAMED


def status_in(error: Json) -> int | None:
    """Find the HTTP status that an error states: an object's, or that of an SDK's message: `Error code: 429 - {…}`."""
    if type(error) is dict:
        stated = (status_of(error.get(key))[0] for key in _STATED_STATUS)
        return next((status for status in stated if status is not None), None)
    found = _STATUS_IN_MESSAGE.search(error[:_SAID_WITHIN]) if type(error) is str else None
    return int(found[1]) if found else None


_STATED_STATUS = ("status", "statusCode", "status_code", "http_status", "code")


def error_code(error: Json) -> str | None:
    """Find a short code for an error object or text: never its message, which may quote the user."""
    if not error or (type(error) is str and error.strip().lower() in _NO_ERROR):
        return None
    if type(error) is dict:
        inner = error.get("error")
        if type(inner) is dict:
            return error_code(inner)
        stated = [code(error.get(key)) for key in ("code", "type", "error_class", "name", "class", "status")]
        names = [name for name in stated if name and name != _UNNAMED]
        words = [name for name in names if not name.isdigit()]
        return next(iter((*words, *names)), None) or _said(error.get("message"))
    if type(error) is str:
        head = error[:200].replace("::", ".").partition(":")[0]  # an exception's class comes before its message
        found = next((name for text in (error, head) if " " not in text and (name := code(text))), None)
        return found or _said(error)
    return (code(error) if type(error) is int else None) or _UNNAMED


def _said(prose: Json) -> str:
    """Name what a message says of a failure, in words of our own or as its code: messages may quote the user."""
    if type(prose) is not str:
        return _UNNAMED
    if status_in(prose) is not None:  # as OpenAI's and Anthropic's libraries write a failure, with the body behind it
        codes = [code for code in _SAID_CODE.findall(prose[:_BODY_WITHIN]) if code != _UNNAMED]
        return codes[-1] if codes else _UNNAMED
    text = prose[:_SAID_WITHIN].lower()
    return next((name for pattern, name in _SAID if pattern.search(text)), _UNNAMED)


def aws_error_code(body: Json) -> str | None:
    """Find the code of an AWS error: of its REST body (`__type`), or of what boto3 makes of it (`Error.Code`)."""
    if type(body) is not dict:
        return None
    inner = body.get("Error")
    named = inner.get("Code") if type(inner) is dict else body.get("__type")
    return code(named.rpartition("#")[2]) if type(named) is str else None


def failure(http_status: int | None, *codes: str | None) -> str | None:
    """Choose the error code of a call: the first that is known, else its HTTP status; None when it succeeded."""
    stated = [name for name in codes if name]
    telling = next((name for name in stated if name != _UNNAMED), None)
    if telling is None and http_status is not None and http_status >= 400:
        return f"http_{http_status}"
    return telling or (_UNNAMED if stated else None)


def unreported_usage(http_status: int | None, error_type: str | None, *, begun: bool = False) -> Usage:
    """Say what a call without usage was billed: failures nothing, cut-off calls what came before the cut.

    begun  an answer had begun to come before the call failed
    """
    if error_type is None:
        return MISSING_USAGE
    if begun or http_status in _BILLED_STATUS or any(word in error_type.lower() for word in _BILLED_ERRORS):
        return CUT_OFF
    return _NOT_BILLED
