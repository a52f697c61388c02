"""Does the FOCUS file say what the specification wants, and what the calls cost?"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from export.focus_spec import faults, table_faults, typed
from frames.literal import rates
from tokaudit.export.focus import BILLED_COST_BASIS, NOT_STATED, as_text, focus_rows
from tokaudit.export.focus_charges import charges, left_out, usage_by_key
from tokaudit.export.focus_columns import COLUMNS, CUSTOM_COLUMNS, column
from tokaudit.export.write import without_formulas
from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import MONEY, RATED, TOKEN_CLASSES, UNIT_CLASSES

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
UNIT_TYPES = {f"units_{name}": pl.Decimal(38, 3) if name == "audio_second" else pl.Int64 for name in UNIT_CLASSES}
MILLION = 1_000_000


def call(at: datetime | None = NOON, **given: Any) -> dict[str, Any]:
    """One analysed call of model m: what is not given is 0 or unknown."""
    amounts = {f"tokens_{name}": 0 for name in TOKEN_CLASSES} | dict.fromkeys(UNIT_TYPES, 0) | {"units_request": 1}
    plain: dict[str, Any] = {
        "started_at": None if at is None else (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
        "feature": "search",
        "feature_source": "tag",
        "waste": None,
        "usage_state": "exact",
        "is_free": False,
        "list_cost": Decimal(1),
        **dict.fromkeys(KEY_COLUMNS),
        "request_model": "m",
        **amounts,
    }
    made = plain | given
    made.setdefault("input_tokens", sum(made[f"tokens_{name}"] for name in TOKEN_CLASSES if "output" not in name))
    made.setdefault("output_tokens", sum(made[f"tokens_{name}"] for name in TOKEN_CLASSES if "output" in name))
    return made


def analysed(*calls: dict[str, Any]) -> pl.LazyFrame:
    texts = ("feature", "feature_source", "waste", "usage_state", *KEY_COLUMNS)
    types = dict.fromkeys(texts, pl.String) | UNIT_TYPES
    types |= {"started_at": pl.Int64, "moment": pl.Datetime("us", "UTC"), "is_free": pl.Boolean, "list_cost": MONEY}
    return pl.LazyFrame(calls, schema_overrides=types)


def priced(usd_per_token: dict[str, str], **given: Any) -> pl.DataFrame:
    """The rates of model m, as of openai's list."""
    known = {"priced_provider": "openai", "priced_model": "m", "price_source": "list", "matched_by": "exact id"}
    found = rates(usd_per_token, **given)
    return found.with_columns(
        *(pl.lit(value).alias(name) for name, value in known.items()),
        pl.lit(None, dtype=pl.Date).alias("price_effective_from"),
        pl.lit(None, dtype=pl.String).alias("price_rules"),
        *(pl.col(name).cast(pl.String) for name in KEY_COLUMNS if name != "moment"),
        pl.col("moment").cast(pl.Datetime("us", "UTC")),
    )


GPT = {"uncached_input": "0.0000025", "cache_read": "0.00000125", "output": "0.00001"}


def written(calls: pl.LazyFrame, found: pl.DataFrame, zone: str = "UTC", **given: Any) -> pl.DataFrame:
    return focus_rows(charges(usage_by_key(calls, found, zone), found).collect(), zone, **given)


def rows(calls: pl.LazyFrame, found: pl.DataFrame | None = None, zone: str = "UTC") -> list[dict[str, Any]]:
    table = written(calls, priced(GPT) if found is None else found, zone)
    assert table_faults(table.columns) == []
    assert faults(table.iter_rows(named=True)) == []
    return list(table.iter_rows(named=True))


def test_the_specification_is_in_order() -> None:
    assert [found.name for found in COLUMNS] == sorted(found.name for found in COLUMNS)
    assert [found.name for found in CUSTOM_COLUMNS] == sorted(found.name for found in CUSTOM_COLUMNS)
    assert all(found.name.startswith("x_") for found in CUSTOM_COLUMNS)
    assert sum(found.level == "Mandatory" for found in COLUMNS) == 21
    assert column("BilledCost").section == "specification/datasets/cost_and_usage/columns/billedcost.md"


def test_a_million_tokens_of_which_most_cached() -> None:
    cached, fresh = rows(analysed(call(tokens_uncached_input=100_000, tokens_cache_read=900_000)))
    assert (cached["x_TokenClass"], cached["ListCost"], cached["SkuMeter"]) == (
        "cache_read",
        Decimal("1.125"),
        "Cache Read Input Tokens",
    )
    assert (fresh["x_TokenClass"], fresh["ListCost"]) == ("uncached_input", Decimal("0.25"))
    assert (fresh["ConsumedQuantity"], fresh["ConsumedUnit"]) == (100_000, "Tokens")
    assert (fresh["PricingQuantity"], fresh["PricingUnit"]) == (Decimal("0.1"), "1000000 Tokens")
    assert (fresh["ListUnitPrice"], fresh["ServiceProviderName"]) == (Decimal("2.5"), "OpenAI")
    assert (fresh["SkuId"], fresh["SkuPriceId"]) == ("openai/m/uncached_input", "openai/m/uncached_input/standard")
    assert fresh["ChargeDescription"] == "Input Tokens of m for search"
    assert json.loads(fresh["Tags"]) == {"tokaudit/feature": "search", "tokaudit/feature_source": "tag"}


