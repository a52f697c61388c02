"""Which files are bills: sums over many calls, made by a provider, a gateway or a dashboard?

They are recognised, never counted as calls, and refused as logs with the way to use them. A page of them is refused once.
Sources: the providers' references of their usage and cost APIs, and the headers of their CSV exports; CATALOGUE 3.6, 4.3,
4.4, 13.2, 13.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json, Record, RejectRecordError

_RESULTS = ("organization.usage.", "organization.costs.")
_OPENAI_ROW = frozenset(("start_time", "end_time", "start_time_iso", "end_time_iso"))
"""All that an empty export has, and every other one."""


def _has(record: Record, *names: str) -> bool:
    return all(name in record for name in names)


def _first(value: Json) -> Record:
    """Return the first object of a list; {} where there is none."""
    first = value[0] if type(value) is list and value else None
    return first if type(first) is dict else {}


def _is_openai(record: Record) -> bool:
    """Tell OpenAI's usage and costs: pages, buckets and results of the API, rows of the dashboard, the old usage API."""
    if "object" in record:
        kind = record["object"]
        is_page = kind == "page" and _first(record.get("data")).get("object") == "bucket"
        return is_page or kind == "bucket" or begins(kind, _RESULTS)
    return (
        _has(record, "num_model_requests", "start_time")
        or _has(record, "amount_value", "line_item")
        or ("n_context_tokens_total" in record and ("n_requests" in record or "num_requests" in record))
        or record.keys() >= _OPENAI_ROW
    )


def _is_anthropic(record: Record) -> bool:
    """Tell Anthropic's usage and costs: pages, buckets and results of the API, rows of the console, Claude Code analytics."""
    first = _first(record.get("data"))
    return (
        "usage_date_utc" in record
        or "usage_input_tokens_no_cache" in record
        or _has(record, "token_type", "cost_usd")
        or _has(record, "starting_at", "ending_at", "results")
        or _has(first, "starting_at", "ending_at", "results")
        or _has(record, "uncached_input_tokens", "workspace_id")
        or _has(record, "cost_type", "amount", "currency")
        or "core_metrics" in record
        or "core_metrics" in first
    )


def _is_deepseek(record: Record) -> bool:
    """Tell the two files of DeepSeek's export: amounts by kind of token, and costs."""
    day = "utc_date" in record or "start_time_iso" in record
    return day and (_has(record, "type", "price", "amount") or _has(record, "wallet_type", "cost"))


def _is_openrouter(record: Record) -> bool:
    """Tell OpenRouter's days: the daily CSV and the activity API."""
    return _has(record, "Slug", "Requests", "Usage") or _has(record, "byok_usage_inference", "requests", "usage")


def _is_litellm(record: Record) -> bool:
    """Tell LiteLLM's days: its tables Daily…Spend, the API that reads them, its reports and its summary of the log by day."""
    if _has(record, "api_requests", "spend") or "group_by_day" in record or _has(record, "spend", "users", "models"):
        return True
    metrics = record.get("metrics")
    return type(metrics) is dict and "date" in record and "api_requests" in metrics


def _is_copilot(record: Record) -> bool:
    """Tell GitHub's reports: requests, credits and metrics of Copilot, metered billing."""
    return (
        _has(record, "Requests Used", "Total Monthly Quota")
        or _has(record, "gross_amount", "unit_type", "sku")
        or _has(record, "grossAmount", "unitType", "sku")
        or _has(record, "copilot_ide_chat", "total_active_users")
        or _has(record, "total_input_tokens", "total_output_tokens", "username")
    )


def _is_roll_up(record: Record) -> bool:
    """Tell sums of platforms: LangSmith's projects, Langfuse's days, new-api's hours, clouds' metrics, Cursor's days."""
    return (
        ("run_count" in record and ("total_tokens" in record or "prompt_tokens" in record))
        or _has(record, "countTraces", "countObservations")
        or _has(record, "token_used", "count", "quota")
        or _has(record, "metricName", "timeGrain")
        or _has(record, "timespan", "interval", "value")
        or "MetricDataResults" in record
        or _has(record, "Label", "Datapoints")
        or _has(record, "usage_type", "accelerator_seconds")
        or _has(record, "totalLinesAdded", "composerRequests")
    )


