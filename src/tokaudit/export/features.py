"""Which columns has one row a feature, for other programs?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from tokaudit.prices.rates import MONEY
from tokaudit.result import COMPONENTS, Feature

_COUNTS = (
    "calls", "operations", "conversations", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
    "output_tokens", "reasoning_output_tokens", "unpriced_calls", "unpriced_tokens",
)  # fmt: skip
_LOGGED = "logged_cost"
_AMOUNTS = ("input_cost", "output_cost", "unit_cost", "list_cost", "contracted_cost", "logged_cost", "naive_cost")


def _row(feature: Feature) -> dict[str, Any]:
    amounts = {name: getattr(feature, name) for name in _AMOUNTS}
    costs = {f"cost_{name}": feature.components[name].cost for name in COMPONENTS}
    ours = {
        name: cost for name, cost in {**amounts, "waste_cost": feature.waste.cost, **costs}.items() if name != _LOGGED
    }
    if feature.unpriced_calls == feature.calls:  # the sums hold nothing: what they would come to is not known
        ours = dict.fromkeys(ours)
    return {
        "feature": feature.feature,
        "feature_source": feature.source,
        **{name: getattr(feature, name) for name in _COUNTS},
        **{f"tokens_{name}": feature.components[name].tokens for name in COMPONENTS},
        **ours,
        _LOGGED: feature.logged_cost,
    }


def feature_rows(features: Sequence[Feature]) -> pl.DataFrame:
    """Return one row a feature: counts, costs, and tokens and cost of each component.

    Costs leave unpriced calls out; null where no call has a price.
    """
    rows = [_row(feature) for feature in features]
    schema: dict[str, Any] = {
        "feature": pl.String,
        "feature_source": pl.String,
        **dict.fromkeys(_COUNTS, pl.Int64),
        **dict.fromkeys((*_AMOUNTS, "waste_cost"), MONEY),
        **{f"tokens_{name}": pl.Int64 for name in COMPONENTS},
        **{f"cost_{name}": MONEY for name in COMPONENTS},
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
