"""Are lines cut at the same places, whatever the size of the reads, and is a file's framing told by its beginning?"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.logs import SHARED, json_lines, row
from tokaudit.ingest import framing
from tokaudit.ingest.framing import BOM, HEAD_BYTES, TOO_LONG, Frame, delimiter_of, frame_lines, framing_of, line_blocks


@contextmanager
def sizes(**values: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(framing, name, value)
        yield


def lines_of(data: bytes, read_bytes: int, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_lines(line_blocks(io.BytesIO(data))))


def expected_lines(data: bytes, longest: int = 1 << 20) -> list[Frame]:
    """Cut the slow way."""
    rows = data.split(b"\n")
    frames, offset = [], 0
    for number, text in enumerate(rows[:-1] if not rows[-1] else rows, 1):
        content = (text.removeprefix(BOM) if offset == 0 else text).strip()
        too_long = len(text) > longest
        frames.append(Frame(offset, number, None if too_long else content or None, TOO_LONG if too_long else None))
        offset += len(text) + 1
    return frames


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
records = st.dictionaries(st.text(max_size=8), json_values, max_size=5)
written = st.builds(
    lambda record, ascii_only: json.dumps(record, ensure_ascii=ascii_only).encode(), records, st.booleans()
)
logged = st.one_of(written, st.sampled_from([b"", b"  ", b"\t", b"{torn", b"\x00\xff", b'{"a": "\xc0\xaf"}']))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    texts=st.lists(logged, max_size=8),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=8, max_size=8),
    bom=st.booleans(),
    closed=st.booleans(),
    read_bytes=st.sampled_from([1, 2, 3, 5, 7, 16, 64, 1000]),
    longest=st.sampled_from([4, 20, 1 << 20]),
)
def test_lines_do_not_depend_on_the_size_of_the_reads(
    texts: list[bytes], ends: list[bytes], bom: bool, closed: bool, read_bytes: int, longest: int
) -> None:
    data = (BOM if bom else b"") + b"".join(text + end for text, end in zip(texts, ends, strict=False))
    data = data if closed else data.rstrip(b"\n")
    assert lines_of(data, read_bytes, longest) == expected_lines(data, longest)


def test_offset_and_line_tell_where_a_record_stands() -> None:
    data = BOM + b'{"a":1}\r\n\n  {"b":2}\n{"c":3}'
    frames = lines_of(data, 4)
    assert [(frame.line, frame.data) for frame in frames] == [
        (1, b'{"a":1}'),
        (2, None),
        (3, b'{"b":2}'),
        (4, b'{"c":3}'),
    ]
    for frame in frames:
        if frame.data:
            assert data[frame.offset :].lstrip(BOM + b" ").startswith(frame.data)


@pytest.mark.parametrize("read_bytes", [1, 9, 10, 11, 4096])
def test_a_line_that_is_too_long_costs_only_itself(read_bytes: int) -> None:
    data = b'{"a":1}\n' + b"x" * 500 + b'\n{"b":2}\n' + b"y" * 51 + b"\n" + b"z" * 50 + b"\n" + b"q" * 99
    frames = lines_of(data, read_bytes, longest=50)
    assert [frame.reject for frame in frames] == [None, TOO_LONG, None, TOO_LONG, None, TOO_LONG]
    assert [frame.line for frame in frames] == [1, 2, 3, 4, 5, 6]
    assert frames[-1].offset == len(data) - 99


def test_an_endless_line_is_not_held() -> None:
    class Endless(io.RawIOBase):
        served = 0

        def read(self, size: int = -1) -> bytes:
            self.served += size
            return b"x" * size if self.served < 1 << 20 else b""

    with sizes(READ_BYTES=1000, LONGEST_RECORD=5000):
        blocks = list(line_blocks(Endless()))  # type: ignore[arg-type]
    assert [(block.data, block.too_long) for block in blocks] == [(b"", True)]


def test_a_range_ends_where_it_is_told() -> None:
    data = json_lines([row(1), row(2), row(3)])
    second = data.index(b"\n") + 1
    third = data.index(b"\n", second) + 1
    with sizes(READ_BYTES=7):
        stream = io.BytesIO(data)
        stream.seek(second)
        frames = list(frame_lines(line_blocks(stream, second, third)))
    assert [(frame.offset, frame.line) for frame in frames] == [(second, 1)]


ONE_RECORD = json.dumps(row(1)).encode()
PRETTY = json.dumps([row(1), row(2)], indent=2).encode()

HEADS = {
    "jsonl": (json_lines([row(1), row(2)]), "lines"),
    "jsonl with BOM and CRLF": (BOM + json_lines([row(1), row(2)]).replace(b"\n", b"\r\n"), "lines"),
    "a single line without newline": (ONE_RECORD, "lines"),
    "blank lines first": (b"\n\r\n  \n" + json_lines([row(1)]), "lines"),
    "the first line is torn": (b'{"a": 1, "b\n' + json_lines([row(1), row(2)]), "lines"),
    "the first line is half a line": (b'ens": 3}\n' + json_lines([row(1), row(2)]), "lines"),
    "the first line is prose": (b"Starting, please wait\n" + json_lines([row(1)]), "lines"),
    "merge markers between lines": (b"<<<<<<< HEAD\n" + json_lines([row(1)]) + b"=======\n", "lines"),
    "text between JSON lines": (ONE_RECORD + b"\n" + b"a warning\n" * 50 + ONE_RECORD + b"\n", "lines"),
    "an array": (json.dumps([row(1), row(2)]).encode(), "document"),
    "an empty array": (b"[]", "document"),
    "an array only begun": (b"[", "document"),
    "an array, one record a line": (b"[\n" + b",\n".join([ONE_RECORD] * 2) + b"\n]", "document"),
    "an array with null first": (b"[null, " + ONE_RECORD + b"]", "document"),
    "a pretty array": (PRETTY, "document"),
    "pretty objects": (json.dumps(row(1), indent=4).encode() * 2, "document"),
    "records with commas between": (b",\n".join([ONE_RECORD] * 3) + b",\n", "document"),
    "one line longer than the head": (b'{"a": "' + b"x" * HEAD_BYTES, "lines"),
    "the second line is cut by the head": (ONE_RECORD + b'\n{"a": "' + b"x" * HEAD_BYTES, "lines"),
    "csv": (b"model,prompt_tokens\ngpt-4o,3\n", "table"),
    "csv with BOM, semicolons": (BOM + b"model;prompt_tokens\r\ngpt-4o;3\r\n", "table"),
    "csv with quotes and tabs": (b'"model"\t"prompt_tokens"\n', "table"),
    "csv with JSON in cells": (b'id,body\n1,"{""a"": 1}"\n', "table"),
    "nothing": (b"", None),
    "blanks": (b" \n\t\n", None),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00,a,b,c", None),
    "NUL": (b"\0" * 100, None),
    "UTF-16": (b"\xff\xfe" + ONE_RECORD.decode().encode("utf-16-le"), None),
    "prose": (b"Dear reader\nthis is a letter\n", None),
    "a text log": (b"2026-03-01T12:00:00Z INFO started\n2026-03-01T12:00:01Z INFO done\n", None),
    "a text log in brackets": (b"[2026-03-01 12:00:00] INFO started\n[2026-03-01 12:00:01] INFO done\n", None),
    "a header that is not UTF-8": (b"gr\xf6\xdfe;modell\n1;2\n", None),
}


@pytest.mark.parametrize("name", HEADS)
def test_framing_is_told_by_the_beginning(name: str) -> None:
    head, expected = HEADS[name]
    assert framing_of(head[:HEAD_BYTES]) == expected


def test_framing_of_real_text_logs() -> None:
    logs = [SHARED / "formats/samples" / name for name in ("nginx-gateway-access.log", "vllm-server.log")]
    if not all(log.exists() for log in logs):
        pytest.skip(f"{SHARED} is not there")
    assert {framing_of(log.read_bytes()) for log in logs} <= {None, "table"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_beginning_has_an_answer(head: bytes) -> None:
    assert framing_of(head) in ("lines", "document", "table", None)


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        (b"a,b,c\n", ","),
        (b"a;b;c\n1,5;2;3\n", ";"),
        (b"a\tb\n", "\t"),
        (b"a|b|c\n", "|"),
        (b'"Time, UTC";"Cost, USD";model\n', ";"),
        (b"Kosten, gesamt;Modell;Token\n", ";"),
        (b"one\n", None),
        (b"", None),
        (b"\xff;\xfe\n", None),
        (b"a" * 200_000 + b",b\n", ","),
    ],
)
def test_the_delimiter_cuts_the_header_most_often(head: bytes, delimiter: str | None) -> None:
    assert delimiter_of(head) == delimiter
