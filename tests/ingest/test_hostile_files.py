"""Is every hostile file read or refused as it should be, and is every line accounted for?

The files come from the generator in ../shared, with their expected counts: good = records kept (doubled ones too),
bad = rejects, or the file as a whole.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.logs import SHARED, assert_nothing_lost, tables_of
from tokaudit.ingest.cutting.csv_rows import QUOTE_NOT_CLOSED, frame_table
from tokaudit.ingest.cutting.decoding import NOT_JSON
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sniff import NOTHING_INSIDE
from tokaudit.ingest.sources import Source, find_sources
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.file_reader import UNKNOWN_FORMAT

GENERATOR = SHARED / "data/hostile/make_hostile.py"

UNKNOWN = {UNKNOWN_FORMAT: 1}
DIFFERENT: dict[str, tuple[dict[str, int], str]] = {
    **dict.fromkeys(
        (
            "nul_escaped.jsonl", "dup_keys.jsonl", "case_keys.jsonl", "proto_keys.jsonl", "bigint.jsonl", "bigint_int64.jsonl",
            "float_tokens.jsonl", "float_int_tokens.jsonl", "deep_100.jsonl", "deep_1000.jsonl", "many_keys.jsonl",
            "lone_surrogate.jsonl",
        ),
        (UNKNOWN, "a line with fewer than two token counts tells of no call"),
    ),
    "exp_number.jsonl": ({NOT_JSON: 1}, "a number over double is refused by the parser"),
    "deep_10000.jsonl": ({NOT_JSON: 1}, "the parser's limit is 1,024 levels"),
    "deep_200000.jsonl": ({NOT_JSON: 1}, "the parser's limit is 1,024 levels"),
    "neg_tokens.jsonl": ({"token count is negative": 1}, "counts out of range are rejects, not guesses"),
    "bool_tokens.jsonl": ({"token count is not a number": 1}, "counts out of range are rejects, not guesses"),
}  # fmt: skip
"""File -> the rejects we have in place of one good record, and why."""

REFUSED = {
    "bomb_256mb_nul.jsonl.gz": "neither JSON nor a table",
    "bomb_256mb_nul.jsonl.zst": "neither JSON nor a table",
    "empty.jsonl": NOTHING_INSIDE,
    "empty.jsonl.gz": NOTHING_INSIDE,
    "truncated.jsonl.gz": "torn or damaged",
    "corrupt.jsonl.gz": "torn or damaged",
    "truncated.jsonl.zst": "torn or damaged",
    # These tables have no token columns, so no row is a call; that their rows are cut rightly is tested below.
    "quoted_newlines.csv": UNKNOWN_FORMAT,
    "bom_crlf.csv": UNKNOWN_FORMAT,
    "unclosed_quote.csv": UNKNOWN_FORMAT,
}

RECODED = {"utf16le.jsonl": 5, "two_objects_one_line.jsonl": 7}
"""The generator expects a refusal or a reject; we read UTF-16, and both objects of a line: file -> its records."""

LARGE = {"huge_line_20mb.jsonl", "bomb_256mb_valid.jsonl.gz"}
"""They have tests of their own size in test_memory."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not GENERATOR.exists():
        pytest.skip(f"{GENERATOR} is not there")
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(GENERATOR), str(folder)])
        runpy.run_path(str(GENERATOR), run_name="__main__")
    return folder


@pytest.fixture(scope="module")
def outcome(hostile: Path) -> dict[str, Any]:
    """All files but the large ones in one ledger: rejects and records by file, and the refusals."""
    sources = [_renamed(source) for source in find_sources([str(hostile)])]
    with open_ledger(hostile.parent / "hostile-ledger") as ledger:
        wanted = [source for source in sources if source.name not in LARGE | {"expected.json"}]
        report = ingest(wanted, ledger, ReadOptions())
        tables = tables_of(ledger)
    assert_nothing_lost(tables)
    names = {file["file_id"]: file["name"] for file in tables["files"]}
    return {
        "read": {file["name"]: file for file in tables["files"]},
        "records": Counter(names[record["file_id"]] for record in tables["records"]),
        "rejects": {
            name: Counter(reject["reason"] for reject in tables["rejects"] if names[reject["file_id"]] == name)
            for name in names.values()
        },
        "refused": {refusal.name: refusal.reason for refusal in report.refused},
        "known": set(report.known),
    }


def _renamed(source: Source) -> Source:
    return Source(source.place, source.name.rpartition("/")[2], source.size, source.named)


def test_every_file_is_as_expected(hostile: Path, outcome: dict[str, Any]) -> None:
    expected = json.loads((hostile / "expected.json").read_text())
    for name in sorted(expected.keys() - LARGE):
        good, bad = expected[name]["good"], expected[name]["bad"]
        if name in REFUSED:
            assert REFUSED[name] in outcome["refused"][name], name
            continue
        if name in RECODED:
            good, bad = RECODED[name], 0
        if name in outcome["known"]:  # the same bytes under another name: plain_named_gz, …
            continue
        instead = DIFFERENT[name][0] if name in DIFFERENT else {}
        records, rejects = outcome["records"][name], outcome["rejects"][name]
        assert records == good - sum(instead.values()), name
        assert rejects.total() == bad + sum(instead.values()), name
        assert instead.items() <= rejects.items(), name


def test_nothing_else_is_refused(outcome: dict[str, Any]) -> None:
    assert outcome["refused"].keys() <= REFUSED.keys()
    assert len(outcome["read"]) > 40


@pytest.mark.parametrize(
    ("name", "good", "rejects"),
    [
        ("quoted_newlines.csv", 5, []),
        ("bom_crlf.csv", 5, []),
        ("unclosed_quote.csv", 5, [QUOTE_NOT_CLOSED]),
        ("header_only.csv", 0, []),
    ],
)
def test_rows_of_tables(hostile: Path, name: str, good: int, rejects: list[str]) -> None:
    with (hostile / name).open("rb") as stream:
        frames = list(frame_table(stream))
    assert sum(frame.data is not None for frame in frames) == good
    assert [frame.reject for frame in frames if frame.reject] == rejects
