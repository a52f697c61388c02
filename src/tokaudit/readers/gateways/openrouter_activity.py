"""What does a row of OpenRouter's activity export say? One row is one generation, at the money that OpenRouter took for it.

Where a key of one's own was used, the provider bills the inference and OpenRouter its fee. Times are UTC. Source: CATALOGUE
13.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Record, Usage

NAME = "openrouter_activity"
_PRODUCER = Producer("OpenRouter")
_WRITES_UNKNOWN = "OpenRouter: cache writes were paid for, but not counted"
_NAMED = ("app_name", "api_key_name")


def identify(record: Record) -> bool:
    """Say whether the record is a row of the export."""
    return "generation_id" in record and "model_permaslug" in record


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the row into a call. Raises RejectRecordError."""
    model = _model(record)
    for_whom = attribution(record, options, (), ((name, record.get(name)) for name in _NAMED))
    return Call(
        reader=NAME,
        response_id=label(record.get("generation_id")),
        started_at=micros(record.get("created_at"), "UTC"),
        latency_ms=milliseconds(record.get("generation_time_ms")),
        provider_name="openrouter",
        request_model=model,
        response_model=model,
        error_type="cancelled" if is_true(record.get("cancelled")) else None,
        finish_reason=first_label(record, "finish_reason_normalized", "finish_reason_raw"),
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=label(record.get("user")) or for_whom.user_id,
        conversation_id=for_whom.conversation_id,
        usage=_usage(record, model),
        logged_cost=_cost(record),
    )


def is_true(value: Json) -> bool:
    """Read a flag of JSON or of a table."""
    return value is True or (type(value) is str and value.strip().lower() == "true")


def _model(record: Record) -> str | None:
    """Of OpenRouter's variants the free one has a price of its own."""
    slug = label(record.get("model_permaslug"))
    is_free = slug is not None and record.get("variant") == "free" and ":" not in slug
    return f"{slug}:free" if is_free else slug


def _usage(record: Record, model: str | None) -> Usage:
    names = ("tokens_prompt", "tokens_completion")
    prompt, completion = (first_count(record, name) for name in names)
    counts = Counts(
        prompt,
        completion,
        cache_read=first_count(record, "tokens_cached"),
        reasoning=first_count(record, "tokens_reasoning"),
    )
    return with_unknown_writes(usage_of(counts, _PRODUCER, model), is_surcharged=_is_positive(record.get("cost_cache")))


def with_unknown_writes(usage: Usage, *, is_surcharged: bool) -> Usage:
    """Mark a call whose cache cost more than it saved: tokens were written to it, and no count tells how many."""
    if usage.state == "exact" and is_surcharged:
        return replace(usage, state="cache_split_unknown", rule=_WRITES_UNKNOWN)
    return usage


def _is_positive(value: Json) -> bool:
    number = amount(value)  # a saving is negative, and no amount to this reader
    return number is not None and number > 0


def _cost(record: Mapping[str, Json]) -> str | None:
    total, own_key = amount(record.get("cost_total")), amount(record.get("byok_usage_inference"))
    return None if total is None else decimal_text(total + (own_key or 0))


READER = Reader(
    name=NAME,
    title="OpenRouter activity (CSV)",
    sign="generation_id beside model_permaslug",
    how_to_export="Export the activity on openrouter.ai as CSV, one row for each generation.",
    identify=identify,
    keys=frozenset({"model_permaslug"}),
    read=read,
    switch_on={"features": "Send the header X-Title, or give each application a key of its own."},
    limits={
        "content": "OpenRouter exports no texts.",
        "conversations": "OpenRouter's export holds no session id and no texts.",
        "retries": "A row tells of the provider that answered, not of those that failed before.",
    },
)
