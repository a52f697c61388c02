"""Which cache hits does the log hide, that its cost gives away?

Some loggers keep the cost that the provider's full usage led to, and not the cached tokens in it. Then the cost is lower than
the stated tokens explain, by a whole number of tokens times the cache's discount, in call after call. It is taken for that only
where chance, a discount, a batch or other rates cannot make it.
"""

from __future__ import annotations

import polars as pl

FEWEST_HITS = 5
"""Calls with different costs: fewer whole numbers may be chance."""
FEWEST_SOLVED_SHARE = 0.9
_VARIED_SHARE = 0.7
PROOF_BITS = 18
"""Chance alone makes such whole numbers less often than once in 2**18 logs. A cost that is known to a tenth of a token's discount
gives log2(10) bits of it; whole blocks of tokens give more."""
_MOST_BITS = 40
_BITS_FOR_MISSES = 1
"""If some calls do not solve, each call pays a bit: there are fewer than 2**n ways to choose the tenth that may fail."""
EXACT = 1e-9
"""Relative. Costs worked out in binary fractions are good to 1e-15 an operation."""
IMPLIED_RULE = "cache reads implied by the logged cost"
BLOCK = 64
"""OpenAI's caches hold multiples of 128 tokens, some 64: whole blocks support the finding, and are no condition of it."""
_BLOCK_BITS = 6
_ROUND_PARTS = 2000
"""Fees are whole multiples of a twentieth of a cent."""
_SMALL_MULTIPLES = 6
"""Six times an amount is a multiple of one, two or three times the same fee."""


def with_solution(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Solve each cost for the cached tokens that would explain it.

    In: stated_cost, logged_cost, log_unit (Float64, the last decimal that the log writes), usage_state, has_cache_rate,
    tokens_<class>, list_rate_uncached_input, list_rate_cache_read. Out: + states_no_reads (the log gives no cache reads, and
    the model has a rate for them), solved_tokens (Int64; null = no whole number of tokens explains the cost, or several do),
    solution_bits (how unlikely that is by chance), solved_amount (USD that those tokens saved).
    """
    stated, logged = pl.col("stated_cost"), pl.col("logged_cost")
    discount = pl.col("list_rate_uncached_input") - pl.col("list_rate_cache_read")
    reads = pl.sum_horizontal("tokens_cache_read", "tokens_cache_read_audio", "tokens_cache_read_image")
    can_hide = (
        pl.col("usage_state").is_in(["exact", "cache_split_unknown"])
        & pl.col("has_cache_rate") & (reads == 0) & (discount > 0) & (logged > 0)
    ).fill_null(value=False)  # fmt: skip
    per_token = discount.cast(pl.Float64)
    guess = ((stated - logged).cast(pl.Float64) / per_token).round()
    tokens = pl.when(can_hide & (guess >= 1) & (guess <= pl.col("tokens_uncached_input"))).then(guess).cast(pl.Int64)
    # The rounded quotient is only a guess: whether it explains the cost is settled in exact decimals.
    rest = (stated - tokens * discount - logged).cast(pl.Float64).abs()
    blur = pl.max_horizontal(pl.col("log_unit"), 2 * EXACT * stated.cast(pl.Float64))
    is_solved = (rest <= blur / 2) & (blur < per_token)
    bits = -(blur / per_token).log(2) + pl.when(tokens % BLOCK == 0).then(_BLOCK_BITS).otherwise(0)
    return calls.with_columns(
        states_no_reads=can_hide,
        solved_tokens=pl.when(is_solved).then(tokens),
        solution_bits=pl.when(is_solved).then(bits.clip(upper_bound=_MOST_BITS)),
        solved_amount=pl.when(is_solved).then(tokens * discount),
    )


def _is_varied(value: pl.Expr, by: pl.Expr) -> pl.Expr:
    """Say whether value / by takes many values: discounts or other rates make it take one, or a few."""
    ratio = (value.cast(pl.Float64) / by.cast(pl.Float64)).round_sig_figs(6)
    return ratio.n_unique() > _VARIED_SHARE * by.n_unique()


def _is_no_fee(hit: pl.Expr, amount: pl.Expr) -> pl.Expr:
    """Say whether the hits are other than one amount a call, or some times one: fees that the log leaves out.

    Cached parts that are always the same, or few, are in whole blocks and save no round sums of money.
    """
    is_round = (amount * _ROUND_PARTS % 1 == 0).all()
    is_spread = (hit * _SMALL_MULTIPLES % hit.min() != 0).any()
    return (is_spread | (hit % (2 * BLOCK) == 0).all()) & ~is_round


def hiding_models(calls: pl.LazyFrame, group: list[str]) -> pl.LazyFrame:
    """Find the models whose logged costs prove cache hits that their usage leaves out.

    In: columns of `with_solution`, calls whose logged cost differs from ours; is_unexplained (no simpler cause fits),
    output_tokens. Out: the group columns, one row a model. Calls with the same tokens and cost count once.
    """
    distinct = (
        calls.filter("states_no_reads")
        .select(
            *group, "stated_cost", "logged_cost", "tokens_uncached_input", "output_tokens",
            hit=pl.when("is_unexplained").then("solved_tokens"), bits="solution_bits", amount="solved_amount",
        )
        .unique()
    )  # fmt: skip
    is_hit = pl.col("hit").is_not_null()
    by = [pl.col(name).filter(is_hit) for name in ("tokens_uncached_input", "output_tokens", "stated_cost")]
    values = [pl.col(name).filter(is_hit) for name in ("hit", "hit", "logged_cost")]
    varied = pl.all_horizontal(_is_varied(value, part) for value, part in zip(values, by, strict=True))
    varied &= _is_no_fee(values[0], pl.col("amount").filter(is_hit))
    return (
        distinct.group_by(group)
        .agg(
            hits=pl.col("stated_cost").filter(is_hit).n_unique(),
            share=is_hit.sum() / pl.len(),
            bits=pl.col("bits").filter(is_hit).sum() - pl.when(is_hit.all()).then(0).otherwise(_BITS_FOR_MISSES * pl.len()),
            varied=varied,
        )
        .filter("varied", pl.col("hits") >= FEWEST_HITS, pl.col("share") >= FEWEST_SOLVED_SHARE,
                pl.col("bits") >= PROOF_BITS)
        .select(group)
    )  # fmt: skip


def with_implied_cache(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Take the cache reads that the logged cost implies for what was billed.

    In: implied_cached_tokens (Int64, null = none), cache_read_input_tokens, tokens_uncached_input, tokens_cache_read,
    usage_state, usage_rule. Out: the same; tokens add up as before, and what the log does not state is not `exact`.
    """
    implied = pl.col("implied_cached_tokens")
    is_implied, tokens = implied.is_not_null(), implied.fill_null(0)
    return calls.with_columns(
        cache_read_input_tokens=pl.when(is_implied).then(implied).otherwise("cache_read_input_tokens"),
        tokens_uncached_input=pl.col("tokens_uncached_input") - tokens,
        tokens_cache_read=pl.col("tokens_cache_read") + tokens,
        usage_state=pl.when(is_implied).then(pl.lit("cache_split_unknown")).otherwise("usage_state"),
        usage_rule=pl.when(is_implied).then(pl.lit(IMPLIED_RULE)).otherwise("usage_rule"),
    )
