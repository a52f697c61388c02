"""Is the period priced anew exactly, and said where it cannot be?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from frames.literal import UNSTATED, frame
from tokaudit.frames.cost import with_cost, with_rates, with_token_classes
from tokaudit.frames.token_sums import token_sums
from tokaudit.prices.catalogue import cut_times, snapshot_date
from tokaudit.prices.quotes import KEY_COLUMNS, NO_PRICES, PriceKey, quote
from tokaudit.prices.repricing import length_bounds
from tokaudit.prices.terms import ModelName, Scope, UserPrices, UserRate
from tokaudit.result import Alternative, Period, Repricing
from tokaudit.summary.alternatives import (
    CACHE_AS_LOGGED,
    NEEDS_EVALUATION,
    NO_CACHE_RATE,
    REASONING,
    STANDARD_TIER,
    WRITES_COST,
    target_of,
)
from tokaudit.summary.rate_lookup import DEPENDS_ON_TIME, _agreed, look_up
from tokaudit.summary.repricing import repricing_of

TODAY = date.fromisoformat(snapshot_date())
NOON_TODAY = datetime.combine(TODAY, time(12), UTC)
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), "UTC", "2026-03")
IN_MARCH = datetime(2026, 3, 10, tzinfo=UTC)

Call = dict[str, Any]
_NAMES = ("provider_name", "request_model", "response_model", "service_tier", "region", "moment", "feature")
_USAGE = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens",
          "cache_write_1h_input_tokens", *UNSTATED)  # fmt: skip


def call(
    model: str | None = "gpt-4o", input_tokens: int | None = 1000, output_tokens: int | None = 100, **given: Any
) -> Call:
    """Return one call, as logged; by default at OpenAI, at midnight of the price snapshot's date."""
    known = {"request_model": model, "input_tokens": input_tokens, "output_tokens": output_tokens, "feature": "chat"}
    defaults = {
        "moment": datetime.combine(TODAY, time(), UTC),
        "provider_name": "openai",
        "ratio": 1.0,
        "is_hit": False,
    }
    return {**dict.fromkeys((*_NAMES, *_USAGE)), **defaults, **known, **given}


def priced(calls: Sequence[Call], prices: UserPrices) -> pl.LazyFrame:
    columns = {name: [one[name] for one in calls] for name in (*_NAMES, *_USAGE)}
    table = frame(
        record_id=list(range(len(calls))),
        gateway_cache_hit=[one["is_hit"] for one in calls],
        tokeniser_ratio=[one["ratio"] for one in calls],
        encoding_is_exact=[one["ratio"] == 1 for one in calls],
        **columns,
    )
    keys = sorted({PriceKey(*(one[name] for name in KEY_COLUMNS)) for one in calls}, key=repr)
    return table.pipe(with_token_classes).pipe(with_rates, quote(keys, prices)).pipe(with_cost)


def repriced(
    *calls: Call, prices: UserPrices = NO_PRICES, period: Period = MARCH, compare: Sequence[str] = ()
) -> Repricing:
    table = priced(calls, prices)
    sums = token_sums(table, length_bounds(prices)).collect().sort("feature", "request_model", "prompt_above")
    return repricing_of({"token_sums": sums}, period, prices, compare)


def whole(found: Repricing) -> list[Alternative]:
    return [each for each in found.alternatives if each.feature is None]


def own_rate(usd: str, start: date | None = None, end: date | None = None, model: str = "ours") -> UserRate:
    rates = {name: Decimal(usd) for name in ("uncached_input", "cache_read", "output")}
    return UserRate(Scope(model=model, start=start, end=end), rates, "rates.toml")


MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-audio-preview"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-pro"),
    ("deepseek", "deepseek-chat"),
    ("openai", "nobody-knows-it"),
)


