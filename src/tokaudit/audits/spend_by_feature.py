"""Which feature spends the money?"""

from __future__ import annotations

from collections.abc import Iterable

from tokaudit.audits.contract import Audit, Facts
from tokaudit.frames.use_cases import UNATTRIBUTED
from tokaudit.result import Finding

MOST_UNATTRIBUTED = 0.1
"""A tenth of the spend without an owner is where teams stop trusting an allocation."""


def run(facts: Facts) -> Iterable[Finding]:
    """Name the most expensive feature, and the share that belongs to none."""
    if not facts.features:
        return
    top = facts.features[0]
    without = [feature for feature in facts.features if feature.feature == UNATTRIBUTED]
    share = sum(feature.share or 0.0 for feature in without)
    yield Finding(
        id=AUDIT.id,
        state="informative",
        feature=top.feature,
        title="The most expensive feature",
        saving_usd_per_month=None,
        basis="measured",
        evidence={"list_cost_usd": top.list_cost, "share_of_spend": top.share, "features": len(facts.features)},
        action="",
    )
    if share > MOST_UNATTRIBUTED:
        yield Finding(
            id=AUDIT.id,
            state="informative",
            feature=UNATTRIBUTED,
            title="Spend that no feature owns",
            saving_usd_per_month=None,
            basis="measured",
            evidence={"share_of_spend": share, "calls": sum(feature.calls for feature in without)},
            action="Send a feature tag with each call (metadata, or one API key a feature)",
        )


AUDIT = Audit(
    id="spend_by_feature",
    title="Spend by feature",
    description="Allocates the list cost to features by tag, key, endpoint or prompt template.",
    why="What nobody owns, nobody lowers.",
    run=run,
)
