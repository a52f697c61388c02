"""Are the records of a JSON text found at the same places, whatever the size of the reads and whatever stands in strings?"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.test_framing import json_values, sizes
from tokaudit.ingest.documents import frame_document
from tokaudit.ingest.framing import BOM, NOT_CLOSED, TOO_LONG, Frame

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
