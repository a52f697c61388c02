"""Do reports show the log's cost beside ours, and say which of them is used?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from report.sample_run import a_run
from tokaudit.report.view.logged import LINE_LIMIT, logged_amounts, logged_lines
from tokaudit.result import AuditRun, Finding


def finding(**evidence: Any) -> Finding:
    known = {"logged_cost_usd": Decimal("1.25"), "list_cost_usd": Decimal("4.5"), "difference_usd": Decimal("-3.25")}
    title = "gpt-4o: the log charges cached input in full"
    return Finding("logged_cost", "informative", None, title, None, "measured", {**known, **evidence}, "Update it")


def with_findings(*findings: Finding) -> AuditRun:
    return replace(a_run(), findings=findings)


def test_both_costs_stand_side_by_side() -> None:
    assert logged_amounts(finding()) == "$1.25 in the log, $4.50 here, which is used"


def test_hidden_cache_hits_have_three_amounts() -> None:
    text = logged_amounts(finding(cost_as_stated_usd=Decimal(4), list_cost_usd=Decimal("1.2500")))
    assert text == "$1.25 in the log, $4.00 by the usage as stated, $1.25 used here"


def test_other_findings_have_none() -> None:
    passed = Finding("logged_cost", "passed", None, "They agree", None, "measured", {}, "")
    assert logged_amounts(passed) == ""
    assert logged_lines(with_findings(passed)) == []


def test_few_lines_stand_on_the_terminal_and_the_rest_is_counted() -> None:
    lines = logged_lines(with_findings(*[finding()] * (LINE_LIMIT + 2)))
    assert lines[:-1] == [f"Logged cost: {finding().title}: {logged_amounts(finding())}"] * LINE_LIMIT
    assert lines[-1] == "Logged cost: 2 more models differ; see the report"
