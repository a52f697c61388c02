"""What is a month of calls whose bill, and every fault in it, is known?

The rates are written down here once more, by hand: the bill must not be made by the code that is tested.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl

from tokaudit.bills.line import BILL_SCHEMA, Bill
from tokaudit.prices.rates import MONEY

D = Decimal
MONTH = datetime(2026, 9, 1, tzinfo=UTC)
AFTER = datetime(2026, 10, 1, tzinfo=UTC)
PER_MILLION = {
    # uncached input, cache read, 5-minute write, 1-hour write, output
    "gpt-4o": ("2.50", "1.25", "2.50", "2.50", "10"),
    "gpt-4o-mini": ("0.15", "0.075", "0.15", "0.15", "0.60"),
    "gpt-4.1-mini": ("0.40", "0.10", "0.40", "0.40", "1.60"),
    "claude-sonnet-4-5": ("3", "0.30", "3.75", "6", "15"),
    "claude-haiku-4-5": ("1", "0.10", "1.25", "2", "5"),
}
SERVED = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
}
SHOWN = {"claude-sonnet-4-5": "Claude Sonnet 4.5", "claude-haiku-4-5": "Claude Haiku 4.5"}
CLASSES = ("uncached_input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
SEARCH_FEE = D("0.01")


@dataclass(frozen=True)
class Feature:
    """One use case of the simulated company."""

    name: str
    model: str
    calls: int
    prompt: int
    answer: int
    cached: float = 0.0
    written: float = 0.0
    batch: float = 0.0


FEATURES = (
    Feature("support", "gpt-4o", 900, 5200, 300, cached=0.7),
    Feature("search", "gpt-4o-mini", 900, 3000, 200, cached=0.3),
    Feature("summaries", "gpt-4.1-mini", 500, 9000, 700, batch=0.7),
    Feature("agent", "claude-sonnet-4-5", 800, 14000, 500, cached=0.8, written=0.3),
    Feature("triage", "claude-haiku-4-5", 600, 2500, 150, cached=0.4, batch=0.2),
)


def calls(seed: int, features: tuple[Feature, ...] = FEATURES) -> pl.DataFrame:
    """Make the calls from a day before the month to a day after."""
    chance = random.Random(seed)
    rows = [row for feature in features for row in _calls(feature, chance)]
    return (
        pl.DataFrame(rows, infer_schema_length=None)
        .with_row_index("record_id", offset=1)
        .with_columns(pl.col("record_id").cast(pl.UInt64))
    )


def _calls(feature: Feature, chance: random.Random) -> list[dict[str, object]]:
    start = MONTH - timedelta(days=1)
    days = (AFTER - start).days + 1
    rows = []
    while len(rows) < feature.calls:
        at = start + timedelta(seconds=chance.uniform(0, days * 86400))
        busy = (0.3, 1.0)[8 <= at.hour < 19] * (0.4 if at.weekday() > 4 else 1.0)
        if chance.random() > busy:
            continue
        prompt = int(feature.prompt * chance.lognormvariate(0, 0.5)) + 20
        read = prompt // 128 * 128 * 3 // 4 if chance.random() < feature.cached and prompt > 1024 else 0
        written = (prompt - read) // 2 if chance.random() < feature.written else 0
        is_hour = chance.random() < 0.3
        rows.append(
            {
                "at": at,
                "provider": "anthropic" if feature.model.startswith("claude") else "openai",
                "model": feature.model,
                "feature": feature.name,
                "tier": "batch" if chance.random() < feature.batch else None,
                "uncached_input": prompt - read - written,
                "cache_read": read,
                "cache_write_5m": 0 if is_hour else written,
                "cache_write_1h": written if is_hour else 0,
                "output": int(feature.answer * chance.lognormvariate(0, 0.6)) + 5,
                "searches": 0,
            }
        )
    return rows


def of_month(rows: pl.DataFrame, zone: str = "UTC") -> pl.DataFrame:
    """Return the calls of September in a zone."""
    local = pl.col("at").dt.convert_time_zone(zone)
    return rows.filter((local.dt.month() == 9) & (local.dt.year() == 2026))


def charged(rows: pl.DataFrame, *, rates: dict[str, tuple[str, ...]] = PER_MILLION) -> pl.DataFrame:
    """Add what each class of each call costs, exactly: cost_<class>, and their sum `cost`."""
    table = pl.DataFrame(
        [
            {"model": model, **{f"rate_{name}": D(rate) for name, rate in zip(CLASSES, given, strict=True)}}
            for model, given in rates.items()
        ],
        schema={"model": pl.String, **{f"rate_{name}": pl.Decimal(38, 6) for name in CLASSES}},
    )
    factor = pl.when(pl.col("tier") == "batch").then(D("0.5")).otherwise(D(1)).cast(pl.Decimal(38, 1))
    costs = {
        f"cost_{name}": (
            (pl.col(name).cast(pl.Decimal(38, 0)) * pl.col(f"rate_{name}").cast(pl.Decimal(38, 6))).cast(
                pl.Decimal(38, 6)
            )
            * factor
        ).cast(MONEY)
        * D("0.000001")
        for name in CLASSES
    }
    priced = rows.join(table, on="model", how="left").with_columns(**costs)
    fees = pl.col("searches").cast(MONEY) * SEARCH_FEE
    return priced.with_columns(
        cost=pl.sum_horizontal(f"cost_{name}" for name in CLASSES).cast(MONEY), cost_search=fees.cast(MONEY)
    ).drop(f"rate_{name}" for name in CLASSES)


def total(rows: pl.DataFrame) -> Decimal:
    """Return what calls cost at list."""
    return charged(rows)["cost"].sum() if rows.height else D(0)


Change = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Case:
    """The logs and the calls as billed, with what each fault adds to our list cost."""

    logs: pl.DataFrame
    billed: pl.DataFrame
    zone: str = "UTC"
    rates: dict[str, tuple[str, ...]] = field(default_factory=lambda: PER_MILLION)
    discount: dict[str, Decimal] = field(default_factory=dict)
    unit: Decimal | None = None
    lines: tuple[dict[str, object], ...] = ()
    truth: dict[str, Decimal] = field(default_factory=dict)

    def and_truth(self, cause: str, amount: Decimal) -> Case:
        return replace(self, truth={**self.truth, cause: self.truth.get(cause, D(0)) + amount})

    def amounts(self) -> pl.DataFrame:
        """Return the billed calls with their charges, at the bill's rates and discounts."""
        rows = charged(of_month(self.billed, self.zone), rates=self.rates)
        share = pl.col("model").replace_strict(
            {m: D(1) - off for m, off in self.discount.items()}, default=D(1), return_dtype=pl.Decimal(38, 6)
        )
        names = [f"cost_{name}" for name in CLASSES]
        return rows.with_columns((pl.col(name) * share).cast(MONEY) for name in names).with_columns(
            cost=pl.sum_horizontal(names).cast(MONEY)
        )


