"""Which calls do OpenTelemetry's log records tell of, and which texts do they add to calls that spans tell?

Since version 1.28 of the conventions each message of a call may be a log record of its own, and since 1.37 one record may
hold all details. They are written within the span of the call, which holds the counts: what belongs to one span becomes one
fragment, joined to its call by the ids of the span. Coding tools write their calls as log events.
Source: open-telemetry/semantic-conventions, docs/gen-ai/gen-ai-events.md of 1.28 to 1.41; CATALOGUE 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tokaudit.readers.apis.exchanges import CALL_OF
from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.pair import find_pair
from tokaudit.readers.tracing.otel.abilities import LIMITS, SWITCH_ON
from tokaudit.readers.tracing.otel.attributes import first_label
from tokaudit.readers.tracing.otel.attribution import attribution_of
from tokaudit.readers.tracing.otel.calls import call_of_span
from tokaudit.readers.tracing.otel.coding_tools import gemini_link, is_tool_event, restates_an_answer, told
from tokaudit.readers.tracing.otel.columns import pick
from tokaudit.readers.tracing.otel.content import DETAILS_EVENT, MESSAGE_EVENTS, chosen_message, sent_message
from tokaudit.readers.tracing.otel.facts import link_of
from tokaudit.readers.tracing.otel.log_record import LogRecord, exported, lone_log_record
from tokaudit.readers.tracing.otel.messages import Message, answers_of, messages_of, parts_of
from tokaudit.readers.tracing.otel.span import Span, SpanEvent
from tokaudit.readers.tracing.otel.usage import has_counts, plain_columns
from tokaudit.readers.values.columns import flat
from tokaudit.schema import MISSING_USAGE, Aside, Call, Outcome, Record, RejectRecordError

NAME = "otel_logs"

_EXPORTS = ("resourceLogs", "resource_logs", "scopeLogs", "scope_logs")
_SEVERITIES = ("severityNumber", "severity_number", "SeverityNumber", "severityText", "severity_text", "SeverityText")
_BODIES = ("body", "Body", "_body")
_IDS = ("traceId", "trace_id", "TraceId", "spanContext")
_WAITING = 256
"""Spans whose messages wait for more of them. Messages of one call are written within its duration, so no more calls than
run at once in one service need to wait."""

LOG_RECORD = Aside("log record")
FURTHER_MESSAGE = Aside("further message of a call")
LONE_MESSAGE = Aside("message outside any span")
NO_RECORDS = Aside("export without log records")


def identify(record: Record) -> bool:
    """Say whether the record is an export of log records, or one log record of an SDK or a store."""
    if any(type(record.get(key)) is list for key in _EXPORTS):
        return "resourceSpans" not in record
    if "LogAttributes" in record:
        return "Body" in record
    if pick(record, ("attributes", "Attributes")) is None:
        return False
    if "hrTime" in record or "hrTimeObserved" in record:
        return True
    is_log = any(key in record for key in _BODIES) and any(key in record for key in _SEVERITIES)
    return is_log and any(key in record for key in _IDS)


@dataclass(slots=True)
class _Waiting:
    """The messages of one span so far; spot is where the first stood."""

    spot: Spot
    sample: LogRecord
    sent: list[Message] = field(default_factory=list)
    chosen: list[Message] = field(default_factory=list)


class _Session:
    """The log records of one file; the messages of a span wait for one another."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._waiting: dict[str, _Waiting] = {}

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        """Take a record; a broken log record among others is a reject of its own."""
        records = list(exported(record)) if any(key in record for key in _EXPORTS) else [lone_log_record(record)]
        if not records:
            return [(spot, NO_RECORDS)]
        known: list[tuple[Spot, Outcome]] = []
        for item in records:
            try:
                outcome = self._told(item, spot)
            except RejectRecordError as error:
                outcome = error
            if outcome is not None:
                known.append((spot, outcome))
        while len(self._waiting) > _WAITING:
            key = next(iter(self._waiting))
            known.append(self._fragment(key, self._waiting.pop(key)))
        return known

    def _told(self, item: LogRecord, spot: Spot) -> Outcome | None:
        """Tell what a log record is; None where that is known once its span's other messages are."""
        if item.event in MESSAGE_EVENTS:
            return self._take_message(item, spot)
        if item.event == DETAILS_EVENT:
            return _of_details(item, self._options)
        if any(type(item.body.get(side)) is dict for side in ("input", "output")) and item.span_key is not None:
            return _of_both_sides(item, self._options)
        return told(item, NAME) if is_tool_event(item) else _of_application(item, self._options)

    def _take_message(self, item: LogRecord, spot: Spot) -> Outcome | None:
        key = item.span_key
        if key is None:
            return LONE_MESSAGE
        event = SpanEvent(item.event, {**item.attributes, **item.body})
        is_first = key not in self._waiting
        waiting = self._waiting.setdefault(key, _Waiting(spot, item))
        sent, chosen = sent_message(event), chosen_message(event)
        waiting.sent += [] if sent is None else [sent]
        waiting.chosen += [] if chosen is None else [chosen]
        return None if is_first else FURTHER_MESSAGE

    def _fragment(self, key: str, waiting: _Waiting) -> tuple[Spot, Outcome]:
        try:
            prompt, answer = parts_of(waiting.sent), answers_of(waiting.chosen)
        except RejectRecordError as error:
            return waiting.spot, error
        fragment = _around(waiting.sample, self._options)
        return waiting.spot, replace(fragment, link_id=link_of(key), is_fragment=True, prompt=prompt, answer=answer)

    def end(self) -> Iterator[tuple[Spot, Outcome]]:
        """Return the messages of each span that still wait."""
        for key, waiting in self._waiting.items():
            yield self._fragment(key, waiting)
        self._waiting = {}


