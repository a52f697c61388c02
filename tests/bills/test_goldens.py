from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
from decimal import Decimal
from pathlib import Path

import pytest

from bills.golden import FIXTURES, SAMPLES, fixture_bills, golden_of, read_one, told
from tokaudit.bills.line import BILL_SCHEMA, ITEMS, BillLine, BillOptions, frame_of
from tokaudit.bills.read import read_bills
from tokaudit.bills.registry import KINDS
from tokaudit.prices.rates import RATED

FILES = fixture_bills()
IDS = [str(path.relative_to(FIXTURES)) for path in FILES]
RATES = BillOptions(currency_rates={"CNY": Decimal("0.14"), "EUR": Decimal("1.1")})


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_each_bill_says_what_its_golden_file_says(path: Path) -> None:
    found = told(read_one(path))
    if os.environ.get("TOKAUDIT_GOLDEN") == "write":
        text = json.dumps(found, indent=1, ensure_ascii=True, sort_keys=True)
        golden_of(path).write_text(text + "\n", encoding="utf-8")
    expected = json.loads(golden_of(path).read_text(encoding="utf-8"))
    for is_, should_be in zip(found["lines"], expected["lines"], strict=True):
        assert is_ == should_be, f"line {should_be['line']}"
    assert found == expected


def test_every_kind_has_a_fixture() -> None:
    found = {json.loads(golden_of(path).read_text())["kind"] for path in FILES}
    assert found == {kind.name for kind in KINDS} | {"any_table"}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_lines_use_the_words_of_the_contract(path: Path) -> None:
    lines = read_one(path).lines
    assert lines.schema == BILL_SCHEMA
    assert set(lines["item"]) <= set(ITEMS)
    assert set(lines["token_class"].drop_nulls()) <= {*RATED, "input", "output"}
    assert (lines["start"] < lines["end"]).all()
    assert lines.filter(lines["kind"] == "cost")["amount"].null_count() == 0
    assert lines.filter(lines["kind"] == "usage")["amount"].null_count() == (lines["kind"] == "usage").sum()
    for part in ("cache_read_tokens", "cache_write_tokens"):
        assert (lines[part].fill_null(0) <= lines["input_tokens"].fill_null(0)).all()


@pytest.mark.parametrize(
    ("file", "column", "per_dollar", "without"),
    [
        ("openai/dashboard-cost.csv", "amount_value", 1, ()),
        ("anthropic/console-cost.csv", "cost_usd", 1, (6,)),
        ("openrouter/daily.csv", "Usage", 1, ()),
        ("openrouter/generations.csv", "cost_total", 1, ()),
        ("litellm/daily-user-spend.csv", "spend", 1, ()),
        ("litellm/spend-logs.csv", "spend", 1, ()),
        ("copilot/billing.csv", "net_amount", 1, ()),
        ("clouds/aws-cur.csv", "lineItem/UnblendedCost", 1, (4,)),
        ("clouds/focus.csv", "BilledCost", 1, (3,)),
    ],
)
def test_the_lines_add_up_to_the_file(file: str, column: str, per_dollar: int, without: tuple[int, ...]) -> None:
    text = (FIXTURES / file).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    stated = [Decimal(row[column]) for number, row in enumerate(rows, 1) if row[column] and number not in without]
    assert read_one(FIXTURES / file).lines["amount"].sum() * per_dollar == sum(stated)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".csv"], ids=lambda path: path.name)
def test_the_order_of_rows_is_irrelevant(path: Path, tmp_path: Path) -> None:
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(7).shuffle(rows)
    shuffled = tmp_path / path.name
    shuffled.write_text(head + "".join(rows), encoding="utf-8")

    def lines(bill: Path) -> list[str]:
        return sorted(map(repr, read_one(bill).lines.drop("file", "line").iter_rows()))

    assert lines(shuffled) == lines(path)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_reading_twice_says_the_same(path: Path) -> None:
    assert told(read_one(path)) == told(read_one(path))


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_second_copy_of_a_file_adds_nothing(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / f"copy.{path.suffix}.gz"
    copy.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    first, second = read_bills([str(path), str(copy)], RATES)
    assert first.lines.equals(read_one(path, RATES).lines)
    assert len(second.lines) == 0


@pytest.mark.parametrize(
    ("name", "kind", "amount", "tokens"),
    [
        ("openai-costs-page.json", "openai_bill", "0.06", 0),
        ("openai-usage-completions-page.json", "openai_bill", None, 1500),
        ("openai-dashboard-completions-usage.csv", "openai_bill", None, 1520),
        ("openai-dashboard-cost.csv", "openai_bill", "0.00383598", 0),
        ("anthropic-admin-cost-report.json", "anthropic_bill", "1.2378912", 0),
        ("anthropic-admin-usage-report.json", "anthropic_bill", None, 3700),
        ("anthropic-console-cost.csv", "anthropic_bill", "0.14", 0),
        ("anthropic-console-usage.csv", "anthropic_bill", None, 1_065_000),
        ("openrouter-activity-daily.csv", "openrouter_bill", "1.23", 1_052_600),
        ("openrouter-activity.csv", "openrouter_bill", "0.0123", 10_526),
        ("litellm-spendlogs.csv", "litellm_bill", "0.00665730000000000002", 1_550),
    ],
)
def test_samples(name: str, kind: str, amount: str | None, tokens: int) -> None:
    if not (SAMPLES / name).exists():
        pytest.skip("the shared samples are not here")
    bill = read_one(SAMPLES / name)
    assert (bill.kind, bill.rejects) == (kind, ())
    amounts = bill.lines["amount"].drop_nulls()
    assert (amounts.sum() if len(amounts) else None) == (None if amount is None else Decimal(amount))
    assert bill.lines.select("input_tokens", "output_tokens").sum().sum_horizontal().item() == tokens


def test_a_frame_of_no_lines_has_the_columns() -> None:
    assert frame_of([]).schema == BILL_SCHEMA
    assert tuple(BillLine.__dataclass_fields__) == tuple(BILL_SCHEMA)
