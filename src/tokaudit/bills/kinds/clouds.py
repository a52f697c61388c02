"""Which rows of a cloud's bill charge for language models, and what do they say?

FOCUS, AWS cost and usage reports, Azure's cost export, Google's billing export. A cloud bills everything else on the same bill:
rows of other services are left out, and counted. Sources: FOCUS 1.2, the column dictionaries of CUR and CUR 2.0, of Azure's
cost details and of Google's billing export, October 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tokaudit.bills.buckets import NO_DAY, Bucket, between, day_of, hour_of
from tokaudit.bills.cells import exact, units
from tokaudit.bills.line import BillLine
from tokaudit.bills.model_names import names_model
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, counts_of
from tokaudit.bills.skus import Sku, read_sku
from tokaudit.readers.values.columns import flat
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.spelled_times import in_order, order_of
from tokaudit.schema import Json, Record, RejectRecordError

_ONLY_MODELS = re.compile(
    r"bedrock|azure openai|openai|foundry models|generative language|gemini api|anthropic|claude|cohere|mistral",
    re.IGNORECASE,
)
"""Services that bill nothing but models."""
_ALSO_MODELS = re.compile(
    r"vertex|cognitive services|ai services|azure ai|foundry|machine learning|agent platform", re.IGNORECASE
)
_PROVIDERS = (
    ("aws", re.compile(r"bedrock|aws|amazon", re.IGNORECASE)),
    ("azure", re.compile(r"azure|microsoft|foundry|cognitive", re.IGNORECASE)),
    ("google", re.compile(r"google|vertex|gemini|generative language|gcp", re.IGNORECASE)),
    ("openai", re.compile(r"openai", re.IGNORECASE)),
    ("anthropic", re.compile(r"anthropic|claude", re.IGNORECASE)),
)
_PER = re.compile(
    r"(?P<number>\d[\d,]*)?\s*(?P<scale>[KkMm])?\s*(?:input |output )?(?:tokens?|count|units?)?", re.IGNORECASE
)
_SCALES = {"K": 1_000, "M": 1_000_000, "": 1}
_CHARGES = {"tax": "tax", "credit": "credit", "refund": "credit", "purchase": "fee", "fee": "fee", "rifee": "fee"}
_EDITION = re.compile(r"(?P<model>.+?) \(Amazon Bedrock Edition\)")


def read(record: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a row into a line; nothing for a row of another service. Raises RejectRecordError."""
    row = flat(record)
    if "BilledCost" in row:
        yield from _focus(row, reading)
    elif "lineItem/UnblendedCost" in row or "line_item_unblended_cost" in row:
        yield from _aws(row, reading)
    elif "sku.description" in row:
        yield from _google(row, reading)
    elif any(name.lower() == "costinbillingcurrency" for name in row):
        yield from _azure(row, reading)
    else:
        raise RejectRecordError(NO_DAY)


def _is_of_models(service: str, sku: Sku, text: str) -> bool:
    if _ONLY_MODELS.search(service):
        return True
    return bool(_ALSO_MODELS.search(service)) and (
        sku.item == "tokens" or names_model(text) or bool(_ONLY_MODELS.search(text))
    )


def _provider(*texts: str | None) -> str | None:
    return next((name for text in texts if text for name, words in _PROVIDERS if words.search(text)), None)


def _charged(sku: Sku, charge: str | None) -> Sku:
    """Let the row's own word for a tax, a credit or a fee win over its SKU."""
    word = (charge or "").lower()
    item = _CHARGES.get(word) or ("credit" if "discount" in word and "usage" not in word else None)
    return sku._replace(item=item, token_class=None) if item and item != "fee" else sku


def _tokens(sku: Sku, quantity: Json, unit: str | None) -> int | None:
    """Read how many tokens a quantity is, in a unit such as `1K tokens`; None where it may be anything else."""
    number = units(quantity)
    found = _PER.fullmatch((unit or "").strip())
    if number is None or sku.item != "tokens" or unit is None or found is None or not unit.strip():
        return None
    scale = _SCALES[(found["scale"] or "").upper()]
    tokens = number * int((found["number"] or "1").replace(",", "")) * scale
    return int(tokens) if 0 <= tokens == tokens.to_integral_value() else None


def _line(
    reading: Reading, bucket: Bucket, provider: str | None, sku: Sku, amount: Decimal | None, list_amount: Decimal | None,
    tokens: int | None, region: str | None, scope: str | None,
) -> BillLine:  # fmt: skip
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    return BillLine(
        *reading.at(bucket), "cost", provider, sku.model, sku.item, sku.token_class, amount, list_amount,
        **counts_of(sku.token_class, tokens)._asdict(),
        service_tier=sku.tier,
        region=region or sku.route,
        scope=scope,
    )  # fmt: skip


