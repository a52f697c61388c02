"""What did the period cost, and is there something to gain?"""

from __future__ import annotations

from tokaudit.report.format import (
    UNKNOWN,
    count,
    counted,
    dollars,
    dollars_range,
    multiple,
    number,
    share_of,
)
from tokaudit.report.view.charts import days_chart
from tokaudit.report.view.formulas import formula
from tokaudit.report.view.head import period_name
from tokaudit.report.view.names import name, quoted
from tokaudit.report.view.shapes import Fact, Section
from tokaudit.report.words import BRIDGE_LINES, word
from tokaudit.result import AuditRun


def summary_section(run: AuditRun) -> Section:
    """Sum the run up: two sentences, the figures, the days."""
    if run.totals.calls == 0:
        return Section("summary", "In short", f"No call was made in {period_name(run.period)}")
    return Section(
        anchor="summary",
        topic="In short",
        heading=_heading(run),
        sentences=(_first_sentence(run), _second_sentence(run)),
        figures=_figures(run),
        chart=days_chart(run.days),
    )


def spend_text(run: AuditRun) -> str:
    """Write the list cost, unknown when nothing has a price."""
    totals = run.totals
    return UNKNOWN if totals.calls == totals.unpriced_calls else dollars(totals.list_cost)


def _heading(run: AuditRun) -> str:
    if run.totals.calls == run.totals.unpriced_calls:
        return f"{counted(run.totals.calls, 'call')}, none of which could be priced"
    times = f", {multiple(run.totals.multiplier)} the price-page sum" if run.totals.multiplier is not None else ""
    return f"{spend_text(run)} at list price{times}"


def _first_sentence(run: AuditRun) -> str:
    totals = run.totals
    made = f"{counted(totals.calls, 'call')} of {counted(len(run.features), 'feature')}"
    if totals.calls == totals.unpriced_calls:
        tokens = count(totals.input_tokens + totals.output_tokens)
        return f"{made} used {tokens} tokens; no rate is known for any of them."
    largest = max(run.features, key=lambda feature: (feature.list_cost, feature.feature), default=None)
    part = share_of(largest.list_cost, totals.list_cost) if largest else ""
    most = f"; {quoted(largest.feature)} is {part} of it" if largest and len(run.features) > 1 else ""
    return f"{made} cost {dollars(totals.list_cost)}{most}."


def _second_sentence(run: AuditRun) -> str:
    hidden = [line for line in run.totals.bridge if line.line != "naive" and line.cost > 0]
    joint = run.savings.joint
    saving = f"all actions below together would save {dollars_range(joint)} a month" if joint.high > 0 else ""
    if not hidden:
        return f"{saving[:1].upper()}{saving[1:]}." if saving else "No check found a saving."
    largest = max(hidden, key=lambda line: line.cost)
    what = word(BRIDGE_LINES, largest.line).name.lower()
    cost = f"Beyond the price-page sum, the largest line is {what}, {dollars(largest.cost)}"
    return f"{cost}; {saving or 'no check found a saving'}."


def _figures(run: AuditRun) -> tuple[Fact, ...]:
    totals, joint = run.totals, run.savings.joint
    priced = totals.calls - totals.unpriced_calls
    each = dollars(totals.list_cost / priced * 1000) if priced else UNKNOWN
    saving = f"{dollars(joint.low)}–{dollars(joint.high)}" if joint.high > 0 else "none found"
    figures = [
        Fact("List cost", spend_text(run), other_costs(run), formula("list cost")),
        Fact("Cost per 1,000 calls", each, "", formula("cost per 1,000 calls")),
        Fact("Times the price-page sum", multiple(totals.multiplier), _page_sum(run), formula("multiplier")),
        Fact("Cost of wasted calls", _waste(run), "failed, replaced, repeated", formula("waste")),
        Fact("Reachable saving a month", saving, "all actions jointly", formula("joint saving")),
    ]
    return (*figures, *_payback(run))


def _page_sum(run: AuditRun) -> str:
    return f"of {dollars(run.totals.naive_cost)}" if run.totals.multiplier is not None else ""


def _waste(run: AuditRun) -> str:
    totals = run.totals
    return UNKNOWN if totals.calls == totals.unpriced_calls else dollars(totals.waste_cost)


def other_costs(run: AuditRun) -> str:
    """Write what was agreed and what the log says, where they are known and not the list cost."""
    totals = run.totals
    contracted = f"contracted {dollars(totals.contracted_cost)}" if totals.contracted_cost != totals.list_cost else ""
    logged = f"logged {dollars(totals.logged_cost)}" if totals.logged_cost is not None else ""
    return ", ".join(part for part in (contracted, logged) if part)


def _payback(run: AuditRun) -> tuple[Fact, ...]:
    first = min(run.plan.candidates, key=lambda candidate: candidate.rank, default=None)
    if first is None or not first.payback_months or "p50" not in first.payback_months:
        return ()
    value = f"{number(first.payback_months['p50'])} months"
    return (Fact("Payback of the first candidate", value, name(first.feature), formula("payback")),)
