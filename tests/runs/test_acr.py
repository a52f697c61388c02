"""Is a real agent's log of 4,765 untagged calls read, priced and divided as its truth says?"""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import lru_cache

import polars as pl
import pytest

from runs.pairs import pairwise
from runs.shared import adjusted_rand_index, data, run_of
from tokaudit.result import COMPONENTS, AuditRun


@lru_cache(maxsize=1)
def _run() -> tuple[AuditRun, pl.DataFrame]:
    return run_of(data("acr-run-1/openai.jsonl.gz"))


@lru_cache(maxsize=1)
def _truth() -> pl.DataFrame:
    """Return the truth with `is_superseded`: the next call of the feature in the same task is its next attempt."""
    with data("acr-run-1/truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = pl.DataFrame(rows).with_columns(pl.col("attempt", "input_tokens").cast(pl.Int64))
    following = pl.col("attempt").shift(-1).over("feature", "conversation_id")
    return table.with_columns(
        cost=pl.Series([Decimal(row["cost_usd"]) for row in rows]),
        is_superseded=(following == pl.col("attempt") + 1).fill_null(value=False),
    )


def _joined() -> pl.DataFrame:
    calls = _run()[1].select(
        "log_id", "conversation_key", "attempt", "waste", "list_cost", "input_tokens", found="feature"
    )
    return _truth().join(calls, left_on="request_id", right_on="log_id", suffix="_found")


def test_every_call_is_read_and_costs_what_it_cost() -> None:
    run, calls = _run()
    assert calls.height == run.totals.calls == run.input.calls == 4765
    assert (run.input.rejected, run.input.duplicates, run.totals.unpriced_calls) == (0, 0, 0)
    joined = _joined()
    assert joined.height == 4765
    assert (joined["cost"] == joined["list_cost"]).all()
    assert run.totals.list_cost == sum(joined["cost"].to_list(), Decimal(0))
    assert round(run.totals.list_cost, 4) == Decimal("127.7915")


def test_every_billed_token_is_explained() -> None:
    _, calls = _run()
    assert calls["tokens_unexplained"].sum() == 0
    names = [f"tokens_{name}" for name in COMPONENTS]
    assert calls.select((pl.sum_horizontal(names) == pl.col("input_tokens")).all()).item()
    # 3 a message, 1 for its role, 3 a request
    assert (calls["tokens_format_overhead"] == 4 * calls["messages"] + 3).all()


def test_features_are_found_by_their_system_prompts() -> None:
    joined = _joined()
    index = adjusted_rand_index(joined["found"].to_list(), joined["feature"].to_list())
    print(f"features: adjusted Rand index {index:.4f}")
    assert index >= 0.99
    costs = {feature.calls: feature.list_cost for feature in _run()[0].features}
    truth = _truth().group_by("feature").agg(calls=pl.len(), cost=pl.col("cost").sum())
    assert costs == dict(truth.select("calls", "cost").rows())


def test_tasks_are_found_as_conversations_without_ids() -> None:
    threads = _joined().filter(pl.col("feature") != "proxy")
    index = adjusted_rand_index(threads["conversation_key"].to_list(), threads["conversation_id"].to_list())
    print(f"conversations: adjusted Rand index {index:.4f}")
    assert index >= 0.95


@pytest.mark.parametrize("feature", ["search_agent", "write_patch"])
def test_each_task_is_one_chain_of_the_feature(feature: str) -> None:
    threads = _joined().filter(pl.col("feature") == feature)
    precision, recall = pairwise(threads["conversation_key"].to_list(), threads["conversation_id"].to_list())
    print(f"{feature}: pairwise precision {precision:.4f}, recall {recall:.4f}")
    assert 2 * precision * recall / (precision + recall) >= 0.98


@pytest.mark.parametrize("feature", ["proxy", "write_patch"])
def test_retries_are_found_by_the_prompt_sent_again_and_by_the_answer_sent_back(feature: str) -> None:
    own = _joined().filter(pl.col("feature") == feature)
    planted, found = own["attempt"] > 1, own["attempt_found"] > 1
    both = (planted & found).sum()
    print(f"{feature}: {planted.sum()} retries planted, {found.sum()} found, {both} of them right")
    assert both >= 0.97 * max(planted.sum(), found.sum())


@pytest.mark.parametrize(("feature", "cost"), [("proxy", "10.87"), ("write_patch", "10.36"), ("search_agent", "0")])
def test_superseded_attempts_cost_what_they_cost(feature: str, cost: str) -> None:
    superseded = _joined().filter((pl.col("feature") == feature) & (pl.col("waste") == "superseded"))
    assert abs(superseded["list_cost"].sum() - Decimal(cost)) <= Decimal("0.02") * Decimal(cost)


def test_superseded_attempts_of_the_proxy_are_found_one_by_one() -> None:
    proxy = _joined().filter(pl.col("feature") == "proxy")
    is_found = (pl.col("waste") == "superseded").fill_null(value=False)
    missed = proxy.filter(pl.col("is_superseded") & ~is_found)
    extra = proxy.filter(~pl.col("is_superseded") & is_found)
    truth = proxy.filter("is_superseded")
    print(f"superseded: {truth.height} planted, {missed.height} missed, {extra.height} more found")
    assert truth["cost"].sum() == Decimal("10.87239")
    assert missed.height == 0
    assert extra["cost"].sum() < Decimal("0.01") * truth["cost"].sum()


def test_the_search_agent_sends_78_percent_again() -> None:
    run, calls = _run()
    search = run.features[0]
    thread = calls.filter(pl.col("feature") == search.feature).sort("conversation_key", "turn")
    before = pl.when(pl.col("turn") > 1).then(pl.col("input_tokens").shift(1)).otherwise(0)
    assert thread.select(before.sum()).item() / search.input_tokens == pytest.approx(0.781, abs=0.0005)
    assert search.growth.resent_share == pytest.approx(0.781, abs=0.005)
    means = [turn.history_tokens_mean for turn in search.growth.turns if turn.calls > 100]
    assert len(means) > 3
    assert means == sorted(means)
