"""What does FOCUS say of each column?

FOCUS 1.4 (FinOps Open Cost and Usage Specification, ratified 2026-06-04), dataset Cost and Usage: the columns in its order,
with type, feature level, whether null is allowed, and allowed values. Our own columns follow; their names begin with x_.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FOCUS_VERSION = "1.4"

DataType: TypeAlias = Literal["String", "Decimal", "Integer", "Date/Time", "JSON"]
Level: TypeAlias = Literal["Mandatory", "Recommended", "Conditional", "Custom"]
Format: TypeAlias = Literal["", "Currency", "Unit", "Key-Value"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the dataset.

    allowed      values, () = any
    non_negative the specification allows no negative number
    format       the attribute that text conforms to: a currency code, a unit, a JSON object without nesting
    """

    name: str
    data_type: DataType
    level: Level
    nullable: bool
    allowed: tuple[str, ...] = ()
    non_negative: bool = False
    format: Format = ""

    @property
    def section(self) -> str:
        """Where the specification defines it, in github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, tag v1.4."""
        return f"specification/datasets/cost_and_usage/columns/{self.name.lower()}.md"


CHARGE_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
CHARGE_FREQUENCIES = ("One-Time", "Recurring", "Usage-Based")
PRICING_CATEGORIES = ("Standard", "Dynamic", "Committed", "Other")
SERVICE_CATEGORIES = (
    "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools", "Multicloud",
    "Identity", "Integration", "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile", "Networking",
    "Security", "Storage", "Web", "Other",
)  # fmt: skip
AI_SUBCATEGORIES = (
    "AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing",
    "Other (AI and Machine Learning)",
)  # fmt: skip
"""Of ServiceCategory `AI and Machine Learning`, the only one that is written here."""


def _text(name: str, level: Level, nullable: bool = True, allowed: tuple[str, ...] = (), format: Format = "") -> Column:
    return Column(name, "String", level, nullable, allowed, format=format)


def _cost(name: str) -> Column:
    return Column(name, "Decimal", "Mandatory", False)


def _number(name: str, level: Level, *, non_negative: bool = False) -> Column:
    return Column(name, "Decimal", level, True, non_negative=non_negative)


def _time(name: str) -> Column:
    return Column(name, "Date/Time", "Mandatory", False)


def _json(name: str, level: Level, format: Format = "") -> Column:
    return Column(name, "JSON", level, True, format=format)


