"""What does each day x model x feature x token class cost, as a FOCUS file?

FOCUS 1.4 (FinOps Open Cost and Usage Specification, ratified 2026-06-04), dataset Cost and Usage; `focus_columns` holds what
it says of each column. FOCUS 1.5 is a draft: its token properties are not used. Where logs and specification do not meet:

* BilledCost may not be null and must equal EffectiveCost, and only an invoice knows it: it is the contracted cost, and
  x_BilledCostBasis says so. FOCUS would have 0 from whoever does not invoice, so that datasets can be added; this file stands in
  for the provider's own FOCUS export and must not be added to it, as that would count the usage twice.
* A charge without a price has no row (no cost and no unit price may be null, and 0 would be a lie), nor has one without a day
  (no charge period). `focus_charges.left_out` says what is missing.
* What a commitment of the user's rates file pays for has a contracted cost of 0, as in the report. The purchase is no call and
  has no row, so PricingCategory stays Standard; x_PriceSource names the commitment.
* Answers from a gateway's own cache are no charges. Wasted calls are billed: they are rows, tagged as waste.
* A day, and the month that is its billing period, begin and end at midnight in the report's zone, written in UTC.
* Costs and prices are exact, and add up to the report's totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import polars.selectors as cs

from tokaudit.config import midnight, next_month
from tokaudit.export.focus_charges import QUANTITY
from tokaudit.export.focus_columns import COLUMNS, CUSTOM_COLUMNS
from tokaudit.prices.rates import MONEY, TOKEN_CLASSES
from tokaudit.prices.services import service_of

NOT_STATED = "Not stated in the logs"
"""Of what FOCUS wants named and the logs do not name."""
BILLED_COST_BASIS = "estimated: contracted rates, no invoice"
TAG_PREFIX = "tokaudit/"
"""FOCUS wants a prefix for tags that the user has not set."""
ANY_LENGTH = -1

_PER_PRICE = 1_000_000
"""Tokens are priced by the million."""

METERS = {
    "uncached_input": ("Input Tokens", "Tokens"),
    "input_audio": ("Audio Input Tokens", "Tokens"),
    "input_image": ("Image Input Tokens", "Tokens"),
    "input_video": ("Video Input Tokens", "Tokens"),
    "cache_read": ("Cache Read Input Tokens", "Tokens"),
    "cache_read_audio": ("Cache Read Audio Input Tokens", "Tokens"),
    "cache_read_image": ("Cache Read Image Input Tokens", "Tokens"),
    "cache_write_5m": ("Cache Write Input Tokens (5 Minutes)", "Tokens"),
    "cache_write_1h": ("Cache Write Input Tokens (1 Hour)", "Tokens"),
    "output": ("Output Tokens", "Tokens"),
    "output_audio": ("Audio Output Tokens", "Tokens"),
    "output_image": ("Image Output Tokens", "Tokens"),
    "output_reasoning": ("Reasoning Output Tokens", "Tokens"),
    "request": ("Requests", "Requests"),
    "web_search": ("Web Searches", "Searches"),
    "file_search": ("File Searches", "Searches"),
    "audio_second": ("Audio Duration", "Seconds"),
}
"""For each of RATED: the meter's name, and the unit it counts."""


def _periods(days: Sequence[date], timezone: str) -> pl.DataFrame:
    """Say when each day, and the month it lies in, begin and end."""

    def start(day: date) -> datetime:
        return midnight(day, timezone).astimezone(UTC)

    firsts = [day.replace(day=1) for day in days]
    moments = {
        "ChargePeriodStart": [start(day) for day in days],
        "ChargePeriodEnd": [start(day + timedelta(days=1)) for day in days],
        "BillingPeriodStart": [start(first) for first in firsts],
        "BillingPeriodEnd": [start(next_month(first)) for first in firsts],
    }
    instant = pl.Datetime("us", "UTC")
    return pl.DataFrame({"date": days, **moments}, schema={"date": pl.Date, **dict.fromkeys(moments, instant)})


def _services(providers: Sequence[str]) -> pl.DataFrame:
    found = [service_of(provider) for provider in providers]
    names = {"ServiceProviderName": [f.provider for f in found], "ServiceName": [f.name for f in found]}
    return pl.DataFrame(
        {"provider": providers, **names}, schema={"provider": pl.String, **dict.fromkeys(names, pl.String)}
    )


def _json(**members: pl.Expr) -> pl.Expr:
    """Write a JSON object; members that are null are left out."""
    texts = [
        pl.when(value.is_not_null()).then(pl.struct(value.alias(key)).struct.json_encode().str.slice(1).str.head(-1))
        for key, value in members.items()
    ]
    return pl.concat_str(pl.lit("{"), pl.concat_str(texts, separator=",", ignore_nulls=True), pl.lit("}"))


def _by_class(place: int) -> pl.Expr:
    return pl.col("token_class").replace_strict({name: meter[place] for name, meter in METERS.items()})


