"""Is the month that ships with the project audited as it was planted?"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

import polars as pl

from runs.shared import ROOT, run_of
from tokaudit.result import AuditRun

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


def test_conversations_with_a_session_id_are_found_as_they_were() -> None:
    with_session = _run()[1].filter(pl.col("conversation").is_not_null())
    assert with_session["conversation_key"].n_unique() == with_session["conversation"].n_unique()
    pairs = with_session.select(pl.struct("conversation", "conversation_key").n_unique()).item()
    assert pairs == with_session["conversation"].n_unique()
