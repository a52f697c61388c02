"""Which events make up one record?

The events of a stream become one frame, `{"response": [event, ...]}`, as if the logger had kept the whole answer. Streams of
calls that ran at the same time may be mixed; how many are held, and how much of them, is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import TOO_LONG, Frame
from tokaudit.ingest.cutting.stream_events import ERROR_APIS, Mark, is_error, mark_of
from tokaudit.schema import Json

MOST_OPEN = 64
"""Streams of one file that may be under way at once. Beyond it the one that has waited longest is taken as it is."""

_ONE_AT_A_TIME = frozenset(("anthropic_messages", "bedrock_converse", "cohere", "gemini_interactions"))
"""APIs whose events do not say of which stream they are: a new stream is the end of the one before."""

_OF_ANY_API = Mark("", begins=True)
_EVENT_BYTES = 64
"""What an event costs in memory beside its text."""


@dataclass(slots=True, eq=False)
class _Stream:
    """One stream so far. items: the ids of its items; number: of its last event; closed: only counts may follow."""

    api: str
    id: str | None
    offset: int
    line: int
    end: int
    number: int | None = None
    closed: bool = False
    too_long: bool = False
    size: int = 0
    items: set[str] = field(default_factory=set)
    events: list[bytes] = field(default_factory=list)

    def add(self, mark: Mark, frame: Frame) -> None:
        data = frame.data if isinstance(frame.data, bytes) else b""
        self.id = self.id or mark.stream
        self.number = self.number if mark.number is None else mark.number
        self.closed = self.closed or mark.closes
        self.end = frame.offset + len(data) if frame.end is None else frame.end
        if mark.item is not None and not self.too_long:
            self.items.add(mark.item)
        self.size += len(data) + _EVENT_BYTES
        self.events.append(data)
        if self.too_long or self.size > framing.LONGEST_RECORD:
            self.too_long, self.size, self.events = True, 0, []

    def frame(self) -> Frame:
        if self.too_long:
            return Frame(self.offset, self.line, None, TOO_LONG)
        return Frame(self.offset, self.line, b'{"response":[' + b",".join(self.events) + b"]}", None, self.end)


class OpenStreams:
    """The streams under way, the one that waits longest first.

    most  how many there may be. takes_all: an event of no known API belongs to the stream that is under way
    """

    def __init__(self, most: int, *, takes_all: bool = False) -> None:
        self._most, self._takes_all = most, takes_all
        self._open: list[_Stream] = []
        self._has_ended = False

    def take(self, event: Json, frame: Frame) -> list[Frame] | None:
        """Take an event, which stands at `frame`; return the streams it completes, or None if it belongs to none."""
        mark = self._mark(event)
        if mark is None:
            return None
        stream, done = self._home(mark), []
        if stream is None:
            if not mark.begins and not self._takes_all:
                return None
            done = self._make_room(mark)
            stream = _Stream(mark.api, mark.stream, frame.offset, frame.line, frame.offset)
        else:
            self._open.remove(stream)
        stream.add(mark, frame)
        self._has_ended = mark.ends
        if mark.ends:
            return [*done, stream.frame()]
        self._open.append(stream)
        return [*done, *self._let_go()]

    def end_last(self) -> list[Frame]:
        """Return the stream that the last event belonged to, if that has not ended it already."""
        ended, self._has_ended = self._has_ended, True
        return [self._open.pop().frame()] if self._open and not ended else []

    def end_all(self) -> list[Frame]:
        """Return the streams that are still under way, in the order they began."""
        streams, self._open = sorted(self._open, key=lambda stream: stream.offset), []
        return [stream.frame() for stream in streams]

    def _mark(self, event: Json) -> Mark | None:
        mark = mark_of(event)
        if mark is None and type(event) is dict and is_error(event):
            api = next((stream.api for stream in reversed(self._open) if stream.api in ERROR_APIS), None)
            mark = Mark(api) if api else None
        return mark or (_OF_ANY_API if self._takes_all else None)

    def _home(self, mark: Mark) -> _Stream | None:
        """Find the open stream an event belongs to; where its id does not tell, the one that was spoken of last."""
        own = [stream for stream in reversed(self._open) if not mark.api or stream.api in (mark.api, "")]
        if mark.stream is not None:
            named = next((stream for stream in own if stream.id == mark.stream), None)
            nameless = (stream for stream in own if stream.id is None and not (stream.closed or mark.first))
            return named or next(nameless, None)
        if mark.first:
            return None
        by_item = (stream for stream in own if mark.item in stream.items)
        by_number = (stream for stream in own if stream.number is not None and stream.number + 1 == mark.number)
        found = next(by_item, None) or next(by_number, None) or (own[0] if own else None)
        says_more = mark.begins or mark.closes
        return None if found is not None and found.closed and says_more else found

    def _make_room(self, mark: Mark) -> list[Frame]:
        gone = [stream for stream in self._open if mark.first and stream.api == mark.api in _ONE_AT_A_TIME]
        rest = [stream for stream in self._open if stream not in gone]
        gone += rest[: max(len(rest) + 1 - self._most, 0)]
        self._open = [stream for stream in self._open if stream not in gone]
        return [stream.frame() for stream in gone]

    def _let_go(self) -> list[Frame]:
        """Let the oldest go until what is held is no more than the longest record."""
        done: list[Frame] = []
        while len(self._open) > 1 and sum(stream.size for stream in self._open) > framing.LONGEST_RECORD:
            done.append(self._open.pop(0).frame())
        return done
