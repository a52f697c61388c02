"""What do Anthropic's usage and costs say: the console's exports, the admin API, the analytics of Claude Code?

Input is stated without cache reads and writes, and they are added here. The API's amounts are cents, as text; the console's are
dollars, rounded to cents, under display names. Sources: Anthropic's reference of the usage and cost API and headers of the
console's exports, October 2026; CATALOGUE 4.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tokaudit.bills.buckets import NO_DAY, Bucket, between, day_of
from tokaudit.bills.cells import counted, units
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, cents, objects, total
from tokaudit.bills.skus import read_sku
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Json, Record, RejectRecordError

_PROVIDER = "anthropic"
_CENT = Decimal("0.01")

_CLASSES = {
    "input_no_cache": "uncached_input",
    "uncached_input_tokens": "uncached_input",
    "input": "input",
    "input_cache_read": "cache_read",
    "cache_read_input_tokens": "cache_read",
    "input_cache_write": "cache_write_5m",
    "input_cache_write_5m": "cache_write_5m",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "input_cache_write_1h": "cache_write_1h",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output": "output",
    "output_tokens": "output",
}
_ITEMS = {
    "token": "tokens",
    "tokens": "tokens",
    "web_search": "web_search",
    "code_execution": "code_execution",
    "session_usage": "other",
}
_NO_REGION = frozenset(("not_available", "unknown"))
_OLD_WRITE = "usage_input_tokens_cache_write"
_CONSOLE_COUNTS = (
    *(
        "usage_input_tokens_no_cache",
        "usage_input_tokens_cache_write_5m",
        "usage_input_tokens_cache_write_1h",
        _OLD_WRITE,
    ),
    *("usage_input_tokens_cache_read", "usage_output_tokens", "web_search_count"),
)

PRIORITY = "Anthropic's cost reports never hold what Priority Tier costs."
ANALYTICS = "Claude Code's analytics state estimated costs, no billed ones."


def rows(record: Record) -> Iterator[Record]:
    """Take a page or a bucket apart into results with the bucket's times; an empty bucket is a row of its times."""
    listed = record.get("data")
    if type(listed) is list and "core_metrics" not in record:
        for inner in objects(listed):
            yield from rows(inner)
    elif "results" in record:
        times = {name: record[name] for name in ("starting_at", "ending_at") if name in record}
        found = objects(record["results"])
        yield from ({**result, **times} for result in found) if found else iter((times,))
    elif "core_metrics" in record:
        yield from _analysed(record)
    else:
        yield record


