"""Are the lines of a container's log put together where the runtime has cut them, and read as they are elsewhere?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ingest.logs import chat, counts, ingested, row
from ingest.test_framing import sizes
from tokaudit.ingest.cutting.containers import frame_container
from tokaudit.ingest.cutting.framing import TOO_LONG, Frame, framing_of

TIME = "2026-03-02T09:15:12.123456789Z"
PIECE = 16 << 10


def cri(text: str, stream: str = "stdout", tag: str = "F") -> bytes:
    return f"{TIME} {stream} {tag} {text}\n".encode()


def docker(text: str, stream: str = "stdout") -> bytes:
    return json.dumps({"log": text, "stream": stream, "time": TIME}, ensure_ascii=False).encode() + b"\n"


def pieces_of(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def framed(data: bytes) -> list[Frame]:
    assert framing_of(data) == "container"
    return list(frame_container(io.BytesIO(data)))


def logged(data: bytes) -> list[object]:
    return [frame.data["log"] if isinstance(frame.data, dict) else frame.data for frame in framed(data)]


LONG = json.dumps({"id": 1, "text": "x" * 2 * PIECE})


def test_pieces_of_kubernetes_are_one_line() -> None:
    first, *middle, last = pieces_of(LONG)
    data = cri(first, tag="P") + b"".join(cri(piece, tag="P") for piece in middle) + cri(last) + cri('{"id": 2}')
    frames = framed(data)
    assert [frame.data["log"] for frame in frames if isinstance(frame.data, dict)] == [LONG, '{"id": 2}']
    assert [(frame.line, frame.offset) for frame in frames] == [(1, 0), (4, data.index(cri('{"id": 2}')))]
    assert frames[0].after == data.index(cri('{"id": 2}')) - 1
    assert frames[1].data == {"time": TIME, "stream": "stdout", "log": '{"id": 2}'}


def test_pieces_of_docker_are_one_line() -> None:
    data = b"".join(map(docker, [*pieces_of(LONG)[:-1], pieces_of(LONG)[-1] + "\n", '{"id": 2}\n']))
    assert logged(data) == [LONG + "\n", '{"id": 2}\n']


def test_the_pieces_of_two_streams_may_be_mixed() -> None:
    out, err = pieces_of(LONG), pieces_of(LONG.replace("x", "y"))
    data = cri('{"id": 0}')
    for number, (one, other) in enumerate(zip(out, err, strict=True)):
        tag = "F" if number == len(out) - 1 else "P"
        data += cri(one, "stdout", tag) + cri(other, "stderr", tag)
    assert logged(data) == ['{"id": 0}', LONG, LONG.replace("x", "y")]


@pytest.mark.parametrize(
    "text",
    ['{"id": 1}', "Started.", '{"torn": ', json.dumps({"a": "x" * (PIECE - 9)}), json.dumps({"a": "é" * 8190})],
)
def test_a_line_of_docker_whose_end_was_taken_off_is_whole(text: str) -> None:
    assert logged(docker('{"id": 0}') + docker(text) + docker('{"id": 2}')) == ['{"id": 0}', text, '{"id": 2}']


def test_what_is_no_line_of_a_runtime_stays_as_it_is() -> None:
    data = cri('{"id": 1}') + b"rotated\n\n" + cri('{"id": 2}') + cri("") + cri("\xe9")[:-2] + b"\xff\n"
    frames = framed(data)
    assert [frame.data if isinstance(frame.data, bytes | None) else frame.data["log"] for frame in frames] == [
        '{"id": 1}', b"rotated", None, '{"id": 2}', None, cri("\xe9")[:-2] + b"\xff",
    ]  # fmt: skip


def test_a_line_that_is_not_ended_is_told_as_far_as_it_goes() -> None:
    assert logged(cri('{"id": 1}') + cri('{"id": 2', tag="P")) == ['{"id": 1}', '{"id": 2']


def test_an_endless_line_fills_no_memory() -> None:
    with sizes(LONGEST_RECORD=1000):
        frames = framed(cri('{"id": 1}') + cri("x" * 300, tag="P") * 20 + cri("x") + cri('{"id": 2}'))
    assert [frame.reject for frame in frames] == [None, TOO_LONG, None]


@pytest.mark.parametrize("write", [cri, lambda text: docker(f"{text}\n")])
def test_calls_behind_a_runtime(write: object, tmp_path: Path) -> None:
    assert callable(write)
    records = [chat(1, answer="long " * 8000), row(2), {"level": "info"}]
    data = b"".join(write(json.dumps(record)) for record in records) + write("Started.")
    log = tmp_path / "log"
    log.write_bytes(data)
    report, tables = ingested(tmp_path / "ledger", log)
    assert (report.refused, counts(tables)) == ([], (2, 2))
    assert [record["line"] for record in sorted(tables["records"], key=lambda each: each["line"])] == [1, 2]