def plain(seed: int, provider: str | None = None) -> Case:
    """Return a month without any fault, of one provider or of all."""
    rows = calls(seed)
    rows = rows if provider is None else rows.filter(pl.col("provider") == provider)
    return Case(rows, rows)


def _rounded(value: pl.Expr, unit: Decimal | None) -> pl.Expr:
    if unit is None:
        return value
    cents = (value.cast(pl.Decimal(38, 12)) / unit + D("0.5")).floor()
    return (cents.cast(pl.Decimal(38, 2)) * unit).cast(MONEY)


def _lines(rows: pl.DataFrame, case: Case, **columns: pl.Expr) -> pl.DataFrame:
    empty = {name: pl.lit(None, dtype=kind) for name, kind in BILL_SCHEMA.items()}
    frame = rows.with_row_index("line", offset=1).with_columns(
        start=pl.col("day").dt.replace_time_zone(case.zone if case.zone == "" else "UTC").dt.cast_time_unit("us"),
    )
    frame = frame.with_columns(end=pl.col("start") + timedelta(days=1))
    known = {"file": pl.lit("bill.csv"), **columns}
    fields = {**empty, **known, "line": pl.col("line"), "start": pl.col("start"), "end": pl.col("end")}
    return frame.select(**{name: fields[name].cast(kind) for name, kind in BILL_SCHEMA.items()})


def _day(zone: str) -> pl.Expr:
    return pl.col("at").dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.truncate("1d")


def extra_lines(case: Case) -> pl.DataFrame:
    """Return the bill's lines that charge for no tokens."""
    blank = dict.fromkeys(BILL_SCHEMA)
    return pl.DataFrame([{**blank, **line} for line in case.lines], schema=BILL_SCHEMA)


def by_day_and_model(case: Case, *, unit: Decimal | None = None) -> pl.DataFrame:
    """Write the bill as day, model, amount."""
    rows = case.amounts().group_by(_day(case.zone).alias("day"), "model").agg(pl.col("cost").sum()).sort("day", "model")
    rows = rows.with_columns(cost=_rounded(pl.col("cost"), unit or case.unit)).filter(pl.col("cost") != 0)
    lines = _lines(rows, case, kind=pl.lit("cost"), model=pl.col("model"), item=pl.lit("tokens"), amount=pl.col("cost"))
    return pl.concat([lines, extra_lines(case)])


