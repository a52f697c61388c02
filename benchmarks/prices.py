"""How much faster is a join and a multiplication than asking genai-prices call by call?

Prices the same random calls both ways, a million for ours, a sample for theirs, and compares the time a million calls.

    python benchmarks/prices.py [--calls 1000000]
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
from genai_prices import Usage, calc_price

from tokaudit.frames.cost import with_cost, with_price_moment, with_rates, with_token_classes
from tokaudit.ledger.tables import RECORDS
from tokaudit.prices.quotes import KEY_COLUMNS, PriceKey, cuts_of, quote

MODELS = (
    ("openai", "gpt-4o"), ("openai", "gpt-4.1-mini"), ("openai", "o3"), ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"), ("google", "gemini-2.5-flash"), ("x-ai", "grok-3"), ("mistral", "mistral-large"),
)  # fmt: skip
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
SAMPLE = 5_000


def _calls(count: int) -> pl.LazyFrame:
    rng = Random(0)
    models = [rng.choice(MODELS) for _ in range(count)]
    whole = [rng.randint(10, 20_000) for _ in range(count)]
    rows = {
        "record_id": range(count),
        "provider_name": [provider for provider, _ in models],
        "request_model": [model for _, model in models],
        "started_at": [int((FIRST + timedelta(seconds=rng.randint(0, 2_591_999))).timestamp()) * 10**6 for _ in range(count)],
        "input_tokens": whole,
        "cache_read_input_tokens": [rng.randint(0, tokens) for tokens in whole],
        "output_tokens": [rng.randint(1, 2_000) for _ in range(count)],
        "gateway_cache_hit": [False] * count,
    }  # fmt: skip
    known = pl.LazyFrame(rows, schema_overrides={name: RECORDS[name] for name in rows})
    return known.with_columns(pl.lit(None, RECORDS[name]).alias(name) for name in RECORDS if name not in rows)


def _ours(calls: pl.LazyFrame) -> float:
    start = time.perf_counter()
    timed = calls.pipe(with_price_moment, cuts_of(MODELS))
    keys = [PriceKey(*row) for row in timed.select(KEY_COLUMNS).unique().collect().iter_rows()]
    costed = timed.pipe(with_token_classes).pipe(with_rates, quote(keys)).pipe(with_cost)
    costed.select(pl.col("list_cost").sum()).collect(engine="streaming")
    return time.perf_counter() - start


def _theirs(rows: pl.DataFrame) -> float:
    start = time.perf_counter()
    for row in rows.iter_rows(named=True):
        usage = Usage(
            input_tokens=row["input_tokens"],
            cache_read_tokens=row["cache_read_input_tokens"],
            output_tokens=row["output_tokens"],
        )
        moment = datetime.fromtimestamp(row["started_at"] / 10**6, UTC)
        calc_price(usage, row["request_model"], provider_id=row["provider_name"], genai_request_timestamp=moment)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    count = parser.parse_args().calls
    calls = _calls(count)
    ours = _ours(calls) / count * 10**6
    theirs = _theirs(calls.head(SAMPLE).collect()) / SAMPLE * 10**6
    print(f"a million calls: {ours:.2f} s here, {theirs:.0f} s call by call, {theirs / ours:.0f} times as long")


if __name__ == "__main__":
    main()