@st.composite
def random_calls(draw: st.DrawFn) -> Call:
    provider, model = draw(st.sampled_from(MODELS))
    input_tokens = draw(st.one_of(st.integers(0, 3000), st.integers(127_990, 128_010), st.integers(190_000, 300_000)))
    left = st.integers(0, input_tokens // 4)
    return call(
        model,
        input_tokens,
        draw(st.integers(0, 5000)),
        provider_name=provider,
        service_tier=draw(st.sampled_from((None, "batch"))),
        feature=draw(st.sampled_from(("a", "b"))),
        cache_read_input_tokens=draw(left),
        cache_write_5m_input_tokens=draw(left),
        input_audio_tokens=draw(left),
        reasoning_output_tokens=draw(st.integers(0, 50)),
        web_searches=draw(st.integers(0, 2)),
        moment=datetime.combine(TODAY, draw(st.sampled_from(cut_times())), UTC),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(random_calls(), min_size=1, max_size=12))
def test_at_the_rates_of_its_own_day_a_period_costs_what_it_cost(calls: list[Call]) -> None:
    table = priced(calls, NO_PRICES).collect()
    found = repriced(*calls)
    list_cost, contracted = (
        table.filter(~pl.col("is_free"))[name].sum() or 0 for name in ("list_cost", "contracted_cost")
    )
    assert (found.list_cost, found.contracted_cost, found.change) == (list_cost, contracted, 0)
    assert found.list_cost == found.list_cost_then == sum(feature.list_cost for feature in found.by_feature)
    assert found.list_cost == sum(model.list_cost or 0 for model in found.by_model)
    assert found.rates_on == snapshot_date()


@settings(max_examples=10, deadline=None)
@given(st.lists(random_calls(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_calls_is_irrelevant_and_ranges_are_ranges(calls: list[Call], chance: Any) -> None:
    compare = ("anthropic/claude-opus-4-7", "gpt-4.1-mini", "x-ai/grok-4-0709")
    found = repriced(*calls, compare=compare)
    assert repriced(*chance.sample(calls, len(calls)), compare=compare) == found
    assert all(a.cost and a.cost.low <= a.cost.expected <= a.cost.high for a in found.alternatives)
    parts = [a.cost.expected for a in found.alternatives if a.feature and a.cost and a.model == "gpt-4.1-mini"]
    total = sum(a.cost.expected for a in whole(found) if a.cost and a.model == "gpt-4.1-mini")
    assert sum(parts) == total or any(one["request_model"] == "nobody-knows-it" for one in calls)


def test_a_rate_that_rose_since_is_shown_with_both_dates() -> None:
    prices = UserPrices(rates=(own_rate("1", None, date(2026, 5, 1)), own_rate("3", date(2026, 5, 1))))
    found = repriced(call("ours", 1_000_000, 1_000_000, provider_name=None, moment=IN_MARCH), prices=prices)
    assert (found.list_cost_then, found.list_cost, found.change) == (Decimal(2), Decimal(6), Decimal(4))
    (model,) = found.by_model
    assert model.rates_then is not None
    assert model.rates is not None
    assert (model.rates_then.effective_from, model.rates_then.input_usd_per_million) == (None, Decimal(1))
    assert (model.rates.effective_from, model.rates.output_usd_per_million) == ("2026-05-01", Decimal(3))
    assert model.why_unpriced is None


def test_a_rate_that_changed_only_for_prompts_nobody_sent_is_no_change() -> None:
    own = own_rate("1")
    long = [replace(own_rate(usd, start, end), above_input_tokens=1000) for usd, start, end in (
        ("2", None, date(2026, 5, 1)), ("3", date(2026, 5, 1), None),
    )]  # fmt: skip
    prices = UserPrices(rates=(own, *long))
    (short,) = repriced(call("ours", 500, 0, provider_name=None, moment=IN_MARCH), prices=prices).by_model
    assert (short.rates_then, short.rates, short.list_cost) == (None, None, short.list_cost_then)
    (above,) = repriced(call("ours", 2000, 0, provider_name=None, moment=IN_MARCH), prices=prices).by_model
    assert (above.list_cost_then, above.list_cost) == (Decimal("0.004"), Decimal("0.006"))
    assert above.rates is not None
    assert above.rates.input_usd_per_million == Decimal(3)


def test_a_model_that_has_no_rate_any_more_is_named_and_not_compared() -> None:
    prices = UserPrices(rates=(own_rate("1", None, date(2026, 5, 1)),))
    gone = call("ours", provider_name=None, moment=IN_MARCH)
    found = repriced(gone, call(), prices=prices)
    assert found.list_cost == found.list_cost_then == Decimal("0.0035")
    assert found.unpriced_calls == 1
    (model,) = [one for one in found.by_model if one.model == "ours"]
    assert (model.list_cost_then, model.list_cost) == (Decimal("0.0011"), None)
    assert model.why_unpriced
    (feature,) = found.by_feature
    assert (feature.calls, feature.unpriced_calls, feature.list_cost) == (1, 1, Decimal("0.0035"))


def test_calls_that_cost_nothing_or_whose_usage_is_unknown_are_left_out() -> None:
    found = repriced(call(), call(is_hit=True), call(input_tokens=None))
    (model,) = found.by_model
    assert (model.calls, found.list_cost) == (1, Decimal("0.0035"))


def test_a_call_without_a_time_is_priced_where_all_day_s_rates_agree() -> None:
    undated = Period(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), "UTC", "undated")
    found = repriced(call(moment=None, output_tokens=0), period=undated)
    (model,) = found.by_model
    assert model.list_cost == Decimal("0.0025")
    assert model.rates is None


def test_rates_that_change_within_the_day_are_no_rate_without_a_time() -> None:
    key = PriceKey("openai", "gpt-4o", None, None, None, NOON_TODAY)
    quoted = look_up([key], NO_PRICES)[key]
    assert _agreed([quoted, quoted]) is quoted
    other = _agreed([quoted, replace(quoted, listed=())])
    assert (other.listed, other.source) == ((), DEPENDS_ON_TIME)


def test_a_comparison_within_one_tokeniser_is_exact() -> None:
    # 1M prompt tokens of which 900k from the cache: 0.1 * 0.15 + 0.9 * 0.075; 1M answered: 0.60.
    found = repriced(call("gpt-4o", 1_000_000, 1_000_000, cache_read_input_tokens=900_000), compare=["gpt-4o-mini"])
    (mini,) = whole(found)
    assert mini.cost is not None
    assert mini.cost.low == mini.cost.expected == mini.cost.high == Decimal("0.6825")
    assert mini.list_cost == Decimal("11.375")
    assert mini.tokeniser is not None
    assert mini.tokeniser.basis == "exact"
    assert {NEEDS_EVALUATION, CACHE_AS_LOGGED} <= set(mini.notes)
    assert REASONING not in mini.notes


def test_a_comparison_with_another_vendor_is_a_range_by_its_tokeniser() -> None:
    found = repriced(call("gpt-4o", 1_000_000, 0), compare=["anthropic/claude-haiku-4-5"])
    (haiku,) = whole(found)
    assert haiku.cost is not None
    assert haiku.tokeniser is not None
    ratio = haiku.tokeniser
    assert (ratio.low, ratio.expected, ratio.high) == (Decimal("1.055"), Decimal("1.158"), Decimal("1.424"))
    assert (haiku.cost.low, haiku.cost.expected, haiku.cost.high) == (ratio.low, ratio.expected, ratio.high)
    assert ratio.basis == "measured"


def test_what_the_logs_show_of_the_tokeniser_narrows_the_range() -> None:
    dear = call("claude-sonnet-4-5", 100_000, 0, provider_name="anthropic", ratio=1.25)
    (found,) = whole(repriced(dear, compare=["openai/gpt-4o"]))
    assert found.tokeniser is not None
    assert (found.tokeniser.basis, found.tokeniser.expected) == ("calibrated", Decimal("0.800"))
    assert found.cost is not None
    assert found.cost.expected == Decimal("0.2")


def test_the_low_end_is_without_reasoning() -> None:
    found = repriced(call("gpt-5", 0, 1_000_000, reasoning_output_tokens=750_000), compare=["gpt-4o"])
    (plain,) = whole(found)
    assert plain.cost is not None
    assert (plain.cost.low, plain.cost.expected, plain.cost.high) == (Decimal("2.5"), Decimal(10), Decimal(10))
    assert REASONING in plain.notes


def test_a_cache_that_the_other_model_does_not_have_costs_as_input() -> None:
    prices = UserPrices(
        rates=(UserRate(Scope(model="ours"), {"uncached_input": Decimal(1), "output": Decimal(1)}, "f"),)
    )
    found = repriced(call("gpt-4o", 1_000_000, 0, cache_read_input_tokens=900_000), prices=prices, compare=["ours"])
    (ours,) = whole(found)
    assert ours.cost is not None
    assert ours.cost.expected == Decimal(1)
    assert NO_CACHE_RATE in ours.notes


def test_cache_writes_that_the_logs_cannot_show_are_said() -> None:
    found = repriced(call("gpt-4o", 1000, 0, cache_read_input_tokens=900), compare=["anthropic/claude-haiku-4-5"])
    assert WRITES_COST in whole(found)[0].notes


def test_a_batch_is_compared_with_a_batch() -> None:
    calls = [call("gpt-4o", 1_000_000, 0, service_tier=tier) for tier in (None, "batch")]
    found = repriced(*calls, compare=["gpt-4.1"])
    (other,) = whole(found)
    assert other.cost is not None
    assert (other.list_cost, other.cost.expected) == (Decimal("3.75"), Decimal(3))
    assert STANDARD_TIER not in other.notes


def test_unknown_models_have_no_cost_and_say_why() -> None:
    (found,) = whole(repriced(call(), compare=["no-such-model-anywhere"]))
    assert (found.cost, found.tokeniser, found.calls) == (None, None, 0)
    assert found.unpriced_tokens == 1100
    assert found.notes
    assert target_of("no-such-model-anywhere", TODAY, NO_PRICES) is None


def test_a_private_model_can_be_compared_with_a_public_one() -> None:
    (found,) = whole(repriced(call("nobody-knows-it", 1_000_000, 0), compare=["gpt-4o"]))
    assert found.cost is not None
    assert (found.list_cost, found.cost.expected) == (None, Decimal("2.5"))
    assert found.tokeniser is not None
    assert found.tokeniser.basis == "assumed"


def test_models_are_compared_by_feature_too() -> None:
    found = repriced(call(feature="a"), call(feature="b"), call(feature="b"), compare=["openai/gpt-4o-mini"])
    assert [(each.feature, each.calls) for each in found.alternatives] == [(None, 3), ("a", 1), ("b", 2)]


def test_prompts_longer_than_the_other_model_takes_are_counted() -> None:
    long = call("gpt-4.1", 300_000, 0)
    (found,) = whole(repriced(long, call("gpt-4.1", 1000, 0), compare=["gpt-4o"]))
    assert "calls with prompts beyond its context length of 128,000 tokens: 1" in found.notes


def test_without_a_wish_the_cheaper_siblings_of_dear_models_are_shown() -> None:
    dear = call("claude-sonnet-4-5", 1_000_000, 1000, provider_name="anthropic", feature="a")
    cheap = call("gpt-4o-mini", 100, 1, feature="b")
    found = repriced(dear, cheap).alternatives
    assert found
    assert {(each.from_model, each.provider_name) for each in found} == {("claude-sonnet-4-5", "anthropic")}
    assert len([each for each in found if each.feature is None]) <= 3
    assert {each.feature for each in found} == {None, "a"}
    assert all(each.cost and each.list_cost and each.cost.expected < each.list_cost for each in found)


def test_an_alias_of_the_user_s_is_priced_as_the_model_it_stands_for() -> None:
    prices = UserPrices(aliases={"my-gpt": ModelName("openai", "gpt-4o")})
    found = repriced(call("my-gpt"), prices=prices)
    assert (found.list_cost, found.by_model[0].model) == (Decimal("0.0035"), "gpt-4o")


def test_no_calls_are_priced_anew_as_nothing() -> None:
    found = repriced(call(is_hit=True))
    assert (found.list_cost, found.by_model, found.alternatives) == (Decimal(0), (), ())
    assert repriced(call(is_hit=True), compare=["gpt-4o"]).alternatives == ()
