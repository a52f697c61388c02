"""Which feature, if any, is worth a model of its own?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tokaudit.report.format import NOT_APPLICABLE, UNKNOWN, counted, dollars, evidence, money, number, share
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.formulas import formula
from tokaudit.report.view.names import anchor, name, quoted, top
from tokaudit.report.view.shapes import Column, Detail, Fact, Row, Section, Table
from tokaudit.report.words import COSTS, phrase, word
from tokaudit.result import AuditRun, Candidate

CARD_LIMIT = 5
SENTENCE_LIMIT = 400

_TOPIC = "Fine-tune candidates"
_GATE_COLUMNS = (
    Column("gate", "Gate"),
    Column("passed", "Passed", text=True),
    Column("value", "Value"),
    Column("threshold", "Needed"),
)
_COST_COLUMNS = (Column("case", "Case"), Column("cost", "USD a month"))
_OPEN_QUESTION = "A question mark stands for what was not computed in this run."


def candidates_section(run: AuditRun) -> Section:
    """Give every candidate a card, the first one open."""
    candidates = sorted(run.plan.candidates, key=lambda candidate: (candidate.rank, candidate.feature))
    reason = safe_text(run.plan.none_reason, limit=SENTENCE_LIMIT) if run.plan.none_reason else ""
    if not candidates:
        return Section("candidates", _TOPIC, reason or "No candidate was computed")
    shown, rest = top(candidates, CARD_LIMIT)
    more = (f"{counted(len(rest), 'more candidate')} in the JSON file.",) if rest else ()
    return Section(
        anchor="candidates",
        topic=_TOPIC,
        heading=reason or _heading(candidates[0]),
        sentences=(_OPEN_QUESTION, *more),
        details=tuple(_card(candidate, opened=at == 0) for at, candidate in enumerate(shown)),
    )


def _heading(first: Candidate) -> str:
    return f"{quoted(first.feature)} stands first: {_verdict(first)}"


def _verdict(candidate: Candidate) -> str:
    return safe_text(phrase(candidate.verdict).lower(), limit=SENTENCE_LIMIT)


def _card(candidate: Candidate, *, opened: bool) -> Detail:
    mark = anchor("candidate", candidate.feature)
    return Detail(
        anchor=mark,
        summary=f"{candidate.rank}. {name(candidate.feature)}: {_verdict(candidate)}",
        open=opened,
        sentences=tuple(safe_text(reason, limit=SENTENCE_LIMIT) for reason in candidate.reasons),
        facts=_facts(candidate),
        tables=tuple(table for table in (_costs(mark, candidate), _gates(mark, candidate)) if table.rows),
        points=tuple(f"Flips if: {safe_text(reason, limit=SENTENCE_LIMIT)}" for reason in candidate.flips_if),
    )


def _facts(candidate: Candidate) -> tuple[Fact, ...]:
    kind = candidate.task_type
    rule = safe_text(kind.rule, limit=SENTENCE_LIMIT)
    facts = [
        Fact("Task type", safe_text(phrase(kind.type)), f"by the rule: {rule}" if rule else ""),
        *_mapped("", kind.evidence),
        Fact("One-off cost", dollars(candidate.one_off_usd)),
        Fact("Payback", _spread(candidate.payback_months, " months"), formula=formula("payback")),
        Fact("Net present value", _spread(candidate.npv_usd, "")),
        Fact("Probability that it pays", UNKNOWN if candidate.p_pays is None else share(candidate.p_pays)),
        *_mapped("Replicas: ", candidate.replicas or {}),
        *_mapped("Next test: ", candidate.next_test),
    ]
    return tuple(facts)


def _mapped(prefix: str, values: Mapping[str, Any]) -> tuple[Fact, ...]:
    return tuple(Fact(prefix + safe_text(phrase(key)), evidence(key, value)) for key, value in values.items())


def _spread(values: Mapping[str, Decimal | float] | None, unit: str) -> str:
    """Write the percentiles in their order, `p10 … · p50 … · p90 …`."""
    if not values:
        return UNKNOWN
    order = sorted(values.items())
    return " · ".join(
        f"{safe_text(key)} {dollars(value) if isinstance(value, Decimal) else number(value)}{unit}"
        for key, value in order
    )


def _costs(mark: str, candidate: Candidate) -> Table:
    costs = candidate.cost_usd_per_month
    order = [*(key for key in COSTS if key in costs), *sorted(key for key in costs if key not in COSTS)]
    rows = tuple(Row((word(COSTS, key).name, money(costs[key])), note=word(COSTS, key).meaning) for key in order)
    return Table(f"{mark}-costs", "What a month costs", _COST_COLUMNS, rows)


def _gates(mark: str, candidate: Candidate) -> Table:
    rows = tuple(
        Row((phrase(gate.id), _passed(gate.passed), _figure(gate.id, gate.value), _figure(gate.id, gate.threshold)))
        for gate in candidate.gates
    )
    return Table(f"{mark}-gates", "Gates it has to pass", _GATE_COLUMNS, rows)


def _passed(passed: bool | None) -> str:
    return "not known" if passed is None else "yes" if passed else "no"


def _figure(gate: str, value: Any) -> str:
    return NOT_APPLICABLE if value is None else evidence(gate, value)
