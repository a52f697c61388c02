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
from tokaudit.ingest.cutting import framing
from tokaudit.ingest.cutting.framing import BOM, HEAD_BYTES, TOO_LONG, Frame, frame_lines, framing_of, line_blocks
from tokaudit.ingest.cutting.headers import delimiter_of
from tokaudit.ingest.cutting.signs import VLLM_LOG, known_refusal


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


def test_record_separators_are_no_part_of_a_record() -> None:
    frames = lines_of(b'\x1e{"a":1}\n\x1e\n\x1e {"b":"\x1e"}', 3)
    assert [(frame.line, frame.data) for frame in frames] == [(1, b'{"a":1}'), (2, None), (3, b'{"b":"\x1e"}')]


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

CHUNK = {"id": "c1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
ACCESS = (
    b'10.1.2.3 - triage [05/Apr/2026:10:11:12 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "curl/8" '
    b'model="gpt-4o" in_tok=30 out_tok=4\n'
)
VLLM = (
    b"INFO 04-10 03:35:45 [logger.py:39] Received request chatcmpl-1: prompt: 'Hi, you', params: SamplingParams(n=1, top_p=1)\n"
    b"INFO 04-10 03:35:55 [loggers.py:9] Engine 000: Avg prompt throughput: 0.8 tokens/s, Avg generation throughput: "
    b"4.6 tokens/s, Running: 0 reqs\n"
)

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
    "record separators": (b"\x1e" + ONE_RECORD + b"\n\x1e" + ONE_RECORD + b"\n", "lines"),
    "record separators before pretty objects": (b"\x1e" + json.dumps(row(1), indent=1).encode() + b"\n", "document"),
    "an object over two lines, longer than the head": (b'{\n"a": "' + b"x" * HEAD_BYTES, "document"),
    "values side by side": (ONE_RECORD * 3, "document"),
    "two values a line": ((ONE_RECORD + b" " + ONE_RECORD + b"\n") * 3, "document"),
    "two values on one line of many": (ONE_RECORD + b"\n" + ONE_RECORD * 2 + b"\n" + ONE_RECORD + b"\n", "lines"),
    "values side by side, more than the head": (ONE_RECORD * (HEAD_BYTES // len(ONE_RECORD) + 1), "document"),
    "a page on one line, longer than the head": (
        b'{"object": "list", "data": [' + b", ".join([ONE_RECORD] * 9000) + b"]}",
        "document",
    ),
    "a call on one line, longer than the head": (
        json.dumps({"messages": [{"role": "user", "content": "x" * 200}] * 9000, "model": "gpt-4o"}).encode(),
        "lines",
    ),
    "chunks of streams": (json_lines([CHUNK, CHUNK]), "chunks"),
    "chunks between other lines": (json_lines([row(1), CHUNK, row(2)]), "chunks"),
    "an array of chunks": (json.dumps([CHUNK, CHUNK], indent=1).encode(), "chunks"),
    "a pair whose response is streamed": (json_lines([{"request": {}, "response": {"body": [CHUNK]}}]), "lines"),
    "an event stream": (b"data: " + json.dumps(CHUNK).encode() + b"\n\ndata: [DONE]\n\n", "events"),
    "an event stream with names": (b'event: message_start\r\ndata: {"type": "message_start"}\r\n\r\n', "events"),
    "an event stream after a comment": (b': connected\n\nid: 1\ndata: {"a": 1}\n\n', "events"),
    "a request before its event stream": (ONE_RECORD + b"\n" + b'data: {"a": 1}\n\n' * 3, "events"),
    "an event stream of prose": (b"data: hello\n\ndata: world\n\n", None),
    "prose with colons": (b"id: 3\nevent: the fair\nplace: here, there\n", None),
    "a cassette": (b"interactions:\n- request:\n    body: null\n  response:\n    body: null\nversion: 1\n", "cassette"),
    "a cassette of Go": (b"---\nversion: 2\ninteractions:\n    - id: 0\n      request:\n", "cassette"),
    "a cassette of Ruby": (b"---\r\nhttp_interactions:\r\n- request:\r\n    method: post\r\n", "cassette"),
    "a cassette without records": (b"interactions: []\nversion: 1\n", "cassette"),
    "one recorded exchange": (b"# recorded\nrequest:\n  body: x\nresponse:\n  body: y\n", "cassette"),
    "other YAML": (b"version: 1\nrequest:\n  body: x\n", None),
    "an access log": (ACCESS * 3, "text"),
    "an access log without tokens": (ACCESS.replace(b"tok", b"x") * 3, None),
    "an access log with a table's marks": (ACCESS.replace(b'"-"', b'"a,b,c"') * 3, "text"),
    "logfmt": (b"ts=2026-03-02T09:15:14Z model=gpt-4o prompt_tokens=3 completion_tokens=4\n" * 2, "text"),
    "logfmt after prose": (b"Starting, please wait\n" + b"model=gpt-4o, prompt_tokens=3\n" * 5, "text"),
    "logfmt in a minority": (b"Starting up\n" * 5 + b"model=gpt-4o prompt_tokens=3\n" * 4, None),
    "logfmt without tokens": (b"level=info status=200 max_tokens=5\n" * 9, None),
    "csv with pairs in cells": (
        b"id,usage\n1,prompt_tokens=3 total_tokens=4\n2,prompt_tokens=5 total_tokens=9\n",
        "table",
    ),
    "csv for Excel": (b"sep=;\r\nmodel;prompt_tokens\r\ngpt-4o;3\r\n", "table"),
    "csv with line ends in its header": (b'"Modell\n(Name)";"Token\n(ein)"\ngpt-4o;3\n', "table"),
    "csv after blank lines": (b"\n\r\nmodel,prompt_tokens\ngpt-4o,3\n", "table"),
    "a vLLM log": (VLLM, None),
    "prose": (b"Dear reader\nthis is a letter\n", None),
    "a text log": (b"2026-03-01T12:00:00Z INFO started\n2026-03-01T12:00:01Z INFO done\n", None),
    "a text log in brackets": (b"[2026-03-01 12:00:00] INFO started\n[2026-03-01 12:00:01] INFO done\n", None),
    "a header in the encoding of Windows": (b"gr\xf6\xdfe;modell\n1;2\n", "table"),
    "a header in no encoding": (b"gr\x81\xdfe;modell\n1;2\n", None),
    "rows without a header": (b"2026-03-02 09:15:12,gpt-4o,1420,100\n2026-03-02 09:16:12,gpt-4o,1,2\n", None),
    "a number among the names": (b"0,model,prompt_tokens,completion_tokens\n1,gpt-4o,1420,100\n", "table"),
    "lines with pieces of JSON": (b'data = {"a": 1, "b": 2, c\n', None),
    "a title above the header": (
        b"Usage, March\n\nDate,Model,Input tokens,Output tokens\n2026-03-02,gpt-4o,1,2\n",
        "table",
    ),
    "one column of JSON": (b'payload\n"{""a"": 1}"\n"{""a"": 2}"\n', "table"),
    "objects written as texts": (b'"{\\"a\\": 1}"\n"{\\"a\\": 2}"\n', "lines"),
    "an array of texts": (b'["{\\"a\\": 1}", "{\\"a\\": 2}"]', "document"),
}


@pytest.mark.parametrize("name", HEADS)
def test_framing_is_told_by_the_beginning(name: str) -> None:
    head, expected = HEADS[name]
    assert framing_of(head[:HEAD_BYTES]) == expected


def test_framing_of_real_logs() -> None:
    samples = SHARED / "formats/samples"
    if not samples.exists():
        pytest.skip(f"{SHARED} is not there")
    framings = {
        name: framing_of((samples / name).read_bytes())
        for name in ("nginx-gateway-access.log", "vllm-server.log", "anthropic-stream-input-grows.chunks.jsonl")
    }
    assert list(framings.values()) == ["text", None, "chunks"]


def test_a_log_of_no_use_is_named() -> None:
    assert known_refusal(VLLM) == VLLM_LOG
    assert known_refusal(VLLM[: VLLM.index(b"params")]) == VLLM_LOG
    assert known_refusal(ACCESS) is None
    assert known_refusal(b"2026-03-01 INFO: Received request 12: fine\n") is None


FRAMINGS = ("lines", "document", "chunks", "events", "cassette", "container", "spread", "text", "table", None)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_beginning_has_an_answer(head: bytes) -> None:
    assert framing_of(head) in FRAMINGS


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(HEADS)), st.data())
def test_a_beginning_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    head, _ = HEADS[name]
    assert framing_of(head[: data.draw(st.integers(0, min(len(head), 3000)))]) in FRAMINGS


