"""Does a file of streams, recordings or pairs that has grown end as if it had been read at once?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ingest.logs import chat as pair
from ingest.logs import ingested, json_lines, row
from ingest.test_cassettes import go, python
from ingest.test_chunks import chat, messages
from ingest.test_containers import cri
from ingest.test_events import sent
from ingest.test_framing import ACCESS
from ingest.test_growth import assert_as_if_read_at_once, grow
from ingest.test_spread import printed

CHATS = [chat("a"), chat("b", usage=False), messages("c"), chat("d")]
PAIRS = [{key: value for key, value in pair(number).items() if key != "timestamp"} for number in range(4)]
CHUNKS = [json_lines(stream) for stream in CHATS]
SENT = [sent(stream, done=True) for stream in CHATS]
ACCESSES = [ACCESS.replace(b"=30", b"=%d" % number).replace(b"10:11", b"10:%d" % number) for number in range(30, 34)]


LONG = [json.dumps(row(number, prompt="x" * 40_000)) for number in range(3)]
LOGGED = [cri(text[:16384], tag="P") + cri(text[16384:32768], tag="P") + cri(text[32768:]) for text in LONG]
PRINTED = [b"2026-03-02 09:15 INFO Started, again\n" + printed(row(number)) for number in range(3)]
TITLED = [
    b"Usage\n\nDate;Model;Input tokens;Output tokens\n",
    b"3/4/2026;gpt-4o;1.000;1\n",
    b"13/4/2026;gpt-4o;1.420;2\n",
]


def joined(pieces: list[bytes]) -> list[bytes]:
    return [b"".join(pieces[: number + 1]) for number in range(len(pieces))]


def recorded(write: Callable[[list[object]], bytes]) -> list[bytes]:
    return [write(list(PAIRS[: number + 1])) for number in range(len(PAIRS))]


STAGES: dict[str, list[bytes]] = {
    "one stream of chunks after another": joined(CHUNKS),
    "chunk after chunk": joined(json_lines(CHATS[0]).splitlines(keepends=True)),
    "half a chunk": [CHUNKS[0][:-30], CHUNKS[0], CHUNKS[0] + CHUNKS[1][:55], CHUNKS[0] + CHUNKS[1]],
    "lines that become chunks": [json_lines([row(1)]), json_lines([row(1)]) + CHUNKS[0]],
    "a list of chunks": [json.dumps(CHATS[0][:3]).encode(), json.dumps(CHATS[0]).encode()],
    "one event stream after another": joined(SENT),
    "event after event": joined(SENT[0].splitlines(keepends=True)),
    "half an event": [SENT[0][:-40], SENT[0], SENT[0] + SENT[2][:99], SENT[0] + SENT[2]],
    "a cassette": recorded(python),
    "a cassette of Go": recorded(go),
    "half an exchange": [python(list(PAIRS))[:-400], python(list(PAIRS))[:-20], python(list(PAIRS))],
    "one exchange": [yaml.dump(PAIRS[0], sort_keys=True).encode()[:-9], yaml.dump(PAIRS[0], sort_keys=True).encode()],
    "lines of a container": joined(LOGGED),
    "half a line of a container": [LOGGED[0] + LOGGED[1][:20_000], b"".join(LOGGED[:2]), b"".join(LOGGED)],
    "printed objects": joined(PRINTED),
    "half a printed object": [PRINTED[0] + PRINTED[1][:-40], b"".join(PRINTED)],
    "a table whose column tells more and more": [TITLED[0] + TITLED[1], b"".join(TITLED)],
    "lines of pairs": joined(ACCESSES),
    "half a line of pairs": [ACCESSES[0] + ACCESSES[1][:-8], ACCESSES[0] + ACCESSES[1] + ACCESSES[2]],
}


@pytest.mark.parametrize("name", STAGES)
def test_growing_ends_the_same(name: str, tmp_path: Path) -> None:
    reports, tables = grow(tmp_path, {"log": STAGES[name]})
    assert [report.changed for report in reports] == [[]] * len(STAGES[name])
    assert len({tuple(report.file_ids) for report in reports if report.file_ids}) == 1
    assert_as_if_read_at_once(tmp_path, tables, ["log"])


@pytest.mark.parametrize("name", STAGES)
def test_twice_changes_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(STAGES[name][-1])
    first, once = ingested(tmp_path / "ledger", tmp_path / "log")
    second, twice = ingested(tmp_path / "ledger", tmp_path / "log")
    assert (second.file_ids, second.known) == (first.file_ids, [str(tmp_path / "log")])
    assert once == twice
