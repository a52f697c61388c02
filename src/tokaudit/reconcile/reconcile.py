"""What leads from our list cost to the bill, over all providers on it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tokaudit import __version__
from tokaudit.bills.line import Bill
from tokaudit.config import Settings, microseconds, midnight
from tokaudit.errors import InputError, UsageError
from tokaudit.periods import choose_period, is_month
from tokaudit.prices.quotes import NO_PRICES, PriceKey, quote
from tokaudit.prices.rates_file import UserPrices
from tokaudit.reconcile.billed import raw_cells
from tokaudit.reconcile.bridge import PRECISION, ZERO, other_cells, token_cells, unbilled_cells
from tokaudit.reconcile.compare import Compared, compare
from tokaudit.reconcile.counted import RateOf
from tokaudit.reconcile.evidence import basis_of, evidence_of
from tokaudit.reconcile.renamed import same_models, with_same_models
from tokaudit.reconcile.result import CAUSES, SCHEMA_VERSION, Basis, Cause, Cell, OtherSpend, Reconciliation
from tokaudit.reconcile.search import Space
from tokaudit.reconcile.sides import NAMES, match, shown_names, sides_of, with_model_key
from tokaudit.reconcile.slots import CONTRACTED, LIST, STANDARD, slots, tier_of
from tokaudit.reconcile.zones import SLOT
from tokaudit.result import Period, Tool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_BILLED = "tokaudit/not-on-this-bill"
_PER_TOKEN = {
    "input": "uncached_input", "cache_read": "cache_read", "cache_write_5m": "cache_write_5m",
    "cache_write_1h": "cache_write_1h", "output": "output", "read_as_input": "uncached_input",
    "write_as_input": "uncached_input",
}  # fmt: skip
"""A cost of `slots.COSTS` -> the class whose rate prices it."""
PAD = timedelta(days=1)
"""Calls this far around the bill may belong to its days, in another time zone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants compared.

    requested  [start, end), UTC; None = what both the bill and the logs cover
    scope      only this project, workspace, key or team of the bill
    prices     the user's own, by which the calls were priced
    """

    requested: tuple[datetime, datetime] | None = None
    scope: str | None = None
    prices: UserPrices = NO_PRICES


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    zone: str
    compared: Compared | None
    cells: tuple[Cell, ...]


def lines_of(bills: Sequence[Bill], scope: str | None) -> pl.DataFrame:
    """Put the lines of all bills together. Raises UsageError when none is of the scope, InputError when none has an amount."""
    lines = pl.concat([
        bill.lines.with_columns(zone=pl.lit(bill.timezone or "UTC"), zone_is_stated=pl.lit(bill.timezone is not None))
        for bill in bills
    ])  # fmt: skip
    if scope is not None:
        known = sorted(set(lines["scope"].drop_nulls().to_list()))
        lines = lines.filter(pl.col("scope").str.to_lowercase() == scope.lower())
        if not lines.height:
            hint = f"scopes on the bill: {', '.join(known[:10])}" if known else "the bill names no scopes"
            raise UsageError("no line of the bill is of this scope", hint=hint)
    if not lines["amount"].is_not_null().any():
        raise _no_amounts(bills)
    return with_model_key(lines)


def _no_amounts(bills: Sequence[Bill]) -> InputError:
    bill = next((bill for bill in bills if bill.rejects), bills[0])
    if bill.rejects and not bill.lines.height:
        first = bill.rejects[0]
        return InputError("no line of the bill could be read", where=f"{bill.name}:{first.line}", hint=first.reason)
    hint = "give the cost export beside the usage export"
    return InputError("the bill counts tokens but names no amounts", where=bill.name, hint=hint)


def span_of(lines: pl.DataFrame) -> tuple[datetime, datetime]:
    """Return the first and last moment of the lines that charge for tokens, else of all."""
    tokens = lines.filter(pl.col("item") == "tokens")
    of = tokens if tokens.height else lines
    return of["start"].min(), of["end"].max()  # type: ignore[return-value]


def requested_period(settings: Settings, lines: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Return the period that the user asked for; an open end is the bill's. None = the user asked for none."""
    if settings.month is None and settings.since is None and settings.until is None:
        return None
    first, last = span_of(lines)
    zone = ZoneInfo(settings.timezone)
    days = (first.astimezone(zone).date(), (last - timedelta(microseconds=1)).astimezone(zone).date())
    period, _ = choose_period(settings, days)
    return period.start.astimezone(UTC), period.end.astimezone(UTC)


def with_days_around(settings: Settings, requested: tuple[datetime, datetime] | None, lines: pl.DataFrame) -> Settings:
    """Return settings under which the calls of the period, and of the day before and after, are analysed."""
    start, end = requested or span_of(lines)
    since, until = (start - PAD).date(), (end + 2 * PAD).date()
    return replace(settings, timezone="UTC", month=None, since=since, until=until)


def _kinds(calls: pl.LazyFrame) -> pl.DataFrame:
    return calls.select(NAMES).unique().sort(NAMES, nulls_last=True).collect()


