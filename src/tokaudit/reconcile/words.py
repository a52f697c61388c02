"""In which words is a cause told, and what is to be done about it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tokaudit.reconcile.result import Cause
from tokaudit.report.format import count, counted, dollars, evidence
from tokaudit.report.safe_text import safe_text


@dataclass(frozen=True, slots=True)
class Words:
    """name: the line of the bridge. says: what the cause is. next_step: what to do, imperative."""

    name: str
    says: str
    next_step: str


WORDS: Mapping[str, Words] = {
    "period": Words(
        "Days that only one side covers",
        "the bill or the logs cover days that the other does not",
        "export both for the same days",
    ),
    "time_zone": Words(
        "Days cut in another time zone",
        "the bill cuts its days in another time zone, so calls near midnight stand on other days",
        "give the bill's zone with --bill-tz, and read logs from a day before to a day after the bill",
    ),
    "calls_missing_from_logs": Words(
        "Calls missing from the logs",
        "the bill charges for calls that the logs do not hold",
        "look for services or keys that do not log, and for gaps in the export",
    ),
    "calls_not_on_the_bill": Words(
        "Calls not on the bill",
        "the logs hold calls that the bill does not charge for",
        "look for another account or project, calls with a customer's own key, failed calls and copies of the same call",
    ),
    "unpriced": Words(
        "Calls without a price",
        "the bill charges for calls for which no rate or no token count is known",
        "give the rates with --prices, and switch on usage in the logs",
    ),
    "tier": Words(
        "Batch and other tiers",
        "the bill prices calls at another tier (batch, flex, priority, standard) than the logs state",
        "check the service tier that the requests ask for and the answers state",
    ),
    "cache_semantics": Words(
        "Cached input",
        "the bill and the logs count or price cached input differently",
        "check whether the logs keep the cached token counts, and whether caching works for this account",
    ),
    "rate": Words(
        "Another rate per token",
        "the bill charges another rate per token than the published one",
        "compare the rate with the contract and the price page of that day; give it with --prices",
    ),
    "discount": Words(
        "Discounts",
        "the bill is lower by the same share throughout",
        "give the discount with --prices, so that every report shows what you pay",
    ),
    "unit_charges": Words(
        "Charges beside tokens",
        "web and file searches, storage, sessions, fine-tuning and fees are billed by the unit",
        "switch on tool usage in the logs to see which feature causes them",
    ),
    "commitment_shortfall": Words(
        "Commitment not used up",
        "the contract's minimum is higher than what was used",
        "renegotiate the commitment, or move more traffic to this provider",
    ),
    "credits": Words("Credits", "the bill gives credits", "note when they run out"),
    "tax": Words("Tax", "the bill adds tax", "leave tax out when comparing with the list cost"),
    "rounding": Words(
        "Rounding", "the bill rounds each of its lines", "take the API's unrounded amounts if it matters"
    ),
}


def sentence(cause: Cause) -> str:
    """Tell a cause with its amount, how it is known, what shows it and what to do."""
    words = WORDS[cause.cause]
    known = "counted" if cause.basis == "counted" else "inferred from the amounts"
    shown = _shown(cause.evidence)
    return f"{words.name}: {words.says} ({known}{'; ' + shown if shown else ''}). Next: {words.next_step}."


_SHOWN = (
    "billed_as", "requests", "tokens", "calls", "bill_time_zone", "moved_between_days_usd", "items", "days", "models",
    "rows", "fits_as_well", "cells_without_any_call", "cells_without_any_charge", "our_calls",
)  # fmt: skip


def _shown(found: Mapping[str, Any]) -> str:
    parts = [_part(name, found[name]) for name in _SHOWN if found.get(name)]
    if not parts and all(isinstance(value, Mapping) for value in found.values()):
        parts = [f"{safe_text(str(name))}: {inner}" for name, value in found.items() if (inner := _shown(value))]
    return "; ".join(parts)


def _part(name: str, value: Any) -> str:
    if name in ("days", "models") and isinstance(value, list):
        few = ", ".join(safe_text(str(item)) for item in value[:3])
        return f"{few} and {count(len(value) - 3)} more {name}" if len(value) > 3 else few
    if name.endswith("_usd"):
        return f"{dollars(Decimal(str(value)))} {name.removesuffix('_usd').replace('_', ' ')}"
    if name in ("rows", "requests", "tokens", "calls"):
        return counted(value, name.removesuffix("s"))
    return f"{name.replace('_', ' ')}: {evidence(name, value)}"
