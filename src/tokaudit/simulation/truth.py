"""What does the month cost, line by line, by the one who planted it?

Counted in whole tokens while the calls are made; money only at the end, exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tokaudit.result import BRIDGE_LINES, BridgeLine
from tokaudit.simulation.prompts import Layout
from tokaudit.simulation.scenario import Feature, Scenario
from tokaudit.simulation.traffic import PlantedCall

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class FeatureTruth:
    """One feature. The bridge goes from the price-page sum of the kept calls, over what else they carried and over the
    superseded calls at their whole cost, to the list cost; failed calls cost nothing. Empty lines are left out.
    """

    feature: str
    model: str
    conversations: int
    kept_calls: int
    superseded_calls: int
    failed_calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    naive_cost: Decimal
    list_cost: Decimal
    bridge: tuple[BridgeLine, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """The whole log: `calls` is its number of lines."""

    seed: int
    month: str
    scale: str
    tagged: bool
    calls: int
    input_tokens: int
    output_tokens: int
    naive_cost: Decimal
    list_cost: Decimal
    bridge: tuple[BridgeLine, ...]
    features: tuple[FeatureTruth, ...]


def _line_of(call: PlantedCall, component: str) -> str:
    if call.fate == "superseded":
        return "retries"
    return "naive" if component in ("user_input", "output") else component


def _from_the_front(layout: Layout, cached: int) -> Iterator[tuple[str, int, int]]:
    """Yield (component, tokens, cached tokens of them): a cache holds the front of a prompt."""
    for component, tokens in layout:
        hit = min(tokens, cached)
        cached -= hit
        yield component, tokens, hit


class Tally:
    """Counts the calls of a month as they are made."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._counts: dict[str, Counter[tuple[str, str]]] = {feature.name: Counter() for feature in scenario.features}

    def add(self, call: PlantedCall) -> None:
        """Count one call."""
        counts = self._counts[call.feature]
        counts["calls", call.fate] += 1
        counts["calls", "opening"] += call.fate == "kept" and call.turn == 1
        for component, tokens, cached in _from_the_front(call.layout, call.cached_tokens):
            counts["uncached", _line_of(call, component)] += tokens - cached
            counts["cached", _line_of(call, component)] += cached
        counts["output", _line_of(call, "output")] += call.output_tokens

    def truth(self) -> Truth:
        """Sum up what was counted so far."""
        features = tuple(_feature_truth(feature, self._counts[feature.name]) for feature in self._scenario.features)
        return Truth(
            seed=self._scenario.seed,
            month=self._scenario.month,
            scale=str(self._scenario.scale),
            tagged=self._scenario.tagged,
            calls=sum(f.kept_calls + f.superseded_calls + f.failed_calls for f in features),
            input_tokens=sum(f.input_tokens for f in features),
            output_tokens=sum(f.output_tokens for f in features),
            naive_cost=sum((f.naive_cost for f in features), Decimal(0)),
            list_cost=sum((f.list_cost for f in features), Decimal(0)),
            bridge=_summed(line for f in features for line in f.bridge),
            features=features,
        )


def _feature_truth(feature: Feature, counts: Counter[tuple[str, str]]) -> FeatureTruth:
    rates = {
        "uncached": feature.input_usd_per_million,
        "cached": feature.cache_read_usd_per_million or feature.input_usd_per_million,
        "output": feature.output_usd_per_million,
    }
    bridge = _summed(
        BridgeLine(line, tokens, tokens * rates[kind] / _MILLION)
        for (kind, line), tokens in counts.items()
        if kind in rates
    )
    total = {kind: sum(tokens for (of, _), tokens in counts.items() if of == kind) for kind in rates}
    return FeatureTruth(
        feature=feature.name,
        model=feature.model,
        conversations=counts["calls", "opening"],
        kept_calls=counts["calls", "kept"],
        superseded_calls=counts["calls", "superseded"],
        failed_calls=counts["calls", "failed"],
        input_tokens=total["uncached"] + total["cached"],
        cached_tokens=total["cached"],
        output_tokens=total["output"],
        naive_cost=sum((line.cost for line in bridge if line.line == "naive"), Decimal(0)),
        list_cost=sum((line.cost for line in bridge), Decimal(0)),
        bridge=bridge,
    )


def _summed(lines: Iterable[BridgeLine]) -> tuple[BridgeLine, ...]:
    """Add up the lines of the same name, in the order of a bridge."""
    tokens: Counter[str] = Counter()
    costs: dict[str, Decimal] = {}
    for line in lines:
        tokens[line.line] += line.tokens
        costs[line.line] = costs.get(line.line, Decimal(0)) + line.cost
    return tuple(BridgeLine(name, tokens[name], costs[name]) for name in BRIDGE_LINES if tokens[name])