def _named(calls: pl.LazyFrame, names: pl.DataFrame) -> pl.LazyFrame:
    billed_by = pl.col("side").fill_null(NOT_BILLED)
    return (
        calls.join(names.lazy(), on=NAMES, how="left", nulls_equal=True)
        .with_columns(known_provider=pl.coalesce("priced_provider", "provider_name"))
        .with_columns(side=billed_by)
    )


def _space(calls: pl.LazyFrame, lines: pl.DataFrame) -> Space:
    """Say at which tiers and rates the calls must be priced: those that one side shows, and batch."""
    seen = set(calls.select(tier_of("service_tier")).unique().collect().to_series())
    billed = set(lines.select(tier_of("service_tier")).unique().to_series())
    differs = calls.select((pl.col("contracted_cost") != pl.col("list_cost")).any()).collect().item()
    tiers = [STANDARD, "batch", *sorted((seen | billed) - {STANDARD, "batch"})]
    has_fees = lines.filter(pl.col("item").is_in(["web_search", "file_search"])).height > 0
    return Space(
        bases=(LIST, CONTRACTED) if differs else (LIST,),
        tiers=tiers,
        seen_tiers=frozenset(seen),
        may_have_units=not has_fees,
    )


def _rate_of(provider: str | None, models: Sequence[str | None], moment: datetime, prices: UserPrices) -> RateOf:
    """Return what looks up the published rates of a model of the bill, for tokens of which we have none."""

    @cache
    def rates(model: int, tier: str) -> Mapping[str, Any]:
        name = models[model]
        if name is None:
            return {}
        key = PriceKey(provider, name, None, None if tier == STANDARD else tier, None, moment)
        return quote([key], prices).row(0, named=True)

    def rate_of(model: int, basis: str, tier: str, cost: str) -> float:
        return float(rates(model, tier).get(f"{basis}_rate_{_PER_TOKEN[cost]}") or 0.0)

    return rate_of


def _covered(rows: pl.DataFrame, zone: str) -> tuple[datetime, datetime] | None:
    """Return from which midnight to which the logs hold calls."""
    if not rows.height:
        return None
    first, last = (
        (EPOCH + SLOT * slot).astimezone(ZoneInfo(zone)).date()
        for slot in rows.select(pl.col("slot").min(), last=pl.col("slot").max()).row(0)
    )
    return midnight(first, zone).astimezone(UTC), midnight(last + timedelta(days=1), zone).astimezone(UTC)


def _side(provider: str, lines: pl.DataFrame, rows: pl.DataFrame, space: Space, asked: Asked) -> _Side:
    zone = lines["zone"][0]
    stated = bool(lines["zone_is_stated"].all())
    named = provider or None
    ours = rows["model"].unique().sort().to_list()
    raw = raw_cells(lines, ours, provider=named, assumed=zone, is_stated=stated)
    if not raw.buckets:
        return _Side(provider, zone, None, tuple(other_cells(raw.others, named, zone, None)))
    found = compare(
        raw,
        rows,
        space,
        requested=asked.requested,
        covered=_covered(rows, zone),
        rate_of=_rate_of(named, raw.models, span_of(lines)[0], asked.prices),
    )
    compared = [span for span, common in zip(raw.buckets, found.common, strict=True) if common]
    within = (compared[0].start, compared[-1].end) if compared else None
    cells = (
        *token_cells(found, rows),
        *unbilled_cells(found, rows, asked.requested),
        *other_cells(raw.others, named, zone, within),
    )
    return _Side(provider, zone, found, cells)


def _causes(sides: Sequence[_Side], cells: Iterable[Cell]) -> tuple[Cause, ...]:
    amounts = dict.fromkeys(CAUSES, ZERO)
    for cell in cells:
        for name, amount in cell.causes.items():
            amounts[name] += amount
    found = []
    for name in CAUSES:
        shown = {side.name: (_basis(side, name), _evidence(side, name)) for side in sides if _has(side, name)}
        if not shown and not amounts[name]:
            continue
        basis: Basis = "inferred" if any(b == "inferred" for b, _ in shown.values()) else "counted"
        each = {provider: evidence for provider, (_, evidence) in shown.items()}
        evidence = next(iter(each.values())) if len(each) == 1 else each
        found.append(Cause(name, amounts[name], basis, evidence))
    return tuple(found)


def _has(side: _Side, cause: str) -> bool:
    return any(cause in cell.causes for cell in side.cells) or (
        cause == "time_zone" and side.compared is not None and side.compared.told.zone != side.zone
    )


def _basis(side: _Side, cause: str) -> Basis:
    if side.compared is None or cause not in side.compared.steps or cause == "unit_charges":
        return "counted"
    return basis_of(side.compared, cause)


def _evidence(side: _Side, cause: str) -> Mapping[str, Any]:
    own = [cell for cell in side.cells if cause in cell.causes]
    if cause in ("period", "credits", "tax", "commitment_shortfall", "unit_charges"):
        return {
            "lines": len(own),
            "billed_usd": sum((cell.billed for cell in own if cell.calls == 0), ZERO),
            "our_calls": sum(cell.calls for cell in own),
            "days": list(dict.fromkeys(cell.start.date().isoformat() for cell in own))[:10],
            **({"items": _items(side, own)} if cause == "unit_charges" else {}),
        }
    return evidence_of(side.compared, cause) if side.compared else {}


