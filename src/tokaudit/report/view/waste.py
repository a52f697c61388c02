"""What was paid for answers nobody used?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tokaudit.report.format import UNKNOWN, count, counted, dollars, money, share_of
from tokaudit.report.view.names import anchor, name, top
from tokaudit.report.view.shapes import Column, Row, Section, Table
from tokaudit.report.view.sums import sums_of
from tokaudit.result import AuditRun, Feature, Waste

_TOPIC = "Waste and errors"
_COLUMNS = (
    Column("feature", "Feature"),
    Column("failed_calls", "Failed, calls"),
    Column("failed_cost", "Failed, USD"),
    Column("retried_calls", "Replaced, calls"),
    Column("retried_cost", "Replaced, USD"),
    Column("duplicate_calls", "Repeated, calls"),
    Column("duplicate_cost", "Repeated, USD"),
    Column("cost", "Wasted, USD"),
    Column("share", "of its list cost"),
)
_NOTES = (
    "Failed: ended in an error. Replaced: a later attempt at the same operation took its place.",
    "Repeated: the same question had been answered already.",
)
_TRIED = Column("gateway_retries", "Tried by gateways, attempts")


def waste_section(run: AuditRun) -> Section:
    """Put a price on failed, replaced and repeated calls."""
    features = sorted(
        (feature for feature in run.features if _calls(feature.waste) or feature.waste.gateway_retries),
        key=lambda feature: (-feature.waste.cost, -_calls(feature.waste), feature.feature),
    )
    if not features:
        return Section("waste", _TOPIC, "No call failed, was replaced or repeated")
    shown, rest = top(features)
    tried = any(feature.waste.gateway_retries for feature in features)
    rows = [_row(feature, tried=tried) for feature in shown]
    if rest:
        rows.append(Row(_cells(f"other ({len(rest)})", rest, tried=tried)))
    total = Row(_cells("All features", features, tried=tried))
    columns, notes = (*_COLUMNS, _TRIED) if tried else _COLUMNS, (*_NOTES, *_note(features))
    table = Table("waste-by-feature", "Calls that bought nothing", columns, tuple(rows), total, notes)
    return Section("waste", _TOPIC, _heading(run, features), tables=(table,), closed=True)


def _calls(waste: Waste) -> int:
    return waste.failed_calls + waste.retried_calls + waste.duplicate_calls


def _note(features: Sequence[Feature]) -> tuple[str, ...]:
    """Tell of attempts that have no call of their own, where there are any."""
    attempts = sum(feature.waste.gateway_retries or 0 for feature in features)
    calls = sum(feature.waste.gateway_retried_calls or 0 for feature in features)
    if not attempts:
        return ()
    taken = f"{counted(calls, 'call')} took {counted(attempts, 'earlier attempt')} that the gateway made itself."
    return (f"{taken} The log tells only that they were made: what they cost is unknown, and in no sum.",)


def _heading(run: AuditRun, features: Sequence[Feature]) -> str:
    calls = sum(_calls(feature.waste) for feature in features)
    if not calls:
        return "Gateways tried again before they answered, at a cost that no log tells"
    if run.totals.waste_cost <= 0:
        return f"{count(calls)} of {count(run.totals.calls)} calls bought nothing, without a cost of their own"
    cost, part = dollars(run.totals.waste_cost), share_of(run.totals.waste_cost, run.totals.list_cost)
    return f"{cost} bought nothing, {part} of spend in {share_of(calls, run.totals.calls)} of calls"


def _row(feature: Feature, *, tried: bool) -> Row:
    return Row(_cells(name(feature.feature), [feature], tried=tried), target=anchor("feature", feature.feature))


def _cells(head: str, features: Sequence[Feature], *, tried: bool) -> tuple[str, ...]:
    wastes, sums = [feature.waste for feature in features], sums_of(features)
    cost = sum((waste.cost for waste in wastes), Decimal(0))
    return (
        head,
        count(sum(waste.failed_calls for waste in wastes)),
        money(sums.known(sum((waste.failed_cost for waste in wastes), Decimal(0)))),
        count(sum(waste.retried_calls for waste in wastes)),
        money(sums.known(sum((waste.retried_cost for waste in wastes), Decimal(0)))),
        count(sum(waste.duplicate_calls for waste in wastes)),
        money(sums.known(sum((waste.duplicate_cost for waste in wastes), Decimal(0)))),
        money(sums.known(cost)),
        share_of(cost, sums.list_cost),
        *((_attempts(wastes),) if tried else ()),
    )


def _attempts(wastes: Sequence[Waste]) -> str:
    known = [waste.gateway_retries for waste in wastes if waste.gateway_retries is not None]
    return count(sum(known)) if known else UNKNOWN
