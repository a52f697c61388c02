"""Is each call priced by the formula, exactly?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl

from frames.literal import UNSTATED, frame, rates, rows
from tokaudit.frames.cost import with_cost, with_rates, with_token_classes

RATES = {
    "uncached_input": "0.00000250",
    "cache_read": "0.00000125",
    "cache_write_5m": "0.000003125",
    "cache_write_1h": "0.000005",
    "output": "0.00001",
}


def calls(**columns: list[Any]) -> pl.LazyFrame:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "provider_name": [None] * count,
        "request_model": ["m"] * count,
        "response_model": [None] * count,
        "service_tier": [None] * count,
        "region": [None] * count,
        "moment": [None] * count,
        "input_tokens": [1000] * count,
        "cache_read_input_tokens": [None] * count,
        "cache_write_5m_input_tokens": [None] * count,
        "cache_write_1h_input_tokens": [None] * count,
        "output_tokens": [100] * count,
        "gateway_cache_hit": [False] * count,
    }
    unstated = {name: [None] * count for name in UNSTATED}
    return frame(**{**unstated, **defaults, **columns})


def costs(table: pl.LazyFrame, rate_rows: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return rows(table.pipe(with_token_classes).pipe(with_rates, rate_rows).pipe(with_cost), "record_id", *columns)


def test_token_classes_are_exclusive_and_add_up() -> None:
    table = with_token_classes(
        calls(
            input_tokens=[1000],
            cache_read_input_tokens=[300],
            cache_write_5m_input_tokens=[200],
            cache_write_1h_input_tokens=[100],
            output_tokens=[7],
        )
    )
    names = ("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
    assert rows(table, *(f"tokens_{name}" for name in names)) == [(400, 300, 200, 100, 7)]


def test_each_class_is_priced_at_its_own_rate() -> None:
    table = calls(cache_read_input_tokens=[300], cache_write_5m_input_tokens=[200], cache_write_1h_input_tokens=[100])
    expected_input = Decimal("0.001") + Decimal("0.000375") + Decimal("0.000625") + Decimal("0.0005")
    assert costs(table, rates(RATES), "input_cost", "output_cost", "list_cost") == [
        (1, expected_input, Decimal("0.001"), expected_input + Decimal("0.001"))
    ]


def test_money_is_exact_where_binary_fractions_are_not() -> None:
    table = calls(input_tokens=[3_000_000_007], output_tokens=[0])
    tenth = rates({"uncached_input": "0.000000000000000001"})
    assert costs(table, tenth, "list_cost") == [(1, Decimal("0.000000003000000007"))]


def test_amounts_of_a_large_company_fit() -> None:
    table = calls(input_tokens=[10**12], output_tokens=[10**11])
    assert costs(table, rates({"uncached_input": "0.000150", "output": "0.0006"}), "list_cost") == [
        (1, Decimal(210_000_000))
    ]


def test_long_prompts_are_priced_by_their_tier_from_the_first_token() -> None:
    table = calls(input_tokens=[0, 200_000, 200_001], output_tokens=[0, 0, 0])
    tiers = pl.concat(
        [rates({"uncached_input": "0.000001"}, up_to=200_000), rates({"uncached_input": "0.000002"}, above=200_000)]
    )
    assert costs(table, tiers, "list_cost") == [(1, Decimal(0)), (2, Decimal("0.2")), (3, Decimal("0.400002"))]


def test_an_unknown_model_is_unpriced_not_free() -> None:
    table = calls(request_model=["m", "other"])
    assert costs(table, rates(RATES), "input_cost", "list_cost", "contracted_cost")[1] == (2, None, None, None)


def test_half_known_usage_has_no_price_at_all() -> None:
    table = calls(input_tokens=[1000, None], output_tokens=[None, 5])
    assert costs(table, rates(RATES), "input_cost", "output_cost", "list_cost") == [
        (1, None, None, None), (2, None, None, None),
    ]  # fmt: skip


def test_what_the_gateway_answers_from_its_cache_costs_nothing() -> None:
    table = calls(request_model=["m", "other"], gateway_cache_hit=[True, True])
    assert costs(table, rates(RATES), "list_cost", "contracted_cost") == [
        (1, Decimal(0), Decimal(0)), (2, Decimal(0), Decimal(0)),
    ]  # fmt: skip


def test_a_failed_call_without_tokens_costs_nothing_even_without_a_rate() -> None:
    table = calls(request_model=["m", "other"], input_tokens=[0, 0], output_tokens=[0, 0])
    assert costs(table, rates(RATES), "list_cost") == [(1, Decimal(0)), (2, Decimal(0))]


def test_negotiated_rates_change_the_contracted_cost_only() -> None:
    contract = rates(RATES, contracted={"uncached_input": "0.000001"})
    assert costs(calls(input_tokens=[1000]), contract, "list_cost", "contracted_cost") == [
        (1, Decimal("0.0035"), Decimal("0.0011"))
    ]


def test_media_have_rates_of_their_own() -> None:
    table = calls(
        input_tokens=[1000], input_audio_tokens=[300], input_image_tokens=[100], cache_read_input_tokens=[200],
        cache_read_audio_tokens=[50], output_audio_tokens=[40],
    )  # fmt: skip
    media = {**RATES, "input_audio": "0.0001", "input_image": "0.000005", "cache_read_audio": "0.00002",
             "output_audio": "0.0002"}  # fmt: skip
    text = 450 * Decimal("0.0000025") + 150 * Decimal("0.00000125")
    more = 250 * Decimal("0.0001") + 100 * Decimal("0.000005") + 50 * Decimal("0.00002")
    answer = 60 * Decimal("0.00001") + 40 * Decimal("0.0002")
    assert costs(table, rates(media), "input_cost", "output_cost") == [(1, text + more, answer)]


def test_parts_never_exceed_their_whole() -> None:
    table = with_token_classes(
        calls(input_tokens=[10], input_audio_tokens=[30], output_tokens=[5], reasoning_output_tokens=[9])
    )
    names = ("uncached_input", "input_audio", "output", "output_reasoning")
    assert rows(table, *(f"tokens_{name}" for name in names)) == [(0, 10, 0, 5)]


def test_what_is_billed_beside_tokens_is_a_cost_of_its_own() -> None:
    table = calls(web_searches=[3], file_searches=[2])
    fees = rates({**RATES, "web_search": "0.01", "file_search": "0.0025", "request": "0.005"})
    assert costs(table, fees, "unit_cost", "list_cost") == [(1, Decimal("0.04"), Decimal("0.0435"))]


def test_sound_is_billed_by_the_second_and_never_free_for_want_of_tokens() -> None:
    table = calls(input_tokens=[0, 0, 7], output_tokens=[0, 0, 0], audio_ms=[90_500, None, None])
    whisper = rates({"uncached_input": "0", "output": "0", "audio_second": "0.0001"})
    assert costs(table, whisper, "list_cost") == [(1, Decimal("0.00905")), (2, Decimal(0)), (3, None)]
