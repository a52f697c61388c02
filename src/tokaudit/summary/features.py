"""What does each feature cost, and why?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.frames.waste import DUPLICATE, FAILED, SUPERSEDED
from tokaudit.result import COMPONENTS, BridgeLine, Component, Feature, Growth, Template, TemplateVersion, Turn, Waste
from tokaudit.stages import Partials
from tokaudit.summary.growth import with_laws

Row = Mapping[str, Any]

_NAIVE_COMPONENT = "user_input"
_WASTE_LINES = ((SUPERSEDED, "retries"), (FAILED, "failed"), (DUPLICATE, "duplicates"))
ZERO = Decimal(0)


def money(values: Iterable[Decimal | None]) -> Decimal:
    """Add amounts; unknown ones count as nothing (their calls are counted as unpriced)."""
    return sum((value for value in values if value is not None), ZERO)


def tokens(rows: Iterable[Row], name: str) -> int:
    """Add a column of counts."""
    return sum(row[name] or 0 for row in rows)


def ratio(part: Decimal | int, whole: Decimal | int) -> float | None:
    """Divide, or say that there is nothing to divide by."""
    return float(part) / float(whole) if whole else None


def component_table(rows: Iterable[Row]) -> dict[str, Component]:
    """Add up component rows; every component has an entry."""
    found: dict[str, list[Row]] = {name: [] for name in COMPONENTS}
    for row in rows:
        found[row["component"]].append(row)
    return {
        name: Component(tokens(rows, "tokens"), tokens(rows, "cached_tokens"), money(row["cost"] for row in rows))
        for name, rows in found.items()
    }


def bridge(calls: list[Row], components: list[Row]) -> tuple[BridgeLine, ...]:
    """Lead from the price-page sum to the list cost.

    The naive line is the kept calls' new user input and visible answers; each further component of the kept calls is a line;
    wasted calls are lines at their whole cost. The lines add up to the list cost. Lines without tokens are left out.
    """
    kept = [row for row in calls if row["waste"] is None]
    parts = component_table(row for row in components if row["is_kept"])
    reasoning = tokens(kept, "reasoning_output_tokens")
    reasoning_cost = money(row["reasoning_cost"] for row in kept)
    new, answers = parts[_NAIVE_COMPONENT], tokens(kept, "output_tokens") - reasoning
    naive_cost = new.cost + money(row["output_cost"] for row in kept) - reasoning_cost
    lines = [BridgeLine("naive", new.tokens + answers, naive_cost)]
    lines += [BridgeLine(name, part.tokens, part.cost) for name, part in parts.items() if name != _NAIVE_COMPONENT]
    lines.append(BridgeLine("reasoning", reasoning, reasoning_cost))
    lines.append(BridgeLine("unit_charges", 0, money(row["unit_cost"] for row in kept)))
    for waste, line in _WASTE_LINES:
        rows = [row for row in calls if row["waste"] == waste]
        lines.append(
            BridgeLine(
                line, tokens(rows, "input_tokens") + tokens(rows, "output_tokens"), money(r["list_cost"] for r in rows)
            )
        )
    return tuple(line for line in lines if line.line == "naive" or line.tokens or line.cost)


def waste_of(calls: list[Row]) -> Waste:
    """Count wasted calls and their list cost."""
    rows = {name: [row for row in calls if row["waste"] == name] for name, _ in _WASTE_LINES}
    costs = {name: money(row["list_cost"] for row in found) for name, found in rows.items()}
    is_told = tokens(calls, "told_of_hidden") > 0
    return Waste(
        failed_calls=tokens(rows[FAILED], "calls"),
        retried_calls=tokens(rows[SUPERSEDED], "calls"),
        duplicate_calls=tokens(rows[DUPLICATE], "calls"),
        failed_cost=costs[FAILED],
        retried_cost=costs[SUPERSEDED],
        duplicate_cost=costs[DUPLICATE],
        cost=sum(costs.values(), ZERO),
        gateway_retries=tokens(calls, "hidden_attempts") if is_told else None,
        gateway_retried_calls=tokens(calls, "answers_after_hidden") if is_told else None,
    )


def percentile_90(counts: list[tuple[int, int]]) -> int:
    """Return the nearest-rank 90th percentile of (value, how often), sorted by value.

    >>> percentile_90([(10, 5), (20, 4), (30, 1)])
    20
    """
    rank = -(-9 * sum(count for _, count in counts) // 10)
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    return 0


def _turn(number: int, rows: list[Row], resent: Iterable[Row]) -> Turn:
    calls = tokens(rows, "calls")
    whole = sum(row["input_tokens"] * row["calls"] for row in rows)
    return Turn(
        turn=number,
        calls=calls,
        input_tokens_mean=whole / calls,
        input_tokens_p90=percentile_90([(row["input_tokens"], row["calls"]) for row in rows]),
        history_tokens_mean=tokens(rows, "history_tokens") / calls,
        list_cost=money(row["list_cost"] for row in rows),
        resent_share=ratio(tokens((row for row in resent if row["turn"] == number), "resent_of_answered"), whole),
    )


def growth_of(turns: list[Row], resent: list[Row], list_cost: Decimal, history: Component, input_tokens: int) -> Growth:
    """Describe how calls grow from turn to turn. resent: `frames.growth.resent_sums` of the feature."""
    by_turn: dict[int, list[Row]] = {}
    for row in turns:
        by_turn.setdefault(row["turn"], []).append(row)
    return Growth(
        turns=tuple(_turn(number, rows, resent) for number, rows in sorted(by_turn.items())),
        resent_share=ratio(tokens(resent, "resent_tokens"), input_tokens),
        linear_cost=list_cost - history.cost,
    )


_NEVER = "9999-12-31"
VERSION_SHARE = 0.02
"""A template counts as a version of a feature's prompt when it is sent in at least this share of its calls."""


