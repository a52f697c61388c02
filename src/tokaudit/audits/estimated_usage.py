"""Which token counts are not the provider's own?"""

from __future__ import annotations

from collections.abc import Iterable

from tokaudit.audits.contract import Audit, Facts
from tokaudit.result import Finding


def run(facts: Facts) -> Iterable[Finding]:
    """Count calls by how their usage is known."""
    states = {state: count for state, count in facts.input.usage_state.items() if state != "exact" and count}
    calls = sum(states.values())
    yield Finding(
        id=AUDIT.id,
        state="informative" if calls else "passed",
        feature=None,
        title="Some token counts are not exact" if calls else "Every token count is the provider's own",
        saving_usd_per_month=None,
        basis="measured",
        evidence={
            **{f"calls_{state}": count for state, count in states.items()},
            "share_of_calls": calls / facts.totals.calls,
        }
        if calls
        else {},
        action="Log the provider's usage block with each call (streams: include_usage)" if calls else "",
    )


AUDIT = Audit(
    id="estimated_usage",
    title="Estimated usage",
    description="Counts calls whose usage is estimated, a lower bound, without a cache split, or missing.",
    why="An estimate may divide a bill, it does not prove one.",
    run=run,
)
