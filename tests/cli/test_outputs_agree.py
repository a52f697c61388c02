"""Do the JSON file, the page, `export calls` and the FOCUS file say the same amounts, by feature, model and day?"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import html5lib
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from export.focus_spec import faults, table_faults, typed
from tokaudit.cli.main import app
from tokaudit.report.format import dollars, money

Amounts: TypeAlias = dict[str, Decimal]
Row: TypeAlias = Mapping[str, Any]

MODELS = (
    ("openai", "gpt-4o", {"service_tier": "batch"}),
    ("openai", "gpt-4o", {}),
    ("openai", "o3-mini", {"reasoning_tokens": 700}),
    ("anthropic", "claude-sonnet-4-5", {"cache_creation_input_tokens": 300}),
    ("google", "gemini-2.5-flash", {}),
    ("deepseek", "deepseek-chat", {}),
    ("aws", "anthropic.claude-3-haiku-20240307-v1:0", {"region": "eu-central-1"}),
    ("", "house-a", {}),
    ("", "nobody-prices-this", {}),
)
FEATURES = ("search", "draft mail", "=HYPERLINK(1)", "ticket-triage", "")
RATES = """
[[rates]]
model = "house-a"
input_usd_per_million = "1.00"
output_usd_per_million = "3.00"
until = 2026-10-25

[[rates]]
model = "house-a"
input_usd_per_million = "0.70"
output_usd_per_million = "2.10"
from = 2026-10-25
"""
COLUMNS = ("timestamp", "provider", "model", "feature", "input_tokens", "cached_tokens", "cache_creation_input_tokens",
           "output_tokens", "reasoning_tokens", "service_tier", "region", "request_id")  # fmt: skip


def tokaudit(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def write_calls(path: Path, count: int = 240) -> Path:
    """Write a table of calls from the last days of September to the first of November, 2026: Berlin's clocks go back."""
    draw = random.Random(20261025)
    start = datetime(2026, 9, 29, tzinfo=UTC)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number in range(count):
            provider, model, more = MODELS[number % len(MODELS)]
            at = start + timedelta(seconds=draw.randrange(35 * 24 * 3600))
            tokens = draw.choice([draw.randrange(1000, 9000), draw.randrange(200_000, 400_000)])
            writer.writerow(
                {"timestamp": at.isoformat(), "provider": provider, "model": model, "feature": draw.choice(FEATURES),
                 "input_tokens": tokens, "cached_tokens": draw.choice([0, 512]), "output_tokens": draw.randrange(800, 3000),
                 "request_id": f"r-{number}"} | more
            )  # fmt: skip
    return path


@dataclass(frozen=True)
class Said:
    """What one output says: amounts of list cost, exact or as shown."""

    total: Decimal
    features: Amounts
    models: Amounts
    days: Amounts


def summed(rows: Iterable[Row], key: Callable[[Row], str], cost: str) -> Amounts:
    found: Amounts = {}
    for row in rows:
        found[key(row)] = found.get(key(row), Decimal(0)) + Decimal(row[cost] or 0)
    return {name: amount for name, amount in found.items() if amount}


def of_json(run: Any) -> Said:
    models = [model for model in run["models"] if model["list_cost"] is not None]
    return Said(
        Decimal(run["totals"]["list_cost"]),
        summed(run["features"], lambda row: str(row["feature"]), "list_cost"),
        summed(models, lambda row: str(row["model"]), "list_cost"),
        summed(run["days"], lambda row: str(row["date"]), "list_cost"),
    )


PRICED_AS = {"anthropic.claude-3-haiku-20240307-v1:0": "regional.anthropic.claude-3-haiku-20240307-v1:0"}
"""Names under which the catalogue knows what the log names otherwise."""


def of_calls(rows: list[Row], zone: str) -> Said:
    def day(row: Row) -> str:
        at = row["started_at"]
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        return moment.astimezone(ZoneInfo(zone)).date().isoformat()

    total = sum((Decimal(row["list_cost"] or 0) for row in rows), Decimal(0))
    return Said(
        total,
        summed(rows, lambda row: str(row["feature"]), "list_cost"),
        summed(rows, lambda row: PRICED_AS.get(row["request_model"], row["request_model"]), "list_cost"),
        summed(rows, day, "list_cost"),
    )


def of_focus(rows: list[Row], zone: str, cost: str = "ListCost") -> Said:
    total = sum((row[cost] for row in rows), Decimal(0))
    return Said(
        total,
        summed(rows, lambda row: str(json.loads(row["Tags"])["tokaudit/feature"]), cost),
        summed(rows, lambda row: str(row["x_ModelName"]), cost),
        summed(rows, lambda row: row["ChargePeriodStart"].astimezone(ZoneInfo(zone)).date().isoformat(), cost),
    )


