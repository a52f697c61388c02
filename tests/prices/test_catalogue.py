"""Is each model at each moment given the rates that the price list holds, and exactly those?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage
from genai_prices.types import ModelInfo, Provider, StartDateConstraint
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.prices.catalogue import (
    NO_DAY,
    OTHER_UNIT,
    cut_times,
    find_model,
    published_rates,
    snapshot_date,
    why_unpriced,
)
from tokaudit.prices.names import NO_RATE, OPEN_WEIGHTS, OWN_MACHINES
from tokaudit.prices.published import FALLBACKS, own_classes
from tokaudit.prices.rates import INPUT_CLASSES, RATED, TOKEN_CLASSES, RateCard
from tokaudit.prices.snapshot import providers
from tokaudit.prices.tiers import STANDARD, tier_of

MILLION = 10**6
SPRING = datetime(2026, 3, 1, tzinfo=UTC)


def cost(cards: list[RateCard], **counts: int) -> Decimal:
    """Price a call by the card of its length."""
    length = sum(counts.get(name, 0) for name in INPUT_CLASSES)
    card = [each for each in cards if length > each.above_input_tokens][-1]
    return sum(
        (count * card.rates[name] / (MILLION if name in TOKEN_CLASSES else 1) for name, count in counts.items()),
        Decimal(0),
    )


@pytest.mark.parametrize(
    ("provider", "model", "counts", "usd"),
    [
        ("openai", "gpt-4o", {"uncached_input": 100_000, "cache_read": 900_000}, "1.375"),
        ("anthropic", "claude-sonnet-4-5", {"uncached_input": 10_000, "cache_read": 90_000}, "0.057"),
        ("anthropic", "claude-sonnet-4-5", {"uncached_input": 100_000, "cache_read": 900_000}, "1.14"),
        ("anthropic", "claude-sonnet-4-5", {"uncached_input": 200_000}, "0.6"),
        ("anthropic", "claude-sonnet-4-5", {"uncached_input": 200_001}, "1.200006"),
        ("anthropic", "claude-sonnet-4-5", {"cache_write_5m": 10_000}, "0.0375"),
        ("anthropic", "claude-sonnet-4-5", {"cache_write_1h": 10_000}, "0.06"),
        ("openai", "gpt-4o-realtime-preview", {"input_audio": 1000, "output_audio": 1000}, "0.12"),
        ("google", "gemini-2.5-flash", {"input_audio": 1000, "cache_read_audio": 1000, "input_image": 1000}, "0.0014"),
        ("openai", "gpt-4o", {"web_search": 3, "file_search": 2}, "0.035"),
        ("openai", "whisper-1", {"audio_second": 90}, "0.009"),
        ("perplexity", "sonar", {"request": 1}, "0.012"),
        ("openai", "text-embedding-3-small", {"uncached_input": MILLION}, "0.02"),
    ],
)
def test_known_prices(provider: str, model: str, counts: dict[str, int], usd: str) -> None:
    assert cost(published_rates(provider, model, moment=SPRING), **counts) == Decimal(usd)


@pytest.mark.parametrize(("at", "usd"), [("00:29", "0.135"), ("00:30", "0.27"), ("16:29", "0.27"), ("16:30", "0.135")])
def test_a_rate_changes_at_its_time_of_day(at: str, usd: str) -> None:
    moment = datetime.combine(date(2025, 6, 1), time.fromisoformat(at), UTC)
    assert published_rates("deepseek", "deepseek-chat", moment=moment)[0].rates["uncached_input"] == Decimal(usd)
    assert why_unpriced("deepseek", "deepseek-chat", None, None) == NO_DAY


def test_a_rate_changes_on_its_day() -> None:
    changes = [
        (provider, model, change.constraint.start_date)
        for provider in providers()
        for model in provider.models
        if isinstance(model.prices, list)
        for change in model.prices
        if isinstance(change.constraint, StartDateConstraint)
    ]
    assert len(changes) > 40
    for provider, model, day in changes:
        start = datetime.combine(day, time(), UTC)
        before = published_rates(provider.id, model.id, moment=start - timedelta(microseconds=1))
        after = published_rates(provider.id, model.id, moment=start)
        if after:
            assert after[0].effective_from == start
        assert [each.effective_from for each in before[:1]] != [start]


@pytest.mark.parametrize(
    ("provider", "model", "moment", "reason"),
    [
        ("openai", "gpt-4o-mystery", SPRING, NO_RATE),
        ("openai", "o3", None, NO_DAY),
        ("openai", "tts-1", SPRING, OTHER_UNIT),
        ("mistral", "mistral-ocr-latest", SPRING, OTHER_UNIT),
        ("openrouter", "stealth/crouton-alpha", SPRING, NO_RATE),
        (None, "llama-3.3-70b-instruct", SPRING, OPEN_WEIGHTS),
        ("lmstudio", "gpt-4o", SPRING, OWN_MACHINES),
    ],
)
def test_what_has_no_price_says_why(provider: str | None, model: str, moment: datetime | None, reason: str) -> None:
    assert published_rates(provider, model, moment=moment) == []
    assert why_unpriced(provider, model, None, moment) == reason


def test_an_undated_call_has_the_rate_that_never_changed() -> None:
    assert published_rates("openai", "gpt-4o")[0].rates["output"] == 10
    assert why_unpriced("openai", "o3", None, None) == NO_DAY
    # Its list named a search fee later on; the rates of tokens stayed.
    later = published_rates("google", "gemini-3-flash-preview")
    assert (later[0].rates["output"], later[0].rates["web_search"]) == (3, Decimal("0.014"))


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openrouter", "openai/gpt-oss-20b:free"), ("openai", "omni-moderation-latest"), ("google", "gemma-3")],
)
def test_what_is_published_as_free_costs_nothing(provider: str, model: str) -> None:
    (card,) = published_rates(provider, model, moment=SPRING)
    assert set(card.rates.values()) == {Decimal(0)}


def test_a_card_names_its_source() -> None:
    (card,) = published_rates("azure", "gpt-4o", moment=SPRING)
    assert card.provider_name == "azure"
    assert card.source.endswith(": openai/gpt-4o")
    assert card.source.startswith("genai-prices ")
    assert card.has_cache_rate
    assert tuple(card.rates) == RATED
    assert not published_rates("openai", "gpt-4o-2024-05-13", moment=SPRING)[0].has_cache_rate


def test_the_snapshot_has_a_date_and_cuts() -> None:
    assert date(2026, 1, 1) < date.fromisoformat(snapshot_date()) < date(2036, 1, 1)
    assert cut_times()[0] == time()
    assert {time(0, 30), time(16, 30)} < set(cut_times())


def test_a_class_falls_back_to_a_wider_one() -> None:
    assert all(keys for keys in FALLBACKS.values())
    assert set(FALLBACKS) == set(RATED)
    found = find_model("anthropic", "claude-sonnet-4-5")
    assert found
    classes = own_classes(found[1].get_prices(SPRING))
    assert {"cache_write_5m", "cache_write_1h", "cache_read", "web_search"} < classes
    assert not classes & {"input_audio", "output_reasoning", "audio_second"}


MODELS = [(provider, model) for provider in providers() for model in provider.models]
TIERS = (None, "default", "batch", "flex", "priority", "fast")
counts = st.integers(0, 300_000)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=1500)).map(lambda since: datetime(2023, 1, 1, tzinfo=UTC) + since)


def _their_usage(ours: Mapping[str, int]) -> Usage:
    """Say the same usage in genai-prices' nested counts."""

    def total(*names: str) -> int:
        return sum(ours.get(name, 0) for name in names)

    return Usage(
        input_tokens=total(*INPUT_CLASSES),
        cache_read_tokens=total("cache_read", "cache_read_audio", "cache_read_image"),
        cache_write_tokens=total("cache_write_5m", "cache_write_1h"),
        cache_write_5m_tokens=total("cache_write_5m"),
        cache_write_1h_tokens=total("cache_write_1h"),
        input_audio_tokens=total("input_audio", "cache_read_audio"),
        input_image_tokens=total("input_image", "cache_read_image"),
        input_video_tokens=total("input_video"),
        cache_audio_read_tokens=total("cache_read_audio"),
        cache_image_read_tokens=total("cache_read_image"),
        output_tokens=total("output", "output_audio", "output_image", "output_reasoning"),
        output_audio_tokens=total("output_audio"),
        output_image_tokens=total("output_image"),
        output_reasoning_tokens=total("output_reasoning"),
        web_searches=total("web_search"),
        storage_searches=total("file_search"),
    )


