"""Which columns has one row a call, for other programs?

The outer contract names them. Parquet and JSONL are exact: nothing is escaped, rounded or shortened. In CSV, a text that a
spreadsheet would run as a formula gets an apostrophe in front. `attempt` numbers the calls of an operation; `gateway_retries` are
attempts that the gateway made itself before the call's answer (null = its log does not say): they are no rows.
"""

from __future__ import annotations

import polars as pl

from tokaudit.result import COMPONENTS

_PARTS = (
    "cache_write_1h_input_tokens", "input_audio_tokens", "input_image_tokens", "input_video_tokens", "cache_read_audio_tokens",
    "cache_read_image_tokens", "output_audio_tokens", "output_image_tokens", "web_searches", "file_searches", "audio_ms",
)  # fmt: skip
"""Of the tokens before them, and what is billed beside tokens: with these a call's cost can be worked out again."""


def call_rows(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Return the contract's columns of each call, in order of time. In: the analysed calls of a period."""
    return calls.select(
        call_id=pl.coalesce("log_id", "response_id", pl.col("record_id").cast(pl.String)),
        response_id="response_id",
        started_at=pl.from_epoch("started_at", time_unit="us").dt.replace_time_zone("UTC"),
        latency_ms="latency_ms",
        provider_name=pl.coalesce("provider_name", "priced_provider"),
        request_model="request_model",
        response_model="response_model",
        operation_name="operation_name",
        http_status="http_status",
        error_type="error_type",
        feature="feature",
        feature_source="feature_source",
        user_id="user_id",
        conversation_id=pl.coalesce("session", pl.col("conversation_key").cast(pl.String)),
        turn="turn",
        operation_id=pl.col("operation_id").cast(pl.String),
        attempt="attempt",
        gateway_retries="gateway_retries",
        gateway_tried="gateway_tried",
        waste="waste",
        usage_state="usage_state",
        input_tokens="input_tokens",
        cache_read_input_tokens="cache_read_input_tokens",
        cache_creation_input_tokens=pl.col("cache_write_5m_input_tokens").fill_null(0)
        + pl.col("cache_write_1h_input_tokens").fill_null(0),
        output_tokens="output_tokens",
        reasoning_output_tokens="reasoning_output_tokens",
        **{name: name for name in _PARTS},
        service_tier="service_tier",
        region="region",
        input_cost="input_cost",
        output_cost="output_cost",
        unit_cost="unit_cost",
        list_cost="list_cost",
        contracted_cost="contracted_cost",
        logged_cost="logged_cost",
        price_source="price_source",
        price_effective_from="price_effective_from",
        matched_by="matched_by",
        price_rules="price_rules",
        **{f"tokens_{name}": f"tokens_{name}" for name in COMPONENTS},
        source_file="file_name",
        source_line="line",
    )