def _around(item: LogRecord, options: ReadOptions) -> Call:
    """Say what a log record says of its call beside the texts; the service's name is left to the span."""
    said = attribution_of(_as_span(item), options.columns)
    return Call(
        reader=NAME,
        user_id=said.user_id,
        conversation_id=said.conversation_id,
        feature=said.feature,
        feature_from=said.feature_from,
        request_model=first_label(item.attributes, "gen_ai.request.model"),
    )


def _as_span(item: LogRecord) -> Span:
    return Span(
        item.trace_id,
        item.span_id,
        scope_name=item.scope_name,
        ended_at=item.at,
        attributes={**item.attributes, **item.body},
        resource=item.resource,
    )


def _of_both_sides(item: LogRecord, options: ReadOptions) -> Call:
    """Read a record whose body holds what was sent and what came back, as AWS's distribution moves them out of a span."""
    sent, chosen = item.body.get("input"), item.body.get("output")
    return replace(
        _around(item, options),
        link_id=link_of(item.span_key or ""),
        is_fragment=True,
        prompt=parts_of(messages_of(sent)),
        answer=answers_of(messages_of(chosen, "assistant")),
    )


def _of_details(item: LogRecord, options: ReadOptions) -> Outcome:
    """Tell a record that holds all details of a call. Raises RejectRecordError.

    It is a call where it counts tokens and no span can count the same: it has the provider's id, or stands in no span.
    """
    span = _as_span(item)
    call = call_of_span(span, "chat", attribution_of(span, options.columns), NAME, options)
    key = item.span_key
    call = replace(call, started_at=item.at, log_id=None, span_id=item.span_key, parent_span_id=None)
    if restates_an_answer(item):
        link_id = gemini_link(item)
        return replace(call, link_id=link_id, is_fragment=True, response_id=None, usage=MISSING_USAGE, span_id=None)
    if has_counts(item.attributes) and (key is None or call.response_id is not None):
        return call
    return LONE_MESSAGE if key is None else replace(call, is_fragment=True, span_id=None)


def _of_application(item: LogRecord, options: ReadOptions) -> Outcome:
    """Tell an application's own log record: a call if it has counts and a model, or holds the bodies of one."""
    span = replace(_as_span(item), attributes=flat({**item.attributes, **item.body}))
    if has_counts(span.attributes) or plain_columns(span.attributes):
        call = call_of_span(span, "chat", attribution_of(span, options.columns), NAME, options)
        return replace(call, started_at=item.at, log_id=None, link_id=None, span_id=None, parent_span_id=None)
    pair = find_pair(item.body) if item.body else None
    api = dialect(pair) if pair is not None else None
    if pair is None or api is None or api not in CALL_OF:
        return LOG_RECORD
    said, call = attribution_of(span, options.columns), CALL_OF[api](pair, options)
    feature, feature_from = (call.feature, call.feature_from) if call.feature is not None else said.use_case
    return replace(
        call,
        reader=NAME,
        started_at=call.started_at if call.started_at is not None else item.at,
        feature=feature,
        feature_from=feature_from,
        user_id=call.user_id or said.user_id,
        conversation_id=call.conversation_id or said.conversation_id,
    )


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="OpenTelemetry log records (messages of calls, events of Claude Code, Gemini CLI and Codex)",
    how_to_export="Add the file exporter to the collector's log pipeline, next to that of the traces.",
    identify=identify,
    keys=frozenset((*_EXPORTS, "LogAttributes", "attributes", "Attributes")),
    read=read_alone(open_session),
    sign="the key resourceLogs, or a body and a severity beside ids of a trace",
    switch_on=SWITCH_ON,
    limits={**LIMITS, "money": "Messages alone count no tokens: read them together with the spans of the same calls."},
    open_session=open_session,
)
