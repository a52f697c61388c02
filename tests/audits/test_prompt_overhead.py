"""Does the audit price fixed text, by caching where that is possible and by shortening elsewhere?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from audits.facts import USD, a_feature, a_model, facts, only
from tokaudit.audits.prompt_overhead import AUDIT, CACHE_HIT_SHARES, SHORTENED_SHARES

CACHING = a_model(input_usd_per_million=Decimal(10), cache_read_usd_per_million=Decimal(1))


def test_long_instructions_of_a_model_with_a_cached_rate_should_be_cached() -> None:
    long = a_feature(tokens={"system_prompt": 20_000, "user_input": 1000})
    finding = only(AUDIT, facts(long, models=[CACHING]))
    assert (finding.state, finding.basis) == ("opportunity", "modelled")
    saving = finding.saving_usd_per_month
    assert saving is not None
    assert (saving.low, saving.expected, saving.high) == tuple(
        20 * Decimal("0.9") * share for share in CACHE_HIT_SHARES
    )
    assert "cache" in finding.action
    assert finding.evidence["fixed_tokens_per_call"] == 2000


def test_short_instructions_cannot_be_cached_only_shortened() -> None:
    short = a_feature(tokens={"system_prompt": 5000, "tool_schemas": 1000, "user_input": 1000})
    finding = only(AUDIT, facts(short, models=[CACHING]))
    assert (finding.state, finding.basis) == ("opportunity", "assumed")
    saving = finding.saving_usd_per_month
    assert saving is not None
    assert (saving.low, saving.expected, saving.high) == tuple(6 * share for share in SHORTENED_SHARES)


def test_without_a_cached_rate_nothing_can_be_cached() -> None:
    long = a_feature(tokens={"system_prompt": 20_000, "user_input": 1000})
    assert only(AUDIT, facts(long, models=[a_model()])).basis == "assumed"
    assert (
        only(AUDIT, facts(long, models=[a_model("of another feature", cache_read_usd_per_million=Decimal(1))])).basis
        == "assumed"
    )


def test_what_is_cached_already_is_not_saved_again() -> None:
    # 20,000 fixed tokens, half of them read from the cache at a tenth: 10,000 x USD + 10,000 x USD / 10.
    half = a_feature(tokens={"system_prompt": 11_000, "user_input": 1000})
    component = type(half.components["system_prompt"])(20_000, 10_000, 11_000 * USD)
    feature = a_feature(
        tokens={"system_prompt": 20_000, "user_input": 1000},
        components={**half.components, "system_prompt": component},
        list_cost=12_000 * USD,
    )
    saving = only(AUDIT, facts(feature, models=[CACHING])).saving_usd_per_month
    assert saving is not None
    assert saving.expected == pytest.approx(10_000 * USD * Decimal("0.9") * CACHE_HIT_SHARES[1])


def test_text_cached_as_a_whole_is_no_opportunity() -> None:
    cached = a_feature(tokens={"system_prompt": 20_000, "user_input": 1000}, cached={"system_prompt": 20_000})
    assert only(AUDIT, facts(cached, models=[CACHING])).state == "passed"


def test_a_small_part_of_the_input_passes() -> None:
    finding = only(AUDIT, facts(a_feature(tokens={"system_prompt": 100, "user_input": 1000})))
    assert (finding.state, finding.saving_usd_per_month, finding.action) == ("passed", None, "")


def test_what_is_not_worth_a_minute_passes() -> None:
    small = a_feature("small", tokens={"system_prompt": 100})
    large = a_feature("large", tokens={"user_input": 100_000})
    assert [finding.state for finding in AUDIT.run(facts(small, large))] == ["passed", "passed"]


def test_without_texts_it_is_not_applicable() -> None:
    assert list(AUDIT.run(facts(a_feature(tokens={"unexplained": 1000}), a_feature(tokens={})))) == []
