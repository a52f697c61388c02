"""Does `tokaudit reconcile` lead from the ledger to a bill, and say what it cannot?"""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from tokaudit.cli.main import app

ROOT = Path(__file__).parents[2]
MONTH = ROOT / "fixtures" / "support-bot-2026-09.jsonl.gz"
RATES = ROOT / "fixtures" / "support-bot-2026-09.rates.toml"
PRICES = ("--prices", RATES)
MISSING_DAY = "2026-09-10"


def tokaudit(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reconcile")
    path = folder / "ledger.duckdb"
    assert tokaudit("ingest", MONTH, "--ledger", path, "-q").exit_code == 0
    assert (
        tokaudit("export", "calls", "--out", folder / "calls.parquet", "--ledger", path, *PRICES, "-q").exit_code == 0
    )
    return path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_bill(ledger: Path, *, discount: str = "0", without: str = "", amount: str = "Amount (USD)") -> Path:
    calls = pl.read_parquet(ledger.with_name("calls.parquet")).drop_nulls("started_at")
    day = pl.col("started_at").cast(pl.String).str.slice(0, 10)
    rows = calls.group_by(day.alias("Date"), Model=pl.lit("Support-Bot-1")).agg(pl.col("list_cost").sum()).sort("Date")
    factor = 1 - Decimal(discount)
    path = Path("bill.csv")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Date", "Model", amount])
        writer.writerows(
            [date, model, f"{cost * factor:.8f}"] for date, model, cost in rows.iter_rows() if date != without
        )
    return path


def read_json(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_bill_that_agrees_has_no_cause(ledger: Path) -> None:
    found = read_json(tokaudit("reconcile", write_bill(ledger), "--ledger", ledger, *PRICES, "--json"))
    assert [cause["cause"] for cause in found["causes"]] in ([], ["rounding"])
    assert found["period"]["label"] == "2026-09"
    assert abs(Decimal(str(found["residual"]))) < Decimal("0.0001")


def test_a_discount_and_a_missing_day_are_named_and_written(ledger: Path) -> None:
    bill = write_bill(ledger, discount="0.15", without=MISSING_DAY)
    result = tokaudit("reconcile", bill, "--ledger", ledger, *PRICES)
    assert result.exit_code == 0
    assert "bill.csv: a table of days and amounts, 29 lines" in result.stderr
    assert re.search(r"Discounts +−\$1\.\d\d", result.stdout)
    assert re.search(r"Calls not on the bill +−\$0\.3967", result.stdout)
    assert "15.00% less" in " ".join(result.stdout.split())
    assert "Support-Bot-1" in result.stdout  # as the bill writes it
    rows = list(csv.DictReader(Path("reports/2026-09.reconcile.csv").read_text().splitlines()))
    causes = list(rows[0])[list(rows[0]).index("list_cost") + 1 : list(rows[0]).index("residual")]
    for row in rows:
        moves = sum((Decimal(row[name]) for name in (*causes, "residual")), Decimal(row["list_cost"]))
        assert moves == Decimal(row["billed"])
    assert Path("reports/2026-09.reconcile.md").read_text().startswith("# Reconciliation 2026-09-01")


def test_the_gate_is_the_unexplained_share(ledger: Path) -> None:
    bill = write_bill(ledger)
    lines = bill.read_text().splitlines()
    lines[3] = lines[3].rpartition(",")[0] + ",0.9"
    bill.write_text("\n".join(lines) + "\n")
    arguments = ("reconcile", bill, "--ledger", ledger, *PRICES, "-q")
    passed, failed = tokaudit(*arguments, "--max-residual", "90%"), tokaudit(*arguments, "--max-residual", "0%")
    assert passed.exit_code == 0
    assert failed.exit_code in (0, 3)
    share = json.loads(Path("reports/2026-09.reconcile.json").read_text())["residual_share"]
    assert (failed.exit_code == 3) == (share > 0)


def test_another_currency_wants_its_rate(ledger: Path) -> None:
    bill = write_bill(ledger, amount="Kosten (EUR)")
    refused = tokaudit("reconcile", bill, "--ledger", ledger, *PRICES)
    assert refused.exit_code == 1
    assert "error: no line of the bill could be read\nwhere: bill.csv:2\n" in refused.stderr
    assert "--currency-rate CODE=RATE" in refused.stderr
    arguments = ("reconcile", bill, "--ledger", ledger, *PRICES, "--json", "-q")
    euros, dollars = (read_json(tokaudit(*arguments, "--currency-rate", f"EUR={rate}")) for rate in ("1.25", "1"))
    billed = [Decimal(str(found["billed"])) for found in (euros, dollars)]
    assert billed[0] == billed[1] * Decimal("1.25")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("bill.csv", "--currency-rate", "EUR"), 2, "cannot read the currency rate"),
        (("bill.csv", "--currency-rate", "EUR=-1"), 2, "cannot read the currency rate"),
        (("bill.csv", "--column", "amount"), 2, "cannot read the column"),
        (("bill.csv", "--format", "pdf"), 2, "unknown format: pdf"),
        (("bill.csv", "--scope", "nobody"), 2, "no line of the bill is of this scope"),
        (("bill.csv", "--month", "2020-01"), 1, "the ledger holds no calls of the bill's days"),
        (("none.csv",), 1, "no such file"),
        (("empty.csv",), 1, "the file holds no records"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    ledger: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    write_bill(ledger)
    Path("empty.csv").write_text("date,model,amount\n")
    result = tokaudit("reconcile", *arguments, "--ledger", ledger, *PRICES)
    assert result.exit_code == code
    assert told in result.stderr
    assert "hint: " in result.stderr
    assert not Path("reports").exists()


def test_a_missing_page_is_warned_of_even_when_quiet(ledger: Path) -> None:
    bucket = {
        "object": "bucket",
        "start_time": 1788220800,
        "end_time": 1788307200,
        "results": [
            {
                "object": "organization.costs.result",
                "amount": {"value": 0.5, "currency": "usd"},
                "line_item": "support-bot-1, input",
                "project_id": None,
            }
        ],
    }
    page = {"object": "page", "data": [bucket], "has_more": True, "next_page": "p"}
    Path("page.json").write_text(json.dumps(page))
    result = tokaudit("reconcile", "page.json", "--ledger", ledger, *PRICES, "-q")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("another page follows") == 1
    assert result.stderr.startswith("warning: page.json: ")
