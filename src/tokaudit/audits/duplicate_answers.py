"""Which answers were paid for twice?"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tokaudit.audits.contract import Audit, Facts, has_texts, smallest_worth_naming
from tokaudit.result import Finding

KEPT_SHARES = (Decimal("0.5"), Decimal("0.9"), Decimal(1))
"""Share of repeats that a cache of answers would serve: short-lived entries, usual, all."""


def run(facts: Facts) -> Iterable[Finding]:
    """Look at each feature that asked the same model the same prompt again."""
    repeated = [feature for feature in facts.features if feature.waste.duplicate_calls]
    for feature in repeated:
        cost = feature.waste.duplicate_cost
        worth = cost > 0 and cost >= smallest_worth_naming(facts)
        yield Finding(
            id=AUDIT.id,
            state="opportunity" if worth else "informative",
            feature=feature.feature,
            title="The same prompt was answered before",
            saving_usd_per_month=facts.per_month(*(cost * share for share in KEPT_SHARES)) if worth else None,
            basis="measured",
            evidence={
                "duplicate_calls": feature.waste.duplicate_calls,
                "share_of_calls": feature.waste.duplicate_calls / feature.calls,
                "cost_usd": cost,
            },
            action="Keep answers by prompt and reuse them while they are valid" if worth else "",
        )
    if not repeated and any(has_texts(feature) for feature in facts.features):
        yield Finding(AUDIT.id, "passed", None, "No prompt was answered twice", None, "measured", {}, "")


AUDIT = Audit(
    id="duplicate_answers",
    title="Duplicate answers paid twice",
    description="Finds calls whose whole prompt the same model had answered earlier in the period.",
    why="An answer that was kept costs nothing the second time.",
    run=run,
)
