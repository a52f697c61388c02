"""Is a cell that has two readings read as its column tells, and left alone where it does not?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.logs import ingested
from tokaudit.ingest.cutting import column_habits
from tokaudit.ingest.cutting.column_habits import with_habits
from tokaudit.ingest.cutting.framing import NOT_UTF8, Frame

DAY_FIRST = ["03/04/2026 9:15", "25/04/2026 9:15", "3/3/2026", "01/02/2026"]
MONTH_FIRST = ["03/04/2026 9:15 PM", "3/3/2026", "04/25/2026 9:15", "", "01/02/26"]


def column(name: str, cells: list[str]) -> list[str]:
    frames = (Frame(number, number + 1, {name: cell, "x": "1"}) for number, cell in enumerate(cells, 1))
    return [frame.data[name] for frame in with_habits(frames) if isinstance(frame.data, dict)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (DAY_FIRST, ["2026-04-03T09:15:00", "25/04/2026 9:15", "3/3/2026", "2026-02-01T00:00:00"]),
        (MONTH_FIRST, ["2026-03-04T21:15:00", "3/3/2026", "04/25/2026 9:15", "", "2026-01-02T00:00:00"]),
        (["03/04/2026", "3/3/2026"], ["03/04/2026", "3/3/2026"]),
        (["25/04/2026", "04/25/2026", "03/04/2026"], ["25/04/2026", "04/25/2026", "03/04/2026"]),
        (["2026-04-03", "3.4.2026", "hello"], ["2026-04-03", "3.4.2026", "hello"]),
    ],
)
def test_dates_of_a_column_are_in_one_order(cells: list[str], expected: list[str]) -> None:
    assert column("created_at", cells) == expected
    assert column("note", cells) == cells


@pytest.mark.parametrize(
    ("amount", "expected"), [("0,000344", "2026-04-03T00:00:00"), ("0.000344", "03/04/2026"), ("1,234", "03/04/2026")]
)
def test_a_decimal_comma_shows_that_the_day_is_first(amount: str, expected: str) -> None:
    (frame,) = with_habits(iter([Frame(1, 2, {"date": "03/04/2026", "cost": amount})]))
    assert isinstance(frame.data, dict)
    assert frame.data["date"] == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.000", "1.420", "12.000"], ["1000", "1.420", "12000"]),
        (["1.000", "1420.0", "12.000"], ["1", "1420.0", "12"]),
        (["1.000", "2.000", "100"], ["1.000", "2.000", "100"]),
        (["1,000", "", "x"], ["1,000", "", "x"]),
    ],
)
def test_counts_of_a_column_are_grouped_alike(cells: list[str], expected: list[str]) -> None:
    assert column("input_tokens", cells) == expected


def test_rows_keep_their_order_and_what_stands_between() -> None:
    rows: list[Frame] = [
        Frame(1, 2, None, NOT_UTF8),
        Frame(2, 3, {"date": "03/04/2026"}),
        Frame(3, 4, None),
        Frame(4, 5, {"date": "13/04/2026"}),
        Frame(5, 6, {"date": "04/04/2026"}),
    ]
    assert [frame.offset for frame in with_habits(iter(rows))] == [1, 2, 3, 4, 5]
    assert list(with_habits(iter([]))) == []


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_habits, "MOST_HELD", 10)
    taken = 0

    def endless() -> Iterator[Frame]:
        nonlocal taken
        while True:
            taken += 1
            yield Frame(taken, taken, {"date": "03/04/2026"})

    assert next(with_habits(endless())).offset == 1
    assert taken == 11


def test_a_month_of_american_dates_is_counted_whole(tmp_path: Path) -> None:
    log = tmp_path / "march.csv"
    rows = [f"3/{day}/2026 9:15,gpt-4o,1.000,{day}" for day in range(1, 32)]
    log.write_text("\n".join(["date,model,input_tokens,output_tokens", *rows, "4/1/2026 0:10,gpt-4o,1.420,3\n"]))
    _, tables = ingested(tmp_path / "ledger", log)
    assert len({record["started_at"] for record in tables["records"]} - {None}) == 32
    assert sorted({record["input_tokens"] for record in tables["records"]}) == [1000, 1420]
