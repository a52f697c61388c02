"""What shape have a feature's calls: how many good examples, media, tools?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokaudit.periods import is_month
from tokaudit.result import Period
from tokaudit.stages import Partials


def shapes_of(partials: Partials, period: Period) -> Mapping[str, Mapping[str, Any]]:
    """Return by feature: good_examples (answered whole, texts logged), media, with_tools (calls), month (label or None)."""
    month = period.label if is_month(period) else None
    found: dict[str, dict[str, Any]] = {}
    for row in partials["answers"].iter_rows(named=True):
        shape = found.setdefault(row["feature"], {"good_examples": 0, "media": 0, "with_tools": 0, "month": month})
        shape["media"] += row["media"]
        shape["with_tools"] += row["with_tools"]
        if row["answer_shape"] == "whole":
            shape["good_examples"] += row["with_content"]
    return found
