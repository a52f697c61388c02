"""Is each recorded exchange of a YAML file one record, whichever library wrote it, and can no YAML do harm?"""

from __future__ import annotations

import base64
import gzip
import io
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.test_framing import sizes
from tokaudit.ingest.cutting.cassettes import NOT_A_MAPPING, frame_cassette
from tokaudit.ingest.cutting.framing import BOM, TOO_LONG, Frame, framing_of
from tokaudit.ingest.cutting.yaml_values import BAD_YAML, BLOWN_UP, decode_yaml, opened
from tokaudit.readers.values import packed_text
from tokaudit.schema import RejectRecordError

READS = [1, 2, 7, 64, 1 << 20]
BODY = json.dumps({"id": "chatcmpl-1", "choices": [{"message": {"content": "Grüße:\n- eins\n\n  # zwei\t"}}]})
REQUEST = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "interactions:\n- request:\n"}]})


def exchange(number: int, **response: Any) -> dict[str, Any]:
    return {
        "request": {"body": REQUEST, "headers": {"accept": ["*/*"]}, "method": "POST", "uri": f"https://x/{number}"},
        "response": {"body": {"string": BODY}, "status": {"code": 200, "message": "OK"}, **response},
    }


def cassette(data: bytes, read_bytes: int = 1 << 20, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_cassette(io.BytesIO(data)))


def values(frames: list[Frame]) -> list[Any]:
    return [frame.data or frame.reject for frame in frames]


def python(exchanges: list[Any]) -> bytes:
    return yaml.dump({"interactions": exchanges, "version": 1}).encode()


def go(exchanges: list[Any]) -> bytes:
    listed = yaml.dump(exchanges, sort_keys=False, width=10_000)
    return f"---\nversion: 2\ninteractions:\n{''.join(f'    {line}' for line in listed.splitlines(True))}".encode()


def ruby(exchanges: list[Any]) -> bytes:
    listed = yaml.dump(exchanges, default_flow_style=False, sort_keys=False)
    return f"---\nhttp_interactions:\n{listed}recorded_with: VCR 6.2.0\n".encode()


def with_line_ends(exchanges: list[Any]) -> bytes:
    return BOM + b"# recorded\r\n\r\n" + python(exchanges).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("read_bytes", READS)
@pytest.mark.parametrize("write", [python, go, ruby, with_line_ends])
def test_the_exchanges_come_back(write: Any, read_bytes: int) -> None:
    exchanges = [exchange(number) for number in range(4)]
    data = write(exchanges)
    assert framing_of(data) == "cassette"
    frames = cassette(data, read_bytes)
    assert values(frames) == exchanges
    for frame in frames:
        assert data[frame.offset :].lstrip(b" ").startswith(b"- request:")
        assert frame.line == data.count(b"\n", 0, frame.offset) + 1
        assert data[frame.offset : frame.after].rstrip() == data[frame.offset : frame.after].removesuffix(b"\r")


texts = st.text(max_size=30) | st.text(alphabet="-: \n#'\"[]{}&*!|>%@`ab\t\\", max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.dictionaries(texts, json_values, min_size=1, max_size=3), max_size=4),
    st.sampled_from([python, go, ruby]),
    st.sampled_from(READS),
)
def test_whatever_was_recorded_comes_back(exchanges: list[Any], write: Any, read_bytes: int) -> None:
    exchanges = [json.loads(json.dumps(each)) for each in exchanges]  # dumpers write equal objects as aliases
    frames = cassette(write(exchanges), read_bytes)
    assert [frame.data for frame in frames] == exchanges


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            [b"interactions:", b"- request:", b"  - request:", b"    a: 1", b"version: 1", b"---", b"", b"# x"]
        )
        | st.sampled_from([b"request:", b"response: {}", b"\t- x", b"- ", b"    b: |", b"      text", b"  c: ["])
        | st.binary(max_size=12),
        max_size=14,
    ),
    st.sampled_from(READS),
)
def test_any_lines_end_in_frames(lines: list[bytes], read_bytes: int) -> None:
    data = b"\n".join(lines)
    frames = cassette(data, read_bytes)
    assert frames == cassette(data)
    assert all((frame.data is None) != (frame.reject is None) for frame in frames)
    assert [frame.offset for frame in frames] == sorted({frame.offset for frame in frames})


