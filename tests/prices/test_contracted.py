"""Does each call cost what the user agreed on for it, exactly, and the published rate otherwise?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.prices.contracted import MATCHED_BY, RESERVED_RULE, contracted_cards, covers_calls, paired_cards, resolve
from tokaudit.prices.quotes import PriceKey, quote
from tokaudit.prices.rates import RATED, TOKEN_CLASSES, UNIT_CLASSES, RateCard
from tokaudit.prices.terms import Commitment, Discount, ModelName, Scope, UserPrices, UserRate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIST = {name: Decimal("0.01") if name in UNIT_CLASSES else Decimal("2.50") for name in RATED} | {
    "output": Decimal("10.00"),
    "cache_read": Decimal("1.25"),
}
CARD = RateCard("openai", "gpt-4o", LIST, "the price list", has_cache_rate=True)
LONG = replace(CARD, rates={name: 2 * rate for name, rate in LIST.items()}, above_input_tokens=200_000)


def key(model: str | None = "gpt-4o", provider: str | None = "openai", **changes: Any) -> PriceKey:
    return PriceKey(provider, model, None, None, None, NOON)._replace(**changes)


def own(usd: str, above: int = -1, rates: dict[str, str] | None = None, **scope: Any) -> UserRate:
    given = {"uncached_input": usd, "output": usd, **(rates or {})}
    named = Scope(**{"model": "gpt-4o", **scope})
    return UserRate(named, {name: Decimal(amount) for name, amount in given.items()}, f"contract {usd}", above)


def off(percent: str, *classes: str, **scope: Any) -> Discount:
    return Discount(Scope(**scope), Decimal(percent), classes or TOKEN_CLASSES, f"offer {percent}")


def paid(prices: UserPrices, name: str = "uncached_input", **changes: Any) -> Decimal:
    (card,) = contracted_cards(key(**changes), [CARD], prices)
    return card.rates[name]


def test_without_terms_the_list_is_what_is_paid() -> None:
    assert paired_cards(key(), [CARD, LONG], UserPrices()) == [(CARD, CARD), (LONG, LONG)]
    assert paired_cards(key(), [], UserPrices()) == []


def test_a_discount_is_exact_and_takes_off_its_classes_alone() -> None:
    prices = UserPrices(discounts=(off("15", "uncached_input", "cache_read"),))
    ((listed, contracted),) = paired_cards(key(), [CARD], prices)
    assert listed == CARD
    assert contracted.rates == {**LIST, "uncached_input": Decimal("2.125"), "cache_read": Decimal("1.0625")}
    assert contracted.source == "the price list, 15% off (offer 15)"
    assert paid(UserPrices(discounts=(off("33.333333"),))) == Decimal("1.666666675")
    assert paid(UserPrices(discounts=(off("100", "web_search"),)), "web_search") == 0


def test_a_discounted_rate_keeps_to_the_decimals_of_the_ledger() -> None:
    fine = replace(CARD, rates={**LIST, "uncached_input": Decimal("1E-18"), "web_search": Decimal("1E-24")})
    (card,) = contracted_cards(key(), [fine], UserPrices(discounts=(off("10", *RATED),)))
    assert (card.rates["uncached_input"], card.rates["web_search"]) == (Decimal("1E-18"), Decimal("1E-24"))


def test_the_discount_that_names_the_call_more_closely_holds() -> None:
    every = [
        off("1"),
        off("2", service_tier="batch"),
        off("3", provider_name="openai"),
        off("4", provider_name="openai", service_tier="batch"),
        off("5", model="gpt-4o"),
        off("6", model="GPT-4o", service_tier="batch"),
        off("7", model="gpt-4o", provider_name="OpenAI"),
        off("8", model="gpt-4o-2024-08-06"),
    ]
    call = key("gpt-4o-2024-08-06", service_tier="batch")
    for number in range(8, 0, -1):
        (card,) = contracted_cards(call, [CARD], UserPrices(discounts=tuple(every[:number])))
        assert card.rates["output"] == 10 * (1 - Decimal(number) / 100)


def test_each_class_has_the_discount_that_fits_it() -> None:
    prices = UserPrices(discounts=(off("50", "uncached_input", model="gpt-4o"), off("10", provider_name="openai")))
    (card,) = contracted_cards(key(), [CARD], prices)
    assert (card.rates["uncached_input"], card.rates["output"]) == (Decimal("1.25"), 9)
    assert card.source == "the price list, 50% off (offer 50), 10% off (offer 10)"


@pytest.mark.parametrize(
    ("scope", "changes", "fits"),
    [
        ({"model": "GPT-4O"}, {}, True),
        ({"model": "gpt-4"}, {}, False),
        ({"model": "gpt-4o-mini"}, {}, False),
        ({"model": "gpt-4o*"}, {}, False),
        ({"model": "gpt-4o"}, {"model": "gpt-4o-2024-08-06"}, True),  # as the list knows it
        ({"provider_name": "openai"}, {"provider": None}, True),
        ({"provider_name": "openai"}, {"provider": "my-proxy"}, True),
        ({"provider_name": "my-proxy"}, {"provider": "my-proxy"}, True),
        ({"provider_name": "azure"}, {"provider": "azure"}, False),  # the list says who served, by rule
        ({"provider_name": "OpenAI_chat"}, {}, True),
        ({"model": "gpt-4o-mini"}, {"model": "gpt-4o-mini", "response_model": "gpt-4o"}, False),  # served is billed
        ({"model": "gpt-4o"}, {"model": "gpt-4o-mini", "response_model": "gpt-4o"}, True),
        ({"model": "our-chat"}, {"model": "our-chat", "response_model": "gpt-4o"}, True),
        ({"service_tier": "batch"}, {}, False),
        ({"service_tier": "Batch"}, {"service_tier": "batch"}, True),
        ({"service_tier": "default"}, {}, True),
        ({"service_tier": "standard"}, {"service_tier": "default"}, True),
        ({"service_tier": "standard"}, {"service_tier": "ON_DEMAND"}, True),
        ({"service_tier": "standard"}, {"service_tier": "flex"}, False),
        ({"start": date(2026, 3, 1)}, {}, True),
        ({"start": date(2026, 3, 2)}, {}, False),
        ({"end": date(2026, 3, 1)}, {}, False),
        ({"end": date(2026, 3, 2)}, {}, True),
        ({"end": date(2026, 3, 2)}, {"moment": None}, False),
        ({"start": date(2026, 3, 1)}, {"moment": None}, False),
        ({}, {"moment": None}, True),
    ],
)
def test_terms_fit_the_calls_that_they_name(scope: dict[str, Any], changes: dict[str, Any], fits: bool) -> None:
    assert paid(UserPrices(discounts=(off("10", **scope),)), **changes) == Decimal("2.25" if fits else "2.5")


def test_own_rates_stand_in_for_the_list_and_its_discounts() -> None:
    prices = UserPrices(rates=(own("2", rates={"cache_write_5m": "3"}),), discounts=(off("50", *RATED),))
    ((listed, contracted),) = paired_cards(key(), [CARD], prices)
    assert listed == CARD
    token_rates = {contracted.rates[name] for name in TOKEN_CLASSES if name != "cache_write_5m"}
    assert (token_rates, contracted.rates["cache_write_5m"]) == ({2}, 3)
    assert contracted.rates["web_search"] == Decimal("0.005")  # nothing else is agreed for units
    assert (contracted.source, contracted.has_cache_rate) == ("contract 2", False)


def test_a_class_without_an_own_rate_costs_as_input_or_output() -> None:
    prices = UserPrices(rates=(own("2", rates={"output": "8", "cache_read": "1", "request": "0.1"}),))
    (card,) = contracted_cards(key(), [], prices)
    assert {card.rates[name] for name in ("input_audio", "cache_read_audio", "cache_write_1h")} == {2}
    assert {card.rates[name] for name in ("output_reasoning", "output_audio")} == {8}
    assert (card.rates["request"], card.rates["web_search"], card.has_cache_rate) == (Decimal("0.1"), 0, True)


def test_a_model_that_nobody_publishes_is_listed_at_the_users_rate() -> None:
    prices = UserPrices(rates=(own("2", model="acme-7b", start=date(2026, 1, 1)),), discounts=(off("50"),))
    ((listed, contracted),) = paired_cards(key("Acme-7B", "acme"), [], prices)
    assert listed == contracted
    assert (listed.provider_name, listed.model, listed.matched_by) == ("acme", "acme-7b", MATCHED_BY)
    assert listed.effective_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert paired_cards(key("acme-7b", moment=None), [], prices) == []
    assert paired_cards(key("acme-7b", moment=datetime(2025, 12, 31, 23, tzinfo=UTC)), [], prices) == []


def test_ranges_of_list_and_own_rates_are_those_of_both() -> None:
    prices = UserPrices(rates=(own("1"), own("3", above=128_000), own("7", above=300_000, service_tier="batch")))
    found = paired_cards(key(), [CARD, LONG], prices)
    assert [listed.above_input_tokens for listed, _ in found] == [-1, 128_000, 200_000]
    assert [listed.rates["output"] for listed, _ in found] == [10, 10, 20]
    assert [contracted.rates["output"] for _, contracted in found] == [1, 3, 3]
    batch = paired_cards(key(service_tier="batch"), [CARD, LONG], prices)
    assert [contracted.rates["output"] for _, contracted in batch] == [1, 3, 3, 7]


def test_own_rates_of_long_prompts_leave_the_list_for_short_ones() -> None:
    found = contracted_cards(key(), [CARD], UserPrices(rates=(own("3", above=128_000),), discounts=(off("50"),)))
    assert [(card.above_input_tokens, card.rates["output"]) for card in found] == [(-1, 5), (128_000, 3)]


def test_long_prompts_alone_are_no_price() -> None:
    assert paired_cards(key("acme-7b"), [], UserPrices(rates=(own("3", above=9, model="acme-7b"),))) == []


def ptu(covers: Any = "calls", **scope: Any) -> Commitment:
    return Commitment("PTU", Scope(**scope), Decimal(5000), covers, "contract 9")


def test_a_commitment_pays_for_its_calls() -> None:
    prices = UserPrices(rates=(own("2"),), commitments=(ptu(model="gpt-4o"), ptu("usage")))
    found = paired_cards(key(), [CARD, LONG], prices)
    assert [listed for listed, _ in found] == [CARD, LONG]
    for _, contracted in found:
        assert set(contracted.rates.values()) == {0}
        assert contracted.source == "covered by PTU (contract 9)"
    assert covers_calls(key(), prices) == prices.commitments[0]
    assert covers_calls(key("gpt-4o-mini"), prices) is None
    assert covers_calls(key("my-name"), prices, CARD) == covers_calls(key("x"), prices, None, "gpt-4o") is not None
    assert paid(prices, model="gpt-4o-mini") == 0  # listed as gpt-4o
    assert paid(UserPrices(commitments=(ptu("usage"),))) == Decimal("2.5")
    assert paired_cards(key("acme-7b"), [], UserPrices(commitments=(ptu(),))) == []


def test_reserved_capacity_is_listed_at_standard_rates_where_a_commitment_pays_for_it() -> None:
    reserved = key("gpt-4o", "azure", service_tier="provisioned")
    paying = UserPrices(commitments=(ptu(provider_name="azure", service_tier="PTU"),))
    (row,) = quote([reserved], paying).to_dicts()
    assert (row["list_rate_output"], row["contracted_rate_output"]) == (Decimal("0.00001"), 0)
    assert row["price_rules"] == RESERVED_RULE
    for other in (UserPrices(), UserPrices(commitments=(ptu("usage"), ptu(model="gpt-4o-mini")))):
        (row,) = quote([reserved], other).to_dicts()
        assert row["list_rate_output"] is row["contracted_rate_output"] is None


def test_an_alias_is_found_whatever_its_case() -> None:
    prices = UserPrices(aliases={"my-gpt": ModelName("azure", "gpt-4o")})
    assert resolve("MY-gpt", prices) == ("azure", "gpt-4o")
    assert resolve("my-gpt-2", prices) is None


def test_terms_may_name_the_alias() -> None:
    aliases = {"my-gpt": ModelName("azure", "gpt-4o")}
    prices = UserPrices(rates=(own("1", model="My-GPT"), own("2")), aliases=aliases)
    rows = quote([key("my-gpt", None), key("gpt-4o", "azure")], prices)
    found = {row["request_model"]: row for row in rows.to_dicts()}
    millionth = Decimal("0.000001")
    assert found["my-gpt"]["contracted_rate_output"] == millionth
    assert found["gpt-4o"]["contracted_rate_output"] == 2 * millionth
    assert found["my-gpt"]["list_rate_output"] == found["gpt-4o"]["list_rate_output"] == 10 * millionth
    assert (found["my-gpt"]["matched_by"], found["my-gpt"]["priced_model"]) == ("your alias", "gpt-4o")


def test_an_alias_may_lead_to_the_users_own_model() -> None:
    prices = UserPrices(rates=(own("2", model="acme-7b"),), aliases={"latest": ModelName(None, "acme-7b")})
    (row,) = quote([key("latest", "proxy")], prices).to_dicts()
    assert (row["list_rate_output"], row["priced_model"]) == (Decimal("0.000002"), "acme-7b")


# Laws.

usd = st.decimals(0, 10**6, places=18) | st.decimals(0, 100, places=2)
days = st.none() | st.dates(date(2026, 2, 27), date(2026, 3, 3))
scopes = st.builds(
    Scope,
    model=st.sampled_from([None, "gpt-4o", "GPT-4o-2024-08-06", "gpt-4"]),
    provider_name=st.sampled_from([None, "openai", "azure"]),
    service_tier=st.sampled_from([None, "batch", "default"]),
    start=days,
    end=days,
)
discounts = st.builds(
    Discount,
    scope=scopes,
    percent=st.decimals("1E-18", 100, places=18),
    classes=st.lists(st.sampled_from(RATED), min_size=1, unique=True).map(tuple),
    source=st.just("offer"),
)
cards = st.lists(st.fixed_dictionaries(dict.fromkeys(RATED, usd)), max_size=3).map(
    lambda rates: [replace(CARD, rates=one, above_input_tokens=100_000 * n or -1) for n, one in enumerate(rates)]
)
calls = st.builds(
    key,
    st.sampled_from(["gpt-4o", "gpt-4o-2024-08-06"]),
    st.sampled_from([None, "openai"]),
    service_tier=st.sampled_from([None, "batch"]),
    moment=st.sampled_from([None, NOON]),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(call=calls, listed=cards, some=st.lists(discounts, max_size=4))
def test_a_discount_never_raises_a_rate(call: PriceKey, listed: list[RateCard], some: list[Discount]) -> None:
    pairs = paired_cards(call, listed, UserPrices(discounts=tuple(some)))
    assert [before for before, _ in pairs] == listed
    for before, after in pairs:
        assert all(0 <= after.rates[name] <= before.rates[name] for name in RATED)
        assert all(after.rates[name].as_tuple().exponent >= -24 for name in UNIT_CLASSES)
        assert all(after.rates[name].as_tuple().exponent >= -18 for name in TOKEN_CLASSES)


own_rates = st.builds(
    UserRate,
    scope=scopes,
    rates=st.fixed_dictionaries({"uncached_input": usd, "output": usd}, optional={"cache_read": usd, "request": usd}),
    source=st.just("contract"),
    above_input_tokens=st.sampled_from([-1, 1, 100_000, 150_000]),
)


def sole(terms: list[Any]) -> list[Any]:
    """Keep the first of those that a file may not hold together: dates apart, they are told apart by nothing."""
    tier = {"default": "standard"}
    kept = {
        (
            *(name.casefold() if name else None for name in (one.scope.model, one.scope.provider_name)),
            tier.get(one.scope.service_tier, one.scope.service_tier),
            getattr(one, "above_input_tokens", None),
        ): one
        for one in reversed(terms)
    }
    return list(kept.values())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    call=calls,
    listed=cards,
    some=st.lists(discounts, max_size=5).map(sole),
    rates=st.lists(own_rates, max_size=5).map(sole),
    random=st.randoms(),
)
def test_the_order_of_terms_is_irrelevant_and_ranges_have_no_gap(
    call: PriceKey, listed: list[RateCard], some: list[Discount], rates: list[UserRate], random: Random
) -> None:
    found = paired_cards(call, listed, UserPrices(tuple(rates), tuple(some)))
    random.shuffle(some)
    random.shuffle(rates)
    assert paired_cards(call, listed, UserPrices(tuple(rates), tuple(some))) == found
    starts = [one.above_input_tokens for one, _ in found]
    assert starts == [one.above_input_tokens for _, one in found] == sorted(set(starts))
    assert starts[:1] in ([], [-1])
    assert all(set(one.rates) == set(RATED) for pair in found for one in pair)
    assert found or not listed
