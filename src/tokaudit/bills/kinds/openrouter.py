"""What do OpenRouter's exports say: usage by day, the activity API, and activity by generation?

Its amounts are US dollars. Where a key of one's own was used, OpenRouter takes a fee and the provider bills the inference. A
generation is put into its day. Sources: OpenRouter's documentation of the activity export and API; CATALOGUE 13.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tokaudit.bills.buckets import day_of
from tokaudit.bills.cells import counted
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, itself
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Record, RejectRecordError

_PROVIDER = "openrouter"
OWN_KEYS = "Inference with keys of your own is billed by its provider, not by OpenRouter: its cost is not in this bill."


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a day, or a generation, of a model into lines. Raises RejectRecordError."""
    yield from _generation(row, reading) if "generation_id" in row else iter((_day(row, reading),))


def _day(row: Record, reading: Reading) -> BillLine:
    is_table = "Slug" in row
    day, amount, model, requests, sent, given = (
        row.get(name)
        for name in (
            ("Date", "Usage", "Slug", "Requests", "Prompt Tokens", "Completion Tokens")
            if is_table
            else ("date", "usage", "model_permaslug", "requests", "prompt_tokens", "completion_tokens")
        )
    )
    dollars = reading.dollars(amount)
    if dollars is None:
        raise RejectRecordError(NO_AMOUNT)
    slug = label(model) or label(row.get("model"))
    return BillLine(
        *reading.at(day_of(day, "UTC")), "cost", _PROVIDER, slug, amount=dollars, service_tier=_tier(row, slug),
        input_tokens=counted(sent),
        output_tokens=counted(given),
        requests=counted(requests),
        scope=first_label(row, "API Key", "api_key_name", "App"),
    )  # fmt: skip


_EXTRAS = (("cost_web_search", "web_search"), ("cost_file_processing", "other"))
"""Parts of the total that are no tokens. `cost_cache` is a part of the tokens' cost, negative where it saved something."""


def _generation(row: Record, reading: Reading) -> Iterator[BillLine]:
    whole = reading.dollars(row.get("cost_total"))
    if whole is None:
        raise RejectRecordError(NO_AMOUNT)
    at = reading.at(day_of(row.get("created_at"), "UTC"))
    model, scope = _model(row), first_label(row, "api_key_name", "app_name")
    extras = [(item, reading.dollars(row.get(name)) or Decimal(0)) for name, item in _EXTRAS]
    yield BillLine(
        *at, "cost", _PROVIDER, model, amount=whole - sum(amount for _, amount in extras),
        input_tokens=counted(row.get("tokens_prompt")),
        cache_read_tokens=counted(row.get("tokens_cached")),
        output_tokens=counted(row.get("tokens_completion")),
        requests=1,
        service_tier=_tier(row, model),
        scope=scope,
    )  # fmt: skip
    for item, amount in extras:
        if amount:
            kind = item if item == "web_search" else None
            yield BillLine(*at, "cost", _PROVIDER, model, item, kind, amount, scope=scope)


def _tier(row: Record, slug: str | None) -> str | None:
    """OpenRouter sells the batch tier as a variant of the model."""
    return "batch" if row.get("variant") == "batch" or (slug or "").endswith(":batch") else None


def _model(row: Record) -> str | None:
    slug = label(row.get("model_permaslug"))
    return f"{slug}:free" if slug and row.get("variant") == "free" and ":" not in slug else slug


def _note(row: Record) -> str | None:
    own = first_label(row, "BYOK Usage", "byok_usage_inference")
    if own is None:
        value = row.get("byok_usage_inference")
        return OWN_KEYS if isinstance(value, Decimal) and value else None
    return OWN_KEYS if any(digit in own for digit in "123456789") else None


KIND = Kind(
    name="openrouter_bill",
    title="OpenRouter usage",
    rows=itself,
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *("Usage", "BYOK Usage", "Requests", "Prompt Tokens", "Completion Tokens", "Reasoning Tokens", "usage"),
            *("byok_usage_inference", "requests", "prompt_tokens", "completion_tokens", "reasoning_tokens"),
        )
    ),
    identity=("generation_id",),
    note_of=_note,
)
