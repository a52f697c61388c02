"""Which laws hold for every log?"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tokaudit.run
from runs.logs import Record, analysed, audited, chat, figures, folder_of, said
from tokaudit.config import Settings
from tokaudit.prices.rates import TOKEN_CLASSES
from tokaudit.prices.terms import Scope, UserPrices, UserRate
from tokaudit.result import AuditRun, to_json
from tokaudit.session import audit_paths
from tokaudit.stages import PARTIAL_KEYS, merge

WORDS = [
    "brake",
    "chain",
    "gear",
    "pedal",
    "saddle",
    "spoke",
    "tyre",
    "valve",
    "wheel",
    "frame",
    "fork",
    "bell",
    "lamp",
    "pump",
]
MODELS = (
    ("gpt-4o", "o200k_base"),
    ("gpt-4-0613", "cl100k_base"),
    ("claude-sonnet-4-5", "o200k_base"),
    ("in-house", "o200k_base"),
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe")


def random_log(seed: int, conversations: int = 8) -> list[Record]:
    """Make a log of chats with retries, errors, repeated prompts, several models and features, all at different times."""
    draw = random.Random(seed)
    systems = [said("system", f"You are the {word} desk.\n\nBe brief.") for word in draw.sample(WORDS, 2)]
    records: list[Record] = []
    seconds = iter(draw.sample(range(2_000_000), 200))
    for _ in range(conversations):
        model, encoding = draw.choice(MODELS)
        tags: dict[str, Any] = {
            "model": model,
            "encoding": encoding,
            "feature": draw.choice([None, "shop", "mail"]),
            "user": draw.choice([None, "ann", "bob"]),
            "session": draw.choice([None, str(draw.random())]),
        }
        messages, start = [draw.choice(systems)], next(seconds)
        for turn in range(draw.randint(1, 4)):
            messages = [*messages, said("user", " ".join(draw.choices(WORDS, k=draw.randint(1, 30))))]
            answer, at = " ".join(draw.choices(WORDS, k=5)), start + 200 * turn + draw.random()
            if draw.random() < 0.3:
                records.append(chat(messages, draw.choice([None, "late"]), seconds=at - 20, **tags))
            records.append(chat(messages, answer, seconds=at, cached=draw.choice([0, 4]), **tags))
            messages = [*messages, said("assistant", answer)]
    repeated = draw.choice(records)["request"]["messages"]
    records.append(chat(repeated, "again", seconds=next(seconds) + 0.5, model="gpt-4o", feature="shop"))
    return sorted(records, key=lambda record: record["timestamp"])


logs = st.integers(0, 10**6).map(random_log)


def total(values: Any) -> Decimal:
    return sum(values, Decimal(0))


@settings(max_examples=7, deadline=None, derandomize=True)
@given(logs)
def test_everything_adds_up(log: list[Record]) -> None:
    run = audited(log)
    whole = run.totals
    parts = [whole, *run.features]
    assert whole.calls == len(log) == sum(feature.calls for feature in run.features)
    for part in parts:
        assert total(line.cost for line in part.bridge) == part.list_cost == part.input_cost + part.output_cost
        assert part.bridge[0].cost == part.naive_cost
    for feature in run.features:
        assert sum(component.tokens for component in feature.components.values()) == feature.input_tokens
        assert total(component.cost for component in feature.components.values()) == feature.input_cost
        cached = sum(component.cached_tokens for component in feature.components.values())
        assert cached == feature.cache_read_input_tokens
    for name in ("list_cost", "naive_cost", "input_tokens", "output_tokens", "operations", "unpriced_tokens"):
        assert getattr(whole, name) == sum(getattr(feature, name) for feature in run.features)
    assert total(model.list_cost or 0 for model in run.models) == whole.list_cost
    assert total(feature.waste.cost for feature in run.features) == whole.waste_cost
    months = Decimal((run.period.end - run.period.start).days) / Decimal("30.4375")
    assert run.savings.joint.low <= run.savings.joint.expected <= run.savings.joint.high
    assert run.savings.joint.high * months <= whole.list_cost * (1 + Decimal("1e-20"))
    assert run.input.unaccounted == 0


@settings(max_examples=6, deadline=None, derandomize=True)
@given(logs)
def test_the_components_of_every_call_add_up(log: list[Record]) -> None:
    with analysed(log) as (_, calls):
        names = [name for name in calls.columns if name.startswith("tokens_") and name not in CLASS_COLUMNS]
        assert len(names) == 11
        assert calls.select((pl.sum_horizontal(names) == pl.col("input_tokens")).all()).item()
        assert calls.select(pl.min_horizontal(pl.min(*names))).item() >= 0


CLASS_COLUMNS = tuple(f"tokens_{name}" for name in TOKEN_CLASSES)


@settings(max_examples=2, deadline=None, derandomize=True)
@given(logs)
def test_the_days_add_up_to_the_month_in_any_zone(log: list[Record]) -> None:
    for zone in ZONES:
        run = audited(log, settings=Settings(timezone=zone))
        assert run.period.timezone == zone
        assert total(day.list_cost for day in run.days) == run.totals.list_cost
        assert sum(day.calls for day in run.days) == run.totals.calls == len(log)
        assert run.days[0].date == str(run.period.start.date())
        assert run.days[-1].date < str(run.period.end.date())


@settings(max_examples=3, deadline=None, derandomize=True)
@given(logs, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_and_of_the_files_is_irrelevant(log: list[Record], draw: random.Random) -> None:
    expected = figures(audited(log))
    shuffled = draw.sample(log, len(log))
    half = len(log) // 2
    assert figures(audited(shuffled)) == expected
    assert figures(audited(shuffled[:half], shuffled[half:])) == expected
    assert figures(audited(shuffled[:half], shuffled[half:], backwards=True)) == expected


@settings(max_examples=4, deadline=None, derandomize=True)
@given(logs)
def test_the_same_calls_in_two_files_are_counted_once(log: list[Record]) -> None:
    once, twice = audited(log), audited(log, log[: len(log) // 2])
    answered = sum("id" in record["response"] for record in log[: len(log) // 2])
    assert twice.input.duplicates >= answered
    failed = twice.totals.calls - once.totals.calls
    assert failed == len(log) // 2 - answered  # errors carry no id by which they could be known again
    assert twice.totals.list_cost == once.totals.list_cost


def test_the_same_input_gives_the_same_bytes() -> None:
    log = random_log(5, conversations=20)
    with folder_of(log) as (ledger, paths):
        first = to_json(audit_paths(paths, ledger, Settings())[0])
        again = to_json(audit_paths(paths, ledger, Settings())[0])
        fresh = to_json(audit_paths(paths, ledger.with_name("other.duckdb"), Settings())[0])
    assert first == again == fresh


def test_the_number_of_buckets_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = random_log(1, conversations=16)
    results = {}
    for buckets in (1, 2, 7):
        monkeypatch.setattr(tokaudit.run, "CALLS_A_BUCKET", -(-len(log) // buckets))
        with analysed(log) as (analysis, _):
            assert len(analysis.call_files) == buckets
            results[buckets] = figures(tokaudit.run.finish(analysis, Settings()))
    assert results[1] == results[2] == results[7]


def test_merging_is_associative_and_commutative(monkeypatch: pytest.MonkeyPatch) -> None:
    partials: list[Any] = []
    kept = tokaudit.run.merge
    monkeypatch.setattr(tokaudit.run, "CALLS_A_BUCKET", 12)
    monkeypatch.setattr(tokaudit.run, "merge", lambda *found: partials.extend(found) or kept(*found))
    audited(random_log(3, conversations=20))
    assert len(partials) >= 4
    a, b, c, *rest = partials

    def same(left: Any, right: Any) -> bool:
        return all(left[name].equals(right[name]) for name in PARTIAL_KEYS)

    assert same(merge(a, b), merge(b, a))
    assert same(merge(merge(a, b), c), merge(a, merge(b, c)))
    assert same(merge(*partials), merge(merge(*rest, c), merge(b, a)))
    assert not same(merge(a, b), merge(a, c))


def rate(model: str, usd_per_million: str) -> UserRate:
    million = Decimal(usd_per_million)
    return UserRate(Scope(model=model), {"uncached_input": million, "output": million}, "a contract")


@settings(max_examples=3, deadline=None, derandomize=True)
@given(logs, st.decimals(Decimal("0.01"), 100, places=6), st.decimals(Decimal("0.000001"), 10, places=6))
def test_a_higher_rate_never_lowers_a_cost(log: list[Record], usd: Decimal, more: Decimal) -> None:
    def at(amount: Decimal) -> AuditRun:
        return audited(log, settings=Settings(prices=UserPrices(rates=(rate("in-house", str(amount)),))))

    low, high = at(usd), at(usd + more)
    assert high.totals.list_cost >= low.totals.list_cost
    assert high.totals.naive_cost >= low.totals.naive_cost
    before = {feature.feature: feature for feature in low.features}
    for feature in high.features:
        for name, component in feature.components.items():
            assert component.cost >= before[feature.feature].components[name].cost
