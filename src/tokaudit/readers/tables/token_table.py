"""What does a row with token counts say, when only the names of its columns tell what it holds?

A row is a CSV row or a JSON log line, flat or nested. Nothing is invented: an empty cell is unknown, a total alone is
no split, and a row that sums many calls is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.envelope import Envelope, Found, envelope
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.parts import add_content, message_parts
from tokaudit.readers.tables.sum_rows import is_sum
from tokaudit.readers.usage.table import row_usage
from tokaudit.readers.values.columns import TOKEN_FIELDS, columns_of, flat, guess_columns, token_groups
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.feature_names import feature_of
from tokaudit.readers.values.labels import is_missing, label
from tokaudit.readers.values.names import meaning, words_of
from tokaudit.readers.values.numbers import amount, count, decimal_comma
from tokaudit.readers.values.providers import provider_of_model
from tokaudit.schema import Aside, Call, Json, Part, Record, RejectRecordError, Role, Usage

__all__ = ["READER", "guess_columns", "identify", "read"]

NAME = "token_table"
_OPERATIONS = {"embedding": "embeddings", "embeddings": "embeddings", "completion": "completion", "rerank": "rerank"}


def identify(record: Record) -> bool:
    """Say whether the names of the columns promise a call: two token counts, one beside a model, or a model's cost."""
    return is_row(record, {}) or _is_charge(record)


def is_row(record: Record, named: Mapping[str, str]) -> bool:
    """Say the same with the names of columns that the user gave (field -> column)."""
    row = flat(record)
    counts = _count_columns(tuple(row), tuple(sorted(named.items())))
    return bool(counts) and all(_may_be_count(row[name]) for name in counts)


@lru_cache(maxsize=256)
def _count_columns(names: tuple[str, ...], named: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Name the columns of token counts, where the names of all columns promise a call."""
    known = columns_of(names, named)
    columns = {field: name for field, name in known.items() if name in names}
    tokens = tuple(columns[field] for field in (*TOKEN_FIELDS, "uncached_input_tokens") if field in columns)
    is_call = len(tokens) >= 2 or "request_model" in columns or "response_model" in columns
    return tokens if is_call else ()


def _may_be_count(value: Json) -> bool:
    """A column that only sounds like a count may hold a text or a list."""
    return value is None or type(value) in (int, float, bool) or (type(value) is str and _has_digits_only(value))


def _has_digits_only(text: str) -> bool:
    if len(text) <= 40 and text.isdecimal():
        return True
    return is_missing(text) or (len(text) <= 40 and not any(c.isalpha() for c in text.replace("e", "")))


def _is_charge(record: Record) -> bool:
    """Say whether a row tells the cost of a call of a known model at a time of day, as a table without counts does."""
    row = flat(record)
    columns = columns_of(tuple(row))
    if not all(field in columns for field in ("cost", "request_model", "started_at")):
        return False
    model, time = row[columns["request_model"]], row[columns["started_at"]]
    is_model = type(model) is str and _MODEL.search(model) is not None
    is_time_of_day = type(time) in (int, float) or (type(time) is str and (":" in time or time.isdecimal()))
    return is_model and is_time_of_day and amount(row[columns["cost"]], decimal_comma=True) is not None


_MODEL = re.compile(
    r"\b(gpt|o[134]|claude|gemini|gemma|llama|mi[sx]tral|deepseek|qwen|grok|command|sonar|nova|kimi|glm|text-embedding)\b",
    re.IGNORECASE,
)
"""Cars have models and prices too."""
_EMBEDDED = "table: embeddings give no tokens"
_SUM = Aside("totals row")


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the row into a call. Raises RejectRecordError."""
    row = flat(record)
    known = columns_of(tuple(row), tuple(sorted(options.columns.items())))
    columns = _with_cached_count({field: name for field, name in known.items() if name in row}, row)
    if is_sum(record, columns, row):
        return _SUM
    values = {field: row[name] for field, name in columns.items()}
    _refuse_sums(row, values)
    around = _envelope(columns, values, row, options)
    request_model, response_model = label(values.get("request_model")), label(values.get("response_model"))
    return Call(
        reader=NAME,
        response_id=label(values.get("response_id")),
        log_id=around.log_id,
        started_at=around.started_at,
        latency_ms=around.latency_ms,
        provider_name=around.provider_name or provider_of_model(request_model),
        request_model=request_model,
        response_model=response_model,
        operation_name=_operation(values.get("operation_name"), response_model or request_model),
        http_status=around.http_status,
        error_type=around.error_type,
        finish_reason=label(values.get("finish_reason")),
        feature=around.feature,
        feature_from=around.feature_from,
        user_id=around.user_id,
        conversation_id=around.conversation_id,
        operation_id=around.operation_id,
        service_tier=label(values.get("service_tier")),
        region=around.region,
        gateway_retries=around.gateway_retries,
        gateway_cache_hit=around.gateway_cache_hit,
        usage=_usage(columns, row, around, response_model or request_model),
        logged_cost=around.logged_cost,
        prompt=_prompt(values),
        answer=_texts("assistant", values.get("answer"), 0),
    )


def _with_cached_count(columns: dict[str, str], row: Mapping[str, Json]) -> dict[str, str]:
    """Read a column named just `cached` as a count where it is one; else it says whether a gateway's cache answered."""
    name = columns.get("cache_hit")
    if name is None or "cache_read_input_tokens" in columns or words_of(name) != {"cached"}:
        return columns
    cell = row[name]
    is_count = cell > 1 if type(cell) is int else type(cell) is str and cell not in ("0", "1") and cell[:1].isdecimal()
    if not is_count:
        return columns
    rest = {field: column for field, column in columns.items() if field != "cache_hit"}
    return rest | {"cache_read_input_tokens": name}


def _refuse_sums(row: Mapping[str, Json], values: Mapping[str, Json]) -> None:
    """Refuse what is not one call: a row that counts requests, or an object with counts of two."""
    requests = values.get("requests")
    if requests is not None and (count(requests, row.values()) or 0) > 1:
        raise RejectRecordError("row sums several calls")
    groups = token_groups(tuple(row))
    if len(groups) > 1 and len({_pair_of_counts(group, row) for group in groups.values() if _is_pair(group)}) > 1:
        raise RejectRecordError("different token counts in one record")


def _is_pair(group: Mapping[str, str]) -> bool:
    return "input_tokens" in group and "output_tokens" in group


def _pair_of_counts(group: Mapping[str, str], row: Mapping[str, Json]) -> tuple[int | None, ...]:
    return tuple(count(row[group[field]], row.values()) for field in TOKEN_FIELDS[:2])


def _envelope(
    columns: Mapping[str, str], values: Mapping[str, Json], row: Mapping[str, Json], options: ReadOptions
) -> Envelope:
    found = {field: _found(columns[field], value) for field, value in values.items() if not is_missing(value)}
    if "started_at" in found and (moment := _with_date(found["started_at"].value, row)):
        found["started_at"] = found["started_at"]._replace(value=moment)
    if "feature" in found and feature_of(found["feature"].value) is None:
        found["url"] = found.pop("feature")
    if "feature" not in found and "team" in found:
        found["feature"] = found["team"]
    has_text = any(type(values.get(field)) is str for field in ("cost", "latency"))
    comma = decimal_comma(row.values()) if has_text else False
    return envelope(found, options.timezone, decimal_comma=comma or False)


_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[AaPp]\.?[Mm]\.?)?")
_DATES = (frozenset(("date",)), frozenset(("day",)))


