"""What was looked at without finding a saving?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tokaudit.report.format import counted
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.logged import logged_amounts
from tokaudit.report.view.names import name, top
from tokaudit.report.view.shapes import Column, Row, Section, Table
from tokaudit.report.words import STATES, phrase, word
from tokaudit.result import AuditRun, Finding

CHECK_LIMIT = 40
FEATURES_NAMED = 4
SENTENCE_LIMIT = 300

_TOPIC = "Checks without an action"
_COLUMNS = (
    Column("check", "Check"),
    Column("state", "State", text=True),
    Column("features", "Features", text=True),
    Column("answer", "Answer", text=True),
)


def checks_section(run: AuditRun) -> Section:
    """List every check without an action, with its state; features with the same answer share a row."""
    quiet = [finding for finding in run.findings if finding.state != "opportunity"]
    if not run.findings:
        return Section("checks", _TOPIC, "No check was run")
    if not quiet:
        return Section("checks", _TOPIC, "Every check that ran found something to do")
    groups: dict[tuple[int, str, str, str], list[Finding]] = defaultdict(list)
    for finding in quiet:
        amounts = logged_amounts(finding)
        answer = f"{finding.title}: {amounts}" if amounts else finding.title
        groups[(_rank(finding.state), finding.id, answer, finding.state)].append(finding)
    shown, rest = top(sorted(groups.items()), CHECK_LIMIT)
    rows = [_row(state, answer, found) for (_, _, answer, state), found in shown]
    if rest:
        rows.append(Row((f"other ({sum(len(found) for _, found in rest)})", "", "", "in the JSON file")))
    table = Table("checks-table", "Checks by state", _COLUMNS, tuple(rows))
    return Section("checks", _TOPIC, _heading(quiet), tables=(table,), closed=True)


def _rank(state: str) -> int:
    return ("error", "informative", "passed", "not_applicable").index(state)


def _heading(quiet: Sequence[Finding]) -> str:
    counts = {state: sum(finding.state == state for finding in quiet) for state in STATES}
    parts = [f"{number} {word(STATES, state).name.lower()}" for state, number in counts.items() if number]
    return f"{counted(len(quiet), 'check')} without an action: {', '.join(parts)}"


def _row(state: str, answer: str, found: Sequence[Finding]) -> Row:
    named = sorted("all" if finding.feature is None else name(finding.feature) for finding in found)
    shown, rest = top(named, FEATURES_NAMED)
    features = ", ".join(shown) + (f" and {len(rest)} more" if rest else "")
    text = safe_text(answer, limit=SENTENCE_LIMIT)
    return Row((safe_text(phrase(found[0].id)), word(STATES, state).name, features, text))
