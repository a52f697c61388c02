"""How well is a log attributed, measured on its truth?

Truth: a CSV of one row a call (request_id, feature, conversation_id; attempt and cost_usd if known), or JSON with sums by
feature (`features`: requests, tokens_<component>, cost, wasted_cost, …).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from benchmarks.attribution.measures import agreement
from benchmarks.attribution.runs import calls_of, truth_of

from tokaudit.result import COMPONENTS, AuditRun, Feature

_FIELDS = {
    "system_prompt": "tokens_system_prompt", "rag_context": "tokens_rag_context", "user_input": "tokens_user_input",
    "history": "tokens_history", "tool_schemas": "tokens_tools", "response_schema": "tokens_schema",
}  # fmt: skip
"""Our component -> the field of a JSON truth."""


def score(log: Path, truth: Path, *, strip_tags: bool = False) -> Iterator[str]:
    """Audit a log and compare it with its truth, line by line of a report."""
    run, calls = calls_of(log, strip_tags=strip_tags)
    yield f"calls {calls.height:,}, features found {len(run.features)}"
    if truth.suffix == ".json":
        yield from _by_sums(run, json.loads(truth.read_text(encoding="utf-8")))
    else:
        yield from _by_call(calls, truth_of(truth))
    yield from _shares(calls)


def _shares(calls: pl.DataFrame) -> Iterator[str]:
    billed = int(calls["input_tokens"].sum())
    unexplained = int(calls["tokens_unexplained"].sum())
    none = calls.filter(pl.col("feature") == "unattributed").height
    yield f"unexplained input     {unexplained:,} of {billed:,} ({unexplained / max(billed, 1):.4%})"
    yield f"unattributed calls    {none:,} ({none / max(calls.height, 1):.2%})"


def _by_call(calls: pl.DataFrame, truth: pl.DataFrame) -> Iterator[str]:
    joined = truth.join(calls, on="request_id", how="inner", suffix="_found", maintain_order="left")
    yield f"joined {joined.height:,} of {truth.height:,} calls of the truth"
    whole = agreement(joined["feature_found"].to_list(), joined["feature"].to_list())
    yield f"features              index {whole.index:.4f}  precision {whole.precision:.4f}  recall {whole.recall:.4f}"
    chains = joined.with_columns(
        key=pl.struct("feature_found", "conversation_id_found"), true=pl.struct("feature", "conversation_id")
    )
    for name, rows in (
        ("all", chains),
        *((f[0], r) for f, r in sorted(chains.group_by("feature"), key=lambda pair: str(pair[0]))),
    ):
        found = agreement(_numbered(rows["key"]), _numbered(rows["true"]))
        yield f"conversations         {name!s:24} precision {found.precision:.4f}  recall {found.recall:.4f}  f1 {found.f1:.4f}"
    if "attempt" in joined.columns:
        yield from _retries(joined)
    for name, rows in sorted(joined.group_by("feature"), key=lambda pair: str(pair[0])):
        parts = {part: int(rows[f"tokens_{part}"].sum()) for part in COMPONENTS}
        told = "  ".join(f"{part} {count:,}" for part, count in parts.items() if count)
        yield f"components            {name[0]!s:24} {told}"


def _numbered(column: pl.Series) -> list[int]:
    return column.rank("dense").to_list() if column.dtype != pl.Struct else _dense(column)


def _dense(column: pl.Series) -> list[int]:
    numbers: dict[Any, int] = {}
    return [numbers.setdefault(tuple(value.values()), len(numbers)) for value in column.to_list()]


def _retries(joined: pl.DataFrame) -> Iterator[str]:
    """Compare retries (attempt 2 and on) and superseded attempts: a call before the next attempt of its feature and task."""
    following = pl.col("attempt").shift(-1).over("feature", "conversation_id")
    table = joined.with_columns(
        was_superseded=(following == pl.col("attempt") + 1).fill_null(value=False),
        is_superseded=(pl.col("waste") == "superseded").fill_null(value=False),
    )
    for name, rows in sorted(table.group_by("feature"), key=lambda pair: str(pair[0])):
        for label, true, ours in (
            ("retries", pl.col("attempt") > 1, pl.col("attempt_found") > 1),
            ("superseded", pl.col("was_superseded"), pl.col("is_superseded")),
        ):
            right, told, planted = (rows.filter(test).height for test in (true & ours, ours, true))
            figures = f"precision {_share(right, told)}  recall {_share(right, planted)}  planted {planted:,}"
            yield f"{label:21} {name[0]!s:24} {figures}"
        true_cost, cost = (
            float(rows.filter(test)["list_cost"].sum() or 0) for test in ("was_superseded", "is_superseded")
        )
        yield f"superseded cost       {name[0]!s:24} found ${cost:,.4f}  planted ${true_cost:,.4f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


def _matched(run: AuditRun, truth: Mapping[str, Mapping[str, float]]) -> dict[str, Feature | None]:
    """Match each true feature with the one found of the same name, or else of the nearest tokens, each once."""
    left = {feature.feature: feature for feature in run.features}
    found = {name: left.pop(name, None) for name in truth}
    distances = sorted(
        (abs(feature.input_tokens - truth[name]["input_tokens"]), name, key)
        for name, own in found.items() if own is None
        for key, feature in left.items()
    )  # fmt: skip
    for _, name, key in distances:
        if found[name] is None and key in left:
            found[name] = left.pop(key)
    return found


def _by_sums(run: AuditRun, truth: Mapping[str, Any]) -> Iterator[str]:
    features = _matched(run, truth["features"])
    for name, told in truth["features"].items():
        found = features[name]
        if found is None:
            yield f"{name:24} not found"
            continue
        yield f"{name:24} {found.feature}"
        counted = (("calls", found.calls, "requests"), ("conversations", found.conversations, "conversations"))
        parts = ((part, found.components[part].tokens, field) for part, field in _FIELDS.items())
        money = (("cost", float(found.list_cost), "cost"), ("waste", float(found.waste.cost), "wasted_cost"))
        for label, ours, field in (*counted, *parts, *money):
            theirs = told.get(field, 0)
            if ours or theirs:
                yield f"    {label:20} {ours:16,.10g} of {theirs:16,.10g}  {_difference(ours, theirs)}"


def _difference(ours: float, theirs: float) -> str:
    return f"{(ours - theirs) / theirs:+.2%}" if theirs else "-"
