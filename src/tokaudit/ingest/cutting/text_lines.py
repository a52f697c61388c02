"""What does one line of a text log say?

Lines of `key=value` pairs (logfmt, an access log whose format was extended with token counts, printed objects) become rows
like those of a table. Names stay as they are written: what they mean is the readers' to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tokaudit.readers.values.names import meaning

_NAME = r"[A-Za-z_@][\w.@/-]*"
_PAIR_OR_QUOTE = re.compile(rf'(?:(?<=[\s,;|(\[{{])|^)({_NAME})(?:=|(: ))|"((?:[^"\\]++|\\.)*+)("?)', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)("?)', re.DOTALL)
_SINGLE_QUOTED = re.compile(r"'([^']*)'")
_BARE = re.compile(rf'(?:[^\s",;|(\[{{]|[,;|(\[{{](?!{_NAME}=))*+')
_ESCAPES = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
_CLOSERS = ",;|)]}"

_DATE = r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))\]"
_REQUEST = r'"([A-Z]{3,10}) (\S+)(?: HTTP/[\d.]+)?" (\d{3})(?!\d)'
_ACCESS = re.compile(rf"{_DATE}[^\"]{{0,200}}{_REQUEST}")
_COMBINED = re.compile(rf'(\S+) \S+ (\S+) {_DATE} {_REQUEST} (\d+|-)(?: "([^"]*)" "([^"]*)")?')
"""The common and the combined log format of web servers, as far as all servers write them alike."""

_LEADING_TIME = re.compile(r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)(?![\d:])")
_REQUEST_SECONDS = ("request_time", "rt")
"""How long nginx took (`$request_time`: seconds with three decimals), under its own name and under the one its
documentation gives it in access logs. By its name alone it would be a time of day."""
_SECONDS = re.compile(r"\d+\.\d{3}")

_TOKEN_FIELDS = ("input_tokens", "output_tokens", "total_tokens")
_FEWEST_PAIRS = 2


def row_of_line(line: str) -> dict[str, str] | None:
    """Read a line; None when it is none of a known kind: fewer than two pairs, or a quote that is not closed."""
    access = _ACCESS.search(line)
    pairs: dict[str, str] = {}
    for name, value in pairs_of(line):
        if value is None:
            return None
        pairs.setdefault(name, value)
    if access is not None:
        return _access_row(line, access, pairs)
    if len(pairs) < _FEWEST_PAIRS:
        return None
    time = _LEADING_TIME.match(line)
    if time is not None and not any(known.field == "started_at" for name in pairs if (known := meaning(name))):
        return {"time": time[1].replace(",", "."), **pairs}
    return pairs


def names_tokens(row: dict[str, str]) -> bool:
    """Say whether a row states how many tokens a call took, by the names of its columns."""
    return any(known.field in _TOKEN_FIELDS for name in row if (known := meaning(name)))


def pairs_of(line: str) -> Iterator[tuple[str, str | None]]:
    """Yield the pairs outside quotes; the value None stands for a quote that is not closed.

    A colon and a blank make a pair only where the name is that of a count or of a model: prose and levels have colons too.
    """
    position = 0
    while match := _PAIR_OR_QUOTE.search(line, position):
        name, position = match[1], match.end()
        if match[2] and not _names_a_fact(name):
            continue
        if name is None:
            if not match[4]:
                yield "", None
                return
            continue
        value, position = _value(line, position)
        yield name, value
        if value is None:
            return


@lru_cache(maxsize=4096)
def _names_a_fact(name: str) -> bool:
    known = meaning(name)
    return known is not None and (known.field.endswith(("_tokens", "_model")) or known.field in ("latency", "cost"))


def _value(line: str, start: int) -> tuple[str | None, int]:
    if quoted := _QUOTED.match(line, start):
        return (_unescaped(quoted[1]) if quoted[2] else None), quoted.end()
    if single := _SINGLE_QUOTED.match(line, start):
        return single[1], single.end()
    bare = _BARE.match(line, start)
    return (bare[0].rstrip(_CLOSERS), bare.end()) if bare else ("", start)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    data = _ESCAPES.sub(_character, text.encode("utf-8", "surrogateescape"))
    return data.decode("utf-8", "replace")


def _character(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else _CONTROLS.get(match[2], match[2])


def _access_row(line: str, access: re.Match[str], pairs: dict[str, str]) -> dict[str, str]:
    time, method, url, status = access.groups()
    row = {"time": time, "method": method, "url": url, "status": status}
    if combined := _COMBINED.match(line):
        names = ("remote_addr", "user", "", "", "", "", "body_bytes_sent", "http_referer", "http_user_agent")
        row |= {
            name: text for name, text in zip(names, combined.groups(), strict=True) if name and text not in (None, "-")
        }
    for name, value in pairs.items():
        is_duration = name in _REQUEST_SECONDS and _SECONDS.fullmatch(value)
        row.setdefault("duration_s" if is_duration else name, value)
    return row