def test_one_exchange_without_a_list() -> None:
    data = b"---\n# first\nname: x\nrequest:\n  body: a\nresponse:\n  body: b\n---\nname: other\n...\nrequest:\n  body: c\n"
    frames = cassette(data)
    assert values(frames) == [
        {"name": "x", "request": {"body": "a"}, "response": {"body": "b"}},
        {"request": {"body": "c"}},
    ]
    assert [frame.line for frame in frames] == [2, 11]


def test_a_second_list_goes_on() -> None:
    data = b"interactions:\n- a: 1\nversion: 1\n---\ninteractions:\n  - a: 2\n\n  # note\n  - a: 3\n---\nx: 1\n"
    assert values(cassette(data)) == [{"a": 1}, {"a": 2}, {"a": 3}]


@pytest.mark.parametrize(
    "data", [b"", b"interactions: []\nversion: 1\n", b"interactions:\nversion: 1\n", b"version: 1\n"]
)
def test_nothing_recorded(data: bytes) -> None:
    assert cassette(data) == []


def test_a_broken_exchange_costs_only_itself() -> None:
    broken = [
        b"- request: {\n",
        b"- request: 'x\n",
        b"- [1, 2]\n",
        b"- request: \x01\n",
        b"- a: *nowhere\n",
        b"- \xff\xfe\n",
        b"-\n",
    ]
    data = b"interactions:\n" + b"".join(b"- ok: 1\n" + item for item in broken) + b"- ok: 2\n"
    rejects = [BAD_YAML, BAD_YAML, NOT_A_MAPPING, BAD_YAML, BAD_YAML, BAD_YAML, NOT_A_MAPPING]
    expected = [value for reject in rejects for value in ({"ok": 1}, reject)]
    assert values(cassette(data)) == [*expected, {"ok": 2}]


@pytest.mark.parametrize("read_bytes", [1, 64, 1 << 20])
@pytest.mark.parametrize(
    "long", [b"    body: '" + b"x" * 900 + b"'\n", b"    body: |\n" + b"      x\n" * 90, b"\n" * 900]
)
def test_an_exchange_that_is_too_long_costs_only_itself(long: bytes, read_bytes: int) -> None:
    data = b"interactions:\n- ok: 1\n- request:\n" + long + b"- ok: 2\n- ok: 3\nversion: 1\n"
    frames = cassette(data, read_bytes, longest=300)
    assert values(frames) == [{"ok": 1}, TOO_LONG, {"ok": 2}, {"ok": 3}]
    assert frames[1].line == 3


def test_an_endless_line_is_not_held() -> None:
    frames = cassette(b"interactions:\n- a: " + b"x" * 5000, 64, longest=300)
    assert values(frames) == [TOO_LONG]
    assert values(cassette(b"x" * 5000 + b"\n- a\n", 64, longest=300)) == [TOO_LONG]


