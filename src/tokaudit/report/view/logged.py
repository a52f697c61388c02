"""Where the log's own costs differ from ours: which amounts stand side by side, and which of them is used?"""

from __future__ import annotations

from tokaudit.report.format import dollars
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.names import top
from tokaudit.result import AuditRun, Finding

LINE_LIMIT = 3
_SENTENCE_LIMIT = 300
_AUDIT = "logged_cost"


def logged_amounts(finding: Finding) -> str:
    """Return a finding's amounts as a sentence; empty for findings that compare none."""
    evidence = finding.evidence
    if finding.id != _AUDIT or "difference_usd" not in evidence:
        return ""
    logged, used = evidence["logged_cost_usd"], evidence["list_cost_usd"]
    if "cost_as_stated_usd" in evidence:
        stated = dollars(evidence["cost_as_stated_usd"])
        return f"{dollars(logged)} in the log, {stated} by the usage as stated, {dollars(used)} used here"
    return f"{dollars(logged)} in the log, {dollars(used)} here, which is used"


def logged_lines(run: AuditRun) -> list[str]:
    """Say for each model whose logged cost differs how, and why, the largest difference first."""
    found = [finding for finding in run.findings if logged_amounts(finding)]
    shown, rest = top(found, LINE_LIMIT)
    lines = [f"Logged cost: {safe_text(each.title, limit=_SENTENCE_LIMIT)}: {logged_amounts(each)}" for each in shown]
    return [*lines, *([f"Logged cost: {len(rest)} more models differ; see the report"] if rest else [])]
