from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bills.golden import FIXTURES, read_one
from tokaudit.bills.kinds.table_columns import columns_of
from tokaudit.bills.line import Bill, BillOptions
from tokaudit.errors import ConfigError


def read(folder: Path, text: str, options: BillOptions | None = None) -> Bill:
    path = folder / "bill.csv"
    path.write_text(text, encoding="utf-8")
    return read_one(path, options or BillOptions())


@pytest.mark.parametrize(
    ("names", "amount"),
    [
        ("date,model,cost", "cost"),
        ("Day,Model,Total Cost (USD)", "Total Cost (USD)"),
        ("month,USD", "USD"),
        ("date,unit_price,quantity,cost_usd", "cost_usd"),
        ("date,gross_amount,net_amount", "net_amount"),
        ("Datum,Modell,Betrag", "Betrag"),
        ("Tag,Modell,Betrag in EUR", "Betrag in EUR"),
        ("Abrechnungsmonat,Nettobetrag", "Nettobetrag"),
        ("Jour,Modèle,Dépense", "Dépense"),
        ("Tag,Date,Cost in USD", "Cost in USD"),
        ("day,amount_cents", "amount_cents"),
        ("usage_date,spend", "spend"),
        ("日期,模型,费用", "费用"),
    ],
)
def test_columns_are_found_by_their_names(names: str, amount: str) -> None:
    found = columns_of(tuple(names.split(",")))
    assert found["amount"] == amount
    assert "start" in found


def test_a_tag_is_a_day_only_where_no_column_is_a_date() -> None:
    assert columns_of(("Tag", "Betrag"))["start"] == "Tag"
    assert columns_of(("tag", "date", "cost"))["start"] == "date"


@pytest.mark.parametrize(
    ("head", "cells", "unit"),
    [
        ("cost", ("0.5000", "1.2500", "0.1250"), "0.0001"),
        ("cost_cents", ("50.000", "125.000", "12.500"), "0.00001"),
        ("cost (EUR)", ("0.5000", "1.2500", "0.1250"), "0.000108"),
        ("cost", ("€0.5000", "€1.2500", "€0.1250"), "0.000108"),
    ],
)
def test_amounts_are_rounded_in_the_unit_in_which_they_are_written(
    head: str, cells: tuple[str, ...], unit: str, tmp_path: Path
) -> None:
    rows = "".join(f"2026-03-0{day},gpt-4o,{cell}\n" for day, cell in enumerate(cells, 1))
    found = read(tmp_path, f"day,model,{head}\n{rows}", BillOptions(currency_rates={"EUR": Decimal("1.08")}))
    assert set(found.lines["rounding"]) == {Decimal(unit)}


def test_a_user_may_name_the_columns(tmp_path: Path) -> None:
    text = "wann,was,wieviel\n2026-03-02,gpt-4o,1.25\n"
    for day, cost in (("start", "amount"), ("day", "cost")):
        options = BillOptions(columns={day: "wann", "model": "was", cost: "wieviel"})
        (line,) = read(tmp_path, text, options).lines.iter_rows(named=True)
        assert (line["model"], line["amount"]) == ("gpt-4o", Decimal("1.25"))
    with pytest.raises(ConfigError):
        read(tmp_path, text, BillOptions(columns={"wann": "start"}))


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        (None, "2026-03-29", (2026, 3, 29, 0), (2026, 3, 30, 0)),
        ("Europe/Berlin", "2026-03-29", (2026, 3, 28, 23), (2026, 3, 29, 22)),  # 23 hours
        ("America/Los_Angeles", "2026-11-01", (2026, 11, 1, 7), (2026, 11, 2, 8)),  # 25 hours
        ("Europe/Berlin", "2026-03", (2026, 2, 28, 23), (2026, 3, 31, 22)),
        ("Asia/Shanghai", "2026-03-02T00:00:00+08:00", (2026, 3, 1, 16), (2026, 3, 2, 16)),
        ("Europe/Berlin", "2026-03-02T00:00:00Z", (2026, 3, 2, 0), (2026, 3, 3, 0)),
    ],
)
def test_days_are_of_the_bills_zone(
    zone: str | None, day: str, start: tuple[int, int, int, int], end: tuple[int, int, int, int], tmp_path: Path
) -> None:
    bill = read(tmp_path, f"day,model,cost\n{day},gpt-4o,1\n", BillOptions(timezone=zone))
    (line,) = bill.lines.iter_rows(named=True)
    assert line["start"] == datetime(*start, tzinfo=UTC)
    assert line["end"] == datetime(*end, tzinfo=UTC)
    assert bill.timezone == ("UTC" if day.endswith(("Z", "+08:00")) else zone)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigError):
        read_one(FIXTURES / "tables" / "plain.csv", BillOptions(timezone="Mars/Base"))


