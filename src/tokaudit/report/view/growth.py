"""How do conversations grow from turn to turn, and what does sending them again cost?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tokaudit.report.format import NOT_APPLICABLE, count, counted, dollars, mean, money, share, share_of
from tokaudit.report.view.charts import turns_chart
from tokaudit.report.view.formulas import formula
from tokaudit.report.view.growth_words import change_words, law_sentence, law_words, longest_sentence
from tokaudit.report.view.names import anchor, name, quoted, top
from tokaudit.report.view.shapes import Column, Detail, Fact, Row, Section, Table
from tokaudit.report.view.sums import sums_of
from tokaudit.result import AuditRun, Counterfactual, Feature, Turn

CHART_LIMIT = 2
"""Features whose turns are drawn: those that spend most on sending history again."""

TURN_ROWS = 12

_TOPIC = "Conversation growth by turn"
_COLUMNS = (
    Column("feature", "Feature"),
    Column("conversations", "Conversations"),
    Column("turns", "Longest, turns"),
    Column("first", "Input tokens, turn 1"),
    Column("last", "Input tokens, last turn"),
    Column("resent", "Sent before"),
    Column("law", "Input by turn", text=True),
    Column("list_cost", "List cost, USD"),
    Column("linear_cost", "without history, USD"),
    Column("difference", "History, USD"),
)
_TURN_COLUMNS = (
    Column("turn", "Turn"),
    Column("calls", "Calls"),
    Column("mean", "Input tokens, mean"),
    Column("p90", "Input tokens, 90th percentile"),
    Column("history", "History tokens, mean"),
    Column("resent", "Sent before"),
    Column("cost", "List cost, USD"),
)
_CHANGE_COLUMNS = (
    Column("change", "Change"),
    Column("calls", "Calls changed"),
    Column("tokens", "Input tokens saved"),
    Column("lost", "Cached tokens lost"),
    Column("now", "Cost now, USD"),
    Column("then", "Cost then, USD"),
    Column("saving", "Saving, USD"),
)


def growth_section(run: AuditRun) -> Section:
    """Compare the multi-turn features and draw the largest ones."""
    features = sorted(
        (feature for feature in run.features if len(feature.growth.turns) > 1),
        key=lambda feature: (
            -_resent_cost(feature),
            -feature.input_tokens,
            -len(feature.growth.turns),
            feature.feature,
        ),
    )
    if not features:
        return Section("growth", _TOPIC, "No conversation has a second turn, so nothing grows")
    shown, rest = top(features)
    return Section(
        anchor="growth",
        topic=_TOPIC,
        heading=_heading(run, features),
        sentences=tuple(filter(None, (longest_sentence(run.growth.longest),))),
        tables=(
            _table(shown, rest, features),
            *_changes("growth-changes", run.growth.counterfactuals, of="all features", noted=True),
        ),
        details=tuple(_detail(feature, opened=at == 0) for at, feature in enumerate(shown[:CHART_LIMIT])),
    )


def _resent_cost(feature: Feature) -> Decimal:
    return feature.list_cost - feature.growth.linear_cost


def _heading(run: AuditRun, features: Sequence[Feature]) -> str:
    cost = sum((_resent_cost(feature) for feature in features), Decimal(0))
    first = features[0]
    if not first.growth.resent_share:
        return "Conversations have several turns, but none of them sends its history again"
    resent = f"{share(first.growth.resent_share)} of what {quoted(first.feature)} sends was sent before"
    if cost <= 0:
        return resent
    return f"Sending history again cost {dollars(cost)}, {share_of(cost, run.totals.list_cost)} of spend; {resent}"


def _table(shown: Sequence[Feature], rest: Sequence[Feature], features: Sequence[Feature]) -> Table:
    rows = [_row(feature, drawn=at < CHART_LIMIT) for at, feature in enumerate(shown)]
    if rest:
        rows.append(Row(_sum_cells(f"other ({len(rest)})", rest)))
    total = Row(_sum_cells("All with turns", features)) if len(features) > 1 else None
    return Table("growth-by-feature", "Features with more than one turn", _COLUMNS, tuple(rows), total)


def _row(feature: Feature, *, drawn: bool) -> Row:
    turns, known = feature.growth.turns, sums_of([feature]).known
    cells = (
        name(feature.feature),
        count(feature.conversations),
        count(turns[-1].turn),
        mean(turns[0].input_tokens_mean, 1),
        mean(turns[-1].input_tokens_mean, 1),
        share(feature.growth.resent_share),
        law_words(feature.growth.tokens_law),
        money(known(feature.list_cost)),
        money(known(feature.growth.linear_cost)),
        money(known(_resent_cost(feature))),
    )
    return Row(cells, target=anchor("turns" if drawn else "feature", feature.feature))


def _sum_cells(head: str, features: Sequence[Feature]) -> tuple[str, ...]:
    linear = sum((feature.growth.linear_cost for feature in features), Decimal(0))
    sums = sums_of(features)
    blank = (NOT_APPLICABLE,) * 4
    return (
        head,
        count(sum(feature.conversations for feature in features)),
        count(max(feature.growth.turns[-1].turn for feature in features)),
        *blank,
        money(sums.known(sums.list_cost)),
        money(sums.known(linear)),
        money(sums.known(sums.list_cost - linear)),
    )


def _detail(feature: Feature, *, opened: bool) -> Detail:
    mark, turns = anchor("turns", feature.feature), feature.growth.turns
    resent = Fact("Sent before", share(feature.growth.resent_share), formula=formula("sent before"))
    return Detail(
        anchor=mark,
        summary=f"{name(feature.feature)}: {counted(turns[-1].turn, 'turn')} at most",
        open=opened,
        sentences=(law_sentence(feature),),
        facts=(resent,),
        chart=turns_chart(f"{mark}-chart", name(feature.feature), turns),
        tables=(
            _turns_table(mark, feature),
            *_changes(f"{mark}-changes", feature.growth.counterfactuals, of=name(feature.feature)),
        ),
    )


def _changes(mark: str, found: Sequence[Counterfactual], *, of: str, noted: bool = False) -> tuple[Table, ...]:
    """Show what the period would have cost with less sent again; a change that touches no call is left out."""
    rows = tuple(
        Row(
            (
                change_words(one),
                count(one.calls),
                count(one.tokens_saved),
                count(one.lost_cached_tokens),
                money(one.cost_now),
                money(one.cost_then),
                money(one.saving),
            )
        )
        for one in found
        if one.calls
    )
    notes = tuple(_notes(found)) if noted else ()
    return (Table(mark, f"With less sent again, {of}", _CHANGE_COLUMNS, rows, notes=notes),) if rows else ()


def _notes(found: Sequence[Counterfactual]) -> Iterator[str]:
    yield (
        "Assumed: answers stay the same, and what stands before a cut stays cached. What stands behind it loses the cache, and "
        "is written anew where that is charged. The changes exclude one another."
    )
    summary = next((one.summary_tokens for one in found if one.summary_tokens), None)
    if summary:
        yield (
            f"Assumed: a summary has {counted(summary, 'token')} at most; an uncached call of the same model, in the cost then, "
            "writes it."
        )


def _turns_table(mark: str, feature: Feature) -> Table:
    turns, known = feature.growth.turns, sums_of([feature]).known
    shown, rest = top(turns, TURN_ROWS)
    rows = [_turn_row(turn, known(turn.list_cost)) for turn in shown]
    if rest:
        rows.append(_rest_row(rest, known(sum((turn.list_cost for turn in rest), Decimal(0)))))
    calls = sum(turn.calls for turn in turns)
    cost = known(sum((turn.list_cost for turn in turns), Decimal(0)))
    means = (_mean_over(turns, "input"), NOT_APPLICABLE, _mean_over(turns, "history"), _resent_over(turns))
    total = Row(("All turns", count(calls), *means, money(cost)))
    caption = "Tokens a call and cost, turn by turn"
    return Table(f"{mark}-table", caption, _TURN_COLUMNS, tuple(rows), total)


def _turn_row(turn: Turn, cost: Decimal | None) -> Row:
    means = (mean(turn.input_tokens_mean, 1), count(turn.input_tokens_p90), mean(turn.history_tokens_mean, 1))
    return Row((count(turn.turn), count(turn.calls), *means, share(turn.resent_share), money(cost)))


def _rest_row(rest: Sequence[Turn], cost: Decimal | None) -> Row:
    means = (_mean_over(rest, "input"), NOT_APPLICABLE, _mean_over(rest, "history"), _resent_over(rest))
    calls = sum(turn.calls for turn in rest)
    return Row((f"{rest[0].turn} to {rest[-1].turn}", count(calls), *means, money(cost)))


def _mean_over(turns: Sequence[Turn], what: str) -> str:
    """Weigh the turns' means by their calls."""
    means = ((turn.calls, turn.input_tokens_mean if what == "input" else turn.history_tokens_mean) for turn in turns)
    return mean(sum(calls * value for calls, value in means), sum(turn.calls for turn in turns))


def _resent_over(turns: Sequence[Turn]) -> str:
    whole = sum(turn.calls * turn.input_tokens_mean for turn in turns)
    return share(
        sum(turn.calls * turn.input_tokens_mean * (turn.resent_share or 0) for turn in turns) / whole if whole else None
    )
