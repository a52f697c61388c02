"""What do calls look like once the ledger has priced them?"""

from __future__ import annotations

import polars as pl

from reconcile.planted import SERVED
from tokaudit.frames.cost import with_cost, with_price_moment, with_rates, with_token_classes, without_spent_rates
from tokaudit.prices.quotes import KEY_COLUMNS, PriceKey, quote
from tokaudit.prices.rates_file import UserPrices

NO_PRICES = UserPrices()


def analysed(rows: pl.DataFrame, prices: UserPrices = NO_PRICES) -> pl.LazyFrame:
    """Turn planted calls into rows as `run.Analysis.call_files` has them, as far as a reconciliation reads them."""
    none = pl.lit(None, dtype=pl.Int64)
    served = pl.col("model").replace_strict(SERVED, default=pl.col("model"), return_dtype=pl.String)
    calls = rows.lazy().select(
        "record_id",
        "feature",
        started_at=pl.col("at").dt.epoch("us"),
        provider_name="provider",
        request_model="model",
        response_model=served,
        service_tier="tier",
        region=pl.lit(None, dtype=pl.String),
        gateway_cache_hit=pl.lit(value=False),
        is_failed=pl.lit(value=False),
        input_tokens=pl.sum_horizontal("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h"),
        cache_read_input_tokens="cache_read",
        cache_write_5m_input_tokens="cache_write_5m",
        cache_write_1h_input_tokens="cache_write_1h",
        output_tokens="output",
        reasoning_output_tokens=none,
        input_audio_tokens=none,
        input_image_tokens=none,
        input_video_tokens=none,
        cache_read_audio_tokens=none,
        cache_read_image_tokens=none,
        output_audio_tokens=none,
        output_image_tokens=none,
        web_searches="searches",
        file_searches=none,
        audio_ms=none,
    )
    keyed = calls.pipe(with_price_moment, ()).pipe(with_token_classes)
    keys = [PriceKey(*row) for row in keyed.select(KEY_COLUMNS).unique().collect().iter_rows()]
    rates = quote(sorted(keys, key=repr), prices)
    return keyed.pipe(with_rates, rates).pipe(with_cost).pipe(without_spent_rates).collect().lazy()