def _shown(page: Element, anchor: str, column: str) -> tuple[dict[str, list[str]], str]:
    """Read a table of the page: the cells of a column by row head, and the cell of the last row, the total."""
    (table,) = (table for table in page.iter("table") if table.get("id") == anchor)
    heads = [head.text for head in next(table.iter("thead")).iter("th")]
    place = heads.index(column) - 1
    rows: dict[str, list[str]] = {}
    for row in next(table.iter("tbody")).iter("tr"):
        head = next(row.iter("th"))
        link = head.find("a")
        name = (link.text if link is not None else head.text) or ""
        rows.setdefault(name, []).append([cell.text or "" for cell in row.iter("td")][place])
    (total,) = next(table.iter("tfoot")).iter("tr")
    return rows, [cell.text or "" for cell in total.iter("td")][place]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Read the calls into a ledger. Returns the ledger and the rates file."""
    folder = tmp_path_factory.mktemp("log")
    (folder / "rates.toml").write_text(RATES)
    tokaudit("ingest", write_calls(folder / "calls.csv"), "--ledger", folder / "l.duckdb", "-q")
    return folder / "l.duckdb", folder / "rates.toml"


@pytest.fixture(scope="module", params=["UTC", "Europe/Berlin"])
def outputs(
    request: pytest.FixtureRequest, log: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """Write all outputs of October in a zone. Returns the zone and the folder."""
    zone, folder = str(request.param), tmp_path_factory.mktemp("outputs")
    chosen = options(log, zone)
    tokaudit("report", "--out", folder, *chosen)
    for name in ("calls", "focus"):
        for form in ("csv", "parquet"):
            tokaudit("export", name, "--out", folder / f"{name}.{form}", *chosen)
    return zone, folder


def options(log: tuple[Path, Path], zone: str) -> tuple[object, ...]:
    ledger, rates = log
    return ("--ledger", ledger, "--month", "2026-10", "--tz", zone, "--prices", rates, "-q")


def focus_rows(folder: Path) -> tuple[list[Row], list[Row]]:
    """Return the rows of the Parquet file and of the CSV file."""
    table = pl.read_parquet(folder / "focus.parquet")
    with (folder / "focus.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        assert table_faults(list(reader.fieldnames or ())) == table_faults(table.columns) == []
        return list(table.iter_rows(named=True)), [typed(row) for row in reader]


def test_all_outputs_agree_to_the_cent(outputs: tuple[str, Path]) -> None:
    zone, folder = outputs
    run = json.loads((folder / "2026-10.json").read_text())
    said = of_json(run)
    assert said.total > 10
    assert len(said.features) == len(FEATURES)
    assert sum(said.features.values()) == sum(said.models.values()) == sum(said.days.values()) == said.total
    with (folder / "calls.csv").open(newline="") as file:
        rows = [{**row, "feature": row["feature"].removeprefix("'")} for row in csv.DictReader(file)]
        assert of_calls(rows, zone) == said
    assert of_calls(list(pl.read_parquet(folder / "calls.parquet").iter_rows(named=True)), zone) == said
    for rows in focus_rows(folder):
        assert of_focus(rows, zone) == said
        assert of_focus(rows, zone, "ContractedCost").total == Decimal(run["totals"]["contracted_cost"])
    _page_agrees(folder / "2026-10.html", said, run)


def _page_agrees(path: Path, said: Said, run: Any) -> None:
    page = html5lib.parse(path.read_text(), namespaceHTMLElements=False)
    assert dollars(said.total) in path.read_text()
    features, whole = _shown(page, "spend-by-feature", "List cost, USD")
    assert features == {name: [money(amount)] for name, amount in said.features.items()}
    assert whole == money(said.total)
    models, whole = _shown(page, "method-models", "List cost, USD")
    shown: dict[str, list[str]] = {}
    for model in sorted(run["models"], key=lambda model: Decimal(model["list_cost"] or -1), reverse=True):
        amount = model["list_cost"]
        shown.setdefault(model["model"], []).append(money(None if amount is None else Decimal(amount)))
    assert {name: sorted(cells) for name, cells in models.items()} == {n: sorted(cells) for n, cells in shown.items()}
    assert whole == money(said.total)
    days, whole = _shown(page, "method-days", "List cost, USD")
    assert {name: cells for name, cells in days.items() if cells != [money(Decimal(0))]} == {
        name: [money(amount)] for name, amount in said.days.items()
    }
    assert whole == money(said.total)


def test_every_row_of_the_focus_file_is_as_specified(outputs: tuple[str, Path]) -> None:
    zone, folder = outputs
    parquet, sheet = focus_rows(folder)
    assert faults(parquet) == []
    assert faults(sheet) == []
    for row, same in zip(parquet, sheet, strict=True):
        differing = {name for name in row if row[name] != same[name]}
        assert differing <= {"x_FeatureName"}
        assert not differing or same["x_FeatureName"] == f"'{row['x_FeatureName']}"
    hours = {(row["ChargePeriodEnd"] - row["ChargePeriodStart"]) // timedelta(hours=1) for row in parquet}
    assert hours == ({24, 25} if zone == "Europe/Berlin" else {24})
    assert len({row["BillingPeriodStart"] for row in parquet}) == 1
    assert {row["ServiceProviderName"] for row in parquet} >= {"OpenAI", "Anthropic", "Google", "Amazon Web Services"}


def test_a_price_change_splits_the_month(outputs: tuple[str, Path]) -> None:
    zone, folder = outputs
    (parquet, _) = focus_rows(folder)
    prices: dict[bool, set[Decimal]] = {}
    for row in parquet:
        if (row["x_ModelName"], row["x_TokenClass"]) == ("house-a", "output"):
            prices.setdefault(row["ChargePeriodStart"] >= datetime(2026, 10, 25, tzinfo=UTC), set()).add(
                row["ListUnitPrice"]
            )
    assert prices[True] == {Decimal("2.1")}
    assert Decimal(3) in prices[False]
    assert zone != "UTC" or prices[False] == {Decimal(3)}


def test_what_is_left_out_is_said(log: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "focus.csv"
    result = tokaudit("export", "focus", "--out", out, "--month", "2026-10", "--ledger", log[0])
    assert "has no row without a price: " in result.stderr
    assert "nobody-prices-this" in result.stderr
    assert "house-a" in result.stderr
    assert result.stdout == ""


def test_the_same_period_gives_the_same_bytes(
    outputs: tuple[str, Path], log: tuple[Path, Path], tmp_path: Path
) -> None:
    zone, folder = outputs
    tokaudit("export", "focus", "--out", tmp_path / "focus.csv", *options(log, zone))
    assert (tmp_path / "focus.csv").read_bytes() == (folder / "focus.csv").read_bytes()