def test_one_row_a_day_feature_and_class() -> None:
    more = {"tokens_output": 3}
    found = rows(
        analysed(
            call(tokens_output=1),
            call(NOON + timedelta(hours=1), tokens_output=2),
            call(NOON + timedelta(days=1), **more),
            call(feature="draft", **more),
            call(tokens_output_reasoning=4),
        )
    )
    names = ("x_FeatureName", "SkuMeter", "ConsumedQuantity", "x_CallCount")
    told = sorted((row["ChargePeriodStart"].day, *(row[name] for name in names)) for row in found)
    assert told == [
        (1, "draft", "Output Tokens", 3, 1),
        (1, "search", "Output Tokens", 3, 2),
        (1, "search", "Reasoning Output Tokens", 4, 1),
        (2, "search", "Output Tokens", 3, 1),
    ]


@pytest.mark.parametrize(
    ("zone", "at", "start", "hours"),
    [
        ("UTC", "2026-10-25T12:00Z", "2026-10-25T00:00Z", 24),
        ("Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00Z", 25),
        ("Europe/Berlin", "2026-10-24T22:30Z", "2026-10-24T22:00Z", 25),
        ("Europe/Berlin", "2026-10-24T21:59Z", "2026-10-23T22:00Z", 24),
        ("Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00Z", 23),
        ("America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T03:00Z", 23),
        ("Asia/Kathmandu", "2026-09-30T18:20Z", "2026-09-30T18:15Z", 24),
    ],
)
def test_a_day_is_the_day_of_the_report(zone: str, at: str, start: str, hours: int) -> None:
    (row,) = rows(analysed(call(datetime.fromisoformat(at), tokens_output=1)), zone=zone)
    assert row["ChargePeriodStart"] == datetime.fromisoformat(start)
    assert row["ChargePeriodEnd"] - row["ChargePeriodStart"] == timedelta(hours=hours)


def test_the_billing_period_is_the_calendar_month_in_the_zone() -> None:
    (row,) = rows(analysed(call(datetime(2026, 9, 30, 22, 30, tzinfo=UTC), tokens_output=1)), zone="Europe/Berlin")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )


def test_billed_cost_is_the_contracted_cost_and_says_so() -> None:
    found = priced(GPT, contracted={"uncached_input": "0.000002", "output": "0.000008"})
    (row,) = rows(analysed(call(tokens_output=MILLION)), found)
    assert (row["ListCost"], row["ContractedCost"], row["EffectiveCost"], row["BilledCost"]) == (10, 8, 8, 8)
    assert (row["ListUnitPrice"], row["ContractedUnitPrice"]) == (10, 8)
    assert row["x_BilledCostBasis"] == BILLED_COST_BASIS


def test_fees_for_units_have_their_own_unit() -> None:
    found = priced(GPT | {"web_search": "0.01", "audio_second": "0.0001", "request": "0.005"})
    told = rows(analysed(call(units_web_search=3, units_audio_second=Decimal("2.5"))), found)
    assert [(row["SkuMeter"], row["PricingUnit"], row["PricingQuantity"], row["ListCost"]) for row in told] == [
        ("Audio Duration", "Seconds", Decimal("2.5"), Decimal("0.00025")),
        ("Requests", "Requests", 1, Decimal("0.005")),
        ("Web Searches", "Searches", 3, Decimal("0.03")),
    ]


def test_requests_without_a_fee_have_no_row() -> None:
    assert [row["x_TokenClass"] for row in rows(analysed(call(tokens_output=1)))] == ["output"]


def test_long_prompts_are_skus_of_their_own() -> None:
    tiers = pl.concat([priced(GPT, up_to=200), priced({"uncached_input": "0.000005"}, above=200)])
    told = rows(analysed(call(tokens_uncached_input=200), call(tokens_uncached_input=201)), tiers)
    assert [(row["ConsumedQuantity"], row["ListUnitPrice"], row["SkuPriceId"]) for row in told] == [
        (200, Decimal("2.5"), "openai/m/uncached_input/standard"),
        (201, Decimal(5), "openai/m/uncached_input/standard/above-200"),
    ]
    assert json.loads(told[1]["SkuPriceDetails"])["x_PromptLength"] == "above 200 input tokens"


def test_a_provider_word_for_no_tier_is_no_tier() -> None:
    found = pl.concat(
        [priced(GPT).with_columns(service_tier=pl.lit(tier, dtype=pl.String)) for tier in (None, "default", "batch")]
    )
    told = rows(analysed(*(call(tokens_output=1, service_tier=tier) for tier in (None, "default", "batch"))), found)
    assert [(row["SkuPriceId"], row["ConsumedQuantity"]) for row in told] == [
        ("openai/m/output/batch", 1),
        ("openai/m/output/standard", 2),
    ]


