"""How does a comparison become a bridge in exact decimals, cell by cell?

The causes were found in floats; each is cut to a billionth of a dollar, and the residual is what is left between the exact list
cost and the exact billed amount. So list cost + causes + residual = billed holds to the last decimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tokaudit.reconcile.compare import Compared
from tokaudit.reconcile.fit import Floats
from tokaudit.reconcile.grid import exact_cells, predicted
from tokaudit.reconcile.result import CAUSES, Cell
from tokaudit.reconcile.zones import slot_of

QUANTUM = Decimal("1e-9")
PRECISION = 60
ZERO = Decimal(0)
CAUSE_OF_ITEM = {"credit": "credits", "tax": "tax"}
"""What lines that charge for no tokens are; any other item is a charge by the unit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an amount belongs."""

    provider_name: str | None
    model: str | None
    start: datetime
    end: datetime


def money(value: float) -> Decimal:
    """Cut a float to a billionth of a dollar."""
    return Decimal(repr(float(value))).quantize(QUANTUM)


def make_cell(
    place: Place, *, billed: Decimal, list_cost: Decimal = ZERO, causes: Mapping[str, Decimal], calls: int = 0,
    requests: int | None = None,
) -> Cell:  # fmt: skip
    """Make a cell; what its causes leave is its residual."""
    with localcontext() as context:
        context.prec = PRECISION
        told = {name: causes[name] for name in CAUSES if causes.get(name)}
        residual = billed - list_cost - sum(told.values(), ZERO)
    return Cell(
        provider_name=place.provider_name,
        model=place.model,
        start=place.start,
        end=place.end,
        calls=calls,
        requests=requests,
        list_cost=list_cost,
        causes=told,
        residual=residual,
        billed=billed,
    )


def _exact_billed(found: Compared) -> dict[tuple[int, int], Decimal]:
    tokens = found.raw.tokens.filter(pl.col("amount").is_not_null())
    sums = tokens.group_by("place", "bucket").agg(pl.col("amount").sum())
    return {(place, bucket): amount for place, bucket, amount in sums.iter_rows()}


def _steps(found: Compared) -> dict[str, Floats]:
    """Return all causes as arrays, the time zone's whole effect included."""
    cut = predicted(found.own) + found.own["unit_cost"] - predicted(found.assumed) - found.assumed["unit_cost"]
    return {**found.steps, "time_zone": found.steps["time_zone"] + cut}


def _place(found: Compared, model: int, bucket: int) -> Place:
    span, zone = found.raw.buckets[bucket], ZoneInfo(found.raw.assumed)
    return Place(
        found.raw.provider_name, found.raw.models[model], span.start.astimezone(zone), span.end.astimezone(zone)
    )


def token_cells(found: Compared, rows: pl.DataFrame) -> Iterator[Cell]:
    """Return the cells of what is billed by the token. rows: `slots.slots` of the provider."""
    billed = _exact_billed(found)
    listed = exact_cells(rows, found.raw.models, found.raw.buckets, "list_cost")
    steps = _steps(found)
    for model in range(len(found.raw.models)):
        for bucket in range(len(found.raw.buckets)):
            at = (model, bucket)
            amount, cost = billed.get(at, ZERO), listed.get(at, ZERO)
            causes = {name: money(float(values[at])) for name, values in steps.items()}
            if not found.common[bucket]:
                causes, cost = {"period": amount}, ZERO
            if not (amount or cost or any(causes.values())):
                continue
            requests = found.raw.requests[at]
            yield make_cell(
                _place(found, model, bucket),
                billed=amount,
                list_cost=cost,
                causes=causes,
                calls=int(found.assumed["calls"][at]) if found.common[bucket] else 0,
                requests=None if np.isnan(requests) else int(requests),
            )


def unbilled_cells(found: Compared, rows: pl.DataFrame, requested: tuple[datetime, datetime] | None) -> Iterator[Cell]:
    """Return our calls of the period asked for that lie before or after all that the bill covers."""
    if requested is None:
        return
    first, last = found.raw.buckets[0].start, found.raw.buckets[-1].end
    common = [span for span, is_common in zip(found.raw.buckets, found.common, strict=True) if is_common]
    inside = (min((s.start for s in common), default=first), max((s.end for s in common), default=last))
    for start, end in ((requested[0], min(inside[0], requested[1])), (max(inside[1], requested[0]), requested[1])):
        if start >= end:
            continue
        chosen = rows.filter(pl.col("slot").is_between(slot_of(start), slot_of(end), closed="left"))
        cost = sum(chosen["list_cost"].to_list(), ZERO)
        if chosen.height:
            place = Place(found.raw.provider_name, None, start, end)
            calls = int(chosen["calls"].sum())
            yield make_cell(place, billed=ZERO, list_cost=cost, causes={"period": -cost}, calls=calls)


def other_cells(
    others: pl.DataFrame, provider: str | None, zone: str, compared: tuple[datetime, datetime] | None
) -> Iterator[Cell]:
    """Return the cells of what is billed beside tokens. compared: what is compared; lines outside of it are of the period."""
    keys = ("model_key", "start", "end", "item")
    for model, start, end, item, amount in (
        others.group_by(keys).agg(pl.col("amount").sum()).sort(keys, nulls_last=True).iter_rows()
    ):
        outside = compared is not None and (start >= compared[1] or (end if end > start else start) < compared[0])
        cause = "period" if outside else CAUSE_OF_ITEM.get(item, "unit_charges")
        place = Place(provider, model, start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone)))
        yield make_cell(place, billed=amount, causes={cause: amount})