def _bucket(start: Json, end: Json, reading: Reading) -> Bucket:
    return between(start, end, reading.zone) if end not in (None, "") else day_of(start, reading.zone)


def _focus(row: Record, reading: Reading) -> Iterator[BillLine]:
    service, publisher = first_label(row, "ServiceName") or "", first_label(row, "ServiceProviderName", "ProviderName")
    texts = [
        first_label(row, name)
        for name in ("SkuMeter", "x_SkuDescription", "ChargeDescription", "SkuId", "ResourceName")
    ]
    sku, text = _best_sku(texts, service)
    if not _is_of_models(service, sku, text):
        return
    sku = _charged(sku, label(row.get("ChargeCategory")))
    amount, list_amount = (
        reading.dollars(row.get(name), row.get("BillingCurrency")) for name in ("BilledCost", "ListCost")
    )
    unit = label(row.get("ConsumedUnit"))
    if sku.item == "other" and unit and "token" in unit.lower():
        sku = sku._replace(item="tokens")
    tokens = _tokens(sku, row.get("ConsumedQuantity"), unit)
    yield _line(
        reading, _bucket(row.get("ChargePeriodStart"), row.get("ChargePeriodEnd"), reading),
        _provider(service, publisher), sku, amount, list_amount, tokens, first_label(row, "RegionId", "RegionName"),
        first_label(row, "SubAccountName", "SubAccountId"),
    )  # fmt: skip


def _best_sku(texts: list[str | None], product: str) -> tuple[Sku, str]:
    """Read the text that says most: a model and a class, else a class, else what names an item."""
    read_ = [(read_sku(text, product), text) for text in texts if text]
    joined = " ".join(text for _, text in read_)
    if not read_:
        return Sku("other"), ""
    best = max(
        read_, key=lambda one: (one[0].token_class is not None, one[0].model is not None, one[0].item != "other")
    )
    return best[0], joined


_AWS_COLUMNS = {
    "cost": ("lineItem/UnblendedCost", "line_item_unblended_cost"),
    "start": ("lineItem/UsageStartDate", "line_item_usage_start_date"),
    "end": ("lineItem/UsageEndDate", "line_item_usage_end_date"),
    "service": ("lineItem/ProductCode", "line_item_product_code"),
    "product": ("product/ProductName", "product_product_name", "product.product_name"),
    "usage_type": ("lineItem/UsageType", "line_item_usage_type"),
    "description": ("lineItem/LineItemDescription", "line_item_line_item_description"),
    "charge": ("lineItem/LineItemType", "line_item_line_item_type"),
    "currency": ("lineItem/CurrencyCode", "line_item_currency_code"),
    "quantity": ("lineItem/UsageAmount", "line_item_usage_amount"),
    "unit": ("pricing/unit", "pricing_unit"),
    "list": ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
    "region": ("product/regionCode", "product_region_code", "product/region"),
    "account": ("lineItem/UsageAccountId", "line_item_usage_account_id"),
}


def _aws(row: Record, reading: Reading) -> Iterator[BillLine]:
    cell = {field: next((row[name] for name in names if name in row), None) for field, names in _AWS_COLUMNS.items()}
    product, description = label(cell["product"]) or "", label(cell["description"]) or ""
    service = f"{label(cell['service']) or ''} {product}"
    sku = _aws_sku(label(cell["usage_type"]) or "", description, service)
    if not (_ONLY_MODELS.search(service) or _EDITION.search(description)):
        return
    edition = _EDITION.fullmatch(product) or _EDITION.match(description)
    if sku.model is None and edition:
        sku = sku._replace(model=edition["model"])
    sku = _charged(sku, label(cell["charge"]))
    amount, list_amount = (reading.dollars(cell[name], cell["currency"]) for name in ("cost", "list"))
    tokens = _tokens(sku, cell["quantity"], label(cell["unit"]))
    bucket = _bucket(cell["start"], cell["end"], reading)
    yield _line(reading, bucket, "aws", sku, amount, list_amount, tokens, label(cell["region"]), label(cell["account"]))


def _aws_sku(usage_type: str, description: str, service: str) -> Sku:
    """Read the usage type, and what it leaves out in the description, which holds other words too."""
    sku, described = read_sku(usage_type, service), read_sku(description, service)
    if sku.item == "other":
        sku = described._replace(model=sku.model)
    is_named = sku.model is None and described.model is not None and names_model(described.model)
    return sku._replace(model=described.model) if is_named else sku


