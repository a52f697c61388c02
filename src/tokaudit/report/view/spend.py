"""Which feature spends the money, and on what?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tokaudit.report.format import NOT_APPLICABLE, UNKNOWN, count, counted, dollars, money, share_of
from tokaudit.report.view.bridge import short_bridge
from tokaudit.report.view.charts import bar
from tokaudit.report.view.names import ROW_LIMIT, anchor, by_cost, name, quoted, top
from tokaudit.report.view.shapes import Column, Detail, Fact, Row, Section, Table
from tokaudit.report.view.sums import Sums, sums_of
from tokaudit.report.words import COMPONENTS, FEATURE_SOURCES, word
from tokaudit.result import AuditRun, Feature

_TOPIC = "Spend by feature"
_MOST_OF_SPEND = Decimal("0.8")
_COLUMNS = (
    Column("feature", "Feature"),
    Column("calls", "Calls"),
    Column("input_tokens", "Input tokens"),
    Column("cached", "of them cached"),
    Column("output_tokens", "Output tokens"),
    Column("input_cost", "Input, USD"),
    Column("output_cost", "Output, USD"),
    Column("list_cost", "List cost, USD"),
    Column("share", "Share"),
    Column("cumulative", "Summed up"),
)
_COMPONENT_COLUMNS = (
    Column("component", "Where the tokens come from"),
    Column("tokens", "Tokens"),
    Column("cached_tokens", "of them cached"),
    Column("cost", "Cost, USD"),
)


def spend_section(run: AuditRun) -> Section:
    """Rank the features by list cost; each one's parts stand below, closed."""
    features = by_cost(run.features)
    if not features:
        return Section("spend", _TOPIC, "No feature was seen")
    shown, _ = top(features)
    return Section(
        anchor="spend",
        topic=_TOPIC,
        heading=_heading(run, features),
        tables=(spend_table(run),),
        details=tuple(_detail(feature) for feature in shown),
    )


def _heading(run: AuditRun, features: Sequence[Feature]) -> str:
    whole = run.totals.list_cost
    if whole <= 0:
        return f"{counted(len(features), 'feature')}, none with a cost"
    if len(features) == 1:
        return f"All spend is {quoted(features[0].feature)}"
    running, many = Decimal(0), 0
    while many < len(features) and running < whole * _MOST_OF_SPEND:
        running, many = running + features[many].list_cost, many + 1
    first = f"{quoted(features[0].feature)} is {share_of(features[0].list_cost, whole)} of spend"
    most = share_of(running, whole)
    return first if many == 1 else f"{first}; the first {many} of {len(features)} features are {most}"


def spend_table(run: AuditRun, limit: int = ROW_LIMIT) -> Table:
    """Lay the features out by list cost, those over the limit in one row."""
    shown, rest = top(by_cost(run.features), limit)
    whole, running, rows = run.totals.list_cost, Decimal(0), []
    for feature in shown:
        running += feature.list_cost
        cells = _cells(name(feature.feature), sums_of([feature]), whole, running)
        step = bar(Decimal(0), feature.list_cost, _largest(shown), "step")
        rows.append(Row(cells, _note(feature), anchor("feature", feature.feature), step))
    if rest:
        left = sums_of(rest)
        rows.append(Row(_cells(f"other ({len(rest)})", left, whole, running + left.list_cost), "in the CSV file"))
    total = Row(_cells("All features", sums_of([run.totals]), whole, None))
    return Table("spend-by-feature", "Features by list cost", _COLUMNS, tuple(rows), total, bars="List cost")


def _largest(features: Sequence[Feature]) -> Decimal:
    return max(feature.list_cost for feature in features)


def _cells(head: str, sums: Sums, whole: Decimal, running: Decimal | None) -> tuple[str, ...]:
    known = sums.known(sums.list_cost) is not None
    return (
        head,
        count(sums.calls),
        count(sums.input_tokens),
        share_of(sums.cache_read_input_tokens, sums.input_tokens),
        count(sums.output_tokens),
        money(sums.known(sums.input_cost)),
        money(sums.known(sums.output_cost)),
        money(sums.known(sums.list_cost)),
        share_of(sums.list_cost, whole) if known else UNKNOWN,
        NOT_APPLICABLE if running is None or not known else share_of(running, whole),
    )


def _note(feature: Feature) -> str:
    """Say how the feature was recognised, and what of it has no price."""
    source = word(FEATURE_SOURCES, feature.source).name
    return f"{source}; {counted(feature.unpriced_calls, 'call')} unpriced" if feature.unpriced_calls else source


def _detail(feature: Feature) -> Detail:
    mark = anchor("feature", feature.feature)
    known = sums_of([feature]).known(feature.list_cost)
    bridge = short_bridge(f"{mark}-bridge", feature.bridge)
    return Detail(
        anchor=mark,
        summary=f"{name(feature.feature)}: {dollars(known)}, {counted(feature.calls, 'call')}",
        facts=_facts(feature),
        tables=(_components(mark, feature), bridge) if known is not None else (_components(mark, feature),),
    )


def _facts(feature: Feature) -> tuple[Fact, ...]:
    models, more = top(feature.models, 5)
    named = ", ".join(name(model) for model in models) + (f" and {len(more)} more" if more else "")
    size = f"{counted(feature.operations, 'operation')}, {counted(feature.conversations, 'conversation')}"
    facts = [
        Fact("Models", named or UNKNOWN),
        Fact("Made of", size),
    ]
    if feature.reasoning_output_tokens:
        reasoning = f"{count(feature.reasoning_output_tokens)} of {count(feature.output_tokens)} output tokens"
        facts.append(Fact("Reasoning", reasoning))
    if feature.contracted_cost != feature.list_cost:
        facts.append(Fact("Contracted cost", dollars(feature.contracted_cost)))
    if feature.logged_cost is not None:
        facts.append(Fact("Logged cost", dollars(feature.logged_cost)))
    if feature.unpriced_calls:
        lost = f"{counted(feature.unpriced_calls, 'call')}, {count(feature.unpriced_tokens)} tokens"
        facts.append(Fact("Unpriced", lost))
    return tuple(facts)


def _components(mark: str, feature: Feature) -> Table:
    """Lay out the input tokens; parts that do not occur are left out."""
    known = sums_of([feature]).known
    order = [*(key for key in COMPONENTS if key in feature.components)]
    order += sorted(key for key in feature.components if key not in COMPONENTS)
    parts = [(key, feature.components[key]) for key in order]
    rows = tuple(
        Row((word(COMPONENTS, key).name, count(part.tokens), count(part.cached_tokens), money(known(part.cost))))
        for key, part in parts
        if part.tokens or part.cost
    )
    cached = sum(part.cached_tokens for _, part in parts)
    total = Row(("All input", count(feature.input_tokens), count(cached), money(known(feature.input_cost))))
    caption = "Its input tokens, all calls"
    return Table(f"{mark}-components", caption, _COMPONENT_COLUMNS, rows, total, _output_note(feature))


def _output_note(feature: Feature) -> tuple[str, ...]:
    output = f"Output: {count(feature.output_tokens)} tokens"
    cost = sums_of([feature]).known(feature.output_cost)
    if cost is None:
        return (f"{output}, at a cost that is not known.",)
    if not feature.unit_cost:
        return (f"{output}, {dollars(cost)}. Input and output make the list cost.",)
    units = f"Beside tokens: {dollars(feature.unit_cost)}, for searches, requests or sound by its length."
    return (f"{output}, {dollars(cost)}. {units} Input, output and these make the list cost.",)