def test_waste_is_billed_and_tagged() -> None:
    kept, wasted = sorted(
        rows(analysed(call(tokens_output=1), call(tokens_output=2, waste="superseded"))),
        key=lambda row: row["ConsumedQuantity"],
    )
    assert (kept["x_Waste"], wasted["x_Waste"]) == (None, "superseded")
    assert json.loads(wasted["Tags"])["tokaudit/waste"] == "superseded"


def test_estimated_usage_is_counted() -> None:
    (row,) = rows(analysed(call(tokens_output=5), call(tokens_output=7, usage_state="estimated")))
    assert (row["ConsumedQuantity"], row["x_EstimatedQuantity"]) == (12, 7)


def test_what_has_no_price_no_day_or_no_charge_has_no_row() -> None:
    calls = analysed(
        call(tokens_output=1),
        call(tokens_output=20, list_cost=None, request_model="house"),
        call(tokens_output=30, list_cost=None, request_model="house"),
        call(None, tokens_output=4, list_cost=Decimal("0.5")),
        call(tokens_output=5, list_cost=Decimal(0), is_free=True),
    )
    assert [row["ConsumedQuantity"] for row in rows(calls)] == [1]
    assert left_out(calls).collect().rows() == [
        ("no price", "house", 2, 50, Decimal(0)),
        ("no day", "m", 1, 4, Decimal("0.5")),
    ]


def test_an_unknown_provider_is_said_to_be_unknown() -> None:
    found = priced(GPT).with_columns(priced_provider=pl.lit(None, dtype=pl.String))
    (row,) = rows(analysed(call(tokens_output=1)), found)
    assert (row["ServiceProviderName"], row["InvoiceIssuerName"], row["ServiceName"]) == (NOT_STATED,) * 3
    assert row["SkuId"] == "unknown/m/output"


def test_a_region_has_a_name() -> None:
    found = priced(GPT).with_columns(region=pl.lit("eu-central-1"))
    (row,) = rows(analysed(call(tokens_output=1, region="eu-central-1")), found)
    assert (row["RegionId"], row["RegionName"]) == ("eu-central-1", "eu-central-1")
    assert row["SkuPriceId"] == "openai/m/output/standard/eu-central-1"


def test_nothing_gives_an_empty_table_with_all_columns() -> None:
    table = written(analysed(call(list_cost=None)), priced(GPT))
    assert table.height == 0
    assert table_faults(table.columns) == []


def test_every_class_has_a_meter() -> None:
    amounts = {f"tokens_{name}": 10 for name in TOKEN_CLASSES} | {f"units_{name}": 2 for name in UNIT_CLASSES}
    told = rows(analysed(call(**amounts)), priced(GPT | {"request": "0.001"}))
    assert sorted(row["x_TokenClass"] for row in told) == sorted(RATED)
    assert len({row["SkuMeter"] for row in told}) == len(RATED)


def sheet(table: pl.DataFrame) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO(without_formulas(as_text(table)).with_columns(pl.all().cast(pl.String)).write_csv()))
    )


HOSTILE = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\u200b=1", "−1")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_the_csv_is_a_formula(name: str) -> None:
    table = written(analysed(call(tokens_output=1, feature=name)), priced(GPT))
    (row,) = sheet(table)
    starts = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "−")
    assert not any(cell.strip("\u200b ").startswith(starts) for cell in row.values())
    assert row["x_FeatureName"] == f"'{name}"
    assert json.loads(row["Tags"])["tokaudit/feature"] == name
    assert table["x_FeatureName"].to_list() == [name]


def test_other_names_stay_as_they_are_in_csv() -> None:
    name = 'ünï "quoted", a=b\nnew line'
    (row,) = sheet(written(analysed(call(tokens_output=1, feature=name)), priced(GPT)))
    assert row["x_FeatureName"] == name


def test_times_in_text_are_utc_with_z() -> None:
    table = as_text(written(analysed(call(tokens_output=1)), priced(GPT)))
    assert table["ChargePeriodStart"].to_list() == ["2026-09-01T00:00:00Z"]
    text = table.with_columns(pl.all().cast(pl.String)).row(0, named=True)
    assert faults([typed({name: value or "" for name, value in text.items()})]) == []


def test_the_billing_account_is_the_users() -> None:
    table = written(analysed(call(tokens_output=1)), priced(GPT), billing_account="org-1")
    assert table["BillingAccountId"].to_list() == ["org-1"]


def test_the_check_finds_what_is_wrong() -> None:
    (row,) = rows(analysed(call(tokens_output=1)))
    for name, value in [("ListCost", Decimal(7)), ("BilledCost", None), ("ChargeCategory", "Use"), ("PricingUnit", "1M tok"),
                        ("Tags", "[1]"), ("ChargePeriodEnd", datetime(2027, 1, 1, tzinfo=UTC))]:  # fmt: skip
        assert faults([row | {name: value}]) != []
    assert table_faults(["BilledCost", "Extra"]) != []
