"""What do failed and repeated attempts cost?"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tokaudit.audits.contract import Audit, Facts, has_texts, smallest_worth_naming
from tokaudit.result import Feature, Finding, Waste

AVOIDABLE_SHARES = (Decimal("0.5"), Decimal("0.8"), Decimal(1))
"""Share of repeated attempts that longer time-outs and output checks avoid; the rest stays."""


HIDDEN = "Gateways tried again before they answered, at a cost that no log tells"


def _hidden(waste: Waste) -> dict[str, Any]:
    """Name what gateways tried themselves, if anything: what it cost is unknown, not 0."""
    if not waste.gateway_retries:
        return {}
    return {
        "gateway_retries": waste.gateway_retries,
        "calls_with_gateway_retries": waste.gateway_retried_calls,
        "gateway_retries_cost_usd": waste.gateway_retries_cost,
    }


def _title(waste: Waste, cost: Decimal) -> str:
    if cost > 0:
        return "Attempts were paid for whose answers were not used"
    return "Attempts failed, but were not billed" if waste.failed_calls or waste.retried_calls else HIDDEN


def _finding(feature: Feature, facts: Facts) -> Finding:
    waste = feature.waste
    cost = waste.failed_cost + waste.retried_cost
    worth = cost > 0 and cost >= smallest_worth_naming(facts)
    return Finding(
        id=AUDIT.id,
        state="opportunity" if worth else "informative",
        feature=feature.feature,
        title=_title(waste, cost),
        saving_usd_per_month=facts.per_month(*(cost * share for share in AVOIDABLE_SHARES)) if worth else None,
        basis="measured",
        evidence={
            "failed_calls": waste.failed_calls,
            "superseded_calls": waste.retried_calls,
            "share_of_calls": (waste.failed_calls + waste.retried_calls) / feature.calls,
            "cost_usd": cost,
            **_hidden(waste),
        },
        action="Raise the client's time-out and check why the same prompt is sent again" if worth else "",
    )


def run(facts: Facts) -> Iterable[Finding]:
    """Look at each feature with failed or superseded calls, or with attempts that its gateway made itself."""
    wasted = [f for f in facts.features if f.waste.failed_calls or f.waste.retried_calls or f.waste.gateway_retries]
    for feature in wasted:
        yield _finding(feature, facts)
    if not wasted:
        is_seen = any(has_texts(feature) for feature in facts.features)
        title = "No call failed or was repeated" if is_seen else "No call failed"
        yield Finding(AUDIT.id, "passed", None, title, None, "measured", {}, "")


AUDIT = Audit(
    id="failed_and_retried_calls",
    title="Failed and retried calls",
    description="Ties attempts at the same request together; all but the last are waste, at their whole cost.",
    why="A client that gives up early pays twice for one answer.",
    run=run,
)
