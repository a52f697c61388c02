"""What do OpenAI's usage and costs say: pages of the API, exports of the dashboard, the old usage API?

Input tokens include cached ones, the breakdown of them (text, audio, image) is a part of the total and is never added to it.
A line item names a model and what of it is charged: `gpt-4.1-mini-2025-04-14, cached input`. Sources: OpenAI's reference of
the usage and costs API, headers of the dashboard's exports, October 2026; CATALOGUE 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from tokaudit.bills.buckets import NO_DAY, Bucket, between, moment
from tokaudit.bills.cells import counted, money, units
from tokaudit.bills.line import BillLine
from tokaudit.bills.model_names import names_model
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, counts_of, is_true, objects
from tokaudit.bills.skus import item_of, token_class
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Json, Record, RejectRecordError

_PROVIDER = "openai"
_SCOPES = ("project_name", "project_id", "api_key_id", "user_id")
_TOKENS = ("input_tokens", "output_tokens")
_UNITS = (
    ("images", "image", None),
    ("characters", "audio", None),
    ("seconds", "audio", "audio_second"),
    ("usage_bytes", "storage", None),
    ("num_sessions", "code_execution", None),
    ("sessions", "code_execution", None),
)
"""Column, item, token class of what is counted in other units than tokens."""
_SEARCHES = (("web_search", "web_search"), ("file_search", "file_search"))
_OLD_COUNTS = ("n_context_tokens_total", "n_generated_tokens_total")


def rows(record: Record) -> Iterator[Record]:
    """Take a page or a bucket apart into results with the bucket's times; an empty bucket is a row of its times."""
    if record.get("object") == "page":
        for bucket in objects(record.get("data")):
            yield from rows(bucket)
    elif record.get("object") == "bucket" or "results" in record:
        times = {name: record[name] for name in ("start_time", "end_time") if name in record}
        found = objects(record.get("results")) or objects(record.get("result"))
        yield from ({**result, **times} for result in found) if found else iter((times,))
    else:
        yield record


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a result or a row of the dashboard into lines. Raises RejectRecordError."""
    bucket = _bucket(row)
    amount = row.get("amount", row.get("amount_value"))
    if amount is not None and amount != "":
        yield _cost(row, amount, bucket, reading)
    elif any(name in row for name in _OLD_COUNTS):
        yield _old_usage(row, bucket, reading)
    else:
        yield from _usage(row, bucket, reading)


def _bucket(row: Record) -> Bucket:
    for start, end in (("start_time", "end_time"), ("start_time_iso", "end_time_iso")):
        if row.get(start) not in (None, ""):
            return between(_whole(row[start]), _whole(row.get(end)), "UTC")
    if row.get("aggregation_timestamp") is None and row.get("timestamp") is None:
        raise RejectRecordError(NO_DAY)
    return _five_minutes(row)


_FIVE_MINUTES = 300


def _five_minutes(row: Record) -> Bucket:
    """Read the stretch of the old API, which sums up five minutes."""
    start = _whole(row.get("aggregation_timestamp", row.get("timestamp")))
    if type(start) is int:
        return between(start, start + _FIVE_MINUTES, "UTC")
    found = moment(start, "UTC")
    return between(int(found.timestamp()), int(found.timestamp()) + _FIVE_MINUTES, "UTC")


def _whole(value: Json) -> Json:
    """Read unix seconds, which the dashboard may write as `1750032000.0`."""
    if type(value) is str and re.fullmatch(r"\d{9,10}(?:\.0+)?", value.strip(), re.ASCII):
        return int(value.strip().partition(".")[0])
    return int(value) if isinstance(value, Decimal | float) else value


def _usage(row: Record, bucket: Bucket, reading: Reading) -> Iterator[BillLine]:
    requests = counted(row.get("num_model_requests", row.get("num_requests")))
    batch = "batch" if is_true(row.get("batch")) else label(row.get("service_tier"))
    model, scope = label(row.get("model")), first_label(row, *_SCOPES)
    for name, item, kind in _UNITS:
        quantity = units(row.get(name))
        if quantity is not None:
            yield BillLine(
                *reading.at(bucket), "usage", _PROVIDER, model, item, kind, requests=requests, units=quantity,
                service_tier=batch, scope=scope,
            )  # fmt: skip
            return
    sent, given = (counted(row.get(name)) for name in _TOKENS)
    searched = _searched(row)
    if searched is not None and sent is None and given is None:
        quantity = units(row.get("num_calls", row.get("num_requests", row.get("num_model_requests"))))
        yield BillLine(*reading.at(bucket), "usage", _PROVIDER, model, searched, searched, units=quantity, scope=scope)
        return
    yield BillLine(
        *reading.at(bucket), "usage", _PROVIDER, model,
        input_tokens=sent,
        cache_read_tokens=counted(row.get("input_cached_tokens")),
        cache_write_tokens=counted(row.get("input_cache_write_tokens")),
        output_tokens=given,
        requests=requests,
        service_tier=batch,
        scope=scope,
    )  # fmt: skip


def _searched(row: Record) -> str | None:
    kind = row.get("object")
    return next((item for word, item in _SEARCHES if type(kind) is str and word in kind), None)


def _old_usage(row: Record, bucket: Bucket, reading: Reading) -> BillLine:
    sent, given = (counted(row.get(name)) for name in _OLD_COUNTS)
    requests = counted(row.get("n_requests", row.get("num_requests")))
    model = first_label(row, "snapshot_id", "model")
    scope = first_label(row, "project_name", "project_id", "user")
    return BillLine(
        *reading.at(bucket),
        "usage",
        _PROVIDER,
        model,
        input_tokens=sent,
        output_tokens=given,
        requests=requests,
        scope=scope,
    )


class LineItem(NamedTuple):
    """What a line item of the costs charges for."""

    item: str
    model: str | None = None
    token_class: str | None = None
    tier: str | None = None


_TIERS = ("batch", "priority", "flex", "scale")
_MODALITY = re.compile(r" (?P<modality>text|audio|image|video)$")
_TIER_BEFORE = re.compile(rf"^(?P<tier>{'|'.join(_TIERS)})\s*[|:]\s*", re.IGNORECASE)
_TIER_BEHIND = re.compile(rf"\s*\((?P<tier>{'|'.join(_TIERS)})[^)]*\)|\b(?P<word>{'|'.join(_TIERS)})\b", re.IGNORECASE)
_KINDS = (("cached input", "cache_read"), ("cache write", "cache_write_5m"), ("input", "input"), ("output", "output"))
_BY_SECOND = re.compile(r"whisper|transcri", re.IGNORECASE)


def line_item(text: str | None) -> LineItem:
    """Take a line item apart. None and what is not grouped by line item are tokens as a whole.

    >>> line_item("gpt-4.1-mini-2025-04-14, cached input")
    LineItem(item='tokens', model='gpt-4.1-mini-2025-04-14', token_class='cache_read', tier=None)
    >>> line_item("priority | gpt-5.6-sol, output, long context").tier, line_item("web search tool calls").item
    ('priority', 'web_search')
    """
    if text is None:
        return LineItem("tokens")
    before = _TIER_BEFORE.match(text)
    head, *parts = [part.strip() for part in text[before.end() if before else 0 :].split(",")]
    behind = next((found for part in parts if (found := _TIER_BEHIND.search(part))), None)
    tier = before["tier"].lower() if before else (behind["tier"] or behind["word"]).lower() if behind else None
    kind = next((name for words, name in _KINDS if any(words in part.lower() for part in parts)), None)
    modality = _MODALITY.search(head)
    model = head[: modality.start()] if modality else head
    if kind is not None:
        return LineItem("tokens", model, token_class(kind, _billed_apart(modality)), tier)
    return _without_class(text, model, parts, tier)


def _billed_apart(modality: re.Match[str] | None) -> str | None:
    return modality["modality"] if modality and modality["modality"] != "text" else None


def _without_class(text: str, model: str, parts: list[str], tier: str | None) -> LineItem:
    is_model = names_model(model)
    if is_model and "audio" in parts and _BY_SECOND.search(model):
        return LineItem("audio", model, "audio_second", tier)
    found = item_of(text)
    if found is not None:
        return LineItem(
            found, model if is_model else None, found if found in ("web_search", "file_search") else None, tier
        )
    return LineItem("tokens", model, None, tier) if is_model else LineItem("other")


def _cost(row: Record, stated: Json, bucket: Bucket, reading: Reading) -> BillLine:
    value, currency = stated, row.get("amount_currency")
    if isinstance(stated, Mapping):
        value, currency = stated.get("value"), stated.get("currency", currency)
    found = money(value)
    if found is None:
        raise RejectRecordError(NO_AMOUNT)
    amount = reading.dollars(value, currency)
    charged = line_item(label(row.get("line_item")))
    tokens, quantity = _quantity(row, charged)
    return BillLine(
        *reading.at(bucket), "cost", _PROVIDER, charged.model, charged.item, charged.token_class, amount,
        **counts_of(charged.token_class, tokens)._asdict(),
        units=quantity,
        service_tier=charged.tier,
        scope=first_label(row, *_SCOPES),
    )  # fmt: skip


def _quantity(row: Record, charged: LineItem) -> tuple[int | None, Decimal | None]:
    """Read what the amount is for: tokens of its class, or units. A unit that is not named counts tokens one by one."""
    quantity, unit = units(row.get("quantity")), label(row.get("quantity_unit"))
    is_tokens = charged.item == "tokens" and charged.token_class is not None and unit in (None, "token", "tokens")
    if quantity is None or not is_tokens or quantity != int(quantity) or quantity < 0:
        return None, quantity
    return int(quantity), None


KIND = Kind(
    name="openai_bill",
    title="OpenAI usage and costs",
    rows=rows,
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *(
                "input_tokens",
                "output_tokens",
                "input_cached_tokens",
                "input_cache_write_tokens",
                "input_uncached_tokens",
            ),
            *("input_text_tokens", "output_text_tokens", "input_cached_text_tokens", "input_audio_tokens"),
            *("input_cached_audio_tokens", "output_audio_tokens", "input_image_tokens", "input_cached_image_tokens"),
            *(
                "output_image_tokens",
                "num_model_requests",
                "num_requests",
                "num_calls",
                "images",
                "characters",
                "seconds",
            ),
            *(
                "usage_bytes",
                "num_sessions",
                "sessions",
                "amount",
                "amount_value",
                "quantity",
                *_OLD_COUNTS,
                "n_requests",
            ),
        )
    ),
)