def _google(row: Record, reading: Reading) -> Iterator[BillLine]:
    service, text = label(row.get("service.description")) or "", label(row.get("sku.description")) or ""
    sku = read_sku(text, service)
    if not _is_of_models(service, sku, text):
        return
    sku = _charged(sku, label(row.get("cost_type")))
    currency = label(row.get("currency"))
    rate = units(row.get("currency_conversion_rate"))
    cost, listed = (_amount(row.get(name), currency, rate, reading) for name in ("cost", "cost_at_list"))
    credit = _credits(row.get("credits"), currency, rate, reading)
    amount = None if cost is None else cost + credit
    tokens = _tokens(sku, row.get("usage.amount"), label(row.get("usage.unit")))
    yield _line(
        reading, _google_bucket(row, reading), "google", sku, amount, cost if listed is None else listed, tokens,
        first_label(row, "location.region", "location.location"), first_label(row, "project.id", "project.name"),
    )  # fmt: skip


def _amount(value: Json, currency: str | None, rate: Decimal | None, reading: Reading) -> Decimal | None:
    """Read an amount; a bill that states its own rate to the dollar is converted by it, unless the user gave one."""
    if currency and currency.upper() not in ("USD", *reading.options.currency_rates) and rate:
        local = reading.dollars(value)
        return None if local is None else exact(local / rate)
    return reading.dollars(value, currency)


def _credits(value: Json, currency: str | None, rate: Decimal | None, reading: Reading) -> Decimal:
    """Add up the credits of a row, which are negative."""
    opened = open_text(value) if type(value) is str else value
    if type(opened) is not list:
        return _amount(None if type(opened) is dict else opened, currency, rate, reading) or Decimal(0)
    found = [_amount(item.get("amount"), currency, rate, reading) for item in opened if type(item) is dict]
    return sum((amount for amount in found if amount is not None), Decimal(0))


def _google_bucket(row: Record, reading: Reading) -> Bucket:
    start, end = row.get("usage_start_time"), row.get("usage_end_time")
    if end not in (None, ""):
        return between(start, end, "UTC")
    # The export books by the hour; without the hour's end the day is all that is safe.
    return day_of(start, "UTC") if type(start) is str else hour_of(start, "UTC")


def _azure(record: Record, reading: Reading) -> Iterator[BillLine]:
    row: Mapping[str, Json] = {name.lower(): value for name, value in record.items()}
    meter = [label(row.get(name)) for name in ("metername", "skuname", "product", "productname", "servicename")]
    service = " ".join(
        filter(None, (label(row.get(name)) for name in ("metercategory", "metersubcategory", "productname")))
    )
    sku, text = _best_sku(meter[:2], f"{service} {meter[2] or ''}")
    if not _is_of_models(service, sku, text):
        return
    sku = _charged(sku, label(row.get("chargetype")))
    usd = row.get("costinusd")
    amount = reading.dollars(usd) if usd not in (None, "") else _local(row, "costinbillingcurrency", reading)
    listed = reading.dollars(row.get("paygcostinusd")) or None
    unit = label(row.get("unitofmeasure"))
    tokens = _tokens(sku, row.get("quantity"), unit if unit and "hour" not in unit.lower() else None)
    day = next((row[name] for name in ("date", "usagedatetime", "usagedate") if name in row), None)
    yield _line(
        reading, day_of(_month_first(day), "UTC"), "azure", sku, amount, listed, tokens,
        first_label(row, "resourcelocation", "location"),
        first_label(row, "resourcegroupname", "resourcegroup", "subscriptionname"),
    )  # fmt: skip


def _local(row: Record, name: str, reading: Reading) -> Decimal | None:
    return reading.dollars(row.get(name), row.get("billingcurrency", row.get("billingcurrencycode")))


def _month_first(day: Json) -> Json:
    """Azure's exports write the month first."""
    is_either = type(day) is str and order_of(day) == "either"
    return in_order(day, "month first") if is_either else day


KIND = Kind(
    name="cloud_bill",
    title="cloud costs",
    rows=lambda record: iter((record,)),
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity", "PricingQuantity"),
            *(
                "lineItem/UnblendedCost",
                "lineItem/UsageAmount",
                "lineItem/BlendedCost",
                "lineItem/NormalizedUsageAmount",
            ),
            *(
                "line_item_unblended_cost",
                "line_item_usage_amount",
                "line_item_blended_cost",
                "pricing/publicOnDemandCost",
            ),
            *("pricing_public_on_demand_cost", "lineItem/NetUnblendedCost", "line_item_net_unblended_cost"),
            *(
                "costInBillingCurrency",
                "CostInBillingCurrency",
                "costInUsd",
                "costInUSD",
                "CostInUsd",
                "quantity",
                "Quantity",
            ),
            *("paygCostInUsd", "paygCostInBillingCurrency", "cost", "credits", "usage", "usage.amount", "export_time"),
            *("usage.amount_in_pricing_units", "cost_at_list", "currency_conversion_rate"),
        )
    ),
)
