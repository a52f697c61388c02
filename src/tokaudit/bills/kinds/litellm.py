"""What does LiteLLM say it spent: its daily tables and the API that reads them, its reports, its log of spend?

Spend is LiteLLM's own computation in US dollars, not a provider's bill. Prompt tokens include cache reads and writes. A row of
the log is one call, and is put into its day. Sources: LiteLLM's database schema and its documentation of spend tracking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tokaudit.bills.buckets import NO_DAY, day_of
from tokaudit.bills.cells import counted, money
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, is_true, objects
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.providers import provider_of_model, provider_of_name
from tokaudit.schema import Json, Record, RejectRecordError

COMPUTED = "LiteLLM's spend is its own computation by its price list, not a provider's bill."
_ENTITIES = (
    "team_alias",
    "team_id",
    "team_name",
    "user_id",
    "user",
    "customer",
    "end_user",
    "tag",
    "organization_id",
    "api_key",
)
_GROUPS = ("teams", "customers", "users", "api_keys")


def rows(record: Record) -> Iterator[Record]:
    """Take a day apart into models, and into what no model accounts for."""
    metrics = record.get("metrics")
    if type(metrics) is dict:
        models = _object(_object(record.get("breakdown")).get("models"))
        parts = [
            {**_object(_object(found).get("metrics")), "date": record.get("date"), "model": name}
            for name, found in models.items()
        ]
        yield from _with_rest(parts, {**metrics, "date": record.get("date")})
    elif "group_by_day" in record:
        yield from _report(record)
    elif "models" in record and "users" in record:
        day = {"date": record.get("startTime", record.get("date"))}
        parts = [{**day, "model": name, "spend": spend} for name, spend in _object(record["models"]).items()]
        yield from _with_rest(parts, {**day, "spend": record.get("spend")})
    else:
        yield record


def _report(record: Record) -> Iterator[Record]:
    for group in (group for name in _GROUPS for group in objects(record.get(name))):
        around = {name: group[name] for name in _ENTITIES if name in group} | {"date": record.get("group_by_day")}
        spend = group.get("total_spend", group.get("total_cost", group.get("spend")))
        parts = [{**around, **part} for part in objects(group.get("metadata")) if "spend" in part]
        yield from _with_rest(parts, {**around, "spend": spend})


def _with_rest(parts: list[dict[str, Json]], whole: dict[str, Json]) -> Iterator[Record]:
    """Yield the parts, and a row for what their sum lacks; the whole where there are none, or where they say more than it."""
    stated = _spend(whole)
    rest = stated - sum((_spend(part) for part in parts), Decimal(0))
    if not parts or rest < -_SLACK:
        yield whole
        return
    yield from parts
    if rest > _SLACK:
        around = {key: value for key, value in whole.items() if key in (*_ENTITIES, "date")}
        yield around | {"spend": rest} | {name: _left(name, parts, whole) for name in _COUNTS if name in whole}


_COUNTS = (
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "api_requests",
)


def _left(name: str, parts: list[dict[str, Json]], whole: Record) -> int | None:
    """Return what the parts lack of a count; None where they say more than the whole, or nothing."""
    try:
        stated = counted(whole[name])
        left = None if stated is None else stated - sum(counted(part.get(name)) or 0 for part in parts)
    except RejectRecordError:
        return None
    return left if left is not None and left >= 0 else None


_SLACK = Decimal("0.000000001")
"""USD by which sums of floats may be off."""


def _spend(row: Record) -> Decimal:
    try:
        found = money(row.get("spend"))
    except RejectRecordError:
        return Decimal(0)
    return found.amount if found else Decimal(0)


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a day of a model, or a call, into a line. Raises RejectRecordError."""
    amount = reading.dollars(row.get("spend"))
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    day = row.get("date", row.get("startTime"))
    if day is None:
        raise RejectRecordError(NO_DAY)
    is_call = "call_type" in row
    is_counted = not is_call or not is_true(row.get("cache_hit"))
    model = first_label(row, "model", "model_group")
    yield BillLine(
        *reading.at(day_of(day, reading.zone)), "cost", _provider(row, model), model, amount=amount,
        input_tokens=counted(row.get("prompt_tokens")) if is_counted else None,
        cache_read_tokens=counted(row.get("cache_read_input_tokens")),
        cache_write_tokens=counted(row.get("cache_creation_input_tokens")),
        output_tokens=counted(row.get("completion_tokens")) if is_counted else None,
        requests=1 if is_call else counted(row.get("api_requests")),
        scope=first_label(row, *_ENTITIES),
    )  # fmt: skip


def _provider(row: Record, model: str | None) -> str | None:
    stated = label(row.get("custom_llm_provider"))
    return (provider_of_name(stated) if stated else None) or provider_of_model(model)


KIND = Kind(
    name="litellm_bill",
    title="LiteLLM spend",
    rows=rows,
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *("spend", "prompt_tokens", "completion_tokens", "total_tokens", "cache_read_input_tokens", "api_requests"),
            *(
                "cache_creation_input_tokens",
                "successful_requests",
                "failed_requests",
                "created_at",
                "updated_at",
                "id",
            ),
        )
    ),
    identity=("request_id",),
    note_of=lambda _: COMPUTED,
)
