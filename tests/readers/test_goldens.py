from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from readers.golden import FIXTURES, fixture_logs, golden_of, outcome, records, told
from tokaudit.readers.choose import claims
from tokaudit.readers.registry import GROUPS, READERS

LOGS = fixture_logs()
IDS = [str(log.relative_to(FIXTURES)) for log in LOGS]


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_each_file_tells_what_its_golden_file_says(log: Path) -> None:
    found = told(log)
    if os.environ.get("TOKAUDIT_GOLDEN") == "write":
        golden_of(log).write_text(
            json.dumps(found, indent=1, ensure_ascii=True, sort_keys=True) + "\n", encoding="utf-8"
        )
    expected = json.loads(golden_of(log).read_text(encoding="utf-8"))
    assert len(found) == len(expected)
    for is_, should_be in zip(found, expected, strict=True):
        assert is_ == should_be, f"line {should_be['line']}"


def test_every_reader_has_a_fixture() -> None:
    assert {reader.name for reader in READERS} == {log.parent.name for log in LOGS}


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_only_the_platform_of_its_folder_claims_a_record(log: Path) -> None:
    for record in records(log):
        for claim in claims(record):
            rivals = {reader.name for reader in GROUPS[0] if reader.identify(claim.record)}
            assert rivals <= {log.parent.name}


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_the_reader_of_the_record_before_changes_nothing(log: Path) -> None:
    for record in records(log):
        assert {json.dumps(outcome(record, hint), sort_keys=True) for hint in (None, *READERS)} == {
            json.dumps(outcome(record), sort_keys=True)
        }


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_reading_leaves_the_record_as_it_was(log: Path) -> None:
    for record, again in zip(records(log), records(log), strict=True):
        first = outcome(record)
        assert record == again
        assert outcome(record) == first
