"""Are the files found that the user named, each once, and nothing else?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ingest.logs import counts, ingested, json_lines, row
from tokaudit.errors import InputError
from tokaudit.ingest.sources import find_sources


def names(*paths: object) -> list[str]:
    return [source.name for source in find_sources([str(path) for path in paths])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jsonl", "a.jsonl", "sub/c.csv", ".hidden.jsonl", ".git/d.jsonl", "sub/.e.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}\n")
    return tmp_path


def test_a_folder_is_read_whole_without_hidden_files(folder: Path) -> None:
    assert names(folder) == [str(folder / name) for name in ("a.jsonl", "b.jsonl", "sub/c.csv")]


def test_a_hidden_file_that_is_named_is_read(folder: Path) -> None:
    assert names(folder / ".hidden.jsonl") == [str(folder / ".hidden.jsonl")]


def test_each_file_once_in_the_order_named(folder: Path) -> None:
    (folder / "link.jsonl").symlink_to(folder / "b.jsonl")
    found = names(folder / "link.jsonl", folder / "*.jsonl", folder, folder / "sub/../a.jsonl")
    assert found == [str(folder / name) for name in ("link.jsonl", "a.jsonl", "sub/c.csv")]


def test_a_name_is_not_a_pattern_when_it_exists(tmp_path: Path) -> None:
    for name in ("x[1].jsonl", "x1.jsonl", "*.jsonl"):
        (tmp_path / name).write_text("{}\n")
    assert names(tmp_path / "x[1].jsonl") == [str(tmp_path / "x[1].jsonl")]
    assert names(tmp_path / "*.jsonl") == [str(tmp_path / "*.jsonl")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing.jsonl", "no such file"),
        ("*.nothing", "no such file"),
        ("empty", "holds no files"),
        ("", "holds no files"),
    ],
)
def test_what_is_not_there_is_an_error(name: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=what) as caught:
        names(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)
    assert caught.value.hint


def test_links_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    (tmp_path / "logs/sub").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("logs/a.jsonl", "logs/sub/b.jsonl", "elsewhere/c.jsonl"):
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "logs/current").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs/again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs/sub/up").symlink_to("..")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path)
    found = names(tmp_path / "logs")
    assert [Path(name).name for name in found] == ["a.jsonl", "c.jsonl", "b.jsonl"]


def test_what_is_gone_or_denied_is_said_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(json_lines([row(1)]))
    (logs / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (logs / "denied").mkdir()
    listed = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: _denied(path) if str(path).endswith("denied") else listed(path))
    report, tables = ingested(tmp_path / "ledger", logs)
    assert {refusal.name.rpartition("/")[2]: refusal.reason for refusal in report.refused} == {
        "gone.jsonl": "the file cannot be read: No such file or directory",
        "denied": "the file cannot be read: it is a folder that may not be listed",
    }
    assert counts(tables) == (1, 0)
    pattern, _ = ingested(tmp_path / "other", logs / "*.jsonl")
    assert [refusal.name for refusal in pattern.refused] == [str(logs / "gone.jsonl")]


def _denied(path: object) -> object:
    raise PermissionError(13, "Permission denied", str(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        names(tmp_path / "pipe")
    (tmp_path / "log.jsonl").write_text("{}\n")
    assert names(tmp_path) == [str(tmp_path / "log.jsonl")]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
def test_a_name_that_is_not_utf8_can_be_read_and_written_down(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jsonl"))
    path.write_bytes(json_lines([row(1)]))
    report, tables = ingested(tmp_path / "ledger-\ufffd'[1]/ledger", path)
    assert (report.refused, counts(tables)) == ([], (1, 0))
    assert [file["name"].encode() for file in tables["files"]] == [f"{tmp_path}/\ufffd\ufffd.jsonl".encode()]


def test_a_file_in_a_folder_that_cannot_be_opened_is_skipped_not_fatal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "b.jsonl").write_bytes(json_lines([row(1)]))
    opened = Path.open

    def refusing(path: Path, *arguments: object, **options: object) -> object:
        if path.name == "a.jsonl":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    report, tables = ingested(folder / ".ledger/ledger", folder)
    reasons = {refusal.name.rpartition("/")[2]: refusal.reason for refusal in report.refused}
    assert reasons["a.jsonl"] == "the file cannot be read: Permission denied"
    assert counts(tables) == (1, 0)
    with pytest.raises(InputError, match="Permission denied"):
        names(folder / "a.jsonl")
