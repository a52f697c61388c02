"""Do the rows of features tell what is known from what is not?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from report.sample_run import SPECS, a_feature
from tokaudit.export.features import feature_rows
from tokaudit.result import COMPONENTS, Component

COSTS = ("input_cost", "output_cost", "unit_cost", "list_cost", "contracted_cost", "naive_cost", "waste_cost")


def test_a_feature_without_any_price_has_no_cost_rather_than_0() -> None:
    parts = dict.fromkeys(COMPONENTS, Component(0, 0, Decimal(0)))
    features = [replace(found, components={**parts, **found.components}) for found in map(a_feature, SPECS)]
    rows = feature_rows(features).to_dicts()
    unpriced = [feature.unpriced_calls == feature.calls for feature in features]
    assert set(unpriced) == {True, False}
    for row, feature, is_unpriced in zip(rows, features, unpriced, strict=True):
        costs = [row[name] for name in row if name in COSTS or name.startswith("cost_")]
        assert len(costs) > len(COSTS)
        assert all((cost is None) == is_unpriced for cost in costs)
        assert (row["calls"], row["input_tokens"]) == (feature.calls, feature.input_tokens)
        assert row["logged_cost"] == feature.logged_cost