def openai_lines(case: Case) -> pl.DataFrame:
    """Write OpenAI's cost and usage exports: cost by line item, usage by batch."""
    own = case.amounts().filter(pl.col("provider") == "openai")
    groups = own.group_by(_day(case.zone).alias("day"), "model").agg(
        pl.col("cost_uncached_input").sum(), pl.col("cost_cache_read").sum(), pl.col("cost_output").sum()
    )
    cost = groups.unpivot(index=["day", "model"], variable_name="item", value_name="amount").filter(
        pl.col("amount") > 0
    )
    cost = cost.sort("day", "model", "item")
    served = pl.col("model").replace_strict(SERVED, return_dtype=pl.String)
    cost_lines = _lines(
        cost, case, kind=pl.lit("cost"), provider_name=pl.lit("openai"), model=served, item=pl.lit("tokens"),
        amount=pl.col("amount"),
        token_class=pl.col("item").str.strip_prefix("cost_"),
    )  # fmt: skip
    usage = (
        own.group_by(_day(case.zone).alias("day"), "model", "tier")
        .agg(
            pl.col("uncached_input").sum(), pl.col("cache_read").sum(), pl.col("output").sum(), requests=pl.len(),
        )
        .sort("day", "model", "tier")
    )  # fmt: skip
    usage_lines = _lines(
        usage, case, kind=pl.lit("usage"), provider_name=pl.lit("openai"), model=served, item=pl.lit("tokens"),
        input_tokens=pl.col("uncached_input") + pl.col("cache_read"), cache_read_tokens=pl.col("cache_read"),
        output_tokens=pl.col("output"), requests=pl.col("requests"), service_tier=pl.col("tier").fill_null("default"),
    )  # fmt: skip
    return pl.concat([cost_lines, usage_lines, extra_lines(case)])


def anthropic_lines(case: Case, *, with_usage: bool = False) -> pl.DataFrame:
    """Write Anthropic's console cost export: one row a token type, in cents; and its usage export."""
    own = case.amounts().filter(pl.col("provider") == "anthropic")
    tier = pl.col("tier").fill_null("standard")
    groups = own.group_by(_day(case.zone).alias("day"), "model", tier.alias("tier"))
    cost = groups.agg(pl.col(f"cost_{name}").sum() for name in CLASSES)
    cost = cost.unpivot(index=["day", "model", "tier"], variable_name="item", value_name="amount")
    cost = cost.with_columns(amount=_rounded(pl.col("amount"), D("0.01"))).filter(pl.col("amount") > 0)
    shown = pl.col("model").replace_strict(SHOWN, return_dtype=pl.String)
    cost_lines = _lines(
        cost.sort("day", "model", "tier", "item"), case, kind=pl.lit("cost"), provider_name=pl.lit("anthropic"), model=shown,
        item=pl.lit("tokens"), amount=pl.col("amount"), service_tier=pl.col("tier"), rounding=pl.lit(D("0.01")),
        token_class=pl.col("item").str.strip_prefix("cost_"),
    )  # fmt: skip
    if not with_usage:
        return pl.concat([cost_lines, extra_lines(case)])
    usage = groups.agg(*(pl.col(name).sum() for name in CLASSES)).sort("day", "model", "tier")
    served = pl.col("model").replace_strict(SERVED, return_dtype=pl.String)
    usage_lines = _lines(
        usage, case, kind=pl.lit("usage"), provider_name=pl.lit("anthropic"), model=served, item=pl.lit("tokens"),
        input_tokens=pl.sum_horizontal(CLASSES[:-1]), cache_read_tokens=pl.col("cache_read"),
        cache_write_tokens=pl.sum_horizontal(CLASSES[2:4]), cache_write_1h_tokens=pl.col("cache_write_1h"),
        output_tokens=pl.col("output"), service_tier=pl.col("tier"),
    )  # fmt: skip
    return pl.concat([cost_lines, usage_lines, extra_lines(case)])


def bill(lines: pl.DataFrame, *, timezone: str | None = None) -> Bill:
    """Make a bill of lines."""
    return Bill("bill.csv", "table", "a table", lines, timezone=timezone)


def noon(day: int) -> datetime:
    """Return noon of a day of the month."""
    return datetime(2026, 9, day, 12, tzinfo=UTC)


def in_zone(moment: datetime, zone: str) -> datetime:
    """Return a moment on another clock."""
    return moment.astimezone(ZoneInfo(zone))
