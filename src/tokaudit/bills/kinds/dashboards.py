"""What do dashboards sum up by day and model: ccusage, Langfuse, new-api, Fireworks?

Most compute costs themselves, by list prices; new-api books a price of resale. Sources: the JSON reports of ccusage, Langfuse's
API of daily metrics, new-api's table quota_data, headers of Fireworks' billing export; CATALOGUE 13.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tokaudit.bills.buckets import NO_DAY, Bucket, after_days, between, day_of, hour_of, moment
from tokaudit.bills.cells import counted, exact
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import Kind, Reading, objects, total
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Record, RejectRecordError

_LISTS = ("daily", "weekly", "monthly", "session", "sessions")
NO_DAYS = "sums without days: export them by day"
NO_MONEY = "sums of a dashboard that states neither models by day nor amounts"
_QUOTA = Decimal("0.000002")
"""500,000 of new-api's quota are a US dollar of resale price. Source: one-api's documentation; CATALOGUE 13.7."""
_WEEK = 7

ESTIMATED = "The costs are estimates by list prices, not a provider's bill."
RESALE = "The amounts are the gateway's prices of resale, not a provider's bill."


def ccusage_rows(record: Record) -> Iterator[Record]:
    """Take a report apart into days, and days into models; its totals are left out."""
    lists = [name for name in _LISTS if type(record.get(name)) is list]
    if lists:
        for name in lists:
            for item in objects(record[name]):
                yield from ccusage_rows(item)
        return
    models = objects(record.get("modelBreakdowns"))
    around = {name: record[name] for name in ("date", "week", "month", "sessionId", "project") if name in record}
    yield from ({**around, **model} for model in models) if models else iter((record,))


def read_ccusage(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a day of a model into a line. Raises RejectRecordError."""
    amount = reading.dollars(row.get("cost", row.get("totalCost")))
    sent, given, written, read_ = (
        counted(row.get(name)) for name in ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens")
    )
    used = row.get("modelsUsed")
    only = label(used[0]) if type(used) is list and len(used) == 1 else None
    yield BillLine(
        *reading.at(_ccusage_bucket(row, reading.zone)), "usage" if amount is None else "cost",
        model=label(row.get("modelName")) or only,
        amount=amount,
        input_tokens=total(sent, written, read_),
        cache_read_tokens=read_,
        cache_write_tokens=written,
        output_tokens=given,
        scope=first_label(row, "project"),
    )  # fmt: skip


def _ccusage_bucket(row: Record, zone: str) -> Bucket:
    if "week" in row:
        first = day_of(row["week"], zone).start
        return Bucket(first, after_days(first, _WEEK, zone))
    if "date" in row or "month" in row:
        return day_of(row.get("date", row.get("month")), zone)
    raise RejectRecordError(NO_DAYS)


def roll_up_rows(record: Record) -> Iterator[Record]:
    """Take a day of Langfuse apart into models."""
    usage = objects(record.get("usage"))
    yield from ({"date": record.get("date"), **item} for item in usage) if "countTraces" in record else iter((record,))


def read_roll_up(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a day of a model into a line. Raises RejectRecordError."""
    if "inputUsage" in row or "countObservations" in row:
        yield _langfuse(row, reading)
    elif "quota" in row:
        yield _quota(row, reading)
    elif "accelerator_seconds" in row:
        yield _fireworks(row, reading)
    else:
        raise RejectRecordError(NO_MONEY)


def _langfuse(row: Record, reading: Reading) -> BillLine:
    amount = reading.dollars(row.get("totalCost"))
    return BillLine(
        *reading.at(day_of(row.get("date"), "UTC")), "usage" if amount is None else "cost", model=label(row.get("model")),
        amount=amount,
        input_tokens=counted(row.get("inputUsage")),
        output_tokens=counted(row.get("outputUsage")),
        requests=counted(row.get("countObservations")),
    )  # fmt: skip


def _quota(row: Record, reading: Reading) -> BillLine:
    quota = counted(row.get("quota"))
    if quota is None:
        raise RejectRecordError(NO_MONEY)
    start = moment(row.get("created_at"), "UTC")
    return BillLine(
        *reading.at(hour_of(int(start.timestamp()), "UTC")), "cost", model=label(row.get("model_name")),
        amount=exact(quota * _QUOTA),
        requests=counted(row.get("count")),
        scope=first_label(row, "username", "user_id"),
    )  # fmt: skip


def _fireworks(row: Record, reading: Reading) -> BillLine:
    if not row.get("start_time"):
        raise RejectRecordError(NO_DAY)
    return BillLine(
        *reading.at(between(row["start_time"], row.get("end_time"), "UTC")), "usage", "fireworks",
        label(row.get("base_model_name")),
        input_tokens=counted(row.get("prompt_tokens")),
        output_tokens=counted(row.get("completion_tokens")),
        scope=label(row.get("email")),
    )  # fmt: skip


def _note(row: Record) -> str | None:
    return RESALE if "quota" in row else None if "accelerator_seconds" in row else ESTIMATED


CCUSAGE = Kind(
    name="ccusage_report",
    title="sums of ccusage",
    rows=ccusage_rows,
    read=read_ccusage,
    zone=None,
    measures=frozenset(
        (
            *(
                "inputTokens",
                "outputTokens",
                "cacheCreationTokens",
                "cacheReadTokens",
                "totalTokens",
                "cost",
                "totalCost",
            ),
            *("modelsUsed", "credits"),
        )
    ),
    note_of=lambda _: ESTIMATED,
)

ROLL_UP = Kind(
    name="roll_up",
    title="sums of a dashboard",
    rows=roll_up_rows,
    read=read_roll_up,
    zone="UTC",
    measures=frozenset(
        (
            *("inputUsage", "outputUsage", "totalUsage", "totalCost", "countObservations", "countTraces", "token_used"),
            *("count", "quota", "prompt_tokens", "completion_tokens", "accelerator_seconds", "id"),
        )
    ),
    note_of=_note,
)
