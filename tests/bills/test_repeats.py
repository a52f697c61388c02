from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from bills.golden import FIXTURES, NO_OPTIONS
from tokaudit.bills.line import Bill
from tokaudit.bills.read import MISSING_PAGE, read_bills

DAY = 86_400
START = 1_772_409_600  # 2026-03-02 UTC


def costs(*results: tuple[float, str | None, str | None], day: int = 0, more: bool = False) -> dict[str, Any]:
    """A page with one bucket: (amount, line item, project)."""
    kind = "organization.costs.result"
    found = [
        {"object": kind, "amount": {"value": value, "currency": "usd"}, "line_item": item, "project_id": project}
        for value, item, project in results
    ]
    start = START + day * DAY
    bucket = {"object": "bucket", "start_time": start, "end_time": start + DAY, "results": found}
    return {"object": "page", "data": [bucket], "has_more": more, "next_page": "p" if more else None}


def read(folder: Path, *pages: dict[str, Any] | str) -> tuple[Bill, ...]:
    paths = []
    for number, page in enumerate(pages):
        path = folder / f"{number}.{'csv' if isinstance(page, str) else 'json'}"
        path.write_text(page if isinstance(page, str) else json.dumps(page), encoding="utf-8")
        paths.append(str(path))
    return read_bills(paths, NO_OPTIONS)


def amounts(bills: tuple[Bill, ...]) -> list[Decimal]:
    return [bill.lines["amount"].sum() or Decimal(0) for bill in bills]


def test_the_bucket_and_group_of_two_pages_count_once(tmp_path: Path) -> None:
    row = (1.25, "gpt-4o, input", "a")
    bills = read(tmp_path, costs(row, (2.0, "gpt-4o, output", "a")), costs(row, (3.0, "gpt-4o, output", "b")))
    assert amounts(bills) == [Decimal("3.25"), Decimal(3)]
    assert any("same bucket and group" in note for note in bills[1].notes)


def test_equal_rows_of_one_file_add_up(tmp_path: Path) -> None:
    row = (1.25, "gpt-4o, input", "a")
    assert amounts(read(tmp_path, costs(row, row))) == [Decimal("2.5")]
    assert amounts(read(tmp_path, costs(row, row), costs(row))) == [Decimal("2.5"), Decimal(0)]
    assert amounts(read(tmp_path, costs(row), costs(row, row))) == [Decimal(0), Decimal("2.5")]


def test_a_day_that_was_not_over_is_taken_from_the_later_export(tmp_path: Path) -> None:
    bills = read(tmp_path, costs((1.25, "gpt-4o, input", "a")), costs((4.5, "gpt-4o, input", "a")))
    assert amounts(bills) == [Decimal(0), Decimal("4.5")]


def test_the_same_costs_by_other_groups_count_once_by_the_finer_one(tmp_path: Path) -> None:
    by_model = costs((1.23457, "gpt-4o, input", None), (2.5, "gpt-4o-mini, input", None))
    by_project = costs((3.73457, None, "a"))
    for pages in ((by_model, by_project), (by_project, by_model)):
        bills = read(tmp_path, *pages)
        assert sum(amounts(bills)) == Decimal("3.73457")
        assert sum(bill.lines["model"].n_unique() for bill in bills) == 2
        assert any("finer groups" in note for bill in bills for note in bill.notes)


def test_small_equal_totals_prove_nothing_and_are_said(tmp_path: Path) -> None:
    bills = read(tmp_path, costs((0.06, "gpt-4o, input", "a")), costs((0.06, None, "b")))
    assert amounts(bills) == [Decimal("0.06"), Decimal("0.06")]
    assert all("if both state the same costs, give one of them" in bill.notes[-1] for bill in bills)


def test_usage_and_costs_of_a_provider_complement_each_other() -> None:
    names = ("usage-page-1.json", "costs.json", "usage-page-2.json")
    bills = read_bills([str(FIXTURES / "openai" / name) for name in names], NO_OPTIONS)
    alone = [read_bills([str(FIXTURES / "openai" / name)], NO_OPTIONS)[0] for name in names]
    assert [len(bill.lines) for bill in bills] == [len(bill.lines) for bill in alone]
    assert not any("left out" in note or "give one" in note for bill in bills for note in bill.notes)


def test_a_page_is_missing_unless_it_was_given(tmp_path: Path) -> None:
    first, second = costs((1.0, "x", None), more=True), costs((1.0, "x", None), day=1)
    assert [bill.has_more for bill in read(tmp_path, first)] == [True]
    assert read(tmp_path, first)[0].notes == (MISSING_PAGE,)
    assert [bill.has_more for bill in read(tmp_path, first, second)] == [False, False]
    gap = costs((1.0, "x", None), day=2)
    assert [bill.has_more for bill in read(tmp_path, first, gap)] == [True, False]


def test_a_call_of_a_log_that_is_a_bill_counts_once_by_its_id(tmp_path: Path) -> None:
    text = (FIXTURES / "openrouter" / "generations.csv").read_text(encoding="utf-8")
    head, first, second = text.splitlines(keepends=True)
    bills = read(tmp_path, head + first, head + second + first.replace("Tickets", "Renamed"))
    assert sum(amounts(bills)) == Decimal("0.0323")


def test_the_order_of_the_files_changes_no_sum(tmp_path: Path) -> None:
    first, later, other = (1.0, "gpt-4o, input", "a"), (1.5, "gpt-4o, input", "a"), (2.0, "o3, input", "a")
    pages = [costs(first, other), costs(later), costs(other)]
    assert {sum(amounts(read(tmp_path, *order))) for order in (pages, pages[::-1])} == {Decimal("3.5")}
