"""What do Cursor's usage events tell: the dashboard's CSV export, and the events of its admin API?

An event is one request of a user, which may be many calls. The four token columns stand beside each other, or the first
holds the second: `Total Tokens` decides. Source: CATALOGUE 14.5; Cursor's admin API documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.outcome import status_of
from tokaudit.readers.usage.counts import first_count
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, count, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Outcome, Record, Usage

NAME = "cursor"
_WRITE, _UNCACHED = "Input (w/ Cache Write)", "Input (w/o Cache Write)"
_BESIDE = "Cursor: the four columns add up to the total"
_NESTED = "Cursor: input with cache writes holds the input without, as the total requires"
_WHOLE = "Cursor: input without cache writes is all input, as the total requires"
_OPEN = "Cursor: no reading of the columns meets the total"
_EVENT = "Cursor: cache added to input"
_NOT_CHARGED = Usage(0, 0, 0, 0, 0, rule="Cursor: not charged")
_CENTS = Decimal("0.01")
_COSTS = ("Cost", "Cost ($)", "API Cost", "API Cost ($)")


def identify(record: Record) -> bool:
    """Say whether the record is a row of the export, or an event of the API."""
    if _WRITE in record:
        return _UNCACHED in record
    return (
        type(record.get("tokenUsage")) is dict
        and "timestamp" in record
        and ("isTokenBasedCall" in record or "requestsCosts" in record)
    )


class _Session:
    """The events of one file.

    Nothing names an event: equal ones are told apart by their order, so that an export of overlapping days counts each once.
    """

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._latest: str | None = None
        self._equal = 0

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        call = _row(record, self._options) if _WRITE in record else _event(record, self._options)
        usage = call.usage
        content = (
            call.started_at,
            call.user_id,
            call.request_model,
            usage.input_tokens,
            usage.output_tokens,
        )
        name = ":".join(map(str, content))
        self._equal = self._equal + 1 if name == self._latest else 0
        self._latest = name
        return [(spot, call if call.started_at is None else replace(call, call_id=f"{NAME}:{name}:{self._equal}"))]

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        return []


def _row(row: Record, options: ReadOptions) -> Call:
    kind, cost = row.get("Kind"), next((amount(row[name]) for name in _COSTS if name in row), None)
    return Call(
        NAME,
        started_at=micros(row.get("Date"), options.timezone),
        request_model=label(row.get("Model")),
        response_model=model_of(label(row.get("Model"))),
        error_type=_failure(kind),
        user_id=label(row.get("User")),
        conversation_id=label(row.get("Cloud Agent ID")),
        usage=_NOT_CHARGED if _is_free(kind) else _of_columns(row),
        logged_cost="0" if _is_free(kind) else None if cost is None else decimal_text(cost),
    )


def model_of(name: str | None) -> str | None:
    """Write Cursor's name of a model as its maker does: version after family, no effort; None where they are the same.

    >>> model_of("claude-4.5-sonnet-thinking"), model_of("claude-3.7-sonnet"), model_of("gpt-5.1-codex-high"), model_of("gpt-5")
    ('claude-sonnet-4-5', 'claude-3-7-sonnet', 'gpt-5.1-codex', None)
    """
    if name is None or name.endswith("-fast"):  # which has a price of its own
        return None
    plain = _EFFORT.sub("", name)
    if claude := _CLAUDE.fullmatch(plain):
        version, family = claude["version"].replace(".", "-"), claude["family"]
        plain = f"claude-{version}-{family}" if version.startswith("3") else f"claude-{family}-{version}"
    return plain if plain != name else None


_CLAUDE = re.compile(r"claude-(?P<version>\d+(?:\.\d+)?)-(?P<family>sonnet|opus|haiku)")
_EFFORT = re.compile(r"(?:-(?:thinking|none|minimal|low|medium|high|xhigh))+$")
"""Source: the names in Cursor's usage exports, and its documentation of models."""


def _failure(kind: Json) -> str | None:
    """`Errored, No Charge`: the first word says what happened."""
    return status_of(kind.partition(",")[0])[1] if type(kind) is str else None


def _is_free(kind: Json) -> bool:
    return type(kind) is str and any(words in kind.lower() for words in ("no charge", "not charged"))


def _of_columns(row: Record) -> Usage:
    """Read the columns. Raises RejectRecordError."""
    cells = row.values()
    with_write, uncached, read, output, total = (
        next((count(row[name], cells) for name in names if name in row), None)
        for names in ((_WRITE,), (_UNCACHED,), ("Cache Read",), ("Output Tokens", "Output"), ("Total Tokens", "Tokens"))
    )
    if with_write is None or uncached is None or output is None:
        return MISSING_USAGE if total is None else Usage(None, None, state="missing", rule="only a total of tokens")
    read = read or 0
    if total in (None, with_write + uncached + read + output):
        return Usage(with_write + uncached + read, output, read, with_write, 0, rule=_BESIDE)
    if total == with_write + read + output and with_write >= uncached:
        return Usage(with_write + read, output, read, with_write - uncached, 0, rule=_NESTED)
    if total == uncached + output and with_write + read <= uncached:
        return Usage(uncached, output, read, with_write, 0, rule=_WHOLE)
    return Usage(with_write + uncached + read, output, read, with_write, 0, state="cache_split_unknown", rule=_OPEN)


def _event(event: Record, options: ReadOptions) -> Call:
    """Read an event of the API, whose amounts are cents. Raises RejectRecordError."""
    stated = event.get("tokenUsage")
    tokens: Mapping[str, Json] = stated if type(stated) is dict else {}
    kind, cents = event.get("kind"), amount(tokens.get("totalCents"))
    return Call(
        NAME,
        started_at=micros(event.get("timestamp"), options.timezone),
        request_model=label(event.get("model")),
        response_model=model_of(label(event.get("model"))),
        error_type=_failure(kind),
        user_id=label(event.get("userEmail")) or label(event.get("owningUser")),
        conversation_id=label(event.get("conversationId")),
        usage=_NOT_CHARGED if _is_free(kind) else _of_tokens(tokens),
        logged_cost="0" if _is_free(kind) else None if cents is None else decimal_text(cents * _CENTS),
    )


def _of_tokens(tokens: Mapping[str, Json]) -> Usage:
    uncached, output = first_count(tokens, "inputTokens"), first_count(tokens, "outputTokens")
    read, write = first_count(tokens, "cacheReadTokens") or 0, first_count(tokens, "cacheWriteTokens") or 0
    if uncached is None and output is None:
        return MISSING_USAGE
    return Usage((uncached or 0) + read + write, output or 0, read, write, 0, rule=_EVENT)


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="Cursor usage events (dashboard CSV, admin API)",
    sign="columns `Input (w/ Cache Write)` and `Input (w/o Cache Write)`, or `tokenUsage` beside `requestsCosts`",
    how_to_export="Export the usage events of the dashboard as CSV with the tokens option.",
    switch_on={
        "money": "Choose the tokens option of the export: an export of requests has no token columns.",
    },
    limits={
        "conversations": "Only the events of cloud agents name theirs.",
        "money": "Plans are a flat fee with an allowance: a cost is what the same tokens cost at API prices. An event may be"
        " many calls, so rates for long prompts may be applied to sums.",
        "content": "Cursor exports no texts.",
        "features": "Nothing names a use case.",
        "retries": "An event is a request with all its tries.",
    },
    identify=identify,
    keys=frozenset({_WRITE, "tokenUsage"}),
    read=read_alone(open_session),
    open_session=open_session,
)  # fmt: skip