def _items(side: _Side, cells: Sequence[Cell]) -> Mapping[str, Decimal]:
    """Return what is charged beside tokens, by item, ours (negative) as `in our list cost`."""
    items: dict[str, Decimal] = {}
    if side.compared:
        for item, amount in side.compared.raw.others.select("item", "amount").iter_rows():
            items[item] = items.get(item, ZERO) + amount
    ours = sum((cell.causes["unit_charges"] for cell in cells if cell.calls), ZERO)
    return {**{name: items[name] for name in sorted(items)}, **({"in_our_list_cost": ours} if ours else {})}


def _others(named: pl.LazyFrame, period: Period) -> tuple[OtherSpend, ...]:
    """Return what the period's calls of providers that are not on the bill cost."""
    start, end = microseconds(period.start), microseconds(period.end)
    off = named.filter((pl.col("side") == NOT_BILLED) & pl.col("started_at").is_between(start, end, closed="left"))
    sums = off.group_by("known_provider").agg(
        calls=pl.len(), cost=pl.col("list_cost").sum(), priced=pl.col("list_cost").count()
    )
    return tuple(
        OtherSpend(name, calls, cost if priced else None)
        for name, calls, cost, priced in sums.sort("known_provider", nulls_last=True).collect().iter_rows()
    )


def reconcile(calls: pl.LazyFrame, bills: Sequence[Bill], asked: Asked) -> Reconciliation:
    """Bridge our list cost to the billed amount.

    calls: `run.Analysis.call_files`, from a day before the bill to a day after. Raises UsageError for a scope that the bill does
    not name, InputError for bills without amounts.
    """
    lines = lines_of(bills, asked.scope)
    kinds = _kinds(calls)
    shown = shown_names(lines, kinds)
    named = _named(calls, match(kinds, sides_of(lines)).with_columns(pl.col("model").replace(shown)))
    lines = lines.with_columns(pl.col("model_key").replace(shown))
    space = _space(named, lines)
    billed = named.filter(pl.col("side") != NOT_BILLED)
    ours = slots(billed, tiers=space.tiers, bases=space.bases, prices=asked.prices)
    same = same_models(lines, ours)
    lines, ours = with_same_models(lines, ours, same)
    sides = [
        _side(
            name,
            lines.filter(pl.col("provider_name").eq_missing(pl.lit(name or None, dtype=pl.String))),
            ours.filter(pl.col("side") == name),
            space,
            asked,
        )
        for name in sorted({provider or "" for provider in lines["provider_name"]})
    ]
    cells = tuple(
        sorted(
            (cell for side in sides for cell in side.cells),
            key=lambda c: (c.start, c.provider_name or "", c.model or ""),
        )
    )
    return replace(_result(bills, asked, sides, cells, named), same_models=same)


def _result(
    bills: Sequence[Bill], asked: Asked, sides: Sequence[_Side], cells: tuple[Cell, ...], named: pl.LazyFrame
) -> Reconciliation:
    with localcontext() as context:
        context.prec = PRECISION
        billed = sum((cell.billed for cell in cells), ZERO)
        list_cost = sum((cell.list_cost for cell in cells), ZERO)
        residual = sum((cell.residual for cell in cells), ZERO)
        causes = _causes(sides, cells)
    period = _period(sides, asked)
    zones = list(dict.fromkeys(side.compared.told.zone if side.compared else side.zone for side in sides))
    return Reconciliation(
        schema_version=SCHEMA_VERSION,
        tool=Tool("tokaudit", __version__),
        bills=tuple(bill.name for bill in bills),
        period=period,
        currency="USD",
        time_zone=", ".join(zones),
        list_cost=list_cost,
        causes=causes,
        residual=residual,
        residual_share=float(abs(residual) / abs(billed)) if billed else None,
        billed=billed,
        calls=sum(cell.calls for cell in cells),
        cells=cells,
        not_on_this_bill=_others(named, period),
        same_models=(),
    )


def _period(sides: Sequence[_Side], asked: Asked) -> Period:
    """Return what was compared: the period asked for, else from the first to the last bucket that both sides cover."""
    zone = sides[0].zone
    if asked.requested is not None:
        return _labelled(*asked.requested, zone)
    spans = [
        span
        for side in sides
        if side.compared
        for span, common in zip(side.compared.raw.buckets, side.compared.common, strict=True)
        if common
    ]
    starts = [span.start for span in spans] or [cell.start for side in sides for cell in side.cells]
    ends = [span.end for span in spans] or [cell.end for side in sides for cell in side.cells]
    return _labelled(min(starts), max(ends), zone)


def _labelled(start: datetime, end: datetime, zone: str) -> Period:
    first, after = (moment.astimezone(ZoneInfo(zone)) for moment in (start, end))
    last = (after - timedelta(microseconds=1)).date()
    period = Period(first, after, zone, f"{first.date().isoformat()}_{last.isoformat()}")
    return replace(period, label=first.date().isoformat()[:7]) if is_month(period) else period