def _sku_columns() -> dict[str, pl.Expr]:
    above = pl.col("above_input_tokens")
    length = pl.when(above > ANY_LENGTH).then(pl.concat_str(pl.lit("above "), above, pl.lit(" input tokens")))
    sku = pl.concat_str(pl.col("provider").fill_null("unknown"), "model", "token_class", separator="/")
    return {
        "SkuId": sku,
        "SkuMeter": _by_class(0),
        "SkuPriceDetails": _json(
            x_Model=pl.col("model"), x_PromptLength=length, x_Region=pl.col("region"), x_ServiceTier=pl.col("service_tier"),
            x_TokenClass=pl.col("token_class"),
        ),
        "SkuPriceId": pl.concat_str(
            sku, "service_tier", "region", pl.when(above > ANY_LENGTH).then(pl.concat_str(pl.lit("above-"), above)),
            separator="/", ignore_nulls=True,
        ),
    }  # fmt: skip


def _money_columns() -> dict[str, pl.Expr]:
    is_tokens = pl.col("token_class").is_in(TOKEN_CLASSES)
    contracted = (pl.col("quantity") * pl.col("contracted_rate")).cast(MONEY)
    unit = _by_class(1)

    def price(rate: str) -> pl.Expr:
        return pl.when(is_tokens).then(pl.col(rate) * _PER_PRICE).otherwise(pl.col(rate)).cast(MONEY)

    return {
        "BilledCost": contracted,
        "ConsumedQuantity": pl.col("quantity"),
        "ConsumedUnit": unit,
        "ContractedCost": contracted,
        "ContractedUnitPrice": price("contracted_rate"),
        "EffectiveCost": contracted,
        "ListCost": (pl.col("quantity") * pl.col("list_rate")).cast(MONEY),
        "ListUnitPrice": price("list_rate"),
        "PricingQuantity": pl.when(is_tokens)
        .then(pl.col("quantity") / _PER_PRICE)
        .otherwise("quantity")
        .cast(QUANTITY),
        "PricingUnit": pl.when(is_tokens).then(pl.concat_str(pl.lit(f"{_PER_PRICE} "), unit)).otherwise(unit),
    }


def _custom_columns() -> dict[str, pl.Expr]:
    return {
        "x_BilledCostBasis": pl.lit(BILLED_COST_BASIS),
        "x_CallCount": pl.col("calls"),
        "x_EstimatedQuantity": pl.col("estimated"),
        "x_FeatureName": pl.col("feature"),
        "x_FeatureSource": pl.col("feature_source"),
        "x_ModelName": pl.col("model"),
        "x_PriceEffectiveDate": pl.col("price_effective_from").cast(pl.String),
        "x_PriceMatchedBy": pl.col("matched_by"),
        "x_PriceRules": pl.col("price_rules"),
        "x_PriceSource": pl.col("price_source"),
        "x_ServiceTier": pl.col("service_tier"),
        "x_TokenClass": pl.col("token_class"),
        "x_Waste": pl.col("waste"),
    }


def _plain_columns(billing_account: str) -> dict[str, pl.Expr]:
    who = pl.col("ServiceProviderName").fill_null(NOT_STATED)
    tags = {f"{TAG_PREFIX}{name}": pl.col(name) for name in ("feature", "feature_source", "waste")}
    return {
        "BillingAccountId": pl.lit(billing_account),
        "BillingAccountName": pl.lit(None, dtype=pl.String),
        "BillingCurrency": pl.lit("USD"),
        "ChargeCategory": pl.lit("Usage"),
        "ChargeClass": pl.lit(None, dtype=pl.String),
        "ChargeDescription": pl.concat_str(_by_class(0), pl.lit(" of "), "model", pl.lit(" for "), "feature"),
        "ChargeFrequency": pl.lit("Usage-Based"),
        # FOCUS: equal to the service provider where it does not show whose machines it uses.
        "HostProviderName": who,
        "InvoiceIssuerName": who,
        "PricingCategory": pl.lit("Standard"),
        "RegionId": pl.col("region"),
        # FOCUS wants a name with each id; logs know the id only.
        "RegionName": pl.col("region"),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceName": pl.col("ServiceName").fill_null(NOT_STATED),
        "ServiceProviderName": who,
        "ServiceSubcategory": pl.lit("Generative AI"),
        "Tags": _json(**tags),
    }


def focus_rows(found: pl.DataFrame, timezone: str, billing_account: str = NOT_STATED) -> pl.DataFrame:
    """Write charges in FOCUS' columns.

    In: as of `charges`. Out: those of COLUMNS that we can fill and CUSTOM_COLUMNS, each in order; costs and unit prices are
    MONEY (USD, exact), quantities QUANTITY, times UTC.
    """
    periods = _periods(found["date"].unique().sort().to_list(), timezone)
    services = _services(found["provider"].drop_nulls().unique().sort().to_list())
    whole = found.join(periods, on="date", maintain_order="left").join(
        services, on="provider", how="left", maintain_order="left"
    )
    columns = {
        **{name: pl.col(name) for name in periods.columns if name != "date"},
        **_plain_columns(billing_account), **_sku_columns(), **_money_columns(), **_custom_columns(),
    }  # fmt: skip
    order = [column.name for column in (*COLUMNS, *CUSTOM_COLUMNS) if column.name in columns]
    return whole.select(columns[name].alias(name) for name in order)


def as_text(table: pl.DataFrame) -> pl.DataFrame:
    """Write times as FOCUS wants them in text: YYYY-MM-DDTHH:mm:ssZ."""
    return table.with_columns(cs.datetime().dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