def _analysed(record: Record) -> Iterator[Record]:
    """Take a developer's day apart into models."""
    around = {name: record.get(name) for name in ("date", "actor", "organization_id", "customer_type", "terminal_type")}
    found = [{**around, **model, "is_analytics": True} for model in objects(record.get("model_breakdown"))]
    yield from found or iter(({"date": record.get("date"), "is_analytics": True},))


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a result or a row of the console into lines. Raises RejectRecordError."""
    if "is_analytics" in row:
        yield _developer(row, reading)
    elif "cost_usd" in row:
        yield _console_cost(row, reading)
    elif any(name in row for name in _CONSOLE_COUNTS):
        yield from _console_usage(row, reading)
    elif "amount" in row:
        yield _api_cost(row, reading)
    else:
        yield from _api_usage(row, reading)


def _day(row: Record) -> Bucket:
    return day_of(row.get("usage_date_utc", row.get("usage_date")), "UTC")


def _bucket(row: Record) -> Bucket:
    if row.get("starting_at") is None:
        raise RejectRecordError(NO_DAY)
    return between(row["starting_at"], row.get("ending_at"), "UTC")


def _tier(row: Record) -> str | None:
    fast = label(row.get("speed"))
    return "fast" if fast == "fast" else first_label(row, "service_tier", "usage_type")


def _region(row: Record) -> str | None:
    region = label(row.get("inference_geo"))
    return None if region in _NO_REGION else region


def _usage(
    reading: Reading,
    bucket: Bucket,
    row: Record,
    counts: tuple[int | None, ...],
    searches: Decimal | None,
    scope: str | None,
) -> Iterator[BillLine]:
    """Add up the exclusive counts: uncached, written for 5 minutes, for an hour, for an unstated time, read; output."""
    uncached, short, hour, unstated, read_, given = counts
    model = first_label(row, "model", "model_version")
    yield BillLine(
        *reading.at(bucket), "usage", _PROVIDER, model,
        input_tokens=total(uncached, short, hour, unstated, read_),
        cache_read_tokens=read_,
        cache_write_tokens=total(short, hour, unstated),
        cache_write_1h_tokens=hour,
        output_tokens=given,
        service_tier=_tier(row),
        region=_region(row),
        scope=scope,
    )  # fmt: skip
    if searches:
        yield BillLine(
            *reading.at(bucket), "usage", _PROVIDER, model, "web_search", "web_search", units=searches, scope=scope
        )


def _console_usage(row: Record, reading: Reading) -> Iterator[BillLine]:
    uncached, short, hour, unstated, read_, given, _ = (counted(row.get(name)) for name in _CONSOLE_COUNTS)
    counts = (uncached, short, hour, unstated, read_, given)
    scope = first_label(row, "workspace", "api_key")
    yield from _usage(reading, _day(row), row, counts, units(row.get("web_search_count")), scope)


def _api_usage(row: Record, reading: Reading) -> Iterator[BillLine]:
    writes, tools = _object(row.get("cache_creation")), _object(row.get("server_tool_use"))
    counts = (
        counted(row.get("uncached_input_tokens")),
        counted(writes.get("ephemeral_5m_input_tokens", row.get("cache_creation.ephemeral_5m_input_tokens"))),
        counted(writes.get("ephemeral_1h_input_tokens", row.get("cache_creation.ephemeral_1h_input_tokens"))),
        counted(row.get("cache_creation_input_tokens")) if not writes else None,
        counted(row.get("cache_read_input_tokens")),
        counted(row.get("output_tokens")),
    )
    searches = units(tools.get("web_search_requests", row.get("server_tool_use.web_search_requests")))
    yield from _usage(reading, _bucket(row), row, counts, searches, first_label(row, "workspace_id", "api_key_id"))


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _class(row: Record) -> str | None:
    stated = label(row.get("token_type"))
    return _CLASSES.get(stated) if stated else None


def _item(row: Record) -> tuple[str, str | None, str | None]:
    """Return item, model and token class. A row that groups by nothing is all of them together."""
    cost_type, model, kind = label(row.get("cost_type")), label(row.get("model")), _class(row)
    item = "tokens" if cost_type is None else _ITEMS.get(cost_type, "other")
    if item != "tokens":
        return item, model, item if item == "web_search" else None
    described = label(row.get("description"))
    if described and model is None:
        sku = read_sku(described)
        return sku.item if cost_type is None else item, sku.model, kind or sku.token_class
    return item, model, kind


def _console_cost(row: Record, reading: Reading) -> BillLine:
    amount, list_amount = (reading.dollars(row.get(name)) for name in ("cost_usd", "list_price_usd"))
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    item, model, kind = _item(row)
    scope = first_label(row, "workspace", "api_key")
    return BillLine(
        *reading.at(_day(row)), "cost", _PROVIDER, model, item, kind, amount, list_amount, service_tier=_tier(row),
        region=_region(row), scope=scope, rounding=_CENT,
    )  # fmt: skip


def _api_cost(row: Record, reading: Reading) -> BillLine:
    amount, list_amount = (
        cents(reading.dollars(row.get(name), row.get("currency"))) for name in ("amount", "list_amount")
    )
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    item, model, kind = _item(row)
    scope = label(row.get("workspace_id"))
    return BillLine(
        *reading.at(_bucket(row)), "cost", _PROVIDER, model, item, kind, amount, list_amount, service_tier=_tier(row),
        region=_region(row), scope=scope,
    )  # fmt: skip


def _developer(row: Record, reading: Reading) -> BillLine:
    tokens, cost = _object(row.get("tokens")), _object(row.get("estimated_cost"))
    uncached, read_, written, given = (
        counted(tokens.get(name)) for name in ("input", "cache_read", "cache_creation", "output")
    )
    amount = cents(reading.dollars(cost.get("amount"), cost.get("currency")))
    actor = _object(row.get("actor"))
    return BillLine(
        *reading.at(day_of(row.get("date"), "UTC")), "usage" if amount is None else "cost", _PROVIDER,
        label(row.get("model")), amount=amount,
        input_tokens=total(uncached, read_, written),
        cache_read_tokens=read_,
        cache_write_tokens=written,
        output_tokens=given,
        scope=first_label(actor, "email_address", "api_key_name"),
    )  # fmt: skip


def notes_of(row: Record) -> str | None:
    """Say what a row's report leaves out."""
    if "is_analytics" in row:
        return ANALYTICS
    return PRIORITY if "cost_usd" in row or "amount" in row else None


KIND = Kind(
    name="anthropic_bill",
    title="Anthropic usage and costs",
    rows=rows,
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *_CONSOLE_COUNTS,
            *("cost_usd", "list_price_usd", "amount", "list_amount", "uncached_input_tokens", "cache_creation"),
            *("cache_read_input_tokens", "output_tokens", "server_tool_use", "cache_creation_input_tokens", "tokens"),
            *("estimated_cost", "api_key_status", "requests"),
        )
    ),
    note_of=notes_of,
)
