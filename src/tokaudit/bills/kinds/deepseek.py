"""What do the two files of DeepSeek's export say: amounts by kind of token, and costs?

Amounts are a row for each kind of token and the number of requests; costs are in the account's currency, mostly CNY. Days are
those of China where a row carries that offset, and UTC where its column says so. Source: headers of the platform's export,
September 2026; CATALOGUE 13.9.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokaudit.bills.buckets import Bucket, between, day_of
from tokaudit.bills.cells import counted
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, counts_of, itself
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Record, RejectRecordError

_PROVIDER = "deepseek"
_CLASSES = {
    "input_cache_hit_tokens": "cache_read",
    "input_cache_miss_tokens": "uncached_input",
    "prompt_cache_hit_tokens": "cache_read",
    "prompt_cache_miss_tokens": "uncached_input",
    "output_tokens": "output",
    "completion_tokens": "output",
}
_REQUESTS = "request_count"
OTHER_TYPE = "the row counts something that is neither tokens nor requests"


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a row of either file into a line. Raises RejectRecordError."""
    yield _amount(row, reading) if "type" in row else _cost(row, reading)


def _bucket(row: Record) -> Bucket:
    if "utc_date" in row:
        return day_of(row["utc_date"], "UTC")
    return between(row.get("start_time_iso"), row.get("end_time_iso"), "Asia/Shanghai")


def _amount(row: Record, reading: Reading) -> BillLine:
    kind, amount = label(row.get("type")), counted(row.get("amount"))
    token_class = _CLASSES.get(kind or "")
    if token_class is None and kind != _REQUESTS:
        raise RejectRecordError(OTHER_TYPE)
    return BillLine(
        *reading.at(_bucket(row)), "usage", _PROVIDER, label(row.get("model")), token_class=token_class,
        **counts_of(token_class, amount)._asdict(),
        requests=amount if kind == _REQUESTS else None,
        scope=first_label(row, "api_key_name", "api_key"),
    )  # fmt: skip


def _cost(row: Record, reading: Reading) -> BillLine:
    amount = reading.dollars(row.get("cost"), row.get("currency"))
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    return BillLine(*reading.at(_bucket(row)), "cost", _PROVIDER, label(row.get("model")), amount=amount)


def _zone_note(row: Record) -> str | None:
    if label(row.get("wallet_type")) in ("granted", "Granted"):
        return "Part of DeepSeek's costs was paid from granted credit."
    return None


KIND = Kind(
    name="deepseek_bill",
    title="DeepSeek amounts and costs",
    rows=itself,
    read=read,
    zone="UTC",
    measures=frozenset(("amount", "cost")),
    note_of=_zone_note,
    zone_of=lambda row: "UTC" if "utc_date" in row else "Asia/Shanghai",
)
