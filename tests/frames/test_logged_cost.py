"""Is the way in which a log priced its calls found from the amounts alone?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frames.literal import UNSTATED, frame, rates, rows
from tokaudit.frames.cost import with_cost, with_rates, with_token_classes
from tokaudit.frames.implied_cache import IMPLIED_RULE
from tokaudit.frames.logged_cost import CAUSES, compared, with_logged_cost
from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import MONEY, RATED

INPUT, READ, WRITE, LONG_WRITE, OUTPUT = (
    Decimal(rate) for rate in ("0.00000250", "0.00000125", "0.000003125", "0.000005", "0.00001")
)
RATES = {
    "uncached_input": str(INPUT),
    "cache_read": str(READ),
    "cache_write_5m": str(WRITE),
    "cache_write_1h": str(LONG_WRITE),
    "output": str(OUTPUT),
}
NO_CACHE_RATE = {"uncached_input": str(INPUT), "output": str(OUTPUT)}
AGREES = Decimal(1)


def others(*tables: tuple[str, pl.DataFrame]) -> pl.LazyFrame:
    """Return other rates of the model: (reading, its rates)."""
    none = [("tier", rates(RATES).filter(pl.lit(value=False)))]
    named = [
        table.select(
            *KEY_COLUMNS, pl.lit(reading).alias("reading"), "above_input_tokens", "up_to_input_tokens",
            *(pl.col(f"list_rate_{name}").alias(f"other_rate_{name}") for name in RATED),
        )
        for reading, table in tables or none
    ]  # fmt: skip
    return pl.concat(named).lazy()


def calls(logged: Sequence[Decimal | None], **columns: Sequence[Any]) -> pl.LazyFrame:
    """Return priced calls of one model with the costs that the log states."""
    count = len(logged)
    defaults: dict[str, Any] = {
        **{name: [None] * count for name in UNSTATED},
        "record_id": list(range(1, count + 1)),
        "reader": ["a_log"] * count,
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
        "usage_state": ["exact"] * count,
        "usage_rule": ["as reported"] * count,
        "priced_provider": [None] * count,
        "priced_model": ["m"] * count,
    }
    table = frame(**{**defaults, **columns})
    return table.with_columns(logged_cost=pl.Series(logged, dtype=MONEY)).pipe(with_token_classes)


def explained(
    table: pl.LazyFrame,
    rate_rows: pl.DataFrame | None = None,
    other: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """Run the step as the pipeline does."""
    priced = table.pipe(with_rates, rates(RATES) if rate_rows is None else rate_rows)
    found = compared(priced, others() if other is None else other)
    return priced.pipe(with_logged_cost, found).pipe(with_cost)


def causes(table: pl.LazyFrame, *tables: Any) -> list[str | None]:
    return [found for _, found in rows(explained(table, *tables), "record_id", "logged_causes")]


def usual(input_tokens: int, output_tokens: int, cached: int = 0) -> Decimal:
    return (input_tokens - cached) * INPUT + cached * READ + output_tokens * OUTPUT


S = usual(1000, 100)
CACHED: dict[str, list[Any]] = {"cache_read_input_tokens": [640], "cache_write_5m_input_tokens": [100]}
CACHED_COST = 260 * INPUT + 640 * READ + 100 * WRITE + 100 * OUTPUT


SINGLE: list[tuple[Decimal | None, str | None]] = [
    (CACHED_COST, "agrees"),
    (900 * INPUT + 100 * WRITE + 100 * OUTPUT, "cache_not_discounted"),
    (1000 * INPUT + 100 * OUTPUT, "cache_not_discounted"),
    (361 * INPUT + 639 * READ + 100 * OUTPUT, "other"),
    (360 * INPUT + 640 * READ + 100 * OUTPUT, "cache_writes_as_input, cut_off"),
    (CACHED_COST + 640 * INPUT, "cache_charged_apart"),
    (CACHED_COST + 740 * INPUT, "cache_charged_apart"),
    (260 * INPUT + 100 * OUTPUT, "cache_left_out"),
    (CACHED_COST - 640 * READ, "cache_left_out"),
    (CACHED_COST - 100 * WRITE, "cache_left_out"),
    (CACHED_COST - 40 * OUTPUT, "reasoning_left_out"),
    (CACHED_COST + 40 * OUTPUT, "reasoning_counted_twice"),
    (CACHED_COST / 2, "batch"),
    (CACHED_COST * 2, "batch"),
    (CACHED_COST * 100, "unit_slip"),
    (CACHED_COST * 1000, "unit_slip"),
    (CACHED_COST / 1000000, "unit_slip"),
    (Decimal(0), "unknown_model_at_0"),
    (CACHED_COST * Decimal("1.37"), "other"),
    (None, None),
]
"""Costs of one call, each from a log of its own, and what they show."""


def test_a_way_of_pricing_is_found_in_a_single_cost() -> None:
    columns = {name: values * len(SINGLE) for name, values in CACHED.items()}
    logs = [f"log {number}" for number in range(len(SINGLE))]
    table = calls([logged for logged, _ in SINGLE], reader=logs, reasoning_output_tokens=[40] * len(SINGLE), **columns)
    assert causes(table) == [cause for _, cause in SINGLE]


def test_binary_fractions_of_a_logger_agree() -> None:
    noisy = Decimal(repr(0.1 + 0.2)) * S / Decimal("0.3")
    assert causes(calls([S, noisy])) == ["agrees", "agrees"]


def test_rounded_costs_are_seen_by_the_decimals_of_the_log() -> None:
    tokens = [1001, 1030, 2977]
    logged = [usual(n, 100).quantize(Decimal("0.0001"), ROUND_HALF_EVEN) for n in tokens]
    found = causes(calls(logged, input_tokens=tokens))
    assert found == ["rounding, cut_off", "rounding", "rounding, cut_off"]
    finer = Decimal("0.00123456")
    assert causes(calls([*logged, finer], input_tokens=[*tokens, 1000])) == ["other"] * 4


def test_costs_that_are_cut_off() -> None:
    tokens = [1001, 1403, 2977]
    logged = [usual(n, 100).quantize(Decimal("0.001"), ROUND_DOWN) for n in tokens]
    assert causes(calls(logged, input_tokens=tokens)) == ["cut_off", "cut_off", "rounding, cut_off"]


def test_costs_of_0_say_nothing_of_rounding() -> None:
    assert causes(calls([Decimal(0)] * 2, input_tokens=[1000, 2])) == ["unknown_model_at_0"] * 2


def test_fees_beside_tokens_that_the_log_leaves_out() -> None:
    fees = rates({**RATES, "web_search": "0.01"})
    assert causes(calls([S], web_searches=[2]), fees) == ["unit_fees_left_out"]


def test_sound_at_the_rate_of_text() -> None:
    sound = rates({**RATES, "input_audio": "0.00004", "output_audio": "0.00008"})
    table = calls([S], input_audio_tokens=[300], output_audio_tokens=[50])
    assert causes(table, sound) == ["media_at_text_rates"]


def test_the_contracted_rates_of_the_user() -> None:
    own = rates(RATES, contracted={"uncached_input": "0.000002", "output": "0.000009"})
    assert causes(calls([1000 * Decimal("0.000002") + 100 * Decimal("0.000009")]), own) == ["contracted_rates"]


@pytest.mark.parametrize("reading", ["batch", "tier", "region", "price_change"])
def test_other_published_rates(reading: str) -> None:
    other = others((reading, rates({"uncached_input": "0.0000042", "output": "0.000017"})))
    logged = 1000 * Decimal("0.0000042") + 100 * Decimal("0.000017")
    assert causes(calls([logged, S]), None, other) == [reading, "agrees"]


def test_the_rate_of_long_prompts_left_out() -> None:
    long = {name: str(2 * Decimal(rate)) for name, rate in RATES.items()}
    ranges = pl.concat([rates(RATES, up_to=200_000), rates(long, above=200_000)])
    other = others(("long_prompt_rate_left_out", rates(RATES)))
    # Half of a long prompt's cost is also what a batch costs: both are named, and other calls will tell.
    assert causes(calls([usual(300_000, 100), S], input_tokens=[300_000, 1000]), ranges, other) == [
        "long_prompt_rate_left_out, batch", "agrees",
    ]  # fmt: skip


VARIED = {"input_tokens": [1000, 2000, 3300, 4700], "output_tokens": [100, 7, 951, 300]}


def costs_of(columns: Mapping[str, Sequence[int]]) -> list[Decimal]:
    return [usual(i, o) for i, o in zip(columns["input_tokens"], columns["output_tokens"], strict=True)]


def test_one_ratio_over_all_calls() -> None:
    logged = [cost * Decimal("0.8") for cost in costs_of(VARIED)]
    assert causes(calls(logged, **VARIED)) == ["one_ratio"] * 4
    assert causes(calls([*logged[:3], logged[3] / 3], **VARIED)) == ["one_ratio"] * 3 + ["other"]


def test_two_calls_are_no_ratio() -> None:
    assert (
        causes(calls([S * Decimal("0.8"), usual(2000, 100) * Decimal("0.8")], input_tokens=[1000, 2000]))
        == ["other"] * 2
    )


def test_a_ratio_survives_rounding() -> None:
    logged = [(cost * Decimal("0.73")).quantize(Decimal("0.00001")) for cost in costs_of(VARIED)]
    assert causes(calls(logged, **VARIED)) == ["one_ratio"] * 4


def test_unknown_rates_for_input_and_output() -> None:
    columns = {"input_tokens": [1000, 2000, 3300, 4700, 5100], "output_tokens": [100, 7, 951, 300, 20]}
    pairs = zip(columns["input_tokens"], columns["output_tokens"], strict=True)
    logged = [i * Decimal("0.000003") + o * Decimal("0.000011") for i, o in pairs]
    assert causes(calls(logged, **columns)) == ["other_rates"] * 5


def test_estimated_usage_explains_nothing_else() -> None:
    assert causes(calls([S / 2], usage_state=["estimated"])) == ["usage_not_exact"]
    assert causes(calls([S], usage_state=["estimated"])) == ["agrees"]


def test_only_calls_with_both_costs_are_compared() -> None:
    table = calls([S, S, None], request_model=["m", "unknown", "m"])
    found = rows(explained(table), "record_id", "stated_cost", "logged_causes")
    assert found == [(1, S, "agrees"), (2, None, None), (3, None, None)]


def test_what_the_gateway_answered_costs_nothing_to_both() -> None:
    assert causes(calls([Decimal(0)], gateway_cache_hit=[True])) == ["agrees"]
    assert causes(calls([S], gateway_cache_hit=[True])) == ["other"]


HIDDEN = {
    "input_tokens": [1500, 2900, 4100, 5007, 6021, 7333],
    "output_tokens": [100, 51, 333, 20, 207, 88],
}
HITS = [0, 1408, 2816, 4096, 5888, 7168]


def hidden_costs(hits: Sequence[int] = HITS) -> list[Decimal]:
    return [usual(i, o, n) for i, o, n in zip(*HIDDEN.values(), hits, strict=True)]


def test_cache_hits_that_only_the_cost_reveals_are_billed() -> None:
    table = explained(calls(hidden_costs(), **HIDDEN))
    assert rows(table, "record_id", "implied_cached_tokens", "logged_causes") == [
        (1, None, "agrees"), *((i + 1, n, "hidden_cache_hits") for i, n in enumerate(HITS) if n),
    ]  # fmt: skip
    assert [cost for _, cost in rows(table, "record_id", "list_cost")] == hidden_costs()
    assert [cost for _, cost in rows(table, "record_id", "stated_cost")] == costs_of(HIDDEN)
    usage = rows(table, "record_id", "usage_state", "usage_rule", "cache_read_input_tokens", "tokens_uncached_input")
    assert usage[0] == (1, "exact", "as reported", None, 1500)
    assert usage[1] == (2, "cache_split_unknown", IMPLIED_RULE, 1408, 2900 - 1408)


def test_hits_need_not_be_whole_blocks() -> None:
    hits = [0, 1401, 2817, 4099, 5881, 7170]
    assert [
        n or 0 for _, n in rows(explained(calls(hidden_costs(hits), **HIDDEN)), "record_id", "implied_cached_tokens")
    ] == hits


def test_hits_of_a_logger_that_counts_in_binary_fractions() -> None:
    logged = [
        Decimal(repr(float(INPUT) * (i - n) + float(READ) * n + float(OUTPUT) * o))
        for i, o, n in zip(*HIDDEN.values(), HITS, strict=True)
    ]
    found = rows(explained(calls(logged, **HIDDEN)), "record_id", "implied_cached_tokens")
    assert [n or 0 for _, n in found] == HITS


EVEN = {"input_tokens": [1000, 2000, 4000, 6000, 8000, 9000], "output_tokens": [10, 30, 50, 70, 80, 90]}
SAME = {"input_tokens": [3000] * 6, "output_tokens": [10] * 6}
PAIRS = list(zip(*HIDDEN.values(), strict=True))

NOT_PROVEN: dict[str, tuple[Mapping[str, Sequence[Any]], list[Decimal], pl.DataFrame | None]] = {
    "four hits": (HIDDEN, hidden_costs([0, 0, 2816, 4096, 5888, 7168]), None),
    "rounded to cents": (HIDDEN, [cost.quantize(Decimal("0.01")) for cost in hidden_costs()], None),
    "rounded to 5 decimals": (HIDDEN, [cost.quantize(Decimal("0.00001")) for cost in hidden_costs()], None),
    "no cache rate": (HIDDEN, hidden_costs(), rates(NO_CACHE_RATE)),
    "stated hits": ({**HIDDEN, "cache_read_input_tokens": [1] * 6}, hidden_costs(), None),
    "estimated usage": ({**HIDDEN, "usage_state": ["estimated"] * 6}, hidden_costs(), None),
    "more than the input": (HIDDEN, [cost - 8000 * READ for cost in hidden_costs([0] * 6)], None),
    "one in six does not solve": (HIDDEN, [*hidden_costs()[:5], usual(7333, 88) * Decimal("0.771234567")], None),
    "a discount on even tokens": (EVEN, [cost * Decimal("0.75") for cost in costs_of(EVEN)], None),
    "one call again and again": (SAME, [usual(3000, 10, 1024)] * 6, None),
    "a lower output rate": (HIDDEN, [i * INPUT + o * Decimal("0.0000075") for i, o in PAIRS], None),
    "a lower input rate": (HIDDEN, [i * READ + o * OUTPUT for i, o in PAIRS], None),
    "a fee left out": (HIDDEN, [cost - Decimal("0.001") for cost in costs_of(HIDDEN)], None),
}


@pytest.mark.parametrize("name", NOT_PROVEN)
def test_what_is_no_proof_changes_nothing(name: str) -> None:
    columns, logged, rate_rows = NOT_PROVEN[name]
    table = explained(calls(logged, **columns), rate_rows)
    assert rows(table, "record_id", "implied_cached_tokens") == [(n + 1, None) for n in range(6)]
    assert table.select((pl.col("list_cost") == pl.col("stated_cost")).all()).collect().item()


Shape = tuple[int, int]
shapes = st.tuples(
    st.lists(st.tuples(st.integers(10, 200_000), st.integers(0, 8000)), min_size=5, max_size=30),
    st.sampled_from([1, 2, 5, 8, 10, 64, 100, 128, 1000]),
).map(lambda found: [(i * found[1], o * found[1]) for i, o in found[0]])
factors = st.one_of(
    st.fractions(0, 2, max_denominator=24).map(lambda f: Decimal(f.numerator) / Decimal(f.denominator)),
    st.decimals("0.01", "1.5", places=3),
)
places = st.sampled_from([None, 2, 4, 6, 7, 8, 10])
few = settings(max_examples=12, deadline=None)
"""Each example is many logs, each of a model of its own: planning the frames costs more than running them."""


def many(*columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(shapes, *columns), min_size=1, max_size=25)


def rounded(cost: Decimal, decimals: int | None) -> Decimal:
    return cost.quantize(Decimal(1).scaleb(-(20 if decimals is None else decimals)))


def implied(logs: Sequence[tuple[Sequence[Shape], Sequence[Decimal]]]) -> list[list[int]]:
    """Return what is implied for each call of each log."""
    of_log = [number for number, (found, _) in enumerate(logs) for _ in found]
    table = calls(
        [cost for _, logged in logs for cost in logged],
        input_tokens=[i for found, _ in logs for i, _ in found],
        output_tokens=[o for found, _ in logs for _, o in found],
        priced_model=[str(number) for number in of_log],
    )
    found = explained(table).collect().sort("record_id")
    is_used = found["implied_cached_tokens"].is_not_null()
    rest = (found.filter(is_used)["list_cost"] - found.filter(is_used)["logged_cost"]).abs()
    assert (rest < 10 * READ).all()
    assert (found.filter(~is_used)["list_cost"] == found.filter(~is_used)["stated_cost"]).all()
    tokens = zip(of_log, found["implied_cached_tokens"].fill_null(0).to_list(), strict=True)
    by_log: list[list[int]] = [[] for _ in logs]
    for number, count in tokens:
        by_log[number].append(count)
    return by_log


def nothing_is_implied(logs: Sequence[tuple[Sequence[Shape], Sequence[Decimal]]]) -> bool:
    return not any(count for log in implied(logs) for count in log)


@few
@given(many(factors, places))
def test_a_discount_is_never_taken_for_cache_hits(logs: list[tuple[list[Shape], Decimal, int | None]]) -> None:
    discounted = [([*found], [rounded(usual(i, o) * by, decimals) for i, o in found]) for found, by, decimals in logs]
    assert nothing_is_implied(discounted)


@few
@given(many(st.lists(factors, min_size=2, max_size=3), st.randoms(use_true_random=False)))
def test_nor_are_several_discounts(logs: list[tuple[list[Shape], list[Decimal], Any]]) -> None:
    discounted = [
        (found, [rounded(usual(i, o) * chance.choice(several), None) for i, o in found])
        for found, several, chance in logs
    ]
    assert nothing_is_implied(discounted)


@few
@given(many(st.integers(0, 5000), st.integers(0, 20_000), places))
def test_nor_are_other_rates(logs: list[tuple[list[Shape], int, int, int | None]]) -> None:
    nano = Decimal("1e-9")
    repriced = [(found, [rounded((i * a + o * b) * nano, places) for i, o in found]) for found, a, b, places in logs]
    assert nothing_is_implied(repriced)


@few
@given(many(places, st.randoms(use_true_random=False)))
def test_nor_is_noise(logs: list[tuple[list[Shape], int | None, Any]]) -> None:
    noisy = [
        (found, [rounded(usual(i, o) * Decimal(repr(chance.uniform(0.1, 1.0))), places) for i, o in found])
        for found, places, chance in logs
    ]
    assert nothing_is_implied(noisy)


@few
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(1024, 200_000), st.integers(1, 8000), st.floats(0.01, 1)), min_size=8, max_size=30
        ),
        min_size=1,
        max_size=25,
    )
)
def test_hits_are_found_whole_or_not_at_all(logs: list[list[tuple[int, int, float]]]) -> None:
    hits = [[int(i * share) // 128 * 128 for i, _, share in log] for log in logs]
    planted = [
        ([(i, o) for i, o, _ in log], [usual(i, o, n) for (i, o, _), n in zip(log, own, strict=True)])
        for log, own in zip(logs, hits, strict=True)
    ]
    assert all(found in (own, [0] * len(own)) for found, own in zip(implied(planted), hits, strict=True))


def test_a_prompt_whose_cached_part_is_always_the_same() -> None:
    hits = [0, 1408, 1408, 1408, 1408, 1408]
    found = rows(explained(calls(hidden_costs(hits), **HIDDEN)), "record_id", "implied_cached_tokens")
    assert [n or 0 for _, n in found] == hits


def test_one_log_does_not_explain_another() -> None:
    """A proof holds for the log and the model that gave it."""
    table = calls(
        [*hidden_costs(), *[cost * Decimal("0.8") for cost in costs_of(HIDDEN)]],
        input_tokens=[*HIDDEN["input_tokens"]] * 2,
        output_tokens=[*HIDDEN["output_tokens"]] * 2,
        reader=["a_log"] * 6 + ["another"] * 6,
    )
    assert causes(table) == ["agrees", *["hidden_cache_hits"] * 5, *["one_ratio"] * 6]


def test_every_cause_has_one_name() -> None:
    assert len(set(CAUSES)) == len(CAUSES)
