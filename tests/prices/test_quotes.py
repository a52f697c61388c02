"""Is each key of the calls quoted the rates that were in force, list and contracted, or none with the reason?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tokaudit.prices.catalogue import NO_DAY
from tokaudit.prices.names import NO_RATE
from tokaudit.prices.quotes import KEY_COLUMNS, NO_MODEL, PriceKey, cuts_of, quote
from tokaudit.prices.rates import RATED, TOKEN_CLASSES
from tokaudit.prices.terms import ModelName, Scope, UserPrices, UserRate

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
MILLION = 10**6


def key(model: str | None, provider: str | None = None, **changes: Any) -> PriceKey:
    return PriceKey(provider, model, None, None, None, MOMENT)._replace(**changes)


def own(model: str, provider: str | None = None, start: date | None = None, **rates: str) -> UserRate:
    """A table of the user's: USD per million."""
    given = {"uncached_input": Decimal("0.80"), "output": Decimal("1.60"), **{n: Decimal(v) for n, v in rates.items()}}
    return UserRate(Scope(model=model, provider_name=provider, start=start), given, "contract")


def cost(
    rows: pl.DataFrame, input_tokens: int = 0, output: int = 0, read: int = 0, kind: str = "list"
) -> Decimal | None:
    """Price a call by the row that holds for its length."""
    length = pl.lit(input_tokens)
    (row,) = rows.filter(length > pl.col("above_input_tokens"), length <= pl.col("up_to_input_tokens")).to_dicts()
    tokens = {"uncached_input": input_tokens - read, "cache_read": read, "output": output}
    rates = {name: row[f"{kind}_rate_{name}"] for name in tokens}
    return None if None in rates.values() else sum((tokens[name] * rates[name] for name in tokens), Decimal(0))


@pytest.mark.parametrize(
    "model", ["mystery-9000", "gpt-4o-mystery", "gpt", "", " ", "/", "openai/", "a/b/c", "'; DROP TABLE x"]
)
@pytest.mark.parametrize("provider", [None, "openai", "nobody"])
def test_an_unknown_name_has_no_rate_and_a_reason(model: str, provider: str | None) -> None:
    (row,) = quote([key(model, provider)]).to_dicts()
    assert {row[f"{kind}_rate_{name}"] for kind in ("list", "contracted") for name in RATED} == {None}
    assert row["price_source"]
    assert cost(quote([key(model, provider)]), input_tokens=5) is None


def test_why_a_call_is_unpriced() -> None:
    undated = {"provider": "anthropic", "moment": None}
    rows = quote([key(None), key("nothing-1", "openai"), key("claude-opus-4-6", **undated)])
    found = dict(rows.select("request_model", "price_source").iter_rows())
    assert found[None] == NO_MODEL
    assert found["nothing-1"].startswith(NO_RATE)
    assert found["claude-opus-4-6"] == NO_DAY


def test_what_was_served_is_what_is_billed() -> None:
    def priced(asked: str | None, served: str | None) -> str | None:
        return quote([key(asked, "openai", response_model=served)])["priced_model"].item()  # type: ignore[no-any-return]

    assert priced("gpt-4o", "gpt-4o-mini-2024-07-18") == "gpt-4o-mini"
    assert priced("gpt-4o-mini", "gpt-4o-2024-08-06") == "gpt-4o"
    assert priced("gpt-4o", None) == priced(None, "gpt-4o") == "gpt-4o"


def test_a_version_nobody_publishes_costs_as_the_name_asked_for_and_another_model_does_not() -> None:
    def priced(served: str) -> str | None:
        return quote([key("gpt-4o", "openai", response_model=served)])["priced_model"].item()  # type: ignore[no-any-return]

    assert priced("gpt-4o-2099-01-01") == priced("GPT-4o") == "gpt-4o"
    assert priced("mystery") is None
    assert priced("gpt-4omega") is None


def test_the_users_own_rate_holds_for_a_model_nobody_publishes() -> None:
    rows = quote([key("acme-7b"), key("ACME-7B", "acme")], UserPrices(rates=(own("acme-7b", cache_read="0.08"),)))
    for request_model in ("acme-7b", "ACME-7B"):
        mine = rows.filter(request_model=request_model)
        for kind in ("list", "contracted"):
            assert cost(mine, MILLION, MILLION, 500_000, kind) == Decimal("2.04")
    assert rows["price_source"].unique().to_list() == ["contract"]
    assert rows["has_cache_rate"].to_list() == [True, True]


def test_a_negotiated_rate_stands_beside_the_published_one_and_covers_prompts_of_any_length() -> None:
    prices = UserPrices(rates=(own("claude-sonnet-4-5", uncached_input="2", output="9"),))
    rows = quote([key("claude-sonnet-4-5", "anthropic")], prices)
    assert [cost(rows, length) for length in (200_000, 200_001)] == [Decimal("0.6"), Decimal("1.200006")]
    found = [cost(rows, length, kind="contracted") for length in (200_000, 200_001)]
    assert found == [Decimal("0.4"), Decimal("0.400002")]
    assert rows["price_source"][0].endswith("; contracted: contract")


def test_an_alias_is_priced_as_what_it_stands_for() -> None:
    prices = UserPrices(aliases={"my-gpt": ModelName("azure", "gpt-4o")})
    rows = quote([key("My-GPT", "azure"), key("other-gpt", "azure")], prices)
    found = {row["request_model"]: (row["priced_model"], row["matched_by"]) for row in rows.to_dicts()}
    assert found == {"My-GPT": ("gpt-4o", "your alias"), "other-gpt": (None, None)}


def test_the_days_of_a_users_rate_are_utc_days() -> None:
    prices = UserPrices(rates=(own("acme-7b", start=date(2026, 3, 1)),))
    moments = [datetime(2026, 2, 28, tzinfo=UTC), MOMENT]
    rows = quote([key("acme-7b", moment=moment) for moment in moments], prices)
    assert [cost(rows.filter(moment=moment), MILLION) for moment in moments] == [None, Decimal("0.8")]


def test_rates_change_at_times_of_day_only_where_a_model_has_such() -> None:
    assert cuts_of([("openai", "gpt-4o"), (None, None)]) == (time(),)
    assert time(16, 30) in cuts_of([("openai", "gpt-4o"), ("deepseek", "deepseek-chat")])
    aliases = UserPrices(aliases={"ds": ModelName("deepseek", "deepseek-chat")})
    assert time(16, 30) in cuts_of([(None, "ds")], aliases)


def test_off_peak_is_cheaper() -> None:
    at = {hour: datetime(2025, 4, 1, hour, minute, tzinfo=UTC) for hour, minute in ((0, 30), (16, 30))}
    rows = quote([key("deepseek-chat", "deepseek", moment=moment) for moment in at.values()])
    day, night = (cost(rows.filter(moment=moment), MILLION, MILLION) for moment in at.values())
    assert day is not None
    assert night is not None
    assert night < day


def test_every_length_has_one_row() -> None:
    rows = quote([key("claude-sonnet-4-5", "anthropic"), key("gpt-4o", "openai"), key("nothing-1")])
    for _, ranges in rows.group_by(KEY_COLUMNS):
        ends = ranges.sort("above_input_tokens").select("above_input_tokens", "up_to_input_tokens").rows()
        assert ends[0][0] == -1
        assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
        assert ends[-1][1] >= 2**62
    assert set(TOKEN_CLASSES) < set(RATED)


def test_nothing_is_quoted_for_nothing() -> None:
    assert quote([]).is_empty()