def _with_date(time: Json, row: Mapping[str, Json]) -> str | None:
    """Put the date of a column of its own before a time of day; None where the time is none, or there is no such column."""
    if type(time) is not str or not _CLOCK.fullmatch(time.strip()):
        return None
    date = next((row[name] for name in row if words_of(name) in _DATES), None)
    return f"{date.strip().partition('T')[0]} {time.strip()}" if type(date) is str and not is_missing(date) else None


def _found(column: str, value: Json) -> Found:
    known = meaning(column)
    opened = open_text(value) if type(value) is str and value.startswith("[") else value
    return Found(opened, column, 0, known.unit if known else None)


def _usage(columns: Mapping[str, str], row: Mapping[str, Json], around: Envelope, model: str | None) -> Usage:
    usage = row_usage(columns, row, model)
    if usage.input_tokens is not None and usage.output_tokens is None and _embeds(model):
        return replace(usage, output_tokens=0, cache_read_input_tokens=0, state="exact", rule=_EMBEDDED)
    if usage.state == "missing" and usage.output_tokens is None and around.error_type is not None:
        return unreported_usage(around.http_status, around.error_type)
    return usage


def _operation(value: Json, model: str | None) -> str:
    name = value.strip().lower() if type(value) is str else ""
    return _OPERATIONS.get(name, "embeddings" if _embeds(model) else "chat")


def _embeds(model: str | None) -> bool:
    return model is not None and "embed" in model.lower()


def _prompt(values: Mapping[str, Json]) -> tuple[Part, ...]:
    system = _texts("system", values.get("system_prompt"), 0)
    return (*system, *_texts("user", values.get("prompt"), 1 if system else 0))


def _texts(role: Role, content: Json, index: int) -> tuple[Part, ...]:
    """Read a cell of text, or of messages as JSON."""
    opened = open_text(content) if type(content) is str and content.startswith("[") else content
    if type(opened) is list and opened and type(opened[0]) is dict and "role" in opened[0]:
        return tuple(message_parts(opened, index))
    parts: list[Part] = []
    if not is_missing(content):
        add_content(parts, role, content, index)
    return tuple(parts)


READER = Reader(
    name=NAME,
    title="Table or log lines with token counts (CSV, JSON lines)",
    how_to_export="Export one row per call with at least time, model, input tokens, cached tokens and output tokens.",
    identify=identify,
    read=read,
    sign="two columns whose names mean token counts, or one (or a cost) beside a model",
    switch_on={
        "money": "Export input tokens, output tokens and the model of every call.",
        "cache split": "Export the cached input tokens too: without them the cost can only be overstated.",
        "content": "Export messages and answer, or log request and response bodies.",
        "features": "Export a column `feature` (or tag, workflow, endpoint).",
        "conversations": "Export a column `session_id`.",
        "retries": "Export an `operation_id` that the attempts at one request share.",
    },
)
