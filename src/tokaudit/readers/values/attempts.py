"""How many attempts did a gateway make itself before the answer that its log line tells of?

Those attempts have no line of their own, so neither their tokens nor their cost are known. A line that says nothing of them
is None; one that says there were none is 0. A value that cannot be a number of attempts tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tokaudit.readers.values.labels import label
from tokaudit.schema import Json

MOST_ATTEMPTS = 1000
"""No gateway asks as often for one answer: what is more is another kind of number."""
MOST_NAMES = 20
_STATUS = re.compile(r"[1-5][0-9]{2}|-")
_FAILED_FROM = 400


class Tried(NamedTuple):
    """Attempts before the answer, and the models or providers that were asked, in order, where the line names them."""

    retries: int | None = None
    names: str | None = None


UNTOLD = Tried()


def attempts(value: Json) -> int | None:
    """Read a number of attempts. Some gateways write -1 for more than one thing, which tells nothing."""
    if type(value) is str:
        text = value.strip()
        value = int(text) if len(text) <= 4 and text.isascii() and text.isdigit() else None
    if type(value) is float and value.is_integer():
        value = int(value)
    made = int(value) if type(value) is int else -1
    return made if 0 <= made <= MOST_ATTEMPTS else None


def before_the_last(tries: Json, name: str | None = None) -> Tried:
    """Read a list of attempts in their order, the last of which answered. name: the key under which each tells who was asked."""
    if type(tries) is not list or not 0 < len(tries) <= MOST_ATTEMPTS:
        return UNTOLD
    asked = (one.get(name) for one in tries[:-1] if type(one) is dict) if name else ()
    return Tried(len(tries) - 1, joined(asked))


def joined(names: Iterable[Json]) -> str | None:
    """Write names in a row, each once; None where there is none."""
    known = dict.fromkeys(name for one in names if (name := label(one)))
    return ", ".join(list(known)[:MOST_NAMES]) or None


def added(*counts: int | None) -> int | None:
    """Add what is known of several kinds of attempts; None where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def failed_before(statuses: Json) -> int | None:
    """Count the upstreams that failed in nginx's list of their statuses, `502, 200`, before the last, which answered.

    Commas part servers of one group, colons groups that nginx redirected between: then the one before may have answered.
    Source: nginx, ngx_http_upstream_module, $upstream_addr and $upstream_status.
    """
    if type(statuses) is int:
        return 0 if 100 <= statuses <= 599 else None
    if type(statuses) is not str or len(statuses) > MOST_ATTEMPTS:
        return None
    found: list[str] = [status.strip() for status in re.split("[,:]", statuses)]
    if not all(_STATUS.fullmatch(status) for status in found) or found == ["-"]:
        return None
    return sum(status == "-" or int(status) >= _FAILED_FROM for status in found[:-1])
