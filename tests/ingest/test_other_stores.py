"""Are Google's and Azure's stores read as S3 is?

The server here answers as their documentation says, to the few requests that we make.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ingest.logs import counts, ingested, json_lines, row
from ingest.test_streams import gz
from tokaudit.errors import InputError
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.storage import remote

OBJECTS = {
    "logs/a.jsonl": json_lines([row(number, id=f"a{number}") for number in range(30)]),
    "logs/day 2/b.jsonl.gz": gz(json_lines([row(number, id=f"b{number}") for number in range(5)])),
    "logs/.hidden": b"{}\n",
    "other": b"{}\n",
}
TIME = "Mon, 02 Mar 2026 12:00:00 GMT"


def google_list(found: Mapping[str, bytes]) -> str:
    entries = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-03-02T12:00:00.000Z</LastModified>"
        f"<ETag>{tag(data)}</ETag><Size>{len(data)}</Size></Contents>"
        for key, data in found.items()
    )
    return f"<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"


def azure_list(found: Mapping[str, bytes]) -> str:
    entries = "".join(
        f"<Blob><Name>{key}</Name><Properties><Last-Modified>{TIME}</Last-Modified>"
        f"<Etag>{tag(data).strip(chr(34))}</Etag><Content-Length>{len(data)}</Content-Length>"
        "<Content-Type>text/plain</Content-Type></Properties></Blob>"
        for key, data in found.items()
    )
    return f"<EnumerationResults><Blobs>{entries}</Blobs><NextMarker /></EnumerationResults>"


def tag(data: bytes) -> str:
    return f'"0x{hashlib.sha256(data).hexdigest()[:15].upper()}"'


class Answers(BaseHTTPRequestHandler):
    """A bucket of Google's and a container of Azure's at once: only their lists differ."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        bucket, _, key = unquote(address.path).strip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if bucket != "bucket":
            self.answer(404, b"<Error><Code>NoSuchBucket</Code></Error>" * (query.get("comp") != "list"))
        elif not key:
            found = {name: data for name, data in OBJECTS.items() if name.startswith(query.get("prefix", ""))}
            assert self.headers["Accept-Encoding"] is None
            self.answer(200, (azure_list(found) if "comp" in query else google_list(found)).encode())
        elif key not in OBJECTS:
            self.answer(404, b"")
        else:
            self.give(OBJECTS[key])

    def give(self, data: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or self.headers.get("x-ms-range") or "")
        headers = {"ETag": tag(data), "Last-Modified": TIME}
        if not wanted:
            return self.answer(200, data, headers)
        start, end = int(wanted[1]), int(wanted[2]) + 1
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return self.answer(206, data[start:end], headers)

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["gs", "az"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name, text in {
            "GOOGLE_BASE_URL": f"http://127.0.0.1:{server.server_port}",
            "GOOGLE_SKIP_SIGNATURE": "true",
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "AZURE_STORAGE_ACCOUNT_NAME": "account",
            "AZURE_SKIP_SIGNATURE": "true",
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, text)
        yield f"{request.param}://bucket"
        server.shutdown()


def test_folders_objects_and_patterns(store: str) -> None:
    everything = [f"{store}/{name}" for name in ("logs/a.jsonl", "logs/day 2/b.jsonl.gz", "other")]
    assert [source.name for source in find_sources([store])] == everything
    assert [source.name for source in find_sources([f"{store}/logs"])] == everything[:2]
    assert [source.name for source in find_sources([f"{store}/logs/*.jsonl"])] == everything[:1]
    assert [source.name for source in find_sources([f"{store}/logs/a.jsonl"])] == everything[:1]


def test_objects_are_read_once(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_RANGE", 500)
    report, tables = ingested(tmp_path / "ledger", f"{store}/logs")  # type: ignore[arg-type]
    assert (report.refused, counts(tables)) == ([], (35, 0))
    again, _ = ingested(tmp_path / "ledger", f"{store}/logs/a.jsonl", f"{store}/logs")  # type: ignore[arg-type]
    assert sorted(again.known) == [f"{store}/logs/a.jsonl", f"{store}/logs/day 2/b.jsonl.gz"]


@pytest.mark.parametrize("address", ["/nothing", "-of-others/a"])
def test_what_is_not_there_is_an_error(store: str, address: str) -> None:
    with pytest.raises(InputError) as caught:
        find_sources([f"{store}{address}"])
    assert caught.value.where == f"{store}{address}"
    assert caught.value.hint


def test_google_is_asked_for_the_bytes_as_they_are_stored(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def give(answers: Answers, data: bytes) -> None:
        asked.append(answers.headers["Accept-Encoding"])
        given(answers, data)

    given = Answers.give
    monkeypatch.setattr(Answers, "give", give)
    (source,) = find_sources([f"{store}/logs/a.jsonl"])
    with source.place.open() as stream:
        assert stream.read() == OBJECTS["logs/a.jsonl"]
    assert set(asked) == ({"gzip"} if store.startswith("gs") else {None})
