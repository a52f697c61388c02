"""Are the pieces of one streamed answer one record, however they are mixed and wherever the file ends?"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.logs import json_lines, row
from ingest.test_framing import sizes
from tokaudit.ingest.cutting import open_streams
from tokaudit.ingest.cutting.chunks import frame_chunks
from tokaudit.ingest.cutting.framing import TOO_LONG, Frame, framing_of
from tokaudit.ingest.cutting.stream_events import mark_of

Event = dict[str, Any]


def chat(name: str, texts: int = 3, *, usage: bool = True) -> list[Event]:
    head = {"id": name, "object": "chat.completion.chunk", "model": "gpt-4o"}
    chunks: list[Event] = [
        {**head, "choices": [{"index": 0, "delta": {"content": f"{name} {number}"}, "finish_reason": None}]}
        for number in range(texts)
    ]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None})
    counts = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return [*chunks, {**head, "choices": [], "usage": counts}] if usage else chunks


def azure(name: str) -> list[Event]:
    first = {"id": "", "object": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    return [first, *chat(name)]


def messages(name: str, texts: int = 3) -> list[Event]:
    start = {"id": name, "type": "message", "role": "assistant", "content": [], "usage": {"input_tokens": 5}}
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"text": f"{name} {n}"}} for n in range(texts)),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def responses(name: str, texts: int = 3) -> list[Event]:
    item = {"id": f"msg_{name}", "type": "message"}
    events: list[Event] = [
        {"type": "response.created", "response": {"id": name, "object": "response", "usage": None}},
        {"type": "response.in_progress", "response": {"id": name, "object": "response"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        *(
            {"type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "delta": f"{name} {n}"}
            for n in range(texts)
        ),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": name, "object": "response", "usage": {"input_tokens": 3}}},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def gemini(name: str | None, texts: int = 3) -> list[Event]:
    ident = {"responseId": name} if name else {}
    return [
        {
            "candidates": [
                {"content": {"parts": [{"text": f"{name} {n}"}]}} | ({"finishReason": "STOP"} if last else {})
            ],
            "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8 + n},
            **ident,
        }
        for n in range(texts)
        for last in [n == texts - 1]
    ]


def ollama(name: str, texts: int = 3) -> list[Event]:
    head = {"model": name, "created_at": "2026-03-01T00:00:00Z"}
    said = [{**head, "message": {"role": "assistant", "content": f"{n}"}, "done": False} for n in range(texts)]
    return [*said, {**head, "message": {"role": "assistant", "content": ""}, "done": True, "eval_count": 4}]


def converse(name: str) -> list[Event]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": name}, "contentBlockIndex": 0}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 4}}},
    ]


STREAMS: dict[str, list[Event]] = {
    "chat": chat("c1"),
    "chat without usage": chat("c2", usage=False),
    "Azure": azure("c3"),
    "messages": messages("m1"),
    "responses": responses("r1"),
    "Gemini": gemini("g1"),
    "Gemini without an id": gemini(None),
    "Ollama": ollama("llama"),
    "Converse": converse("hi"),
    "Cohere": [{"type": "message-start", "id": "q"}, {"type": "content-delta", "index": 0}, {"type": "message-end"}],
}


def chunks(data: bytes, read_bytes: int = 1 << 20, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_chunks(io.BytesIO(data)))


def events_of(frame: Frame) -> Any:
    return json.loads(frame.data)["response"] if isinstance(frame.data, bytes) else frame.reject


def as_list(events: list[Any]) -> bytes:
    return json.dumps(events, indent=1).encode()


def pretty(events: list[Any]) -> bytes:
    return b"".join(json.dumps(event, indent=2).encode() + b"\n" for event in events)


def side_by_side(events: list[Any]) -> bytes:
    return b"".join(json.dumps(event).encode() for event in events)


@pytest.mark.parametrize("write", [json_lines, as_list, pretty, side_by_side])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_one_record(name: str, write: Any) -> None:
    data = write(STREAMS[name])
    assert framing_of(data) == "chunks"
    (frame,) = chunks(data)
    assert events_of(frame) == STREAMS[name]
    assert data[frame.offset :].startswith(b"{")
    assert frame.line == data.count(b"\n", 0, frame.offset) + 1
    assert data[frame.after :].strip() in (b"", b"]")


@pytest.mark.parametrize("write", [json_lines, as_list, pretty, side_by_side])
@pytest.mark.parametrize("name", STREAMS)
def test_streams_that_follow_one_another(name: str, write: Any) -> None:
    one, two = (
        STREAMS[name],
        json.loads(json.dumps(STREAMS[name]).replace('1"', '9"').replace("c2", "c8").replace("c3", "c7")),
    )
    assert [events_of(frame) for frame in chunks(write([*one, *two]))] == [one, two]


def together(stream: list[Event], first: int) -> list[list[Event]]:
    """Cut a stream into what may be mixed with others; its first events name it only together."""
    return [stream[:first], *([event] for event in stream[first:])]


KEPT_APART = [
    together(chat("a"), 1),
    together(chat("b", usage=False), 1),
    together(azure("c"), 2),
    together(messages("d"), 1),
    together(responses("e"), 3),
    together(responses("f"), 3),
    together(gemini("g"), 1),
]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    order=st.permutations([number for number, stream in enumerate(KEPT_APART) for _ in stream]),
    read_bytes=st.sampled_from([30, 100, 9999]),
)
def test_streams_that_are_mixed_are_kept_apart(order: list[int], read_bytes: int) -> None:
    waiting = [iter(stream) for stream in KEPT_APART]
    mixed = [event for number in order for event in next(waiting[number])]
    found = [events_of(frame) for frame in chunks(json_lines(mixed), read_bytes)]
    expected = [[event for events in stream for event in events] for stream in KEPT_APART]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data(), st.sampled_from([1, 2, 5, 33, 1000]))
def test_every_line_comes_back_once(data: st.DataObject, read_bytes: int) -> None:
    kinds = st.sampled_from([*STREAMS.values(), [row(1)], [{"error": {"code": 429}}], [3], [None]])
    values = [
        value for kind in data.draw(st.lists(kinds, max_size=6)) for value in kind[: data.draw(st.integers(1, 9))]
    ]
    text = json_lines(values)
    frames = chunks(text, read_bytes)
    assert frames == chunks(text)
    back: list[Any] = []
    for frame in frames:
        assert isinstance(frame.data, bytes)
        record = json.loads(frame.data)
        is_stream = type(record) is dict and record.keys() == {"response"} and type(record["response"]) is list
        back.extend(record["response"] if is_stream else [record])
        first = json.loads(text[frame.offset :].split(b"\n")[0])
        assert first == (record["response"][0] if is_stream else record)
        assert frame.line == text.count(b"\n", 0, frame.offset) + 1
    assert sorted(map(repr, back)) == sorted(map(repr, values))


def test_what_is_no_chunk_is_a_record_of_its_own() -> None:
    pair = {"request": {"model": "gpt-4o"}, "response": {"body": chat("x")}}
    data = json_lines([row(1), *chat("a")[:2]]) + b"\n{torn\n" + json_lines([pair, *chat("a")[2:]]) + b"[DONE]\n"
    frames = chunks(data)
    assert [frame.line for frame in frames] == [1, 4, 5, 6, 2, 10]
    assert [frame.data for frame in frames[1:3]] == [None, b"{torn"]
    assert events_of(frames[4]) == chat("a")
    assert (frames[5].data, frames[5].reject) == (None, None)


@pytest.mark.parametrize(
    "whole",
    [
        {"candidates": [{"content": {}, "finishReason": "STOP"}], "usageMetadata": {}, "responseId": "x"},
        {"model": "llama", "created_at": "2026-03-01T00:00:00Z", "response": "Hi", "done": True},
        {"object": "text_completion", "id": "t", "choices": [{"text": "Hi", "finish_reason": "stop"}], "usage": {}},
        {"type": "ping"},
        {"type": "error", "error": {"type": "overloaded_error"}},
        {"metadata": {"usage": {}}},
        {"type": "response.done", "event_id": "event_1", "response": {"id": "r"}},
        {"object": "event", "type": "response.completed", "data": {"id": "r"}},
        {"done": False, "message": "still working", "model": "gpt-4o"},
        {"messages": [], "choices": [{"delta": {}}]},
        {"type": "message", "role": "assistant", "content": []},
    ],
)
def test_whole_answers_and_other_records_are_no_streams(whole: Event) -> None:
    mark = mark_of(whole)
    assert mark is None or not mark.begins
    assert framing_of(json_lines([whole])) == "lines"
    (frame,) = chunks(json_lines([whole]))
    assert frame.data == json.dumps(whole).encode()


def test_an_error_ends_up_in_its_stream() -> None:
    broken = [*messages("m")[:4], {"type": "error", "error": {"type": "overloaded_error"}}]
    assert [events_of(frame) for frame in chunks(json_lines(broken))] == [broken]


def test_a_start_that_is_repeated_is_no_new_stream() -> None:
    events = messages("m")
    assert len(chunks(json_lines([events[0], *events]))) == 1
    assert len(chunks(json_lines([*events[:4], *messages("n")]))) == 2


def test_a_stream_without_its_beginning_is_one_record() -> None:
    assert [events_of(frame) for frame in chunks(json_lines(messages("m")[3:]))] == [messages("m")[3:]]


def test_the_order_is_that_of_the_ends() -> None:
    one, two = chat("a"), chat("b", usage=False)
    data = json_lines([one[0], two[0], *one[1:], *two[1:], row(1)])
    assert [frame.line for frame in chunks(data)] == [1, 10, 2]


def test_few_streams_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokaudit.ingest.cutting.chunks.MOST_OPEN", 3)
    streams = [chat(f"s{number}", usage=False) for number in range(9)]
    firsts = [stream[0] for stream in streams]
    frames = chunks(json_lines(firsts))
    assert [events_of(frame) for frame in frames] == [[first] for first in firsts]
    (frame, *_) = chunks(json_lines([*firsts, *streams[8][1:]]))
    assert frame.line == 1


@pytest.mark.parametrize("read_bytes", [16, 100, 1 << 20])
def test_a_stream_that_is_too_long_costs_only_itself(read_bytes: int) -> None:
    data = json_lines([*chat("a"), *chat("endless", 90), *chat("b"), row(1)])
    frames = chunks(data, read_bytes, longest=3000)
    assert [events_of(frame) for frame in frames[:3]] == [chat("a"), TOO_LONG, chat("b")]
    assert frames[1].line == 6


def test_what_is_held_by_all_is_bounded() -> None:
    firsts = [chat(f"s{number}", 1, usage=False)[0] for number in range(40)]
    with sizes(LONGEST_RECORD=2000):
        streams = open_streams.OpenStreams(64)
        for number, first in enumerate(firsts):
            streams.take(first, Frame(number, number, json.dumps(first).encode()))
            assert sum(stream.size for stream in streams._open) <= 2000


def test_deep_and_odd_values_are_passed_on() -> None:
    deep = b"[" * 5000 + b"]" * 5000
    data = json_lines(chat("a")) + deep + b"\n" + b'"text"\n\xff\xfe\n12\n'
    frames = chunks(data)
    assert [frame.data for frame in frames[1:]] == [deep, b'"text"', b"\xff\xfe", b"12"]
