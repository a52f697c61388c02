"""What should be done, in which order, and what does it save?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tokaudit.report.format import NOT_APPLICABLE, counted, dollars_range, evidence, money, money_range
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.names import anchor, name, top
from tokaudit.report.view.shapes import Column, Detail, Fact, Row, Section, Table
from tokaudit.report.words import BASES, phrase, word
from tokaudit.result import AuditRun, Finding

ACTION_LIMIT = 10
SENTENCE_LIMIT = 300
"""Characters of a finding's sentence; our own audits write it, but it may quote a name."""

_TOPIC = "What to do"
_COLUMNS = (
    Column("action", "Action"),
    Column("feature", "Feature", text=True),
    Column("range", "Saving alone, low–high, USD a month"),
    Column("expected", "Saving alone, expected"),
    Column("joint", "Part of the joint saving, expected"),
    Column("basis", "Basis", text=True),
)
_NOTES = (
    "Actions overlap, so savings alone do not add up. The joint saving prices the period once more with every action.",
    "Savings are at list price, before the cost of making the change.",
    "Logs cannot show quality: test whatever changes an answer.",
)


def opportunities(run: AuditRun) -> list[Finding]:
    """Sort what the audits found to do: largest expected saving first, those without an estimate last."""
    found = [finding for finding in run.findings if finding.state == "opportunity"]
    return sorted(found, key=_order)


def actions_section(run: AuditRun) -> Section:
    """Rank the actions and show what each rests on."""
    found = opportunities(run)
    if not found:
        return Section("actions", _TOPIC, "No check found anything to change" if run.findings else "No check was run")
    shown, rest = top(found, ACTION_LIMIT)
    return Section(
        anchor="actions",
        topic=_TOPIC,
        heading=_heading(run, found),
        tables=(_table(run, shown, rest),),
        details=tuple(_detail(rank, finding) for rank, finding in enumerate(shown, start=1)),
    )


def feature_text(finding: Finding) -> str:
    """Name the feature a finding is about."""
    return "all" if finding.feature is None else name(finding.feature)


def action_text(finding: Finding) -> str:
    """Write what to do, or what was found when the audit names no action."""
    return safe_text(finding.action or finding.title, limit=SENTENCE_LIMIT)


def _heading(run: AuditRun, found: Sequence[Finding]) -> str:
    acts = counted(len(found), "action")
    if run.savings.joint.high <= 0:
        return f"{acts}, none with a saving that could be computed"
    return f"{acts} would {'together ' if len(found) > 1 else ''}save {dollars_range(run.savings.joint)} a month"


def _table(run: AuditRun, shown: Sequence[Finding], rest: Sequence[Finding]) -> Table:
    joint = run.savings.joint
    listed = {(finding.id, finding.feature) for finding in shown}
    remainder = joint.expected - sum((_joint(run, finding) or Decimal(0) for finding in shown), Decimal(0))
    rows = [_row(run, rank, finding) for rank, finding in enumerate(shown, start=1)]
    if rest or any((part.id, part.feature) not in listed for part in run.savings.by_finding):
        blank = (NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE)
        rows.append(Row((f"other ({len(rest)})", *blank, money(remainder), NOT_APPLICABLE)))
    together = ("Taken together", "", money_range(joint), money(joint.expected), money(joint.expected), "")
    caption = "Actions by expected saving"
    return Table("actions-ranked", caption, _COLUMNS, tuple(rows), Row(together), _NOTES)


def _row(run: AuditRun, rank: int, finding: Finding) -> Row:
    saving = finding.saving_usd_per_month
    cells = (
        f"{rank}. {action_text(finding)}",
        feature_text(finding),
        money_range(saving),
        money(saving.expected if saving else None),
        NOT_APPLICABLE if (part := _joint(run, finding)) is None else money(part),
        word(BASES, finding.basis).name.lower(),
    )
    return Row(cells, target=_anchor(finding))


def _detail(rank: int, finding: Finding) -> Detail:
    facts = tuple(Fact(safe_text(phrase(key)), evidence(key, value)) for key, value in finding.evidence.items())
    return Detail(
        anchor=_anchor(finding),
        summary=f"{rank}. {safe_text(phrase(finding.id))}, {feature_text(finding)}",
        sentences=(safe_text(finding.title, limit=SENTENCE_LIMIT), word(BASES, finding.basis).meaning),
        facts=facts,
    )


def _joint(run: AuditRun, finding: Finding) -> Decimal | None:
    for part in run.savings.by_finding:
        if (part.id, part.feature) == (finding.id, finding.feature):
            return part.saving_usd_per_month.expected
    return None


def _anchor(finding: Finding) -> str:
    parts = [finding.id.replace("_", "-"), *([] if finding.feature is None else [finding.feature])]
    return anchor("opportunity", *parts)


def _order(finding: Finding) -> tuple[bool, Decimal, str, str]:
    saving = finding.saving_usd_per_month
    return (saving is None, -saving.expected if saving else Decimal(0), finding.id, finding.feature or "")
