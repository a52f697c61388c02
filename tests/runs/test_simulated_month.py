"""Is the month that ships with the project audited as it was planted?"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import polars as pl

from runs.logs import analysed
from runs.shared import ROOT, run_of
from tokaudit.result import AuditRun
from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import SCENARIOS
from tokaudit.simulation.traffic import planted_calls

FIXTURE = ROOT / "fixtures"


@lru_cache(maxsize=1)
def _run() -> tuple[AuditRun, pl.DataFrame]:
    return run_of(FIXTURE / "support-bot-2026-09.jsonl.gz", FIXTURE / "support-bot-2026-09.rates.toml")


@lru_cache(maxsize=1)
def _truth() -> dict[str, Any]:
    return dict(json.loads((FIXTURE / "support-bot-2026-09.truth.json").read_text()))


def test_every_line_of_the_bridge_is_what_was_planted() -> None:
    run = _run()[0]
    planted = {line["line"]: (line["tokens"], Decimal(line["cost"])) for line in _truth()["bridge"]}
    found = {line.line: (line.tokens, line.cost) for line in run.totals.bridge}
    assert list(found) == [line["line"] for line in _truth()["bridge"]]
    assert found["history"] == planted["history"]
    for line, (tokens, cost) in planted.items():
        assert abs(found[line][0] - tokens) <= 0.01 * tokens, line
        assert abs(found[line][1] - cost) <= Decimal("0.01") * cost, line


def test_the_totals_are_what_was_planted() -> None:
    run, truth = _run()[0], _truth()
    (feature,) = run.features
    (planted,) = truth["features"]
    assert (run.period.label, run.totals.calls) == (truth["month"], truth["calls"])
    assert (run.totals.input_tokens, run.totals.output_tokens) == (truth["input_tokens"], truth["output_tokens"])
    assert (run.totals.list_cost, run.totals.naive_cost) == (Decimal(truth["list_cost"]), Decimal(truth["naive_cost"]))
    assert (feature.feature, feature.waste.failed_calls, feature.waste.retried_calls) == (
        planted["feature"], planted["failed_calls"], planted["superseded_calls"],
    )  # fmt: skip
    assert feature.operations == planted["kept_calls"]
    assert feature.template is not None
    assert (feature.template.versions, feature.template.variable_tokens) == (1, 0)


def test_conversations_are_found_with_and_without_a_session_id() -> None:
    run, calls = _run()
    assert run.totals.conversations == _truth()["features"][0]["conversations"]
    with_session = calls.filter(pl.col("conversation").is_not_null())
    assert 0 < with_session.height < calls.height
    sessions = with_session["conversation"].n_unique()
    assert with_session["conversation_key"].n_unique() == sessions
    assert with_session.select(pl.struct("conversation", "conversation_key").n_unique()).item() == sessions


def test_a_month_without_tags_and_session_ids_has_the_same_conversations() -> None:
    scenario = Scenario(7, "2026-09", SCENARIOS["support-bot"], Fraction(1, 1000), tagged=False)
    planted = list(planted_calls(scenario))
    with analysed([json.loads(call.line) for call in planted]) as (_, calls):
        found = calls.filter(~pl.col("is_failed")).sort("started_at")
        truth = [call.turn for call in planted if call.fate != "failed"]
        assert found["turn"].to_list() == truth
        assert found["conversation_key"].n_unique() == sum(call.turn == 1 and call.fate == "kept" for call in planted)
