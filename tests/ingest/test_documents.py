"""Are the records of a JSON text found at the same places, whatever the size of the reads and whatever stands in strings?"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.test_framing import json_values, sizes
from tokaudit.ingest.cutting import documents, pages
from tokaudit.ingest.cutting.documents import frame_document, frames_within
from tokaudit.ingest.cutting.framing import BOM, NOT_CLOSED, TOO_LONG, Frame

READS = [1, 2, 3, 5, 7, 16, 1000, 1 << 20]


def document(data: bytes, read_bytes: int = 1 << 20, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_document(io.BytesIO(data)))


def decoded(frames: list[Frame]) -> list[Any]:
    return [json.loads(frame.data) if isinstance(frame.data, bytes) else frame.reject for frame in frames]


nasty = st.text(alphabet='[]{}",:\\\n\r\t aé漢😀/', max_size=30)
objects = st.dictionaries(nasty | st.text(max_size=5), json_values | nasty | st.lists(nasty, max_size=3), max_size=4)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    records=st.lists(objects, max_size=5),
    indent=st.sampled_from([None, 0, 2, "\t"]),
    ascii_only=st.booleans(),
    wrapped=st.booleans(),
    between=st.sampled_from(["", "\n", ",\n", " \r\n\r\n", ", "]),
    bom=st.booleans(),
    read_bytes=st.sampled_from(READS),
)
def test_the_records_come_back(
    records: list[dict[str, Any]],
    indent: int | str | None,
    ascii_only: bool,
    wrapped: bool,
    between: str,
    bom: bool,
    read_bytes: int,
) -> None:
    if wrapped:
        text = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
    else:
        text = between.join(json.dumps(record, indent=indent, ensure_ascii=ascii_only) for record in records)
    data = (BOM if bom else b"") + text.encode("utf-8", "surrogatepass")
    frames = document(data, read_bytes)
    assert decoded(frames) == records
    assert frames == document(data)
    for frame in frames:
        assert isinstance(frame.data, bytes)
        assert data[frame.offset : frame.offset + len(frame.data)] == frame.data
        assert frame.line == data.count(b"\n", 0, frame.offset) + 1


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    data=st.text(alphabet='[]{}",:\\ \nab1', max_size=60).map(str.encode) | st.binary(max_size=60),
    read_bytes=st.sampled_from(READS),
    longest=st.sampled_from([4, 12, 1 << 20]),
)
def test_any_bytes_end_in_frames_in_order(data: bytes, read_bytes: int, longest: int) -> None:
    frames = document(data, read_bytes, longest)
    offsets = [frame.offset for frame in frames]
    assert offsets == sorted(offsets)
    assert [frame.line for frame in frames] == sorted(frame.line for frame in frames)
    assert all((frame.data is None) != (frame.reject is None) for frame in frames)
    if longest > len(data):
        assert frames == document(data)


@pytest.mark.parametrize("read_bytes", READS)
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"[]", []),
        (b" [ ] \n", []),
        (b'[{"a":1}, 5, "x", null, {"b":2}]', [{"a": 1}, 5, "x", None, {"b": 2}]),
        (b'[[1,2],{"a":[{}]}]', [[1, 2], {"a": [{}]}]),
        (b'[{"a":1}][{"b":2}]\n{"c":3}', [{"a": 1}, {"b": 2}, {"c": 3}]),
        (b'{"a":"]}{["}{"b":"\\""}{"c":"\\\\"}', [{"a": "]}{["}, {"b": '"'}, {"c": "\\"}]),
        (b'[{"a":1},', [{"a": 1}, NOT_CLOSED]),
        (b'[{"a":1}', [{"a": 1}, NOT_CLOSED]),
        (b'[{"a":1},{"b":', [{"a": 1}, NOT_CLOSED]),
        (b'[{"a":1},{"b":"never clo', [{"a": 1}, NOT_CLOSED]),
        (b'{"a":1}{"b":"\\', [{"a": 1}, NOT_CLOSED]),
        (b'\x1e{"a":1}\n\x1e{\n"b":2}\n\x1e[3]', [{"a": 1}, {"b": 2}, 3]),
    ],
)
def test_documents(data: bytes, expected: list[Any], read_bytes: int) -> None:
    assert decoded(document(data, read_bytes)) == expected


@pytest.mark.parametrize("read_bytes", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize(
    "long_value",
    [
        '"' + "x" * 300 + '"',
        '"' + '\\"}]' * 90 + '"',
        '"' + "\\\\" * 150 + '"',
        json.dumps({"deep": [{"text": "y" * 40}] * 9}),
        "1" * 300,
        '"' + "é" * 150 + '"',
    ],
)
def test_a_record_that_is_too_long_costs_only_itself(long_value: str, read_bytes: int) -> None:
    data = ('[{"a": 1},\n{"long": ' + long_value + '},\n{"b": "two"}, {"c": 3}]').encode()
    frames = document(data, read_bytes, longest=100)
    if read_bytes > len(data):  # what fits into one read is whole before it can be too long
        assert len(frames) == 4
    else:
        assert decoded(frames) == [{"a": 1}, TOO_LONG, {"b": "two"}, {"c": 3}]
    assert frames[1].offset == data.index(b'{"long"')
    assert [frame.line for frame in frames] == [1, 2, 3, 3]


@pytest.mark.parametrize("tail", ['{"long": "' + "x" * 300, "[[1, " + "[1, " * 100, '{"a": ' + "[" * 300])
def test_a_too_long_record_that_never_ends_is_one_reject(tail: str) -> None:
    frames = document(('{"a": 1}' + tail).encode(), read_bytes=10, longest=100)
    assert decoded(frames)[0] == {"a": 1}
    assert [frame.reject for frame in frames[1:]] == [TOO_LONG]


@pytest.mark.parametrize("filler", [b" ", b"\n", b"x", b'"', b"\\", b"1", b":", b'"\\'])
def test_endless_junk_is_not_held(filler: bytes) -> None:
    class Junk(io.RawIOBase):
        served = 0
        largest = 0

        def read(self, size: int = -1) -> bytes:
            self.served += size
            return filler * (size // len(filler)) if self.served < 1 << 17 else b""

    with sizes(READ_BYTES=1000, LONGEST_RECORD=3000):
        frames = list(frame_document(Junk()))  # type: ignore[arg-type]
    assert all(len(frame.data) < 5000 for frame in frames if isinstance(frame.data, bytes))


PAGE_RECORDS = [{"id": f"r{number}", "text": "[{" + "y" * (7 * number)} for number in range(12)]

PAGES: dict[str, tuple[str, str, str]] = {
    "a list object": ('{"object": "list", "data": [', '], "has_more": false}', "]}"),
    "a cursor first": ('{"meta": {"total": 12, "data": ["x"]}, "data": [', '], "links": {"next": null}}', "]}"),
    "upper case": ('{"Records":[', "]}", "]}"),
    "hits in hits": ('{"took": 3, "hits": {"total": {"value": 12}, "hits": [', "]}}", "]}}"),
    "a HAR": ('{"log": {"version": "1.2", "entries": [', ']}, "comment": "]}"}', "]}}"),
    "a cassette": ('{"version": 1, "interactions": [', "]}", "]}"),
    "a page in an array": ('[{"results": [', '], "page": 1}]', "]}"),
}
"""What stands before the items, what after them, and what closes the brackets before them."""


def page(name: str, records: list[Any], indent: int | None = None) -> bytes:
    before, after, _ = PAGES[name]
    return (before + ",\n".join(json.dumps(record, indent=indent) for record in records) + after).encode()


def with_one_item(name: str, record: Any) -> Any:
    """What a reader gets for an item of a page that was read item by item: a page that ends after it."""
    before, _, closers = PAGES[name]
    return json.loads(before.removeprefix("[") + json.dumps(record) + closers)


@pytest.mark.parametrize("read_bytes", READS)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_too_long_is_read_item_by_item(name: str, indent: int | None, read_bytes: int) -> None:
    data = page(name, PAGE_RECORDS, indent)
    frames = document(data, min(read_bytes, 200), longest=300)
    assert decoded(frames) == [with_one_item(name, record) for record in PAGE_RECORDS]
    for frame, record in zip(frames, PAGE_RECORDS, strict=True):
        text = json.dumps(record, indent=indent).encode()
        assert data[frame.offset : frame.after] == text
        assert frame.line == data.count(b"\n", 0, frame.offset) + 1


@pytest.mark.parametrize("read_bytes", READS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_fits_is_one_record(name: str, read_bytes: int) -> None:
    data = page(name, PAGE_RECORDS)
    (frame,) = document(data, read_bytes)
    assert isinstance(frame.data, bytes)
    assert json.loads(frame.data) == json.loads(data.removeprefix(b"[").removesuffix(b"]"))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(PAGES)),
    texts=st.lists(nasty, min_size=8, max_size=14),
    read_bytes=st.sampled_from([1, 2, 3, 7, 50, 199]),
    further=st.booleans(),
)
def test_every_item_of_a_page_comes_back_once(name: str, texts: list[str], read_bytes: int, further: bool) -> None:
    records = [{"id": number, "text": text, "filler": "f" * 60} for number, text in enumerate(texts)]
    data = page(name, records) + (b'{"after": 1}' if further else b"")
    expected = [with_one_item(name, record) for record in records] + ([{"after": 1}] if further else [])
    assert decoded(document(data, read_bytes, longest=300)) == expected


def test_a_page_of_pages_is_read_to_the_innermost() -> None:
    spans = [{"spanId": f"{number}", "name": "x" * 60} for number in range(6)]
    scopes = [{"scope": {"name": f"s{number}"}, "spans": spans} for number in range(2)]
    resources = [
        {"resource": {"name": "small"}, "scopeSpans": [{"spans": spans[:1]}]},
        {"resource": {"name": "a"}, "scopeSpans": scopes, "schemaUrl": "u"},
        {"resource": {"name": "b"}, "scopeSpans": scopes},
    ]
    data = json.dumps({"resourceSpans": resources}, indent=1).encode()
    found = decoded(document(data, 64, longest=400))
    flat = [
        (resource["resource"]["name"], scope.get("scope", {}).get("name"), span["spanId"])
        for page in found
        for resource in page["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    several = [(name, scope, f"{number}") for name in "ab" for scope in ("s0", "s1") for number in range(6)]
    assert flat == [("small", None, "0"), *several]
    assert len(found) == 25


@pytest.mark.parametrize("read_bytes", [1, 16, 90, 300])
def test_a_second_list_of_a_page_is_not_lost(read_bytes: int) -> None:
    one, two = ([{"id": f"{kind}{number}", "x": "x" * 50} for number in range(9)] for kind in "to")
    data = json.dumps({"traces": one, "cursor": {"a": [1]}, "observations": two, "end": "}"}).encode()
    found = decoded(document(data, read_bytes, longest=200))
    assert [record["id"] for page in found for record in page.get("traces", [])] == [f"t{n}" for n in range(9)]
    assert [record["id"] for page in found for record in page.get("observations", [])] == [f"o{n}" for n in range(9)]


@pytest.mark.parametrize("read_bytes", [1, 16, 90])
def test_a_short_second_list_stays_whole(read_bytes: int) -> None:
    one, two = (
        [{"id": f"{kind}{number}", "x": "x" * 50} for number in range(count)] for kind, count in (("t", 9), ("o", 2))
    )
    data = json.dumps({"data": {"traces": one, "observations": two}, "end": 1}).encode()
    found = decoded(document(data, read_bytes, longest=250))
    assert found[:9] == [{"data": {"traces": [record]}} for record in one]
    assert found[9:] == [{"data": {"observations": two}, "end": 1}]


@pytest.mark.parametrize("read_bytes", [1, 16, 90])
def test_an_item_that_is_too_long_costs_only_itself(read_bytes: int) -> None:
    items = [{"id": 1}, {"id": 2, "text": "x" * 500}, {"id": 3}, {"id": 4, "deep": [[["y" * 90]]] * 9}, {"id": 5}]
    data = json.dumps({"object": "list", "data": items}).encode()
    found = decoded(document(data, read_bytes, longest=100))
    pages = {number: {"object": "list", "data": [{"id": number}]} for number in (1, 3, 5)}
    assert found == [pages[1], TOO_LONG, pages[3], TOO_LONG, pages[5]]


MESSAGES = [{"role": "user", "content": "x" * 40}] * 9
NO_PAGES: dict[str, Any] = {
    "a request": {"temperature": 1, "messages": MESSAGES, "model": "gpt-4o"},
    "a pair": {"request": {"model": "gpt-4o"}, "data": [{"id": 1, "text": "x" * 400}]},
    "an input": {"id": 1, "input": {"results": [{"id": 1, "text": "x" * 400}]}},
    "embeddings": {"object": "list", "data": [{"object": "embedding", "embedding": [0.25] * 20}] * 9, "usage": {}},
    "a stream": {"id": 1, "events": [{"type": "content_block_delta", "index": 0, "delta": {"text": "x" * 30}}] * 9},
    "numbers": {"id": 1, "data": [1000] * 99},
    "texts": {"id": 1, "data": ['{"a": 1}'] * 99},
    "other names": {"id": 1, "choices": [{"a": "x" * 20}] * 20},
    "too deep": {"data": {"data": {"data": {"data": [{"a": "x" * 20}] * 20}}}},
    "an inner list": {"x": [{"data": [{"a": "x" * 20}] * 20}]},
}


@pytest.mark.parametrize("read_bytes", [1, 16, 90])
@pytest.mark.parametrize("name", NO_PAGES)
def test_what_is_no_page_is_one_reject(name: str, read_bytes: int) -> None:
    data = json.dumps([{"before": 1}, NO_PAGES[name], {"after": 1}]).encode()
    assert decoded(document(data, read_bytes, longest=300)) == [{"before": 1}, TOO_LONG, {"after": 1}]


def test_a_chat_history_is_a_page_and_a_chat_is_none() -> None:
    history = [{"id": f"{n}", "timestamp": "2026-03-01", "role": "user", "content": "x" * 40} for n in range(9)]
    data = json.dumps({"sessionId": "s", "messages": history}).encode()
    assert decoded(document(data, 50, longest=200)) == [{"sessionId": "s", "messages": [line]} for line in history]
    assert decoded(document(json.dumps({"messages": MESSAGES}).encode(), 50, longest=200)) == [TOO_LONG]


def test_long_fields_before_a_list_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LONGEST_BEFORE", 60)
    data = json.dumps(
        {"note": "n" * 80, "data": {"a": 1, "items": [{"id": n, "x": "x" * 50} for n in range(9)]}}
    ).encode()
    found = decoded(document(data, 50, longest=200))
    assert found == [{"data": {"items": [{"id": n, "x": "x" * 50}]}} for n in range(9)]


@pytest.mark.parametrize("cut_at", [200, 333, 420])
def test_a_page_that_is_never_closed_keeps_its_items(cut_at: int) -> None:
    data = page("a list object", PAGE_RECORDS)[:cut_at]
    frames = document(data, 20, longest=100)
    assert frames[-1].reject == NOT_CLOSED
    assert len(frames) > 4
    assert all(frame.reject is None for frame in frames[:-1])


@pytest.mark.parametrize(
    "filler",
    [
        '{"data":[',
        '{"data":[{',
        '[{"data":[',
        '{"data":[{"data":[{}],',
        '{"data":[{}],',
        '"data":[{}],',
        "[[",
        '{"a":{',
    ],
)
def test_a_hostile_page_is_cut_in_bounded_steps(filler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(text: bytes) -> pages.RecordList | None:
        nonlocal calls
        calls += 1
        return pages.find_list(text)

    monkeypatch.setattr(documents, "find_list", counted)
    data = ("{" + filler * 4000).encode()
    frames = document(data, 1000, longest=3000)
    assert all((frame.data is None) != (frame.reject is None) for frame in frames)
    assert calls < 2 * len(data) // 1000 + 20


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a":1}{"b":2}', [{"a": 1}, {"b": 2}]),
        (b'{"a":1} , {"b":2}\r{"c":3}', [{"a": 1}, {"b": 2}, {"c": 3}]),
        (b'{"a":1}{"b":', [{"a": 1}, NOT_CLOSED]),
        (b'{"a":1}[{"b":2}]', [{"a": 1}, {"b": 2}]),
        (b'{"a":1} and then', None),
        (b'{"a":1', None),
        (b"prose", None),
        (b'{"a":1}}', None),
    ],
)
def test_a_line_of_several_values_is_cut(line: bytes, expected: list[Any] | None) -> None:
    whole = Frame(70, 9, line)
    frames = frames_within(whole)
    if expected is None:
        assert frames == (whole,)
        return
    assert decoded(list(frames)) == expected
    assert {frame.line for frame in frames} == {9}
    assert [frame.offset for frame in frames] == sorted({frame.offset for frame in frames})
    assert frames[0].offset >= 70
