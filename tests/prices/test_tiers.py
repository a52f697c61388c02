"""Do tiers and regions change rates as published, from the right day on, and say by which rule?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.prices.catalogue import published_rates, why_unpriced
from tokaudit.prices.names import PAID_BY_THE_HOUR
from tokaudit.prices.rates import TOKEN_CLASSES, UNIT_CLASSES, RateCard
from tokaudit.prices.regions import region_rule
from tokaudit.prices.tiers import RULES, scaled, tier_of

BEFORE, AFTER = datetime(2026, 10, 11, tzinfo=UTC), datetime(2026, 10, 14, tzinfo=UTC)


def card(
    provider: str, model: str, tier: str | None, moment: datetime | None = AFTER, region: str | None = None
) -> RateCard:
    return published_rates(provider, model, tier, region, moment)[0]


@pytest.mark.parametrize(
    ("word", "tier"),
    [
        (None, "standard"), ("", "standard"), ("default", "standard"), ("auto", "standard"), ("standard_only", "standard"),
        ("on_demand", "standard"), ("ON_DEMAND", "standard"), ("Batch", "batch"), ("batch_api", "batch"),
        ("GlobalBatch", "batch"), ("ON_DEMAND_PRIORITY", "priority"), ("flex", "flex"), ("fast", "fast"),
        ("provisioned_throughput", "reserved"), ("PROVISIONED_THROUGHPUT", "reserved"), ("scale", "reserved"),
        ("Performance", "performance"),
    ],
)  # fmt: skip
def test_a_tier_goes_by_several_words(word: str | None, tier: str) -> None:
    assert tier_of(word) == tier


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
@pytest.mark.parametrize(
    ("provider", "model", "tier", "rates"),
    [
        ("openai", "gpt-4o", "batch", {"uncached_input": "1.25", "output": "5", "web_search": "0.01"}),
        ("openai", "gpt-5", "batch", {"uncached_input": "0.625", "cache_read": "0.0625", "output": "5"}),
        ("openai", "gpt-5", "flex", {"uncached_input": "0.625", "cache_read": "0.0625", "output": "5"}),
        ("openai", "gpt-4o", "priority", {"uncached_input": "4.25", "cache_read": "2.125", "output": "17"}),
        (
            "anthropic", "claude-sonnet-4-5", "batch",
            {"uncached_input": "1.5", "cache_read": "0.15", "cache_write_5m": "1.875", "cache_write_1h": "3", "output": "7.5"},
        ),
        ("anthropic", "claude-opus-4-8", "fast", {"uncached_input": "10", "cache_write_1h": "20", "output": "50"}),
        ("google", "gemini-2.5-flash", "batch", {"uncached_input": "0.15", "cache_read": "0.03", "output": "1.25"}),
        ("azure", "gpt-4o", "batch", {"uncached_input": "1.25", "output": "5"}),
        ("aws", "amazon.nova-pro-v1:0", "batch", {"uncached_input": "0.4", "output": "1.6"}),
        ("aws", "amazon.nova-pro-v1:0", "flex", {"uncached_input": "0.4", "output": "1.6"}),
        ("aws", "amazon.nova-pro-v1:0", "priority", {"uncached_input": "1.4", "output": "5.6"}),
        ("groq", "llama-3.3-70b-versatile", "flex", {"uncached_input": "0.59", "output": "0.79"}),
        ("x-ai", "grok-4.5", "batch", {"uncached_input": "1.6", "output": "4.8"}),
    ],
)  # fmt: skip
def test_rates_of_a_tier_before_and_after_their_verification(
    provider: str, model: str, tier: str, rates: dict[str, str], moment: datetime
) -> None:
    found = card(provider, model, tier, moment)
    assert {name: found.rates[name] for name in rates} == {name: Decimal(rate) for name, rate in rates.items()}


def test_a_rule_is_named_until_the_rates_were_verified() -> None:
    early, late = card("openai", "gpt-4o", "batch", BEFORE), card("openai", "gpt-4o", "batch", AFTER)
    assert early.rules == ("batch at 0.5 times the standard rate (help.openai.com, Batch API FAQ, 2026)",)
    assert (late.rules, late.effective_from) == ((), AFTER)
    priority = card("openai", "gpt-4o", "priority", BEFORE)
    assert priority.rules == ("priority at 1.7 times the standard rate, as verified on 2026-10-12",)


def test_a_later_ratio_applies_to_the_rate_in_force() -> None:
    early = card("openai", "o3", "priority", datetime(2025, 5, 1, tzinfo=UTC))
    assert (early.rates["uncached_input"], early.rates["output"]) == (Decimal("17.5"), 70)


def test_long_prompts_keep_their_rates_in_a_tier() -> None:
    cards = published_rates("anthropic", "claude-sonnet-4-5", "batch", None, BEFORE)
    assert [(each.above_input_tokens, each.rates["uncached_input"], each.rates["output"]) for each in cards] == [
        (-1, Decimal("1.5"), Decimal("7.5")), (200_000, 3, Decimal("11.25")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "model", "tier", "rule"),
    [
        ("openai", "gpt-4o", "gold", "no rate is published for a tier of this name: standard rates"),
        ("azure", "gpt-4o", "priority", "no rate is published for tier priority: standard rates"),
        ("deepseek", "deepseek-v3.2", "batch", "no rate is published for tier batch: standard rates"),
    ],
)
def test_a_tier_without_a_rate_costs_as_standard_and_says_so(provider: str, model: str, tier: str, rule: str) -> None:
    found = card(provider, model, tier)
    assert found.rules == (rule,)
    assert found.rates == card(provider, model, None).rates


@pytest.mark.parametrize(
    ("provider", "model", "tier"),
    [
        ("azure", "gpt-4o", "ptu"), ("google", "gemini-2.5-pro", "provisioned_throughput"), ("openai", "gpt-4o", "scale"),
        ("anthropic", "claude-opus-4-5", "priority"), ("aws", "amazon.nova-pro-v1:0", "reserved"),
    ],
)  # fmt: skip
def test_bought_capacity_has_no_rate_a_token(provider: str, model: str, tier: str) -> None:
    assert published_rates(provider, model, tier, None, AFTER) == []
    assert why_unpriced(provider, model, tier, AFTER) == PAID_BY_THE_HOUR


def test_a_tier_that_costs_the_same_whenever_needs_no_day() -> None:
    assert card("openai", "gpt-4o", "priority", None).rates["output"] == 17
    assert published_rates("openai", "gpt-4o", "batch") == []


@pytest.mark.parametrize(
    ("provider", "model", "region", "factor"),
    [
        ("anthropic", "claude-opus-4-6", "us", "1.1"),
        ("anthropic", "claude-sonnet-5", "US", "1.1"),
        ("anthropic", "claude-fable-5-1", "us", "1.1"),
        ("anthropic", "claude-opus-4-6", "global", "1"),
        ("anthropic", "claude-opus-4-6", None, "1"),
        ("anthropic", "claude-sonnet-4-5", "us", "1"),
        ("anthropic", "claude-3-7-sonnet", "us", "1"),
        ("google", "claude-sonnet-4-5", "europe-west1", "1.1"),
        ("google", "claude-sonnet-4-5", "global", "1"),
        ("google", "claude-opus-4-1", "us-east5", "1"),
        ("google", "gemini-2.5-pro", "us-central1", "1"),
        ("openai", "gpt-5.4", "eu", "1.1"),
        ("openai", "gpt-6-sol", "us", "1.1"),
        ("openai", "gpt-5.2", "eu", "1"),
        ("openai", "gpt-4o", "eu", "1"),
        ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1", "1"),
    ],
)
def test_an_uplift_of_a_region(provider: str, model: str, region: str | None, factor: str) -> None:
    plain, found = card(provider, model, None), card(provider, model, None, region=region)
    for name in TOKEN_CLASSES:
        assert found.rates[name] == plain.rates[name] * Decimal(factor)
    assert all(found.rates[name] == plain.rates[name] for name in UNIT_CLASSES)
    assert len(found.rules) == (factor != "1")


def test_tier_and_region_multiply() -> None:
    found = card("anthropic", "claude-opus-4-6", "batch", BEFORE, "us")
    assert found.rates["uncached_input"] == Decimal("2.75")
    assert len(found.rules) == 2


def test_every_rule_has_a_source() -> None:
    assert all(rule.source and 0 < rule.factor < 2 for rule in RULES)
    rule = region_rule("anthropic", "claude-opus-5", "us")
    assert rule
    assert rule.source


@given(st.decimals(0, 10**4, places=18), st.decimals("0.01", 4, places=3))
def test_a_scaled_rate_is_kept_to_eighteen_digits(rate: Decimal, factor: Decimal) -> None:
    found = scaled(dict.fromkeys(TOKEN_CLASSES, rate), factor)["output"]
    assert abs(found - rate * factor) < Decimal(1).scaleb(-17)
    assert int(found.as_tuple().exponent) >= -18
