"""Is every line of a text log a row, a blank or a reject, and does a row say what the line says?"""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.test_framing import ACCESS, VLLM, sizes
from tokaudit.ingest.cutting.framing import BOM, NOT_UTF8, TOO_LONG, Frame, framing_of
from tokaudit.ingest.cutting.text_lines import names_tokens, row_of_line
from tokaudit.ingest.cutting.text_rows import NO_PAIRS, frame_text

READS = [1, 2, 7, 64, 1 << 20]


def text(data: bytes, read_bytes: int = 1 << 20, longest: int = 1 << 20) -> list[Frame]:
    with sizes(READ_BYTES=read_bytes, LONGEST_RECORD=longest):
        return list(frame_text(io.BytesIO(data)))


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,10}", fullmatch=True)
bare = st.from_regex(r"[^\s\"',;|()\[\]{}\\=][^\s\"',;|()\[\]{}\\]{0,12}", fullmatch=True)
quoted = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\x1e"), max_size=15)


def written(name: str, value: str, *, in_quotes: bool) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"' if in_quotes else f"{name}={value}"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    pairs=st.dictionaries(
        names, st.tuples(st.just(False), bare) | st.tuples(st.just(True), quoted), min_size=2, max_size=6
    ),
    separator=st.sampled_from([" ", "\t", ", ", "; ", ",", " | "]),
    prose=st.sampled_from(["", "done: ", "[info] ", "(app) "]),
)
def test_the_pairs_come_back(pairs: dict[str, tuple[bool, str]], separator: str, prose: str) -> None:
    line = prose + separator.join(
        written(name, value, in_quotes=in_quotes) for name, (in_quotes, value) in pairs.items()
    )
    assert row_of_line(line) == {name: value for name, (_, value) in pairs.items()}


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (
            "INFO: model: gpt-4o, prompt_tokens: 10, completion_tokens: 5, error: none, latency: 0.8",
            {"model": "gpt-4o", "prompt_tokens": "10", "completion_tokens": "5", "latency": "0.8"},
        ),
        (
            'ts=2026-03-02T09:15:14Z level=info msg="a \\"call\\"" model=gpt-4o prompt_tokens=10 completion_tokens=5',
            {
                "ts": "2026-03-02T09:15:14Z",
                "level": "info",
                "msg": 'a "call"',
                "model": "gpt-4o",
                "prompt_tokens": "10",
                "completion_tokens": "5",
            },
        ),
        (
            "2026-03-02 09:15:14,123 INFO app - model=gpt-4o, in=10, out=5",
            {"time": "2026-03-02 09:15:14.123", "model": "gpt-4o", "in": "10", "out": "5"},
        ),
        (
            "[2026-03-02T09:15:14+01:00] time=1 in_tokens=10",
            {"time": "1", "in_tokens": "10"},
        ),
        (
            "usage=CompletionUsage(completion_tokens=5, prompt_tokens=9, details=Details(cached_tokens=0, audio=None))",
            {
                "usage": "CompletionUsage",
                "completion_tokens": "5",
                "prompt_tokens": "9",
                "details": "Details",
                "cached_tokens": "0",
                "audio": "None",
            },
        ),
        ("url=https://x/y?a=1&b=2 model='gpt 4'", {"url": "https://x/y?a=1&b=2", "model": "gpt 4"}),
        ('name="caf\\xC3\\xA9" path="a\\\\b\\n"', {"name": "café", "path": "a\\b\n"}),
        ('a="x=1 y=2" b= c=""', {"a": "x=1 y=2", "b": "", "c": ""}),
        ("a=1 a=2 b=3", {"a": "1", "b": "3"}),
        ("total=1,234 cost=$0.02; n=3.", {"total": "1,234", "cost": "$0.02", "n": "3."}),
        ('said "x=1 y=2" a=1 b=2', {"a": "1", "b": "2"}),
        ("it's a=1 b=2", {"a": "1", "b": "2"}),
    ],
)
def test_lines_of_pairs(line: str, row: dict[str, str]) -> None:
    assert row_of_line(line) == row


@pytest.mark.parametrize(
    "line",
    [
        "",
        "prose only",
        "one=1",
        "2026-03-02T09:15:14Z INFO x=1",
        'a=1 b="never closed',
        'a="x b=2',
        "x == 1 and y => 2",
        "=1 =2",
    ],
)
def test_what_is_no_line_of_pairs(line: str) -> None:
    assert row_of_line(line) is None


