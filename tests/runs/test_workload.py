"""Do three formats of the same month give the same figures, and the true ones?"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest

from runs.shared import adjusted_rand_index, data, run_of
from tokaudit.result import AuditRun, Feature, Finding

OPENAI, LITELLM, CSV = "openai.jsonl.gz", "litellm.jsonl.gz", "usage.csv"
EVERY = pytest.mark.parametrize("name", [OPENAI, LITELLM, CSV])
JSON_LOGS = pytest.mark.parametrize("name", [OPENAI, LITELLM])
COMPONENT_OF = {
    "system_prompt": "tokens_system_prompt", "rag_context": "tokens_rag_context", "user_input": "tokens_user_input",
    "history": "tokens_history", "tool_schemas": "tokens_tools", "response_schema": "tokens_schema",
}  # fmt: skip
"""Our component -> the truth's field."""


@lru_cache(maxsize=3)
def _run(name: str) -> tuple[AuditRun, pl.DataFrame]:
    return run_of(data(f"workload/{name}"))


@lru_cache(maxsize=1)
def _untagged() -> tuple[AuditRun, pl.DataFrame]:
    """Audit the month without its tags, users and sessions."""
    with TemporaryDirectory() as folder, gzip.open(data(f"workload/{OPENAI}"), "rt") as lines:
        path = Path(folder) / "untagged.jsonl"
        path.write_text("".join(map(_without_tags, lines)))
        return run_of(path)


def _without_tags(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return line
    return json.dumps({name: value for name, value in record.items() if name not in ("metadata", "user")}) + "\n"


@lru_cache(maxsize=1)
def _truth() -> dict[str, Any]:
    return dict(json.loads(data("workload/truth.json").read_text()))


def _features(run: AuditRun) -> dict[str, Feature]:
    """Return the features by their true name; a feature without a tag is known by its number of calls."""
    by_calls = {truth["requests"]: name for name, truth in _truth()["features"].items()}
    return {by_calls[feature.calls]: feature for feature in run.features}


@EVERY
def test_every_feature_costs_what_it_cost_to_the_cent(name: str) -> None:
    features = _features(_run(name)[0])
    assert set(features) == set(_truth()["features"])
    for feature, truth in _truth()["features"].items():
        found = features[feature]
        assert float(found.list_cost) == pytest.approx(truth["cost"], abs=1e-6)
        assert found.input_tokens == truth["input_tokens"]
        assert found.output_tokens == truth["output_tokens"]
        assert found.cache_read_input_tokens == truth["cached_tokens"]
        assert found.waste.failed_calls == truth.get("errors", 0)


@EVERY
def test_the_month_costs_what_it_cost(name: str) -> None:
    totals = _run(name)[0].totals
    assert (totals.calls, totals.unpriced_calls) == (_truth()["requests_in_month"], 0)
    assert round(totals.list_cost, 4) == Decimal(str(_truth()["total_cost"]))


def test_all_three_formats_hold_the_same_calls() -> None:
    columns = ["input_tokens", "output_tokens", "cache_read_input_tokens", "list_cost"]
    first, *others = (_run(name)[1] for name in (OPENAI, LITELLM, CSV))
    for other in others:
        assert other.select(columns).sort(columns).equals(first.select(columns).sort(columns))
        # One of the logs tells microseconds, the others milliseconds.
        assert (other["started_at"].sort() - first["started_at"].sort()).abs().max() <= 1000


def _but_for_logged_costs(run: AuditRun) -> list[Finding]:
    return [finding for finding in run.findings if finding.id != "logged_cost"]


def test_both_json_logs_give_the_same_result_but_for_the_logs_own_costs() -> None:
    first, second = _run(OPENAI)[0], _run(LITELLM)[0]
    assert first.totals.logged_cost is None
    assert second.totals.logged_cost is not None
    assert abs(second.totals.logged_cost - second.totals.list_cost) < Decimal("0.01")
    assert replace(second.totals, logged_cost=None) == first.totals
    assert [replace(feature, logged_cost=None) for feature in second.features] == list(first.features)
    assert _but_for_logged_costs(first) == _but_for_logged_costs(second)
    assert first.days == second.days


@JSON_LOGS
def test_broken_lines_are_rejects_and_doubled_lines_duplicates(name: str) -> None:
    read = _run(name)[0].input
    assert (read.rejected, read.rejects_by_reason) == (_truth()["bad_lines"], {"not valid JSON": 7})
    assert read.calls == _truth()["requests_in_month"]
    assert 0.005 < read.duplicates / read.calls < 0.015
    assert read.unaccounted == 0


@pytest.mark.parametrize("name", [OPENAI, LITELLM, "untagged"])
def test_every_component_is_what_was_planted(name: str) -> None:
    features = _features(_untagged()[0] if name == "untagged" else _run(name)[0])
    for feature, truth in _truth()["features"].items():
        for component, field in COMPONENT_OF.items():
            found = features[feature].components[component].tokens
            assert abs(found - truth[field]) <= 0.001 * truth[field], (feature, component)
        assert features[feature].components["few_shot"].tokens == 0
        assert features[feature].components["unexplained"].tokens == 0


@JSON_LOGS
def test_features_without_documents_have_none(name: str) -> None:
    features = _features(_run(name)[0])
    without = [feature for feature, truth in _truth()["features"].items() if not truth["tokens_rag_context"]]
    assert len(without) == 4
    assert [features[feature].components["rag_context"].tokens for feature in without] == [0] * 4


@pytest.mark.parametrize("name", [OPENAI, LITELLM, "untagged"])
def test_conversations_and_wasted_attempts_are_what_was_planted(name: str) -> None:
    features = _features(_untagged()[0] if name == "untagged" else _run(name)[0])
    for feature, truth in _truth()["features"].items():
        found = features[feature]
        assert found.conversations == truth["conversations"]
        assert found.waste.failed_calls + found.waste.retried_calls == truth.get("wasted_requests", 0)
        assert float(found.waste.cost) == pytest.approx(truth.get("wasted_cost", 0), abs=1e-6)
        assert found.growth.turns[-1].turn == truth["max_turn"]


def test_features_without_a_tag_are_found_by_their_template() -> None:
    calls, truth = _run(OPENAI)[1], _run(CSV)[1]
    key = ["started_at", "input_tokens", "output_tokens"]
    pairs = calls.select(*key, "feature").unique(key, keep="none").join(truth.select(*key, truth="feature"), on=key)
    assert pairs.height > 2400
    index = adjusted_rand_index(pairs["feature"].to_list(), pairs["truth"].to_list())
    print(f"features: adjusted Rand index {index:.4f}")
    assert index == 1.0
