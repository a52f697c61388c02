"""Which scenarios can be asked for, and how many calls are in them?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.errors import UsageError
from tokaudit.prices.catalogue import published_rates
from tokaudit.simulation.arrivals import arrivals, per_day
from tokaudit.simulation.chance import lots, paired_sizes, stream
from tokaudit.simulation.conversations import turn_counts
from tokaudit.simulation.scenario import Scenario, queries
from tokaudit.simulation.scenarios import SCENARIOS, SUPPORT_BOT
from tokaudit.simulation.traffic import calls

months = st.builds("{:04}-{:02}".format, st.integers(1970, 2999), st.integers(1, 12))


def scenario(month: str = "2026-09", scale: Fraction = Fraction(1, 100)) -> Scenario:
    return Scenario(seed=1, month=month, features=(SUPPORT_BOT,), scale=scale)


@pytest.mark.parametrize("month", ["2026-13", "2026-9", "september", "9999-12", "2026-09-01", "", "２０２６-09"])
def test_a_month_that_is_none_is_refused(month: str) -> None:
    with pytest.raises(UsageError, match="is not a month"):
        scenario(month)


def test_a_volume_without_queries_is_refused() -> None:
    with pytest.raises(UsageError, match="no query"):
        scenario(scale=Fraction(1, 10**7))


@pytest.mark.parametrize(("mean", "most"), [("0.5", 8), ("9", 8), ("2", 13)])
def test_turns_that_cannot_be_are_refused(mean: str, most: int) -> None:
    with pytest.raises(UsageError, match="turns on average"):
        replace(SUPPORT_BOT, mean_turns=Decimal(mean), most_turns=most)


def test_more_retries_than_first_questions_are_refused() -> None:
    greedy = Scenario(seed=1, month="2026-09", features=(replace(SUPPORT_BOT, retry_share=Decimal("0.9")),))
    with pytest.raises(UsageError, match="do not fit"):
        next(calls(greedy))


def test_volume_follows_the_days_of_the_month() -> None:
    assert queries(scenario("2026-09"), SUPPORT_BOT) == 3000
    assert queries(scenario("2026-09", Fraction(1)), SUPPORT_BOT) == 300_000
    assert queries(scenario("2026-02"), SUPPORT_BOT) == 2800


@given(month=months, conversations=st.integers(1, 500))
def test_conversations_are_shared_out_among_all_days(month: str, conversations: int) -> None:
    counts = per_day(scenario(month, Fraction(1)), conversations)
    assert sum(counts) == conversations
    assert min(counts) >= 0
    assert counts[0] >= 1
    assert conversations == 1 or counts[-1] >= 1


@given(seed=st.integers(), conversations=st.integers(1, 200))
def test_arrivals_are_in_order_and_leave_the_last_hour_free(seed: int, conversations: int) -> None:
    month = scenario()
    times = list(arrivals(month, conversations, stream(seed)))
    start = int(month.start.timestamp() * 1000)
    assert times == sorted(times)
    assert len(times) == conversations
    assert start <= times[0]
    assert times[-1] < start + (month.days * 24 - 1) * 3_600_000


@given(seed=st.integers(), wins=st.integers(0, 50), blanks=st.integers(0, 50))
def test_lots_have_exactly_so_many_winners(seed: int, wins: int, blanks: int) -> None:
    assert sum(lots(stream(seed), wins, wins + blanks)) == wins


@given(seed=st.integers(), mean=st.integers(10, 1000), spread=st.floats(0, 0.9))
def test_sizes_stay_in_reach_and_pair_up(seed: int, mean: int, spread: float) -> None:
    sizes = paired_sizes(stream(seed), mean, spread)
    for _ in range(10):
        first, second = next(sizes), next(sizes)
        assert first + second == 2 * mean
        assert abs(first - mean) <= mean * spread


@given(seed=st.integers(), total=st.integers(1, 2000))
def test_turns_add_up_and_none_is_longer_than_the_most(seed: int, total: int) -> None:
    counts = turn_counts(SUPPORT_BOT, total, stream(seed))
    assert sum(counts) == total
    assert 1 <= min(counts) <= max(counts) <= SUPPORT_BOT.most_turns


@pytest.mark.parametrize("mean", ["1", "2.5", "4", "8"])
def test_turns_have_the_mean_asked_for(mean: str) -> None:
    counts = turn_counts(replace(SUPPORT_BOT, mean_turns=Decimal(mean)), 40_000, stream(1))
    assert 40_000 / len(counts) == pytest.approx(float(mean), rel=0.02)


def test_the_rates_of_published_models_are_the_published_ones() -> None:
    for feature in SCENARIOS["mixed"]:
        (card,) = published_rates("openai", feature.model, moment=datetime(2026, 9, 1, tzinfo=UTC))
        assert (card.rates["uncached_input"], card.rates["cache_read"], card.rates["output"]) == (
            feature.input_usd_per_million,
            feature.cache_read_usd_per_million,
            feature.output_usd_per_million,
        )