def _their_context(tier: str | None) -> Mapping[str, str] | None:
    return None if tier is None else dict.fromkeys(("service_tier", "processing", "speed"), tier)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    chosen=st.sampled_from(MODELS),
    moment=MOMENTS,
    tier=st.sampled_from(TIERS),
    usage=st.dictionaries(st.sampled_from(TOKEN_CLASSES), counts, max_size=6),
    searches=st.fixed_dictionaries({"web_search": st.integers(0, 9), "file_search": st.integers(0, 9)}),
)
def test_as_genai_prices_computes_it(
    chosen: tuple[Provider, ModelInfo],
    moment: datetime,
    tier: str | None,
    usage: dict[str, int],
    searches: dict[str, int],
) -> None:
    provider, model = chosen
    cards = published_rates(provider.id, model.id, tier, None, moment)
    if not cards or (cards[0].rules and tier_of(tier) != STANDARD):
        return
    ours: dict[str, Any] = {**usage, **searches, "request": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.calc_price(
            _their_usage(ours), provider, genai_request_timestamp=moment, price_context=_their_context(tier)
        )
    assert cost(cards, **ours) == theirs.total_price


@given(st.sampled_from(MODELS), st.sampled_from(TIERS))
def test_the_ranges_of_prompt_lengths_have_neither_gap_nor_overlap(
    chosen: tuple[Provider, ModelInfo], tier: str | None
) -> None:
    provider, model = chosen
    limits = [card.above_input_tokens for card in published_rates(provider.id, model.id, tier, None, SPRING)]
    assert limits == sorted(set(limits))
    assert limits[:1] in ([], [-1])


@given(st.sampled_from(MODELS), MOMENTS)
def test_rates_hold_from_one_cut_to_the_next(chosen: tuple[Provider, ModelInfo], moment: datetime) -> None:
    provider, model = chosen
    cut = max(at for at in cut_times() if at <= moment.time())
    at_cut = published_rates(provider.id, model.id, moment=datetime.combine(moment.date(), cut, UTC))
    assert published_rates(provider.id, model.id, moment=moment) == at_cut
