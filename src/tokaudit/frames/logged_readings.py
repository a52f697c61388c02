"""What would a call cost if the log's price had been worked out in another way?

Each cause has the costs that it would lead to, made from our own cost of the call (`stated_cost`, by the usage that the log
states), its tokens and its rates. The simplest come first. These costs are only compared with the logged one, to a millionth
of it, and never summed: binary fractions do, and are many times faster than decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tokaudit.prices.quotes import KEY_COLUMNS
from tokaudit.prices.rates import RATED, TOKEN_CLASSES, UNIT_CLASSES

READS = {"cache_read": "uncached_input", "cache_read_audio": "input_audio", "cache_read_image": "input_image"}
WRITES = {"cache_write_5m": "uncached_input", "cache_write_1h": "uncached_input"}
"""Classes of cached input, and the class that the same tokens would be in without a cache."""
_MEDIA = {
    "input_audio": "uncached_input", "input_image": "uncached_input", "input_video": "uncached_input",
    "cache_read_audio": "cache_read", "cache_read_image": "cache_read", "output_audio": "output", "output_image": "output",
}  # fmt: skip
"""Classes of sound and pictures, and the class of text beside each."""

OTHER_RATES = ("long_prompt_rate_left_out", "batch", "tier", "region", "price_change")
"""Causes that need rates other than the call's own: see `prices.other_rates`."""
BATCH_FACTORS = (0.5, 2.0)
"""Batches cost half at every provider that offers them: the log halves what is none, or charges a batch in full."""
SLIPS = tuple(10.0**power for power in (1, 2, 3, 6, -1, -2, -3, -6))
"""Cents or thousandths written as dollars, rates per thousand or per token taken for others, a decimal sign misread."""


def _cost(classes: Sequence[str], rates: Sequence[str]) -> pl.Expr:
    return pl.sum_horizontal(
        pl.col(f"tokens_{name}") * pl.col(f"usd_a_{rate}") for name, rate in zip(classes, rates, strict=True)
    )


def _own(classes: Mapping[str, str]) -> pl.Expr:
    return _cost(list(classes), list(classes))


def _instead(classes: Mapping[str, str]) -> pl.Expr:
    return _cost(list(classes), list(classes.values()))


def with_binary_rates(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Add usd_a_<class>: the list rates as binary fractions."""
    return calls.with_columns(
        pl.col(f"list_rate_{name}").cast(pl.Float64).alias(f"usd_a_{name}") for name in TOKEN_CLASSES
    )


def priced_otherwise() -> dict[str, list[pl.Expr]]:
    """Return, for each cause that the call's own rates can show, the costs it leads to. The simplest cause comes first.

    In: stated_usd (Float64), contracted_cost, unit_cost, tokens_<class>, usd_a_<class>. Costs are USD (Float64).
    """
    stated = pl.col("stated_usd")
    contracted, units = (pl.col(f"{name}_cost").cast(pl.Float64) for name in ("contracted", "unit"))
    reads, writes = _own(READS), _own(WRITES)
    reads_as_input, writes_as_input = _instead(READS), _instead(WRITES)
    reasoning = _cost(["output_reasoning"], ["output_reasoning"])
    return {
        "cache_not_discounted": [
            stated - reads + reads_as_input,
            stated - reads + reads_as_input - writes + writes_as_input,
        ],
        "cache_writes_as_input": [stated - writes + writes_as_input],
        "cache_charged_apart": [stated + reads_as_input, stated + reads_as_input + writes_as_input],
        "cache_left_out": [stated - reads, stated - writes, stated - reads - writes],
        "reasoning_left_out": [stated - reasoning],
        "reasoning_counted_twice": [stated + reasoning],
        "unit_fees_left_out": [stated - units],
        "media_at_text_rates": [stated - _own(_MEDIA) + _instead(_MEDIA)],
        "contracted_rates": [contracted],
        "batch": [stated * factor for factor in BATCH_FACTORS],
        "unit_slip": [stated * factor for factor in SLIPS],
    }


def at_other_rates(calls: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Price calls at rates other than their own.

    In: record_id, KEY_COLUMNS, input_tokens, tokens_<class>, units_<class>, is_free; others as of `prices.other_rates`.
    Out: record_id, reading, other_cost (Float64), one row a call and reading.
    """
    length = pl.col("input_tokens").fill_null(0)
    in_range = (length > pl.col("above_input_tokens")) & (length <= pl.col("up_to_input_tokens"))
    rates = [f"other_rate_{name}" for name in RATED]
    amounts = [
        pl.col(f"{'units' if name in UNIT_CLASSES else 'tokens'}_{name}").cast(pl.Float64) * pl.col(rate)
        for name, rate in zip(RATED, rates, strict=True)
    ]
    return (
        calls.filter(~pl.col("is_free"))
        .join(others.with_columns(pl.col(rates).cast(pl.Float64)), on=KEY_COLUMNS, nulls_equal=True)
        .filter(in_range)
        .select("record_id", "reading", other_cost=pl.sum_horizontal(amounts, ignore_nulls=False))
    )