@pytest.mark.parametrize(
    ("rows", "amounts"),
    [
        (["1.234,50", "0,25"], ["1234.50", "0.25"]),
        (["1,234.50", "0.25"], ["1234.50", "0.25"]),
        (["$1,234.50", "-$3.00"], ["1234.50", "-3.00"]),
        (["(0.04)", "1 234.50"], ["-0.04", "1234.50"]),
        (["Included", "0.10"], ["0", "0.10"]),
        (["1e-07", "2.5E+2"], ["1E-7", "250"]),
    ],
)
def test_amounts_are_read_as_the_file_writes_them(rows: list[str], amounts: list[str], tmp_path: Path) -> None:
    bill = read(tmp_path, "date;model;cost\n" + "".join(f"2026-03-02;gpt-4o;{row}\n" for row in rows))
    assert bill.lines["amount"].to_list() == list(map(Decimal, amounts))


def test_a_file_of_two_minds_is_not_guessed(tmp_path: Path) -> None:
    bill = read(tmp_path, "date;model;cost\n2026-03-02;a;0,5\n2026-03-02;a;0.5\n2026-03-02;a;1.234\n")
    assert [reject.reason for reject in bill.rejects] == ["the amount can be read in two ways"]


@pytest.mark.parametrize(
    ("options", "amount"),
    [(BillOptions(currency_rates={"EUR": Decimal("1.25")}), Decimal("1.875")), (BillOptions(), None)],
)
def test_other_currencies_need_a_rate(options: BillOptions, amount: Decimal | None, tmp_path: Path) -> None:
    for text in ("date,model,cost\n2026-03-02,a,1.50 €\n", "date,model,cost (EUR)\n2026-03-02,a,1.50\n"):
        bill = read(tmp_path, text, options)
        assert bill.lines["amount"].to_list() == ([] if amount is None else [amount])
        assert all("--currency-rate" in reject.reason for reject in bill.rejects)
        assert len(bill.rejects) == (amount is None)


def test_yen_and_yuan_share_a_sign(tmp_path: Path) -> None:
    bill = read(tmp_path, "date,model,cost\n2026-03-02,a,¥5\n", BillOptions(currency_rates={"CNY": Decimal("0.1")}))
    assert len(bill.rejects) == 1


@pytest.mark.parametrize("word", ["Total", "Grand total", "Gesamt", "TOTAL:", "Sum"])
def test_totals_are_no_day(word: str, tmp_path: Path) -> None:
    text = f"date,model,cost\n2026-03-02,a,1\n2026-03-02,b,2\n{word},,3\n"
    bill = read(tmp_path, text)
    assert bill.lines["amount"].sum() == 3
    assert bill.rejects == ()
    assert read(tmp_path, f"date,model,cost\n2026-03-02,a,1\n2026-03-02,{word},1\n").lines["amount"].sum() == 1


@pytest.mark.parametrize(
    ("ends", "days"),
    [(("2026-03-02", "2026-03-03"), 1), (("2026-03-03", "2026-03-04"), 1)],
    ids=["inclusive", "exclusive"],
)
def test_an_end_is_the_last_day_or_the_first_after(ends: tuple[str, str], days: int, tmp_path: Path) -> None:
    rows = "".join(f"{start},{end},1\n" for start, end in zip(("2026-03-02", "2026-03-03"), ends, strict=True))
    lines = read(tmp_path, "start date,end date,cost\n" + rows).lines
    assert (lines["end"] - lines["start"]).dt.total_days().to_list() == [days, days]


def test_dates_of_two_orders_are_told_by_the_column(tmp_path: Path) -> None:
    lines = read(tmp_path, "date,model,cost\n03/04/2026,a,1\n25/04/2026,a,1\n").lines
    assert lines["start"].dt.strftime("%m-%d").to_list() == ["04-03", "04-25"]
    assert len(read(tmp_path, "date,model,cost\n03/04/2026,a,1\n").rejects) == 1


@pytest.mark.parametrize(
    ("rows", "rounding"),
    [
        (["1.10", "0.25", "3.00"], "0.01"),
        (["1.1", "0.25", "3.123456789"], None),
        (["1.25"], None),
        (["0.1250", "0.2500", "0.0001"], "0.0001"),
    ],
)
def test_a_rounded_bill_says_to_what(rows: list[str], rounding: str | None, tmp_path: Path) -> None:
    lines = read(tmp_path, "date,model,cost\n" + "".join(f"2026-03-02,a,{row}\n" for row in rows)).lines
    assert set(lines["rounding"]) == {None if rounding is None else Decimal(rounding)}


def test_a_point_that_groups_is_told_from_other_rows(tmp_path: Path) -> None:
    bill = read(tmp_path, "date;model;cost;input tokens\n2026-03-02;a;3;1.420\n2026-03-03;a;0,50;900\n")
    assert bill.lines["input_tokens"].to_list() == [1420, 900]
    assert bill.rejects == ()


def test_input_without_cached_tokens_is_told_by_the_file(tmp_path: Path) -> None:
    head = "date,model,cost,input_tokens,cache_read_tokens,output_tokens\n"
    apart = read(tmp_path, head + "2026-03-02,a,1,3,1111,5\n2026-03-03,a,1,900,100,5\n").lines
    assert apart["input_tokens"].to_list() == [1114, 1000]
    inside = read(tmp_path, head + "2026-03-02,a,1,1420,1280,5\n").lines
    assert inside["input_tokens"].to_list() == [1420]
    named = read(tmp_path, "date,model,cost,uncached_input_tokens,cache_read_tokens\n2026-03-02,a,1,900,100\n").lines
    assert named["input_tokens"].to_list() == [1000]