def _is_ccusage(record: Record) -> bool:
    """Tell the sums of ccusage over sessions, days and months."""
    if _has(record, "totals") and any(name in record for name in ("daily", "weekly", "monthly", "sessions", "session")):
        return True
    return _has(record, "modelsUsed", "totalCost") or _has(record, "modelBreakdowns", "totalCost")


def _is_cloud_bill(record: Record) -> bool:
    """Tell bills of clouds: FOCUS, AWS cost and usage reports, Azure's cost export, Google's and Databricks' billing tables."""
    return (
        _has(record, "BilledCost", "ChargePeriodStart")
        or "lineItem/UnblendedCost" in record
        or "line_item_unblended_cost" in record
        or "costInBillingCurrency" in record
        or "CostInBillingCurrency" in record
        or ("cost" in record and ("sku.description" in record or _has(record, "usage_start_time", "sku")))
        or _has(record, "SKU description", "Usage amount")
        or _has(record, "usage_quantity", "sku_name")
    )


class _Kind(NamedTuple):
    """One kind of bill, and keys of which each bill of the kind has one."""

    name: str
    title: str
    fits: Callable[[Record], bool]
    keys: tuple[str, ...]


_KINDS = (
    _Kind(
        "openai_bill",
        "OpenAI usage and costs",
        _is_openai,
        ("object", "num_model_requests", "line_item", "n_context_tokens_total", "start_time_iso"),
    ),
    _Kind(
        "anthropic_bill",
        "Anthropic usage and costs",
        _is_anthropic,
        (
            *("data", "usage_date_utc", "usage_input_tokens_no_cache", "token_type", "starting_at"),
            *("uncached_input_tokens", "cost_type", "core_metrics"),
        ),
    ),
    _Kind("deepseek_bill", "DeepSeek amounts and costs", _is_deepseek, ("utc_date", "start_time_iso")),
    _Kind("openrouter_bill", "OpenRouter usage by day", _is_openrouter, ("Slug", "byok_usage_inference")),
    _Kind("litellm_bill", "LiteLLM spend by day", _is_litellm, ("api_requests", "metrics", "group_by_day", "users")),
    _Kind(
        "copilot_bill",
        "GitHub Copilot usage",
        _is_copilot,
        ("Requests Used", "gross_amount", "grossAmount", "copilot_ide_chat", "total_input_tokens"),
    ),
    _Kind(
        "roll_up",
        "sums of a dashboard",
        _is_roll_up,
        (
            *("run_count", "countTraces", "token_used", "metricName", "timespan", "MetricDataResults", "Datapoints"),
            *("accelerator_seconds", "composerRequests"),
        ),
    ),
    _Kind("ccusage_report", "sums of ccusage", _is_ccusage, ("totals", "modelsUsed", "modelBreakdowns")),
    _Kind(
        "cloud_bill",
        "cloud costs",
        _is_cloud_bill,
        (
            *("BilledCost", "lineItem/UnblendedCost", "line_item_unblended_cost", "costInBillingCurrency"),
            *("CostInBillingCurrency", "usage_start_time", "usage_quantity", "sku.description", "SKU description"),
        ),
    ),
)
"""The first kind that fits counts."""

_last: list[tuple[Record, str | None]] = []


def kind_of(record: Record) -> str | None:
    """Name the kind of bill, None for what is none; the last record's is remembered, since every kind asks for the same one."""
    if _last and _last[0][0] is record:
        return _last[0][1]
    found = next((kind.name for kind in _KINDS if kind.fits(record)), None)
    _last[:] = [(record, found)]
    return found


def _bill(kind: _Kind) -> Reader:
    def identify(record: Record) -> bool:
        return kind_of(record) == kind.name

    def refuse(record: Record, options: ReadOptions) -> NoReturn:
        raise RejectRecordError(f"a bill ({kind.title}), not a log of calls: compare it with tokaudit reconcile")

    return Reader(kind.name, kind.title, "", identify, refuse, keys=frozenset(kind.keys))


BILLS: tuple[Reader, ...] = tuple(map(_bill, _KINDS))
"""Readers that refuse. Their signs are names that no log of calls has: where two readers claim a record, none reads it."""
