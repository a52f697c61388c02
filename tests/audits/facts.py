"""Facts about a period with one feature, or a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tokaudit.audits.contract import Audit, Facts
from tokaudit.result import (
    COMPONENTS,
    Component,
    Counterfactual,
    Feature,
    Finding,
    Growth,
    Input,
    ModelSpend,
    Totals,
    Turn,
    Waste,
)

ZERO = Decimal(0)
USD = Decimal("0.001")
"""A token's cost in these facts."""


def a_waste(
    *, failed: int = 0, retried: int = 0, duplicates: int = 0, usd: Decimal = Decimal(1), hidden: int | None = None
) -> Waste:
    return Waste(
        failed_calls=failed,
        retried_calls=retried,
        duplicate_calls=duplicates,
        failed_cost=failed * usd,
        retried_cost=retried * usd,
        duplicate_cost=duplicates * usd,
        cost=(failed + retried + duplicates) * usd,
        gateway_retries=hidden,
        gateway_retried_calls=hidden,
    )


def a_turn(turn: int, calls: int, history_tokens_mean: float) -> Turn:
    return Turn(turn, calls, history_tokens_mean + 100, round(history_tokens_mean) + 100, history_tokens_mean, ZERO)


def a_feature(
    name: str = "chat",
    *,
    tokens: Mapping[str, int] | None = None,
    cached: Mapping[str, int] | None = None,
    turns: Sequence[Turn] = (),
    **changes: Any,
) -> Feature:
    """Make a feature whose input cost is its tokens x USD. changes: any other field."""
    tokens, cached = {"user_input": 1000} if tokens is None else tokens, cached or {}
    components = {
        part: Component(tokens.get(part, 0), cached.get(part, 0), tokens.get(part, 0) * USD) for part in COMPONENTS
    }
    whole = sum(tokens.values())
    fields: dict[str, Any] = {
        "feature": name,
        "source": "tag",
        "share": 1.0,
        "calls": 10,
        "operations": 10,
        "conversations": 10,
        "input_tokens": whole,
        "cache_read_input_tokens": sum(cached.values()),
        "cache_creation_input_tokens": 0,
        "output_tokens": 200,
        "reasoning_output_tokens": 0,
        "input_cost": whole * USD,
        "output_cost": ZERO,
        "unit_cost": ZERO,
        "list_cost": whole * USD,
        "contracted_cost": whole * USD,
        "logged_cost": None,
        "unpriced_calls": 0,
        "unpriced_tokens": 0,
        "naive_cost": ZERO,
        "multiplier": None,
        "components": components,
        "bridge": (),
        "growth": Growth(tuple(turns), tokens.get("history", 0) / whole if whole else None, ZERO),
        "waste": a_waste(),
        "template": None,
        "models": ("m",),
    }
    return Feature(**{**fields, **changes})


def a_change(change: Any, turns: int | None, saving: str, *, lost: int = 0) -> Counterfactual:
    cost, summary = Decimal("5.5"), 500 if change == "summarise" else None
    usd = Decimal(saving)
    return Counterfactual(change, turns, summary, 4, 900, 0, lost, 0, 0, 0, 900, cost, cost - usd, usd)


def a_chat(*changes: Counterfactual) -> Feature:
    """Ten turns of 100 new tokens each, one conversation: turn n re-sends (n - 1) x 100 tokens, 4,500 in all."""
    turns = [a_turn(n, 1, 100.0 * (n - 1)) for n in range(1, 11)]
    feature = a_feature(tokens={"history": 4500, "user_input": 1000}, turns=turns)
    return replace(feature, growth=replace(feature.growth, counterfactuals=changes))


def a_model(name: str = "m", **changes: Any) -> ModelSpend:
    fields: dict[str, Any] = {
        "provider_name": "openai",
        "model": name,
        "calls": 10,
        "input_tokens": 1000,
        "output_tokens": 200,
        "list_cost": Decimal(1),
        "contracted_cost": Decimal(1),
        "logged_cost": None,
        "price_source": "a price page",
        "price_effective_from": None,
        "matched_by": "exact id",
        "price_rules": None,
        "input_usd_per_million": Decimal("2.5"),
        "cache_read_usd_per_million": None,
        "output_usd_per_million": Decimal(10),
    }
    return ModelSpend(**{**fields, **changes})


def facts(
    *features: Feature,
    models: Sequence[ModelSpend] | None = None,
    usage_state: Mapping[str, int] | None = None,
    month_factor: Decimal = Decimal(1),
    **totals: Any,
) -> Facts:
    """Make the facts of a period. totals: fields of the totals that are not the features' sums."""
    calls = sum(feature.calls for feature in features)
    read = Input(1, calls, calls, 0, 0, 0, 0, {}, {}, (), 0, 0, usage_state or {"exact": calls}, {}, ())
    fields: dict[str, Any] = {
        "calls": calls,
        **dict.fromkeys(("operations", "conversations", "input_tokens", "output_tokens", "reasoning_output_tokens"), 0),
        **dict.fromkeys(
            ("cache_read_input_tokens", "cache_creation_input_tokens", "unpriced_calls", "unpriced_tokens"), 0
        ),
        **dict.fromkeys(
            ("input_cost", "output_cost", "unit_cost", "contracted_cost", "waste_cost", "naive_cost"), ZERO
        ),
        "list_cost": sum((feature.list_cost for feature in features), ZERO),
        "logged_cost": None,
        "unpriced_share": None,
        "multiplier": None,
        "bridge": (),
    }
    return Facts(read, Totals(**{**fields, **totals}), tuple(models or (a_model(),)), features, month_factor)


def only(audit: Audit, found: Facts) -> Finding:
    """Return the one finding of an audit."""
    (finding,) = audit.run(found)
    assert finding.id == audit.id
    return finding