@pytest.mark.parametrize(
    "head",
    [
        b"[" * HEAD_BYTES,
        b'{"a":' * (HEAD_BYTES // 5),
        b'{"data":[' * (HEAD_BYTES // 9),
        b'"' * HEAD_BYTES,
        b'\\"' * (HEAD_BYTES // 2),
        b"a=1,b=" * (HEAD_BYTES // 6),
        b"data:\n" * (HEAD_BYTES // 6),
        b"- " * (HEAD_BYTES // 2),
        b"request:\n " * (HEAD_BYTES // 10),
        b"interactions:\n\n" * (HEAD_BYTES // 15),
        b"Received request a: " * (HEAD_BYTES // 20),
        b"\x1e" * HEAD_BYTES,
    ],
)
def test_a_hostile_beginning_has_an_answer(head: bytes) -> None:
    assert framing_of(head) in FRAMINGS


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
        (b"sep=;\na,b,c;d\n", ";"),
        (b'"sep=\t"\r\na;b\n', "\t"),
        (b"sep=x\na;b;c\n", None),
        (b"\n\na;b\n", ";"),
        (b'"a\nb";c\n1;2\n', ";"),
        (b"a,b\n\xff,\xfe\n", ","),
    ],
)
def test_the_delimiter_cuts_the_header_most_often(head: bytes, delimiter: str | None) -> None:
    assert delimiter_of(head) == delimiter
