"""What does OpenRouter's record of one generation say?

`native_*` are the tokens that the provider counted and OpenRouter bills; `tokens_*` are counted with one tokeniser for all
models, for comparison. Source: OpenRouter's API reference; CATALOGUE 13.2.
"""

from __future__ import annotations

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.gateways.openrouter_activity import is_true, with_unknown_writes
from tokaudit.readers.gateways.operations import with_cache_of
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.usage.media import first_part
from tokaudit.readers.values.attempts import before_the_last
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Record, Usage

NAME = "openrouter_generation"
_PRODUCER = Producer("OpenRouter")


def identify(record: Record) -> bool:
    """Say whether the record is a generation: the native counts are OpenRouter's own name."""
    return "native_tokens_prompt" in record and ("total_cost" in record or "provider_name" in record)


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    model = label(record.get("model"))
    operation_name = "embeddings" if record.get("api_type") == "embeddings" else "chat"
    for_whom = attribution(record, options, ())
    tried = before_the_last(record.get("provider_responses"), "provider_name")
    return Call(
        reader=NAME,
        response_id=label(record.get("id")),
        started_at=micros(record.get("created_at"), "UTC"),
        latency_ms=_latency(record),
        provider_name="openrouter",
        request_model=model,
        response_model=model,
        operation_name=operation_name,
        error_type="cancelled" if is_true(record.get("cancelled")) else None,
        finish_reason=first_label(record, "finish_reason", "native_finish_reason"),
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=label(record.get("external_user")) or for_whom.user_id,
        conversation_id=for_whom.conversation_id,
        gateway_retries=tried.retries,
        gateway_tried=tried.names,
        usage=with_cache_of(operation_name, _usage(record, model)),
        logged_cost=_cost(record),
    )


def _latency(record: Record) -> int | None:
    """Add up the time to the first token and the time of generation."""
    stated = [number for name in ("latency", "generation_time") if (number := amount(record.get(name))) is not None]
    return round(sum(stated)) if stated else None


def _usage(record: Record, model: str | None) -> Usage:
    names = ("native_tokens_prompt", "native_tokens_completion")
    prompt, completion = (first_count(record, name) for name in names)
    counts = Counts(
        prompt,
        completion,
        cache_read=first_count(record, "native_tokens_cached"),
        reasoning=first_count(record, "native_tokens_reasoning"),
        media={"output_image_tokens": first_part(record, "native_tokens_completion_images")},
    )
    discount: Json = record.get("cache_discount")
    is_surcharged = type(discount) in (int, float) and discount < 0
    return with_unknown_writes(usage_of(counts, _PRODUCER, model), is_surcharged=is_surcharged)


def _cost(record: Record) -> str | None:
    """Add what the provider bills where the key was the caller's own."""
    total, upstream = amount(record.get("total_cost")), amount(record.get("upstream_inference_cost"))
    if total is None:
        return None
    return decimal_text(total + upstream if is_true(record.get("is_byok")) and upstream is not None else total)


READER = Reader(
    name=NAME,
    title="OpenRouter generations (API)",
    sign="native_tokens_prompt beside total_cost",
    how_to_export="Keep the answers of openrouter.ai/api/v1/generation?id=... for the ids of your calls.",
    identify=identify,
    keys=frozenset({"native_tokens_prompt"}),
    read=read,
    switch_on={"features": "Keep the use case in the record as a key of your own, and name that key with --column."},
    limits={
        "content": "OpenRouter's record of a generation holds no texts; log requests and answers beside it.",
        "conversations": "OpenRouter's record of a generation holds no session id and no texts.",
        "retries": "Providers asked before stand inside the record of the one that answered, without tokens and cost.",
    },
)
