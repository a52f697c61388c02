"""Does a FOCUS table satisfy the specification? Checks rows against `focus_columns`, and what columns say of each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tokaudit.export.focus_columns import AI_SUBCATEGORIES, COLUMNS, CUSTOM_COLUMNS, Column, column

Row = Mapping[str, Any]

NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
UNIT = r"(\d+ )?[A-Z][A-Za-z]*s"
NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,49}")
MANDATORY = [found.name for found in COLUMNS if found.level == "Mandatory"]


def table_faults(names: list[str]) -> list[str]:
    """Name what is wrong with the columns of a table."""
    known = {found.name for found in (*COLUMNS, *CUSTOM_COLUMNS)}
    faults = [f"{name} is missing" for name in MANDATORY if name not in names]
    faults += [f"{name} is unknown" for name in names if name not in known]
    faults += [f"{name} is no name" for name in names if not NAME.fullmatch(name.removeprefix("x_"))]
    focus, custom = [n for n in names if not n.startswith("x_")], [n for n in names if n.startswith("x_")]
    if names != sorted(focus) + sorted(custom):
        faults.append("columns are not in alphabetical order, ours last")
    return faults


def _object(text: str) -> dict[str, Any] | None:
    pairs: list[tuple[str, Any]] = []
    found = json.loads(text, object_pairs_hook=lambda seen: pairs.extend(seen) or dict(seen))
    if not isinstance(found, dict) or len(found) != len(pairs):
        return None
    return found if all(isinstance(value, str | int | float | bool | None) for value in found.values()) else None


def _is_of_type(found: Column, value: Any) -> bool:
    if found.data_type == "Decimal":
        return isinstance(value, Decimal) and value.is_finite() and not (found.non_negative and value < 0)
    if found.data_type == "Integer":
        return type(value) is int and not (found.non_negative and value < 0)
    if found.data_type == "Date/Time":
        return isinstance(value, datetime) and value.utcoffset() == UTC.utcoffset(None) and not value.microsecond
    if not isinstance(value, str) or not value.strip():
        return False
    if found.data_type == "JSON":
        return _object(value) is not None
    forms = {"Currency": r"[A-Z]{3}", "Unit": UNIT, "": ".*"}
    return re.fullmatch(forms[found.format], value, re.DOTALL) is not None


def column_faults(row: Row) -> list[str]:
    """Name the values that their columns do not allow."""
    faults = []
    for name, value in row.items():
        found = column(name)
        if value is None:
            faults += [] if found.nullable else [f"{name} is null"]
        elif not _is_of_type(found, value):
            faults.append(f"{name} is no {found.data_type}: {value!r}")
        elif found.allowed and value not in found.allowed:
            faults.append(f"{name} is not allowed: {value!r}")
    return faults


def rules(row: Row) -> dict[str, bool]:
    """Say which rules between columns hold of a usage charge that no other charge covers."""
    get = row.get
    return {
        "only usage is written": get("ChargeCategory") == "Usage" and get("ChargeFrequency") == "Usage-Based",
        "no corrections are written": get("ChargeClass") is None,
        "a usage charge has its SKU": None not in (get("SkuId"), get("SkuPriceId"), get("SkuMeter")),
        "a SKU price has unit prices": None not in (get("ListUnitPrice"), get("ContractedUnitPrice")),
        "a usage charge has quantities": None not in (get("PricingQuantity"), get("ConsumedQuantity")),
        "a pricing unit goes with its quantity": (get("PricingUnit") is None) == (get("PricingQuantity") is None),
        "a consumed unit goes with its quantity": (get("ConsumedUnit") is None) == (get("ConsumedQuantity") is None),
        "a usage charge has a pricing category": get("PricingCategory") is not None,
        "usage is consumed": get("ConsumedQuantity") > 0 and get("PricingQuantity") > 0,
        "ListCost = ListUnitPrice x PricingQuantity": get("ListCost") == get("ListUnitPrice") * get("PricingQuantity"),
        "ContractedCost = ContractedUnitPrice x PricingQuantity": get("ContractedCost")
        == get("ContractedUnitPrice") * get("PricingQuantity"),
        "EffectiveCost = BilledCost": get("EffectiveCost") == get("BilledCost"),
        "EffectiveCost = ContractedCost without commitments": get("EffectiveCost") == get("ContractedCost"),
        "a charge lasts": get("ChargePeriodStart") < get("ChargePeriodEnd"),
        "a charge lies in its billing period": get("BillingPeriodStart") <= get("ChargePeriodStart")
        and get("ChargePeriodEnd") <= get("BillingPeriodEnd"),
        "a region has id and name": (get("RegionId") is None) == (get("RegionName") is None),
        "a subcategory belongs to its category": get("ServiceCategory") == "AI and Machine Learning"
        and get("ServiceSubcategory") in AI_SUBCATEGORIES,
        "the host is named as the service provider": get("HostProviderName") == get("ServiceProviderName"),
        "own SKU properties are marked": all(key.startswith("x_") for key in _object(get("SkuPriceDetails")) or ("",)),
        "own tags are marked": all(key.startswith("tokaudit/") for key in _object(get("Tags")) or ("",)),
        "what is estimated was consumed": get("x_EstimatedQuantity") <= get("ConsumedQuantity"),
    }


def _parents(rows: list[Row], child: str, parent: str) -> list[str]:
    found: dict[Any, set[Any]] = {}
    for row in rows:
        found.setdefault(row[child], set()).add(row[parent])
    return [f"{child} {key!r} has several of {parent}" for key, values in found.items() if len(values) > 1]


def faults(rows: Iterable[Row]) -> list[str]:
    """Name all that is wrong with rows (typed values)."""
    found = list(rows)
    wrong = [fault for row in found for fault in column_faults(row)]
    wrong += [rule for row in found for rule, holds in rules(row).items() if not holds]
    for child, parent in (("SkuPriceId", "SkuId"), ("SkuPriceId", "SkuPriceDetails"), ("SkuId", "SkuMeter"),
                          ("ServiceName", "ServiceCategory"), ("ServiceName", "ServiceSubcategory")):  # fmt: skip
        wrong += _parents(found, child, parent)
    return wrong


def typed(row: Mapping[str, str]) -> dict[str, Any]:
    """Read a row of the CSV file. Raises AssertionError for a form that FOCUS does not allow."""
    found: dict[str, Any] = {}
    for name, text in row.items():
        kind = column(name).data_type
        if not text:
            found[name] = None
        elif kind in ("Decimal", "Integer"):
            assert NUMBER.fullmatch(text), (name, text)
            found[name] = Decimal(text) if kind == "Decimal" else int(text)
        elif kind == "Date/Time":
            assert MOMENT.fullmatch(text), (name, text)
            found[name] = datetime.fromisoformat(text)
        else:
            found[name] = text
    return found
