"""How do conversations grow, what do the longest cost, and what would it cost to send less of them again?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.frames.counterfactuals import POLICIES, SUMMARY_TOKENS
from tokaudit.result import Conversation, Counterfactual, Growth, LongestConversations, PeriodGrowth
from tokaudit.stages import Partials
from tokaudit.summary.growth_laws import Point, law_of

Row = Mapping[str, Any]

LONGEST_PER_CENT = 1
LONGEST_SHOWN = 5
ZERO = Decimal(0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ADDED = ("calls", "dropped_tokens", "added_tokens", "lost_cached_tokens", "summary_calls", "summary_input_tokens",
          "summary_output_tokens")  # fmt: skip


def counterfactuals_of(rows: Iterable[Row], list_cost: Decimal) -> tuple[Counterfactual, ...]:
    """Price every policy on the cost of one feature or of all, in the order of POLICIES. rows: of their features."""
    groups: dict[tuple[str, int], list[Row]] = {(policy.change, policy.turns): [] for policy in POLICIES}
    for row in rows:
        groups[row["change"], row["turns"]].append(row)
    return tuple(_counterfactual(*policy, found, list_cost) for policy, found in groups.items())


def _counterfactual(change: Any, turns: int, rows: Sequence[Row], list_cost: Decimal) -> Counterfactual:
    added = {name: sum(row[name] for row in rows) for name in _ADDED}
    saving = sum((row["saving"] for row in rows if row["saving"] is not None), ZERO)
    return Counterfactual(
        change=change,
        turns=turns or None,
        summary_tokens=SUMMARY_TOKENS if change == "summarise" else None,
        tokens_saved=added["dropped_tokens"] - added["added_tokens"] - added["summary_input_tokens"],
        cost_now=list_cost,
        cost_then=list_cost - saving,
        saving=saving,
        **added,
    )


def longest_of(table: pl.DataFrame, list_cost: Decimal) -> LongestConversations | None:
    """Find the longest conversations: one in a hundred, and one at least; None where none has a second turn.

    table: `frames.growth.conversation_sums` of one feature, or of all. list_cost: of the same.
    """
    parts = pl.col("turns", "calls", "input_tokens", "list_cost").sum()
    whole = (
        table.filter(pl.col("conversation_key").is_not_null())
        .group_by("conversation_key", "first_at")
        .agg(parts)
        .sort("turns", "list_cost", "input_tokens", "first_at", descending=[True, True, True, False], nulls_last=True)
    )
    single = sum(table.filter(pl.col("conversation_key").is_null())["conversations"].to_list())
    count = -(-(whole.height + single) * LONGEST_PER_CENT // 100)
    found = whole.head(count)
    if not found.height or found["turns"][0] < 2:
        return None
    calls, all_calls = sum(found["calls"].to_list()), sum(table["calls"].to_list())
    cost = sum(found["list_cost"].to_list(), ZERO)
    return LongestConversations(
        conversations=found.height,
        of_conversations=whole.height + single,
        turns_least=found["turns"][-1],
        turns_most=found["turns"][0],
        calls=calls,
        calls_share=calls / all_calls,
        list_cost=cost,
        cost_share=float(cost / list_cost) if list_cost else None,
        top=tuple(
            Conversation(_moment(row["first_at"]), row["turns"], row["calls"], row["input_tokens"], row["list_cost"])
            for row in found.head(LONGEST_SHOWN).iter_rows(named=True)
        ),
    )


def _moment(microseconds: int | None) -> str | None:
    return (
        None if microseconds is None else (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="seconds")
    )


def _points(rows: Iterable[Row]) -> tuple[list[Point], list[Point]]:
    """Return input tokens a call, and input cost a priced call, by turn."""
    sums: dict[int, list[Any]] = {}
    for row in rows:
        own = sums.setdefault(row["turn"], [0, 0, 0, ZERO])
        own[0] += row["calls"]
        own[1] += row["calls"] * row["input_tokens"]
        own[2] += row["priced_calls"]
        own[3] += row["input_cost"] or ZERO
    ordered = sorted(sums.items())
    tokens = [Point(turn, calls, total / calls) for turn, (calls, total, _, _) in ordered]
    cost = [Point(turn, priced, float(usd / priced)) for turn, (_, _, priced, usd) in ordered if priced]
    return tokens, cost


def with_laws(growth: Growth, turns: Sequence[Row], name: str, partials: Partials, list_cost: Decimal) -> Growth:
    """Add to a feature's turns by which laws it grows, its longest conversations, and the counterfactuals."""
    tokens, cost = _points(turns)
    conversations = partials["conversations"].filter(pl.col("feature") == name)
    changes = partials["counterfactuals"].filter(pl.col("feature") == name)
    grows = len(growth.turns) > 1
    return replace(
        growth,
        tokens_law=law_of(tokens),
        cost_law=law_of(cost),
        longest=longest_of(conversations, list_cost),
        counterfactuals=counterfactuals_of(changes.iter_rows(named=True), list_cost) if grows or changes.height else (),
    )


def period_growth_of(partials: Partials, list_cost: Decimal) -> PeriodGrowth:
    """Describe the longest conversations and the counterfactuals of all features together."""
    conversations, changes = partials["conversations"], partials["counterfactuals"]
    return PeriodGrowth(
        longest=longest_of(conversations, list_cost),
        counterfactuals=counterfactuals_of(changes.iter_rows(named=True), list_cost) if changes.height else (),
    )
