from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from readers.golden import FIXTURES, fixture_logs, golden_of, outcome, records
from tokaudit.readers.registry import GROUPS, READERS

LOGS = fixture_logs()
IDS = [str(log.relative_to(FIXTURES)) for log in LOGS]


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_each_record_becomes_what_the_golden_file_says(log: Path) -> None:
    found = [outcome(record) for record in records(log)]
    if os.environ.get("TOKAUDIT_GOLDEN") == "write":
        golden_of(log).write_text(
            json.dumps(found, indent=1, ensure_ascii=True, sort_keys=True) + "\n", encoding="utf-8"
        )
    expected = json.loads(golden_of(log).read_text(encoding="utf-8"))
    assert len(found) == len(expected)
    for number, (is_, should_be) in enumerate(zip(found, expected, strict=True), 1):
        assert is_ == should_be, f"record {number}"


def test_every_reader_has_a_fixture() -> None:
    assert {reader.name for reader in READERS} == {log.parent.name for log in LOGS}


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_no_other_reader_of_its_group_or_an_earlier_one_claims_the_record(log: Path) -> None:
    for record in records(log):
        reader = outcome(record).get("reader", log.parent.name)
        group = next(group for group in GROUPS if any(other.name == reader for other in group))
        rivals = [other for earlier in GROUPS[: GROUPS.index(group) + 1] for other in earlier if other.name != reader]
        assert [rival.name for rival in rivals if rival.identify(record)] == []


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
