"""Is each (provider, model, tier, day) quoted the rate that was in force, exactly, or none?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.prices.catalogue import find_model, published_rates, snapshot_date
from tokaudit.prices.quotes import KEY_COLUMNS, NO_DAY, NO_MODEL, NO_RATE, PriceKey, quote
from tokaudit.prices.rates import TOKEN_CLASSES, usd_per_token
from tokaudit.prices.rates_file import UserRate

DAY = date(2026, 3, 1)
MILLION = 10**6


def key(model: str | None, provider: str | None = None, **changes: Any) -> PriceKey:
    return PriceKey(provider, model, None, None, DAY)._replace(**changes)


def user_rate(**changes: Any) -> UserRate:
    rate = UserRate(
        model="acme-7b", provider_name=None, start=None, end=None, uncached_input=Decimal("0.80"), cache_read=None,
        cache_write_5m=None, cache_write_1h=None, output=Decimal("1.60"), source="contract",
    )  # fmt: skip
    return replace(rate, **changes)


def cost(
    rows: pl.DataFrame,
    input_tokens: int = 0,
    output: int = 0,
    read: int = 0,
    write_5m: int = 0,
    write_1h: int = 0,
    kind: str = "list",
) -> Decimal | None:
    """Price a call by the row that holds for its length."""
    length = pl.lit(input_tokens)
    (row,) = rows.filter(length > pl.col("above_input_tokens"), length <= pl.col("up_to_input_tokens")).to_dicts()
    tokens = (input_tokens - read - write_5m - write_1h, read, write_5m, write_1h, output)
    rates = [row[f"{kind}_rate_{name}"] for name in TOKEN_CLASSES]
    return None if None in rates else sum((t * r for t, r in zip(tokens, rates, strict=True)), Decimal(0))


@pytest.mark.parametrize(
    ("model", "provider", "tokens", "usd"),
    [
        ("gpt-4o", "openai", {"input_tokens": MILLION, "read": 900_000}, "1.375"),
        ("gpt-4o", None, {"input_tokens": 1000, "output": 1000}, "0.0125"),
        ("gpt-4-0125-preview", "openai", {"input_tokens": MILLION, "output": MILLION}, "40"),
        ("claude-sonnet-4-5", "anthropic", {"input_tokens": 100_000, "read": 90_000}, "0.057"),
        ("claude-sonnet-4-5", "anthropic", {"input_tokens": MILLION, "read": 900_000}, "1.14"),
        ("claude-sonnet-4-5", "anthropic", {"input_tokens": 200_000}, "0.6"),
        ("claude-sonnet-4-5", "anthropic", {"input_tokens": 200_001}, "1.200006"),
        ("claude-sonnet-4-5", "anthropic", {"input_tokens": 30_000, "write_5m": 10_000, "write_1h": 20_000}, "0.1575"),
        ("text-embedding-3-small", "openai", {"input_tokens": MILLION}, "0.02"),
    ],
)
def test_known_prices(model: str, provider: str | None, tokens: dict[str, int], usd: str) -> None:
    assert cost(quote([key(model, provider)]), **tokens) == Decimal(usd)


@pytest.mark.parametrize(
    "model", ["mystery-9000", "gpt-4o-mystery", "gpt", "", " ", "/", "openai/", "a/b/c", "gpt-4o\n", "'; DROP TABLE x"]
)
@pytest.mark.parametrize("provider", [None, "openai", "nobody"])
def test_an_unknown_name_has_no_rate(model: str, provider: str | None) -> None:
    (row,) = quote([key(model, provider)]).to_dicts()
    assert {row[f"{kind}_rate_{name}"] for kind in ("list", "contracted") for name in TOKEN_CLASSES} == {None}
    assert row["price_source"] == (NO_RATE if model else NO_MODEL)
    assert cost(quote([key(model, provider)]), input_tokens=5) is None


def test_a_call_without_a_model_or_a_day_says_why_it_is_unpriced() -> None:
    rows = quote([key(None), key("gpt-4o", day=None), key("o3", day=None), key("nothing-1", day=None)])
    found = dict(rows.select("request_model", "price_source").iter_rows())
    assert found[None] == NO_MODEL
    assert found["nothing-1"] == NO_RATE
    changed = [model for model in ("gpt-4o", "o3") if isinstance(found_model("openai", model).prices, list)]
    assert {model for model in ("gpt-4o", "o3") if found[model] == NO_DAY} == set(changed)
    assert changed, "one of them should have changed over time, else this test shows nothing"


def found_model(provider: str, model: str) -> ModelInfo:
    found = find_model(provider, model)
    assert found
    return found[1]


def test_what_was_served_is_what_is_billed() -> None:
    def priced(asked: str | None, served: str | None) -> str | None:
        return str(quote([key(asked, "openai", response_model=served)])["priced_model"].item())

    assert priced("gpt-4o", "gpt-4o-mini-2024-07-18") == "gpt-4o-mini"
    assert priced("gpt-4o-mini", "gpt-4o-2024-08-06") == "gpt-4o"
    assert priced("gpt-4o", None) == priced("gpt-4o", "mystery") == priced(None, "gpt-4o") == "gpt-4o"


@pytest.mark.parametrize(
    ("provider", "model", "priced"),
    [
        (None, "openai/gpt-4o", ("openai", "gpt-4o")),
        ("openai", "openai/gpt-4o", ("openai", "gpt-4o")),
        (None, "anthropic/claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("azure", "gpt-4o", ("azure", "gpt-4o")),
        (None, "azure/gpt-4o", ("azure", "gpt-4o")),
        ("nobody", "gpt-4o", ("openai", "gpt-4o")),
        ("openrouter", "anthropic/claude-sonnet-4.5", ("openrouter", "anthropic/claude-sonnet-4.5")),
        (None, "GPT-4o", ("openai", "gpt-4o")),
        (None, "amazon.nova-pro-v1:0", ("aws", "amazon.nova-pro-v1:0")),
        (
            "anthropic",
            "anthropic.claude-3-haiku-20240307-v1:0",
            ("aws", "regional.anthropic.claude-3-haiku-20240307-v1:0"),
        ),
        (None, "text-embedding-3-small", ("openai", "text-embedding-3-small")),
    ],
)
def test_a_model_may_name_its_provider(provider: str | None, model: str, priced: tuple[str, str]) -> None:
    found = find_model(provider, model)
    assert found
    assert (found[0].id, found[1].id) == priced


def test_the_users_own_rate_holds_for_a_model_nobody_publishes() -> None:
    rows = quote([key("acme-7b"), key("ACME-7B", "acme")], [user_rate(cache_read=Decimal("0.08"))])
    for request_model in ("acme-7b", "ACME-7B"):
        own = rows.filter(request_model=request_model)
        for kind in ("list", "contracted"):
            assert cost(own, MILLION, MILLION, 500_000, kind=kind) == Decimal("2.04")
    assert rows["price_source"].unique().to_list() == ["contract"]
    assert rows["has_cache_rate"].to_list() == [True, True]


def test_classes_without_a_rate_cost_as_input() -> None:
    rows = quote([key("acme-7b")], [user_rate()])
    assert cost(rows, 4 * MILLION, 0, MILLION, MILLION, MILLION) == Decimal("3.2")
    assert rows["has_cache_rate"].to_list() == [False]


def test_a_negotiated_rate_stands_beside_the_published_one() -> None:
    rows = quote(
        [key("gpt-4o", "openai")], [user_rate(model="gpt-4o", uncached_input=Decimal("1.25"), output=Decimal(5))]
    )
    assert cost(rows, MILLION, MILLION) == Decimal("12.5")
    assert cost(rows, MILLION, MILLION, kind="contracted") == Decimal("6.25")
    assert rows["price_source"].item().endswith("; contracted: contract")


def test_a_negotiated_rate_covers_prompts_of_any_length() -> None:
    rate = user_rate(model="claude-sonnet-4-5", uncached_input=Decimal(2), output=Decimal(9))
    rows = quote([key("claude-sonnet-4-5", "anthropic")], [rate])
    assert [cost(rows, length, kind="contracted") for length in (200_000, 200_001)] == [
        Decimal("0.4"),
        Decimal("0.400002"),
    ]
    assert cost(rows, 200_001) == Decimal("1.200006")


def test_a_rate_of_one_provider_is_not_anothers() -> None:
    rate = user_rate(model="gpt-4o", provider_name="azure", uncached_input=Decimal(1))
    rows = quote([key("gpt-4o", "azure"), key("gpt-4o", "openai"), key("gpt-4o")], [rate])
    contracted = {row["provider_name"]: row["contracted_rate_uncached_input"] * MILLION for row in rows.to_dicts()}
    assert contracted == {"azure": 1, "openai": Decimal("2.5"), None: Decimal("2.5")}


def test_dates_of_a_users_rate_are_half_open() -> None:
    rates = [
        user_rate(start=date(2026, 1, 1), end=date(2026, 3, 1)),
        user_rate(start=date(2026, 3, 1), end=date(2026, 4, 1), uncached_input=Decimal(2)),
    ]
    days = [
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 31),
        date(2026, 4, 1),
    ]
    rows = quote([key("acme-7b", day=day) for day in days], rates)
    found = [row["list_rate_uncached_input"] and row["list_rate_uncached_input"] * MILLION for row in rows.to_dicts()]
    assert found == [None, Decimal("0.8"), Decimal("0.8"), 2, 2, None]


def test_a_published_rate_changes_on_its_day() -> None:
    changes = [
        (provider, model, change.constraint.start_date)
        for provider in get_snapshot().providers
        if provider.id in ("openai", "anthropic", "google", "mistral")
        for model in provider.models
        if isinstance(model.prices, list)
        for change in model.prices
        if isinstance(change.constraint, StartDateConstraint)
    ]
    assert len(changes) > 20
    for provider, model, day in changes:
        before, after = (published_rates(provider.id, model.id, None, d) for d in (day - timedelta(1), day))
        if after and find_model(provider.id, model.id) == (provider, model):
            assert after[0].effective_from == day
            assert not before or before[0].effective_from != day


@pytest.mark.parametrize(
    ("tier", "usd"), [(None, "1.25"), ("default", "1.25"), ("flex", "0.625"), ("batch", "0.625"), ("priority", "2.5")]
)
def test_service_tiers(tier: str | None, usd: str) -> None:
    day = date.fromisoformat(snapshot_date())
    assert cost(quote([key("gpt-5", "openai", service_tier=tier, day=day)]), MILLION) == Decimal(usd)


def test_the_snapshot_has_a_date() -> None:
    assert date(2026, 1, 1) < date.fromisoformat(snapshot_date()) < date(2036, 1, 1)


def test_each_key_has_ranges_without_gap_or_overlap() -> None:
    keys = [key(model.id, provider.id) for provider in get_snapshot().providers for model in provider.models]
    rows = quote(keys)
    assert rows.select(KEY_COLUMNS).n_unique() == len(set(keys))
    for _, ranges in rows.group_by("provider_name", "request_model"):
        limits = sorted(zip(ranges["above_input_tokens"], ranges["up_to_input_tokens"], strict=True))
        assert limits[0][0] == -1
        assert limits[-1][1] > 2**60
        assert all(earlier[1] == later[0] for earlier, later in pairwise(limits))
    tiered = rows.filter(pl.len().over("provider_name", "request_model") > 1)
    assert tiered.height > 100


PLAIN_KEYS = {"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok"}


def is_plain(price: ModelPrice) -> bool:
    """Whether only the token classes that we price have rates; the others count what logs of text do not tell."""
    return {name for name, value in vars(price).items() if value is not None} <= PLAIN_KEYS


def is_plain_model(provider: Provider, model: ModelInfo) -> bool:
    changes = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    by_day = all(change.constraint is None or isinstance(change.constraint, StartDateConstraint) for change in changes)
    is_found = find_model(provider.id, model.id) == (provider, model)
    return (
        is_found
        and by_day
        and all(is_plain(change.prices) for change in changes)
        and any(vars(c.prices) for c in changes)
    )


MODELS = [
    (provider, model)
    for provider in get_snapshot().providers
    for model in provider.models
    if is_plain_model(provider, model)
]
TIERED = [
    (provider, model)
    for provider, model in MODELS
    if any(
        isinstance(value, TieredPrices) for value in vars(model.get_prices(datetime(2026, 11, 1, tzinfo=UTC))).values()
    )
]
counts = st.integers(0, 400_000)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    chosen=st.sampled_from(MODELS) | st.sampled_from(TIERED),
    day=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    fresh=counts | st.sampled_from([0, 1, 100_000, 128_000, 199_999, 200_000, 200_001, 272_000]),
    read=counts,
    write=counts,
    write_1h=counts,
    output=counts,
)
def test_as_genai_prices_computes_it(
    chosen: tuple[Provider, ModelInfo], day: date, fresh: int, read: int, write: int, write_1h: int, output: int
) -> None:
    provider, model = chosen
    rows = quote([key(model.id, provider.id, day=day)])
    ours = cost(rows, fresh + read + write + write_1h, output, read, write, write_1h)
    if ours is None:
        prices = model.get_prices(datetime.combine(day, time(12), UTC))
        assert (prices.input_mtok, prices.output_mtok) == (None, None)
        return
    usage = Usage(
        input_tokens=fresh + read + write + write_1h,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write + write_1h,
        cache_write_1h_tokens=write_1h,
    )
    theirs = model.calc_price(usage, provider, genai_request_timestamp=datetime.combine(day, time(12), UTC))
    assert ours == theirs.total_price


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.decimals(0, 10**6, places=18, allow_nan=False))
def test_a_rate_per_token_is_exact(usd_per_million: Decimal) -> None:
    per_token = usd_per_token(usd_per_million)
    assert per_token * MILLION == usd_per_million
    rows = quote([key("acme-7b")], [user_rate(uncached_input=usd_per_million, output=usd_per_million)])
    assert rows["list_rate_uncached_input"].item() == per_token


def test_the_fast_mode_has_rates_of_its_own() -> None:
    plain, fast = (
        quote([key("claude-opus-4-8", "anthropic", service_tier=tier)])["list_rate_output"].item()
        for tier in (None, "fast")
    )
    assert fast == 2 * plain