PACKED = gzip.compress(BODY.encode(), mtime=0)
BODIES: dict[str, tuple[Any, Any]] = {
    "bytes": (BODY.encode(), BODY),
    "packed bytes": (PACKED, BODY),
    "packed, as base64": (base64.b64encode(PACKED).decode(), BODY),
    "packed, as characters": (PACKED.decode("latin-1"), BODY),
    "an image": (b"\x89PNG\xff\xfe", None),
    "torn": (PACKED[:-9], None),
    "packed bytes of an image": (gzip.compress(b"\x89PNG\xff"), None),
    "nothing": (b"", None),
    "text that only begins alike": ("H4sI am not packed", "H4sI am not packed"),
    "a date": ("2026-03-01", "2026-03-01"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_become_text(name: str) -> None:
    body, expected = BODIES[name]
    (frame,) = cassette(python([exchange(1, body={"string": body})]))
    assert isinstance(frame.data, dict)
    assert frame.data["response"]["body"]["string"] == expected


def test_bodies_of_ruby() -> None:
    packed = base64.b64encode(PACKED).decode()
    data = f"http_interactions:\n- request:\n    body: {{encoding: UTF-8, base64_string: {packed}}}\n".encode()
    data += f"  response:\n    body:\n      encoding: ASCII-8BIT\n      string: !binary |-\n        {packed}\n".encode()
    (frame,) = cassette(data)
    assert isinstance(frame.data, dict)
    assert frame.data["request"]["body"]["string"] == BODY
    assert frame.data["response"]["body"]["string"] == BODY


def test_a_body_that_unpacks_to_more_than_a_record_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_text, "LONGEST_UNPACKED", 1000)
    assert opened(gzip.compress(b"x" * 1000)) == "x" * 1000
    assert opened(gzip.compress(b"x" * 1001)) is None
    assert opened(gzip.compress(b"x" * 10_000_000)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a: 2026-03-01 12:00:00", {"a": "2026-03-01 12:00:00"}),
        (b"a: .nan\nb: .inf\nc: 1e3\nd: 0x10\ne: ~", {"a": None, "b": None, "c": "1e3", "d": 16, "e": None}),
        (b"1: a\nnull: c\n1.5: d", {"1": "a", "None": "c", "1.5": "d"}),
        (b"a: !!python/object/apply:os.getcwd []", {"a": None}),
        (b"a: !!python/object/new:_io.BytesIO {state: 1}\nb: 2", {"a": None, "b": 2}),
        (b"a: !!python/unicode x", {"a": "x"}),
        (b"a: !!set {x}\nb: !!timestamp 2026-03-01\nc: !mine {y: 1}", {"a": None, "b": None, "c": None}),
        (b"a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        (b"<<: {a: 1}\na: 2", {"<<": {"a": 1}, "a": 2}),
        (b"a: =\nb: <<", {"a": "=", "b": "<<"}),
        (b"a: 1\na: 2", {"a": 2}),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
    ],
)
def test_only_what_json_can_say_is_read(text: bytes, expected: Any) -> None:
    assert decode_yaml(text) == expected


def laughs(kind: str) -> bytes:
    open_, close = ("[", "]") if kind == "lists" else ("{<<: [", "]}")
    first = 'a0: &a0 ["lol"]' if kind == "lists" else "a0: &a0 {k: lol}"
    lines = (f"a{n}: &a{n} {open_}{','.join([f'*a{n - 1}'] * 9)}{close}" for n in range(1, 12))
    return "\n".join([first, *lines]).encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (laughs("lists"), BLOWN_UP),
        (laughs("merged mappings"), BLOWN_UP),
        (b"a: &a '" + b"x" * 2000 + b"'\nb: [" + b"*a, " * 100 + b"]", BLOWN_UP),
        (b"a: &a [*a]", BLOWN_UP),
        (b"a: &a {b: *a}", BLOWN_UP),
        (b"[" * 300 + b"]" * 300, BLOWN_UP),
        (b"[" * 100_000, BAD_YAML),
        (b"[" * 100_000 + b"]" * 100_000, BAD_YAML),
        (b"- " * 100_000, BAD_YAML),
        (b"{a: " * 50_000, BAD_YAML),
        (b"? " * 50_000, BAD_YAML),
        (b"a: " + b"9" * 9000, BAD_YAML),
        (b"a: !!int x", BAD_YAML),
        (b"a: !!binary '*'", None),
        (b"? [a]\n: 1", BAD_YAML),
        (b"a: 1\n---\nb: 2", BAD_YAML),
        (b"%TAG ! tag:x,2000:\n---\n!foo 1", None),
    ],
)
def test_hostile_yaml_is_a_reject(text: bytes, reason: str | None) -> None:
    if reason is None:
        decode_yaml(text)
        return
    with pytest.raises(RejectRecordError, match=reason):
        decode_yaml(text)
