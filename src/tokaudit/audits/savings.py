"""What would the month cost with every opportunity taken?

Savings overlap: a call that is not repeated does not send its history either. So the month is re-priced in order: wasted
calls first, then what is saved on the calls that stay. The parts add up to the joint saving, which never exceeds the spend.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tokaudit.audits.contract import Facts
from tokaudit.result import Finding, Range, SavingOfFinding, Savings

REMOVES_CALLS = ("failed_and_retried_calls", "duplicate_answers")
ZERO = Decimal(0)
_RANGE = ("low", "expected", "high")


def _add(ranges: Sequence[Range]) -> Range:
    return Range(*(sum((getattr(r, name) for r in ranges), ZERO) for name in _RANGE))


def _taken(savings: Sequence[Decimal], removed: Decimal, cost: Decimal) -> list[Decimal]:
    """Take savings one after the other from what is left of a cost; none takes more than that."""
    left, taken = cost - removed, []
    for saving in savings:
        amount = min(saving * (cost - removed) / cost, left) if left > 0 else ZERO
        left -= amount
        taken.append(amount)
    return taken


def _of_feature(findings: Sequence[Finding], cost_per_month: Decimal) -> list[SavingOfFinding]:
    """Apply one feature's opportunities one after the other, those that remove whole calls first."""
    saving = [(f, f.saving_usd_per_month) for f in findings if f.saving_usd_per_month is not None]
    removing = [pair for pair in saving if pair[0].id in REMOVES_CALLS]
    others = [pair for pair in saving if pair[0].id not in REMOVES_CALLS]
    columns = []
    for name in _RANGE:
        first = _taken([getattr(whole, name) for _, whole in removing], ZERO, cost_per_month)
        then = _taken([getattr(whole, name) for _, whole in others], sum(first, ZERO), cost_per_month)
        columns.append([*first, *then])
    ordered = [finding for finding, _ in (*removing, *others)]
    return [
        SavingOfFinding(finding.id, finding.feature, Range(*amounts))
        for finding, *amounts in zip(ordered, *columns, strict=True)
    ]


def join_savings(findings: Sequence[Finding], facts: Facts) -> Savings:
    """Re-price the month with all opportunities taken."""
    parts: list[SavingOfFinding] = []
    for feature in facts.features:
        own = [f for f in findings if f.feature == feature.feature and f.state == "opportunity"]
        parts += _of_feature(own, feature.list_cost * facts.month_factor)
    return Savings(_add([part.saving_usd_per_month for part in parts]), tuple(parts))
