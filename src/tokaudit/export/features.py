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
_AMOUNTS = ("input_cost", "output_cost", "unit_cost", "list_cost", "contracted_cost", "logged_cost", "naive_cost")


def feature_rows(features: Sequence[Feature]) -> pl.DataFrame:
    """Return one row a feature: counts, costs, and tokens and cost of each component."""
    rows = [
        {
            "feature": feature.feature,
            "feature_source": feature.source,
            **{name: getattr(feature, name) for name in (*_COUNTS, *_AMOUNTS)},
            "waste_cost": feature.waste.cost,
            **{f"tokens_{name}": feature.components[name].tokens for name in COMPONENTS},
            **{f"cost_{name}": feature.components[name].cost for name in COMPONENTS},
        }
        for feature in features
    ]
    schema: dict[str, Any] = {
        "feature": pl.String,
        "feature_source": pl.String,
        **dict.fromkeys(_COUNTS, pl.Int64),
        **dict.fromkeys((*_AMOUNTS, "waste_cost"), MONEY),
        **{f"tokens_{name}": pl.Int64 for name in COMPONENTS},
        **{f"cost_{name}": MONEY for name in COMPONENTS},
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
