"""Do sums of tokens cost at other rates what their calls would, and is the range between vendors a range?"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tokaudit.prices.rates import RATED, TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.repricing import Span, SpanRates, TokenSum, cost, cost_range, exact_cost, is_cheaper, length_bounds
from tokaudit.prices.siblings import context_window, purpose, siblings
from tokaudit.prices.terms import Scope, UserPrices, UserRate
from tokaudit.prices.tokeniser_ratios import TokeniserRatio

FAR = 2**62
SHORT = Span(-1, 200_000)
LONG = Span(200_000, FAR)


def sums(span: Span = SHORT, calls: int = 1, **amounts: int | str) -> TokenSum:
    return TokenSum(span, calls, {name: Decimal(amounts.get(name, 0)) for name in RATED})


def per_million(**usd: str) -> dict[str, Decimal]:
    tokens = {name: Decimal(usd.get(name, usd.get("uncached_input", "0"))).scaleb(-6) for name in TOKEN_CLASSES}
    return {**tokens, **{name: Decimal(usd.get(name, "0")) for name in UNIT_CLASSES}}


SONNET = per_million(uncached_input="3", cache_read="0.30", cache_write_5m="3.75", cache_write_1h="6", output="15",
                     output_reasoning="15")  # fmt: skip
SONNET_LONG = per_million(uncached_input="6", cache_read="0.60", cache_write_5m="7.50", cache_write_1h="12", output="22.50",
                          output_reasoning="22.50")  # fmt: skip
SONNET_RANGES = (SpanRates(SHORT, SONNET), SpanRates(LONG, SONNET_LONG))


def ratio(low: str, expected: str, high: str) -> TokeniserRatio:
    return TokeniserRatio(Decimal(low), Decimal(expected), Decimal(high), "measured", "a test")


ALIKE = ratio("1", "1", "1")


def test_cached_tokens_cost_the_cache_rate_on_either_side_of_the_long_prompt_threshold() -> None:
    assert exact_cost(sums(uncached_input=10_000, cache_read=90_000), SONNET_RANGES) == Decimal("0.057")
    assert exact_cost(sums(LONG, uncached_input=100_000, cache_read=900_000), SONNET_RANGES) == Decimal("1.14")


def test_sounds_and_searches_cost_their_own_rates() -> None:
    rates = per_million(uncached_input="2.50", input_audio="40", output="10", output_audio="80", web_search="0.01",
                        audio_second="0.0001")  # fmt: skip
    amounts = sums(
        uncached_input=1000, input_audio=1000, output=100, output_audio=500, web_search=3, audio_second="61.5"
    )
    # 0.0025 + 0.04 + 0.001 + 0.04 + 0.03 + 0.00615
    assert cost(amounts, rates) == Decimal("0.11965")


def test_another_tokeniser_scales_texts_but_no_media_and_no_units() -> None:
    rates = per_million(uncached_input="1", input_image="1", output="0", web_search="0.01")
    amounts = sums(uncached_input=1_000_000, input_image=1_000_000, web_search=1)
    assert cost_range(amounts, [SpanRates(Span(-1, FAR), rates)], ratio("1.1", "1.2", "1.4"), reasons_for_sure=True) == (
        Decimal("2.11"), Decimal("2.21"), Decimal("2.41"),
    )  # fmt: skip


def test_the_low_end_is_without_reasoning_where_the_model_may_not_reason() -> None:
    amounts = sums(output=1_000_000, output_reasoning=1_000_000)
    found = cost_range(amounts, SONNET_RANGES, ALIKE, reasons_for_sure=False)
    assert found == (Decimal(15), Decimal(30), Decimal(30))
    assert len(set(cost_range(amounts, SONNET_RANGES, ALIKE, reasons_for_sure=True))) == 1


def test_prompts_that_may_cross_the_threshold_cost_more_at_the_high_end_only() -> None:
    near = sums(Span(150_000, 200_000), calls=2, uncached_input=320_000)
    found = cost_range(near, SONNET_RANGES, ratio("1", "1.2", "1.4"), reasons_for_sure=True)
    # Prompts of 160,000 tokens are 192,000 there, and perhaps 224,000.
    assert found == (Decimal("0.96"), Decimal("1.152"), Decimal("2.688"))


def test_prompts_far_below_the_threshold_stay_below_it() -> None:
    far = sums(Span(50_000, 100_000), uncached_input=90_000)
    found = cost_range(far, SONNET_RANGES, ratio("1", "1.2", "1.4"), reasons_for_sure=True)
    assert found.high == Decimal("0.378")


def test_prompts_whose_count_shrinks_may_fall_below_the_threshold() -> None:
    over = sums(Span(200_000, 204_000), uncached_input=202_000)
    found = cost_range(over, SONNET_RANGES, ratio("0.7", "1", "1"), reasons_for_sure=True)
    assert (found.low, found.high) == (Decimal("0.4242"), Decimal("1.212"))


def test_the_bounds_hold_every_threshold_published_and_the_users_own() -> None:
    assert {128_000, 200_000, 272_000} <= set(length_bounds())
    own = UserRate(Scope(model="mine"), {"uncached_input": Decimal(1), "output": Decimal(1)}, "a file", 40_000)
    bounds = length_bounds(UserPrices(rates=(own,)))
    assert {40_000, 30_000, 20_000} <= set(bounds)
    assert list(bounds) == sorted(set(bounds))


amounts = st.fixed_dictionaries({name: st.integers(0, 10**9) for name in RATED})
rates = st.fixed_dictionaries({name: st.decimals(0, 1000, places=6) for name in RATED})
ratios = st.lists(st.decimals("0.5", "2", places=3), min_size=3, max_size=3).map(
    lambda ends: TokeniserRatio(*sorted(ends), "measured", "a test")
)
spans = st.sampled_from((SHORT, LONG, Span(100_000, 150_000), Span(190_000, 200_000)))


def summed(span: Span, values: dict[str, int]) -> TokenSum:
    return TokenSum(span, 3, {name: Decimal(value) for name, value in values.items()})


@given(spans, amounts, rates, rates, ratios, st.booleans())
def test_low_is_not_above_expected_and_expected_not_above_high(
    span: Span,
    values: dict[str, int],
    short: dict[str, Decimal],
    long: dict[str, Decimal],
    by: TokeniserRatio,
    sure: bool,
) -> None:
    found = cost_range(
        summed(span, values), [SpanRates(SHORT, short), SpanRates(LONG, long)], by, reasons_for_sure=sure
    )
    assert found.low <= found.expected <= found.high


@given(amounts, rates, st.sampled_from(RATED), st.decimals(0, 10, places=6))
def test_a_higher_rate_never_lowers_a_cost(
    values: dict[str, int], low: dict[str, Decimal], name: str, more: Decimal
) -> None:
    high = {**low, name: low[name] + more}
    assert cost(summed(SHORT, values), low) <= cost(summed(SHORT, values), high)


@given(amounts, rates)
def test_a_range_without_difference_is_the_exact_cost(values: dict[str, int], at: dict[str, Decimal]) -> None:
    ranges = [SpanRates(Span(-1, FAR), at)]
    assert set(cost_range(summed(SHORT, values), ranges, ALIKE, reasons_for_sure=True)) == {
        exact_cost(summed(SHORT, values), ranges)
    }


@given(rates, st.sampled_from(RATED))
def test_cheaper_means_dearer_nowhere(at: dict[str, Decimal], name: str) -> None:
    dearer = {**at, name: at[name] + 1}
    assert is_cheaper(at, dearer)
    assert not is_cheaper(dearer, at)
    assert not is_cheaper(at, at)


def test_siblings_do_the_same_work_at_the_same_provider() -> None:
    found = siblings("openai", "gpt-4o")
    assert "gpt-4o-mini" in found
    assert "gpt-4o" not in found
    assert not [model for model in found if purpose(model)]
    assert not {"gpt-4o-mini-transcribe", "text-embedding-3-small", "ft:gpt-4o-mini", "davinci-002"} & set(found)


def test_models_off_the_price_page_are_no_siblings() -> None:
    assert "claude-haiku-4-5" in siblings("anthropic", "claude-sonnet-4-5")
    assert "claude-3-haiku" not in siblings("anthropic", "claude-sonnet-4-5")


def test_a_reseller_s_models_of_another_maker_are_no_siblings() -> None:
    found = siblings("openrouter", "anthropic/claude-sonnet-4.5")
    assert found
    assert all("claude" in model for model in found)
    assert siblings("nobody", "gpt-4o") == siblings("openai", "some-model") == ()


def test_a_context_length_is_that_of_the_catalogue_or_not_known() -> None:
    assert context_window("openai", "gpt-4o") == 128_000
    assert context_window("openai", "none such") is None
    assert context_window("nobody", "gpt-4o") is None
