"""Read a simulated month back as any reader of the log would: from its lines alone."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tokaudit.simulation.scenario import EXAMPLE_SCALE, Scenario
from tokaudit.simulation.scenarios import DEFAULT_MONTH, DEFAULT_SEED, SCENARIOS
from tokaudit.simulation.traffic import PlantedCall, planted_calls
from tokaudit.simulation.truth import Tally, Truth


@dataclass(frozen=True)
class Month:
    scenario: Scenario
    planted: tuple[PlantedCall, ...]
    records: tuple[dict[str, Any], ...]
    truth: Truth

    def sessions(self) -> list[list[int]]:
        """Indexes of the calls of each conversation that carries a session id, in order."""
        found = defaultdict(list)
        for index, record in enumerate(self.records):
            if session := record.get("metadata", {}).get("session_id"):
                found[session].append(index)
        return list(found.values())


def simulated(scenario: Scenario) -> Month:
    planted = tuple(planted_calls(scenario))
    tally = Tally(scenario)
    for call in planted:
        tally.add(call)
    return Month(scenario, planted, tuple(json.loads(call.line) for call in planted), tally.truth())


@lru_cache(maxsize=4)
def month_of(name: str, scale: Fraction = EXAMPLE_SCALE, seed: int = DEFAULT_SEED) -> Month:
    return simulated(Scenario(seed=seed, month=DEFAULT_MONTH, features=SCENARIOS[name], scale=scale))
