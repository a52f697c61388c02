"""Do real sessions cost what ccusage 20.0.24 says? Needs ../shared beside the repository; else skipped.

The peer's daily report counts every answer once, the largest of its counts, and reads the answers of agents that stand in
`progress` lines of their caller alone. Its session report leaves the latter out: that is its difference to its own days, and
ours to it. On purpose we say more: 272 answers never got a line with their final count, which the peer takes as it stands.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from runs.shared import data, run_of

COUNTS = ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens")
NANO = Decimal("1e-9")
"""The peer adds up floats."""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("projects")
    with tarfile.open(data("claude-code/projects.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return run_of(folder)[1]


def peer(report: str) -> Any:
    return json.loads(data(f"claude-code/ccusage_claude_{report}.json").read_text(), parse_float=Decimal)


def counts(row: dict[str, Any]) -> Counter[str]:
    read, short, long = (row[f"cache_{name}_input_tokens"] or 0 for name in ("read", "write_5m", "write_1h"))
    uncached = row["input_tokens"] - read - short - long
    return Counter(dict(zip(COUNTS, (uncached, row["output_tokens"], short + long, read), strict=True)))


def of_peer(row: dict[str, Any]) -> Counter[str]:
    return Counter({name: row[name] for name in COUNTS})


def grouped(calls: pl.DataFrame, key: Any) -> tuple[dict[Any, Counter[str]], dict[Any, Decimal]]:
    tokens: dict[Any, Counter[str]] = {}
    money: dict[Any, Decimal] = {}
    for row in calls.to_dicts():
        tokens.setdefault(key(row), Counter()).update(counts(row))
        money[key(row)] = money.get(key(row), Decimal(0)) + row["list_cost"]
    return tokens, money


def day_and_model(row: dict[str, Any]) -> tuple[str, str]:
    day = datetime.fromtimestamp(row["started_at"] / 1_000_000, UTC).date()
    return day.isoformat(), row["response_model"]


def test_the_whole_is_the_peers(calls: pl.DataFrame) -> None:
    tokens, money = grouped(calls, lambda row: None)
    assert len(calls) == 904
    assert dict(tokens[None]) == {
        "inputTokens": 9_165, "outputTokens": 195_801, "cacheCreationTokens": 2_079_960, "cacheReadTokens": 77_423_878,
    }  # fmt: skip
    assert money[None] == Decimal("51.7425811")
    assert abs(money[None] - peer("daily")["totals"]["totalCost"]) < NANO


def test_each_day_and_model_is_the_peers(calls: pl.DataFrame) -> None:
    tokens, money = grouped(calls, day_and_model)
    expected = {
        (day["date"], model["modelName"]): model for day in peer("daily")["daily"] for model in day["modelBreakdowns"]
    }
    assert tokens == {key: of_peer(model) for key, model in expected.items()}
    assert all(abs(money[key] - model["cost"]) < NANO for key, model in expected.items())


def test_each_session_is_the_peers_but_for_the_answers_noted_by_their_caller(calls: pl.DataFrame) -> None:
    # The peer names a session by its file, of which three have other names than their session.
    names = {
        row["conversation"]: Path(row["file_name"]).stem for row in calls.to_dicts() if "agent-" not in row["file_name"]
    }
    noted = calls.filter(pl.col("usage_rule").str.contains("began"), ~pl.col("file_name").str.contains("agent-"))
    noted = noted.filter(pl.col("messages") == 0, pl.col("response_model").str.contains("haiku|sonnet"))
    tokens, _ = grouped(calls, lambda row: names.get(row["conversation"], row["conversation"]))
    left_out, cost = grouped(noted, lambda row: names.get(row["conversation"], row["conversation"]))
    sessions = {session["sessionId"]: of_peer(session) for session in peer("session")["sessions"]}
    assert set(tokens) == set(sessions)
    assert {name: tokens[name] - left_out.get(name, Counter()) for name in tokens} == {
        name: +found for name, found in sessions.items()
    }
    assert len(noted) == 5
    assert (
        abs(peer("daily")["totals"]["totalCost"] - peer("session")["totals"]["totalCost"] - sum(cost.values())) < NANO
    )


def test_answers_that_were_never_counted_to_their_end_are_said_to_be(calls: pl.DataFrame) -> None:
    states = dict(calls["usage_state"].value_counts().iter_rows())
    assert states == {"exact": 632, "output_lower_bound": 272}
    begun = calls.filter(pl.col("usage_state") == "output_lower_bound")
    assert begun["visible_output_tokens"].sum() > 20 * begun["output_tokens"].sum()