COLUMNS = (
    _json("AllocatedMethodDetails", "Recommended"),
    _text("AllocatedMethodId", "Conditional"),
    _text("AllocatedResourceId", "Conditional"),
    _text("AllocatedResourceName", "Conditional"),
    _json("AllocatedTags", "Conditional", "Key-Value"),
    _text("AvailabilityZone", "Recommended"),
    _cost("BilledCost"),
    _text("BillingAccountId", "Mandatory", nullable=False),
    _text("BillingAccountName", "Mandatory"),
    _text("BillingAccountType", "Conditional", nullable=False),
    _text("BillingCurrency", "Mandatory", nullable=False, format="Currency"),
    _time("BillingPeriodEnd"),
    _time("BillingPeriodStart"),
    _text("CapacityReservationId", "Conditional"),
    _text("CapacityReservationStatus", "Conditional", allowed=("Used", "Unused")),
    _text("ChargeCategory", "Mandatory", nullable=False, allowed=CHARGE_CATEGORIES),
    _text("ChargeClass", "Mandatory", allowed=("Correction",)),
    _text("ChargeDescription", "Mandatory"),
    _text("ChargeFrequency", "Recommended", nullable=False, allowed=CHARGE_FREQUENCIES),
    _time("ChargePeriodEnd"),
    _time("ChargePeriodStart"),
    _text("CommitmentDiscountCategory", "Conditional", allowed=("Spend", "Usage")),
    _text("CommitmentDiscountId", "Conditional"),
    _text("CommitmentDiscountName", "Conditional"),
    _number("CommitmentDiscountQuantity", "Conditional"),
    _text("CommitmentDiscountStatus", "Conditional", allowed=("Used", "Unused")),
    _text("CommitmentDiscountType", "Conditional"),
    _text("CommitmentDiscountUnit", "Conditional", format="Unit"),
    _json("CommitmentProgramEligibilityDetails", "Conditional"),
    _number("ConsumedQuantity", "Conditional"),
    _text("ConsumedUnit", "Conditional", format="Unit"),
    _json("ContractApplied", "Conditional"),
    _cost("ContractedCost"),
    _number("ContractedUnitPrice", "Conditional", non_negative=True),
    _cost("EffectiveCost"),
    _text("HostProviderName", "Mandatory"),
    _text("InvoiceDetailId", "Conditional"),
    _text("InvoiceId", "Conditional"),
    _text("InvoiceIssuerName", "Mandatory", nullable=False),
    _cost("ListCost"),
    _number("ListUnitPrice", "Conditional", non_negative=True),
    _text("PricingCategory", "Conditional", allowed=PRICING_CATEGORIES),
    _text("PricingCurrency", "Conditional", nullable=False),
    _number("PricingCurrencyContractedUnitPrice", "Conditional", non_negative=True),
    Column("PricingCurrencyEffectiveCost", "Decimal", "Conditional", False),
    _number("PricingCurrencyListUnitPrice", "Conditional", non_negative=True),
    _number("PricingQuantity", "Mandatory"),
    _text("PricingUnit", "Mandatory", format="Unit"),
    _text("RegionId", "Conditional"),
    _text("RegionName", "Conditional"),
    _text("ResourceId", "Conditional"),
    _text("ResourceName", "Conditional"),
    _text("ResourceType", "Conditional"),
    _text("ServiceCategory", "Mandatory", nullable=False, allowed=SERVICE_CATEGORIES),
    _text("ServiceName", "Mandatory", nullable=False),
    _text("ServiceProviderName", "Mandatory", nullable=False),
    _text("ServiceSubcategory", "Recommended", nullable=False, allowed=AI_SUBCATEGORIES),
    _text("SkuId", "Conditional"),
    _text("SkuMeter", "Conditional"),
    _json("SkuPriceDetails", "Conditional", "Key-Value"),
    _text("SkuPriceId", "Conditional"),
    _text("SubAccountId", "Conditional"),
    _text("SubAccountName", "Conditional"),
    _text("SubAccountType", "Conditional"),
    _json("Tags", "Conditional", "Key-Value"),
)
"""Conditional columns are left out where the condition does not hold of what logs tell: no capacity reservations, commitment
discounts, invoices, provisioned resources, sub accounts, allocated costs or second currencies."""

CUSTOM_COLUMNS = (
    _text("x_BilledCostBasis", "Custom", nullable=False),
    Column("x_CallCount", "Integer", "Custom", False, non_negative=True),
    _number("x_EstimatedQuantity", "Custom", non_negative=True),
    _text("x_FeatureName", "Custom", nullable=False),
    _text("x_FeatureSource", "Custom"),
    _text("x_ModelName", "Custom", nullable=False),
    _text("x_PriceEffectiveDate", "Custom"),
    _text("x_PriceMatchedBy", "Custom"),
    _text("x_PriceRules", "Custom"),
    _text("x_PriceSource", "Custom"),
    _text("x_ServiceTier", "Custom"),
    _text("x_TokenClass", "Custom", nullable=False),
    _text("x_Waste", "Custom"),
)
"""Ours, in the order of their names.

x_BilledCostBasis     where BilledCost comes from
x_CallCount           calls that used some of this class; a call uses several classes, so these do not add up over them
x_EstimatedQuantity   of ConsumedQuantity, in calls whose log states it only in part or not at all
x_ModelName           the model whose rate holds
x_PriceEffectiveDate  since when the list rate holds, YYYY-MM-DD
x_PriceMatchedBy      how the log's name led to that model
x_PriceRules          published rules that changed the rate
x_Waste               failed, superseded or duplicate calls: billed, and of no use
"""


def column(name: str) -> Column:
    """Return a column by its name. Raises KeyError."""
    return _BY_NAME[name]


_BY_NAME = {found.name: found for found in (*COLUMNS, *CUSTOM_COLUMNS)}