def template_of(rows: list[Row]) -> Template | None:
    """Describe the feature's most used system prompt."""
    if not rows:
        return None
    by_version: dict[str, list[Row]] = {}
    for row in rows:
        by_version.setdefault(row["template_id"], []).append(row)
    history = tuple(sorted((_version(name, own) for name, own in by_version.items()), key=_in_time))
    most = max(history, key=lambda version: (version.calls, version.id))
    own = by_version[most.id]
    least = VERSION_SHARE * tokens(rows, "calls")
    return Template(
        id=most.id,
        static_tokens=round(tokens(own, "static_tokens") / most.calls),
        variable_tokens=round(tokens(own, "variable_tokens") / most.calls),
        versions=sum(version.calls >= least for version in history),
        history=history,
    )


def _version(name: str, rows: list[Row]) -> TemplateVersion:
    days = [row["date"].isoformat() for row in rows if row["date"] is not None]
    return TemplateVersion(name, min(days, default=None), max(days, default=None), tokens(rows, "calls"))


def _in_time(version: TemplateVersion) -> tuple[str, str, str]:
    return version.first_day or _NEVER, version.last_day or _NEVER, version.id


def sums(calls: list[Row]) -> dict[str, Any]:
    """Add up what totals and features have in common."""
    logged = tokens(calls, "logged_calls")
    unpriced = [row for row in calls if not row["is_priced"]]
    writes = ("cache_write_5m_input_tokens", "cache_write_1h_input_tokens")
    counted = (
        "calls",
        "operations",
        "input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "reasoning_output_tokens",
    )
    return {
        **{name: tokens(calls, name) for name in counted},
        "cache_creation_input_tokens": sum(tokens(calls, name) for name in writes),
        "input_cost": money(row["input_cost"] for row in calls if row["is_priced"]),
        "output_cost": money(row["output_cost"] for row in calls if row["is_priced"]),
        "unit_cost": money(row["unit_cost"] for row in calls if row["is_priced"]),
        "list_cost": money(row["list_cost"] for row in calls),
        "contracted_cost": money(row["contracted_cost"] for row in calls),
        "logged_cost": money(row["logged_cost"] for row in calls) if logged else None,
        "unpriced_calls": tokens(unpriced, "calls"),
        "unpriced_tokens": tokens(unpriced, "input_tokens") + tokens(unpriced, "output_tokens"),
    }


def _by_feature(table: pl.DataFrame) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in table.iter_rows(named=True):
        groups.setdefault(row["feature"], []).append(row)
    return groups


def features_of(partials: Partials) -> tuple[Feature, ...]:
    """Describe every feature, the most expensive first."""
    calls, components = _by_feature(partials["calls"]), _by_feature(partials["components"])
    names = ("turns", "resent", "models", "templates")
    turns, resent, models, templates = (_by_feature(partials[name]) for name in names)
    whole = money(partials["calls"]["list_cost"])
    found = []
    for name, rows in calls.items():
        table = component_table(components.get(name, ()))
        steps = bridge(rows, components.get(name, []))
        common = sums(rows)
        cost, own = common["list_cost"], turns.get(name, [])
        found.append(
            Feature(
                feature=name,
                source=rows[0]["feature_source"],
                share=ratio(cost, whole),
                conversations=tokens(rows, "conversations"),
                naive_cost=steps[0].cost,
                multiplier=ratio(cost, steps[0].cost),
                components=table,
                bridge=steps,
                growth=with_laws(
                    growth_of(own, resent.get(name, []), cost, table["history"], common["input_tokens"]),
                    *(own, name, partials, cost),
                ),
                waste=waste_of(rows),
                template=template_of(templates.get(name, [])),
                models=tuple(sorted({row["model"] for row in models.get(name, [])})),
                **common,
            )
        )
    return tuple(sorted(found, key=lambda feature: (-feature.list_cost, feature.feature)))
