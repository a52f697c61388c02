"""Whatever the lines of a session hold, each is told once, what waits is told in the end, and no token is told twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, records
from readers.test_laws import REASONS, check_call, values
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import UNKNOWN_FORMAT, FileReader, Told
from tokaudit.readers.registry import AGENTS
from tokaudit.schema import Call, RejectRecordError

LOGS = sorted(log for reader in AGENTS for log in (FIXTURES / reader.name).glob("*.jsonl"))
IDS = [f"{log.parent.name}/{log.name}" for log in LOGS]
SESSIONS = [log for log in LOGS if log.parent.name in ("claude_code", "codex", "gemini_cli")]
TWO_PER_LINE = "opencode"
"""Tells a message of an early version both as a call and as what its steps have in common."""


def told(lines: list[Any]) -> list[Told]:
    reader = FileReader(ReadOptions())
    found = [one for number, line in enumerate(lines, 1) for one in reader.read(line, Spot(number, number))]
    return [*found, *reader.end()]


def changed(draw: st.DrawFn, record: Any) -> Any:
    """Replace one value of a record."""
    whole: Any = json.loads(json.dumps(record))
    place = whole
    while isinstance(place, dict | list) and place:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.integers(0, 3)) == 0:
            place[key] = draw(values)
            break
        place = place[key]
    return whole


@st.composite
def mangled(draw: st.DrawFn) -> list[Any]:
    """A session with one value replaced, some lines lost, doubled or in another order."""
    lines: list[Any] = list(records(draw(st.sampled_from(LOGS))))
    at = draw(st.integers(0, len(lines) - 1))
    lines[at] = changed(draw, lines[at])
    kept = [line for line in lines for _ in range(draw(st.sampled_from((1, 1, 1, 1, 0, 2))))]
    return draw(st.permutations(kept)) if draw(st.booleans()) and len(kept) < 12 else kept


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mangled())
def test_any_lines_become_calls_rejects_or_asides(lines: list[Any]) -> None:
    found = told(lines)
    assert {one.spot.line for one in found} == set(range(1, len(lines) + 1))
    for one in found:
        if isinstance(one.telling, RejectRecordError):
            assert str(one.telling) in (*REASONS, UNKNOWN_FORMAT)
        elif isinstance(one.telling, Call):
            check_call(one.telling)


@pytest.mark.parametrize("log", [log for log in LOGS if log.parent.name != TWO_PER_LINE], ids=str)
def test_every_line_is_told_once(log: Path) -> None:
    lines = [one.spot.line for one in told(records(log)) if one.reader is not None]
    results = sum(1 for line in records(log) if line.get("type") == "result")
    assert len(lines) - len(set(lines)) <= results  # a result may tell several models
    assert set(lines) == set(range(1, len(records(log)) + 1))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SESSIONS), st.data())
def test_a_file_read_twice_over_tells_no_further_call(log: Path, data: st.DataObject) -> None:
    lines = list(records(log))
    once = keys_of(told(lines))
    again = lines[: data.draw(st.integers(0, len(lines)))]
    assert keys_of([*told(lines), *told(again)]) == once


def keys_of(found: list[Told]) -> set[tuple[Any, ...]]:
    """What the ledger takes for one call: see `ingest.collector.call_key`."""
    calls = [one.telling for one in found if isinstance(one.telling, Call)]
    return {
        (
            call.call_id or call.response_id or (call.log_id, call.started_at, call.request_model)
            if named(call)
            else id(call),
        )
        for call in calls
        if named(call)
    }


def named(call: Call) -> bool:
    return bool(call.call_id or call.response_id or call.log_id)


@pytest.mark.parametrize("log", LOGS, ids=IDS)
def test_every_line_alone_is_borne(log: Path) -> None:
    for reader in AGENTS:
        for record in records(log):
            if reader.identify(record):
                reader.read(record, ReadOptions())