COMBINED = {
    "time": "05/Apr/2026:10:11:12 +0000",
    "method": "POST",
    "url": "/v1/chat/completions",
    "status": "200",
    "remote_addr": "10.1.2.3",
    "user": "triage",
    "body_bytes_sent": "512",
    "http_user_agent": "curl/8",
    "model": "gpt-4o",
    "in_tok": "30",
    "out_tok": "4",
}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("", "", {}),
        (" - triage ", " - - ", {"user": None}),
        ('"-"', '"https://x/?a=1"', {"http_referer": "https://x/?a=1"}),
        (" 512 ", " - ", {"body_bytes_sent": None}),
        (" HTTP/1.1", "", {}),
        (" 200 ", " 429 ", {"status": "429"}),
        ("in_tok", 'us="502, 200" ut="1.0, 2.0" in_tok', {"us": "502, 200", "ut": "1.0, 2.0"}),
        ("in_tok", "rt=2.500 in_tok", {"duration_s": "2.500"}),
        ("in_tok", "request_time=0.012 in_tok", {"duration_s": "0.012"}),
        ("in_tok", "request_time=1772442914 in_tok", {"request_time": "1772442914"}),
        ("in_tok", "status=1 in_tok", {}),
        ("[05/Apr/2026:10:11:12 +0000]", "[2026-04-05T10:11:12+00:00]", {"time": "2026-04-05T10:11:12+00:00"}),
        (' 512 "-" "curl/8"', " 7", {"body_bytes_sent": "7", "http_user_agent": None}),
        (
            "10.1.2.3 - triage ",
            "",
            {"remote_addr": None, "user": None, "body_bytes_sent": None, "http_user_agent": None},
        ),
        ("] ", '] api.local "', None),
    ],
)
def test_access_lines(old: str, new: str, changes: dict[str, str | None] | None) -> None:
    row = row_of_line(ACCESS.decode().strip().replace(old, new, 1) if old else ACCESS.decode().strip())
    expected = None if changes is None else {k: v for k, v in {**COMBINED, **changes}.items() if v is not None}
    assert row == expected


def test_an_access_line_needs_no_pairs() -> None:
    line = ACCESS[: ACCESS.index(b"model")].decode()
    row = row_of_line(line)
    assert row == {name: value for name, value in COMBINED.items() if name not in ("model", "in_tok", "out_tok")}
    assert not names_tokens(row)


@pytest.mark.parametrize("read_bytes", READS)
def test_every_line_is_a_row_a_blank_or_a_reject(read_bytes: int) -> None:
    long = b'a=1 b="' + b"x" * 400 + b'"\n'
    data = BOM + ACCESS + b"\r\n" + b"Restarting\n" + b"  a=1 b=2  \n" + b"a=\xff b=1\n" + long + b"c=3 d=4"
    frames = text(data, read_bytes, longest=300)
    assert [frame.line for frame in frames] == list(range(1, 8))
    assert [frame.data for frame in frames] == [
        COMBINED,
        None,
        None,
        {"a": "1", "b": "2"},
        None,
        None,
        {"c": "3", "d": "4"},
    ]
    assert [frame.reject for frame in frames] == [None, None, NO_PAIRS, None, NOT_UTF8, TOO_LONG, None]
    assert [frame.offset for frame in frames] == [0, *(m for m, byte in enumerate(data, 1) if byte == 10)]
    assert frames[-1].after == len(data)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([ACCESS.strip(), b"a=1 b=2", b"", b"x"]) | st.binary(max_size=20)), st.sampled_from(READS)
)
def test_the_size_of_the_reads_changes_nothing(lines: list[bytes], read_bytes: int) -> None:
    data = b"\n".join(lines)
    frames = text(data, read_bytes)
    assert frames == text(data)
    assert len(frames) == len(data.split(b"\n")) - (not data or data.endswith(b"\n"))
    assert all(frame.data is None or frame.reject is None for frame in frames)


@pytest.mark.parametrize(
    "line",
    [
        '\\"' * 200_000, "a=1," * 100_000, "," * 400_000 + "=", "a" * 400_000, '"' * 399_999, "a=(" * 100_000, "a='" * 100_000,
        "[05/Apr/2026:10:11:12 +0000] " * 10_000, 'a="' + "\\" * 400_001, "a=b" * 100_000, '"POST /x" ' * 40_000, "- " * 200_000,
    ],
)  # fmt: skip
def test_hostile_lines_have_an_answer(line: str) -> None:
    row = row_of_line(line)
    assert row is None or json.dumps(row)


def test_logs_of_servers_state_no_tokens() -> None:
    rows = [row for line in VLLM.decode().splitlines() if (row := row_of_line(line))]
    assert not any(map(names_tokens, rows))
    sglang = (
        b"[2026-03-01 12:00:00 TP0] Prefill batch. #new-seq: 1, #new-token: 20, #cached-token: 0, token usage: 0.00\n"
    )
    uvicorn = b'INFO:     10.0.0.1:51408 - "POST /v1/chat/completions HTTP/1.1" 200 OK\n'
    assert framing_of(uvicorn * 5) is None
    assert framing_of(sglang * 5) in (None, "table")
