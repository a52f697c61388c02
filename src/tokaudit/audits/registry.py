"""Which audits are run, and how?"""

from __future__ import annotations

from tokaudit.audits import (
    conversation_growth,
    duplicate_answers,
    estimated_usage,
    failed_and_retried_calls,
    logged_cost,
    prompt_overhead,
    spend_by_feature,
    unpriced_usage,
)
from tokaudit.audits.contract import Audit, Facts
from tokaudit.result import Finding

AUDITS: tuple[Audit, ...] = (
    spend_by_feature.AUDIT,
    prompt_overhead.AUDIT,
    conversation_growth.AUDIT,
    failed_and_retried_calls.AUDIT,
    duplicate_answers.AUDIT,
    unpriced_usage.AUDIT,
    logged_cost.AUDIT,
    estimated_usage.AUDIT,
)


def _run(audit: Audit, facts: Facts) -> list[Finding]:
    try:
        found = list(audit.run(facts))
    except Exception as error:
        evidence = {"error": type(error).__name__}
        return [Finding(audit.id, "error", None, "This audit could not be run", None, "measured", evidence, "")]
    if found:
        return found
    return [Finding(audit.id, "not_applicable", None, "Nothing in the logs to look at", None, "measured", {}, "")]


def run_audits(facts: Facts) -> tuple[Finding, ...]:
    """Run every audit; opportunities come first, by expected saving."""
    findings = [finding for audit in AUDITS for finding in _run(audit, facts)]
    order = {"opportunity": 0, "informative": 1, "error": 2, "passed": 3, "not_applicable": 4}

    def key(finding: Finding) -> tuple[int, object, str, str]:
        saving = finding.saving_usd_per_month
        return order[finding.state], -saving.expected if saving else 0, finding.id, finding.feature or ""

    return tuple(sorted(findings, key=key))
