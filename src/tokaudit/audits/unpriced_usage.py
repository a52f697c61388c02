"""Which spend has no price?"""

from __future__ import annotations

from collections.abc import Iterable

from tokaudit.audits.contract import Audit, Facts
from tokaudit.result import Finding


def run(facts: Facts) -> Iterable[Finding]:
    """Count calls and tokens without a rate, and name their models."""
    totals = facts.totals
    names = sorted({model.model for model in facts.models if model.list_cost is None})
    is_whole = totals.unpriced_calls == 0
    yield Finding(
        id=AUDIT.id,
        state="passed" if is_whole else "informative",
        feature=None,
        title="Every call has a price" if is_whole else "Some calls have no price: the total is too low",
        saving_usd_per_month=None,
        basis="measured",
        evidence={} if is_whole else {
            "unpriced_calls": totals.unpriced_calls,
            "unpriced_tokens": totals.unpriced_tokens,
            "share": totals.unpriced_share,
            "models": ", ".join(names),
        },
        action="" if is_whole else "Give the rates of these models with --prices",
    )  # fmt: skip


AUDIT = Audit(
    id="unpriced_usage",
    title="Unpriced usage",
    description="Lists models for which no rate is known on the day of the call.",
    why="An unknown price is not zero.",
    run=run,
)
