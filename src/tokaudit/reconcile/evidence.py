"""What shows a cause? Counts, days, models and figures, for a person who wants to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tokaudit.reconcile.billed import TOKEN_FIELDS
from tokaudit.reconcile.compare import Compared
from tokaudit.reconcile.fit import Flags
from tokaudit.reconcile.grid import added, predicted
from tokaudit.reconcile.result import Basis
from tokaudit.reconcile.slots import AS_LOGGED, CLASSES, CONTRACTED, READ_AS_INPUT
from tokaudit.reconcile.story import Story

MOST_DAYS = 10
_CACHE_WORDS = {READ_AS_INPUT: "cache reads as uncached input"}


def moved_cells(found: Compared, cause: str) -> Flags:
    """Say which compared cells a cause changes."""
    flags: Flags = (np.abs(found.steps[cause]) > 1e-9) & found.common
    return flags


def basis_of(found: Compared, cause: str) -> Basis:
    """Say whether the bill's own counts show a cause."""
    cells = moved_cells(found, cause)
    if cause == "time_zone":
        return "counted" if found.raw.counted.any() else "inferred"
    if found.counted is None or cause in ("rounding", "unpriced"):
        return "inferred"
    return "counted" if bool(np.all(found.raw.counted[cells])) else "inferred"


def _day(found: Compared, bucket: int) -> str:
    return found.raw.buckets[bucket].start.astimezone(ZoneInfo(found.raw.assumed)).date().isoformat()


def _where(found: Compared, cells: Flags) -> dict[str, Any]:
    models, buckets = np.nonzero(cells.any(axis=1))[0], np.nonzero(cells.any(axis=0))[0]
    days = [_day(found, int(bucket)) for bucket in buckets]
    named = {"days": days[:MOST_DAYS]} if len(days) < len(found.raw.buckets) else {}
    return {
        "cells": int(cells.sum()),
        "days_count": len(days),
        **named,
        "models": [found.raw.models[int(model)] for model in models if found.raw.models[int(model)] is not None],
    }


def _counts(found: Compared, cells: Flags) -> dict[str, Any]:
    """Return what the bill counts more than the logs (negative: less) in some cells."""
    shown: dict[str, Any] = {}
    calls = found.own["calls"]
    if not np.isnan(found.raw.requests).any():
        shown["requests"] = round(float((found.raw.requests - calls)[cells].sum()))
    if found.counted:
        theirs = added(v for (_, name), v in found.raw.counts.items() if name in (TOKEN_FIELDS[0], TOKEN_FIELDS[-1]))
        ours = added(found.own[f"tokens_{name}"] for name in CLASSES)
        shown["tokens"] = round(float((theirs - ours)[cells].sum()))
    return shown


def _stories(found: Compared, cause: str) -> dict[str, Any]:
    told = {
        found.raw.models[model] or "all models": words
        for model, story in enumerate(found.told.stories)
        if (words := _words(story, cause, found)) and moved_cells(found, cause)[model].any()
    }
    distinct = set(told.values())
    if len(distinct) == 1 and len(told) > 1:
        return {"billed_as": distinct.pop()}
    return {"billed_as": told} if told else {}


def _words(story: Story, cause: str, found: Compared) -> str | None:
    dated = ""
    if story.since:
        dated = f" from {_day(found, story.since)}"
    if story.until is not None:
        dated = f" until {_day(found, story.until)}"
    if cause == "tier" and story.tier != AS_LOGGED:
        return f"the {story.tier} tier"
    if cause == "cache_semantics":
        if story.changes_cache_rate and story.factor != 1:
            return f"{story.of} at {story.factor:.4g} x our rate{dated}"
        if story.cache != AS_LOGGED:
            return _CACHE_WORDS.get(story.cache, "all cached tokens as uncached input")
    if cause == "rate":
        factor = story.ratio if story.ratio > 1 else 1.0
        if story.factor != 1 and not story.changes_cache_rate and not story.is_discount:
            return f"{story.of.replace('_', ' ')} at {story.factor * factor:.4g} x our rate{dated}"
        return f"all at {factor:.4g} x our rate" if factor > 1 else None
    if cause == "discount":
        off = 1 - min(story.ratio, 1.0) * (story.factor if story.is_discount else 1.0)
        own = "your own rates" if story.basis == CONTRACTED else ""
        less = f"{off:.2%} less" if off > 1e-9 else ""
        return " and ".join(part for part in (own, less) if part) or None
    return None


def _as_good(found: Compared, cause: str) -> dict[str, Any]:
    others: Sequence[str] = [
        " and ".join(other.causes()) or "no cause"
        for _, other in found.told.as_good
        if cause in {name for story in found.told.stories for name in story.causes()} and cause not in other.causes()
    ]
    return {"fits_as_well": list(dict.fromkeys(others))} if others else {}


def evidence_of(found: Compared, cause: str) -> Mapping[str, Any]:
    """Return what shows one cause of the cells."""
    cells = moved_cells(found, cause)
    shown = _where(found, cells)
    match cause:
        case "time_zone":
            moved = np.abs(predicted(found.own) - predicted(found.assumed))[:, found.common]
            return {"bill_time_zone": found.told.zone, "read_as": found.raw.assumed,
                    "moved_between_days_usd": round(float(moved.sum()) / 2, 6)}  # fmt: skip
        case "calls_missing_from_logs":
            none = cells & (found.own["calls"] == 0)
            return {**shown, "cells_without_any_call": int(none.sum()), **_counts(found, cells)}
        case "calls_not_on_the_bill":
            none = cells & (found.raw.amounts == 0)
            return {**shown, "cells_without_any_charge": int(none.sum()), **_counts(found, cells)}
        case "unpriced":
            own = found.own
            return {**shown, "calls": round(float(own["unpriced_calls"][cells].sum())),
                    "tokens": round(float(own["unpriced_tokens"][cells].sum()))}  # fmt: skip
        case "rounding":
            rows = found.raw.rows[cells]
            return {"rows": int(rows.sum()), "most_usd": round(float((rows * found.raw.unit[cells]).sum()) / 2, 6)}
        case _:
            return {**shown, **_stories(found, cause), **_as_good(found, cause)}
