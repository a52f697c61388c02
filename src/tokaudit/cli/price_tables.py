"""How are rates, and what is known of rates, written for a terminal?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from rich import box
from rich.table import Table

from tokaudit.prices import regions, tiers
from tokaudit.prices.rate_sheet import RateRow, RateSheet, telling_classes
from tokaudit.prices.rates import TOKEN_CLASSES
from tokaudit.prices.snapshot import package, providers, snapshot_date
from tokaudit.report.format import rate
from tokaudit.report.safe_text import clean, safe_text

_UNITS = {
    "request": "each call",
    "web_search": "each web search",
    "file_search": "each file search",
    "audio_second": "each second of audio",
}


def _range(row: RateRow) -> str:
    if row.up_to_input_tokens is not None:
        return f"prompts up to {row.up_to_input_tokens:,} tokens"
    return "prompts of any length" if row.above_input_tokens < 0 else f"prompts over {row.above_input_tokens:,} tokens"


def _label(name: str) -> str:
    return name.replace("_", " ") if name in TOKEN_CLASSES else _UNITS[name]


def rate_table(sheet: RateSheet) -> Table:
    """Lay out the rates of a model: a line a class, a column a range of prompt lengths; what the user pays beside the list."""
    table = Table(box=box.SIMPLE_HEAD, title="USD per million tokens", title_justify="left")
    table.add_column("")
    for row in sheet.rows:
        table.add_column(_range(row), justify="right")
        if sheet.is_contracted:
            table.add_column("you pay", justify="right")
    for name in telling_classes(sheet):
        pairs = ((row.listed[name], row.contracted[name]) for row in sheet.rows)
        table.add_row(_label(name), *(rate(one) for pair in pairs for one in pair[: 1 + sheet.is_contracted]))
    return table


def sheet_lines(model: str, sheet: RateSheet) -> list[str]:
    """Say what the rates of a model rest on."""
    since = f", since {sheet.effective_from}" if sheet.effective_from else ""
    published = "/".join(part for part in (sheet.provider_name, sheet.model) if part)
    checked = f"; rates checked until {snapshot_date()}" if sheet.source.startswith(package()) else ""
    lines = [
        f"{safe_text(model)} is {safe_text(published)} ({sheet.matched_by})",
        f"source: {clean(sheet.source)}{since}{checked}",
    ]
    return [*lines, f"rule: {sheet.rules}"] if sheet.rules else lines


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A published rule that the price list itself does not hold."""

    provider_name: str
    holds_for: str
    factor: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of prices without the user's own. models: how many of each provider."""

    price_list: str
    checked_until: str
    models: Mapping[str, int]
    rules: tuple[KnownRule, ...]


def overview() -> Overview:
    """Say which price list is installed, and which rules stand beside it."""
    by_tier = (KnownRule(one.provider_id, f"tier {one.tier}", one.factor, one.source) for one in tiers.RULES)
    by_region = (KnownRule(one.provider_id, "regions", one.factor, one.source) for one in regions.RULES)
    return Overview(
        price_list=package(),
        checked_until=snapshot_date(),
        models={provider.id: len(provider.models) for provider in providers()},
        rules=(*by_tier, *by_region),
    )


def overview_lines(known: Overview) -> list[str]:
    """Write an overview."""
    served = ", ".join(f"{name} {count}" for name, count in sorted(known.models.items()))
    return [
        f"Rates are those of {known.price_list}, checked until {known.checked_until}; yours come in with --prices.",
        f"{sum(known.models.values()):,} models of {len(known.models)} providers: {served}",
        "Rules where the list has no rate of its own:",
        *(f"  {rule.provider_name} {rule.holds_for}: {rule.factor} times, {rule.source}" for rule in known.rules),
    ]
