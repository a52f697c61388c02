"""Is each event stream of a file one record, however the lines are cut, and is nothing of the file lost?"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.logs import row
from ingest.test_chunks import Event, azure, chat, converse, events_of, gemini, messages, responses
from ingest.test_framing import sizes
from tokaudit.ingest.cutting.events import NOT_AN_EVENT, frame_events
from tokaudit.ingest.cutting.framing import BOM, TOO_LONG, Frame, framing_of

READS = [1, 2, 3, 7, 64, 1 << 20]


def events(data: bytes, read_bytes: int = 1 << 20, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_events(io.BytesIO(data)))


def sent(stream: list[Event], *, named: bool = False, done: bool = False, end: str = "\n") -> bytes:
    """Write a stream as a server does."""
    lines = [
        (f"event: {event.get('type')}{end}" if named else "") + f"data: {json.dumps(event)}{end}{end}"
        for event in stream
    ]
    return ("".join(lines) + (f"data: [DONE]{end}{end}" if done else "")).encode()


def found_in(data: bytes, read_bytes: int = 1 << 20) -> list[Any]:
    return [events_of(frame) for frame in events(data, read_bytes)]


STREAMS: dict[str, tuple[list[Event], bytes]] = {
    "chat": (chat("a"), sent(chat("a"), done=True)),
    "chat that states no usage": (chat("b", usage=False), sent(chat("b", usage=False), done=True)),
    "chat without an end": (chat("c", usage=False), sent(chat("c", usage=False))),
    "Azure": (azure("d"), sent(azure("d"), done=True)),
    "messages": (messages("e"), sent(messages("e"), named=True)),
    "responses": (responses("f"), sent(responses("f"), named=True)),
    "Gemini": (gemini("g"), sent(gemini("g"), end="\r\n")),
    "Gemini without an id": (gemini(None), sent(gemini(None), end="\r\n")),
    "Converse": (converse("h"), sent(converse("h"))),
    "another API": ([{"x": 1}, {"y": 2}], sent([{"x": 1}, {"y": 2}], done=True)),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_one_record(name: str) -> None:
    stream, data = STREAMS[name]
    assert framing_of(data) == "events"
    (frame,) = events(data)
    assert events_of(frame) == stream
    assert (frame.offset, frame.line) == (data.index(b"data"), data[: data.index(b"data")].count(b"\n") + 1)
    assert data[frame.after :].replace(b"data: [DONE]", b"").strip() == b""


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    names=st.lists(st.sampled_from(sorted(STREAMS.keys() - {"another API"})), max_size=5, unique=True),
    read_bytes=st.sampled_from(READS),
    bom=st.booleans(),
    blanks=st.booleans(),
)
def test_streams_that_follow_one_another(names: list[str], read_bytes: int, bom: bool, blanks: bool) -> None:
    data = (BOM if bom else b"") + b"".join(STREAMS[name][1] for name in names)
    # Loggers may drop the empty lines: then each line is an event.
    data = data if blanks else data.replace(b"\r", b"").replace(b"\n\n", b"\n")
    frames = events(data, read_bytes)
    assert [events_of(frame) for frame in frames] == [STREAMS[name][0] for name in names]
    for frame in frames:
        assert data[frame.offset :].removeprefix(BOM).startswith(b"data: {")
        assert frame.line == data.count(b"\n", 0, frame.offset) + 1


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from([b"data: {", b"data: }", b'data: {"a": 1}', b"data:", b"event: x", b": hm", b"", b"{", b"x"])
        | st.just(b"data: [DONE]")
        | st.binary(max_size=20),
        max_size=20,
    ),
    st.sampled_from(READS),
)  # fmt: skip
def test_any_lines_end_in_frames(lines: list[bytes], read_bytes: int) -> None:
    data = b"\n".join(lines)
    frames = events(data, read_bytes)
    assert frames == events(data)
    assert all((frame.data is None) != (frame.reject is None) for frame in frames)
    assert all(0 <= frame.offset <= frame.after <= len(data) for frame in frames)


def test_an_event_may_stand_on_several_lines() -> None:
    data = b'data: {"id": "c", "choices":\ndata:  [{"delta": {"content": "a"}}],\ndata: "object": "chat.completion.chunk"}\n\n'
    ((event,),) = found_in(data)
    assert event["choices"] == [{"delta": {"content": "a"}}]


def test_what_is_no_event_is_not_lost() -> None:
    head = b"HTTP/1.1 200 OK\ncontent-type: text/event-stream\n\n"
    torn = b'data: {"id": "a", "cho\n\n'
    request, error = json.dumps(row(1)).encode() + b"\n", b'{"error": {"code": 429}}\n'
    data = request + head + sent(chat("a")[:2]) + torn + sent(chat("a")[2:], done=True) + error
    frames = events(data)
    assert [frame.reject for frame in frames] == [None, NOT_AN_EVENT, NOT_AN_EVENT, None, None, None]
    assert frames[0].data == request.strip()
    assert frames[3].data == torn[6:].strip()
    assert events_of(frames[4]) == chat("a")
    assert frames[5].data == error.strip()


def test_comments_and_empty_data_are_nothing() -> None:
    assert found_in(b": ping\n\n" + sent(chat("a")[:1]) + b":\n\ndata:\n\nretry: 3\nid: 7\n" + sent(chat("a")[1:])) == [
        chat("a")
    ]


def test_what_follows_the_end_is_another_stream() -> None:
    data = sent(chat("a"), done=True) + b"data: [DONE]\n\n" + sent(chat("a"), done=True)
    assert found_in(data) == [chat("a"), chat("a")]


def test_a_failure_ends_up_in_its_stream() -> None:
    broken = [*chat("a")[:2], {"error": {"message": "overloaded"}}]
    assert found_in(sent(broken, done=True)) == [broken]
    failed = [*messages("m")[:3], {"type": "error", "error": {"type": "overloaded_error"}}]
    assert found_in(sent(failed)) == [failed]


@pytest.mark.parametrize("read_bytes", READS)
def test_a_stream_that_is_too_long_costs_only_itself(read_bytes: int) -> None:
    data = sent(chat("a"), done=True) + sent(chat("endless", 200), done=True) + sent(chat("b"))
    frames = events(data, min(read_bytes, 4096), longest=3000)
    assert [events_of(frame) for frame in frames] == [chat("a"), TOO_LONG, chat("b")]


@pytest.mark.parametrize(
    "line", [b"data: " + b"x" * 2000, b"data: {\n" * 2000, b"x" * 2000, b'data: {"a": "' + b"x" * 2000]
)
def test_an_event_that_is_too_long_costs_only_itself(line: bytes) -> None:
    frames = events(sent(chat("a"), done=True) + line + b"\n\n" + sent(chat("b")), 64, longest=1500)
    assert TOO_LONG in [frame.reject for frame in frames]
    assert events_of(frames[0]) == chat("a")
    assert events_of(frames[-1]) == chat("b")
