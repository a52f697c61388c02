"""Which faults are planted, and what does each add to our list cost?

Every fault changes the logs or the bill of a case, and notes the amount by which the bill moves because of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import polars as pl

from reconcile.planted import (
    CLASSES,
    PER_MILLION,
    Case,
    charged,
    noon,
    of_month,
    total,
)

D = Decimal
Fault = Callable[[Case, int], Case]
MONTH_HOURS = 30 * 24


def missing_hours(case: Case, seed: int, share: float = 0.06) -> Case:
    """Lose the logs of random hours."""
    chance = random.Random(seed * 7 + 1)
    start = noon(1) - timedelta(hours=12)
    lost = [start + timedelta(hours=hour) for hour in range(MONTH_HOURS) if chance.random() < share]
    is_lost = pl.col("at").dt.truncate("1h").is_in(lost)
    gone = case.logs.filter(is_lost)
    return replace(case, logs=case.logs.filter(~is_lost)).and_truth(
        "calls_missing_from_logs", total(of_month(gone, case.zone))
    )


def missing_day(case: Case, seed: int) -> Case:
    """Lose the logs of one day."""
    day = noon(2 + seed * 11 % 27).date()
    is_lost = pl.col("at").dt.date() == day
    gone = case.logs.filter(is_lost)
    return replace(case, logs=case.logs.filter(~is_lost)).and_truth("calls_missing_from_logs", total(gone))


def not_on_the_bill(case: Case, seed: int, share: float = 0.04) -> Case:
    """Leave random calls off the bill."""
    chance = random.Random(seed * 7 + 2)
    off = {row for row in case.billed["record_id"].to_list() if chance.random() < share}
    gone = case.billed.filter(pl.col("record_id").is_in(list(off)))
    left = case.billed.filter(~pl.col("record_id").is_in(list(off)))
    return replace(case, billed=left).and_truth("calls_not_on_the_bill", -total(of_month(gone, case.zone)))


def cache_in_full(case: Case, seed: int) -> Case:
    """Charge cached input as if it were not cached."""
    rates = {model: (given[0], given[0], *given[2:]) for model, given in case.rates.items()}
    more = charged(of_month(case.billed, case.zone), rates=rates)["cost"].sum()
    less = charged(of_month(case.billed, case.zone), rates=case.rates)["cost"].sum()
    return replace(case, rates=rates).and_truth("cache_semantics", more - less)


def batch_in_full(case: Case, seed: int) -> Case:
    """Charge batch calls without their discount."""
    full = case.billed.with_columns(tier=pl.lit(None, dtype=pl.String))
    more = charged(of_month(full, case.zone), rates=case.rates)["cost"].sum()
    less = charged(of_month(case.billed, case.zone), rates=case.rates)["cost"].sum()
    return replace(case, billed=full).and_truth("tier", more - less)


def unlogged_batch(case: Case, seed: int) -> Case:
    """Lose the tier from the logs."""
    plain = case.logs.with_columns(tier=pl.lit(None, dtype=pl.String))
    return replace(case, logs=plain).and_truth("tier", total(of_month(case.logs)) - total(of_month(plain)))


def search_fees(case: Case, seed: int) -> Case:
    """Charge web searches, as lines of their own."""
    lines = tuple(
        {"file": "bill.csv", "line": 9000 + day, "start": noon(day) - timedelta(hours=12), "kind": "cost",
         "end": noon(day) + timedelta(hours=12), "item": "web_search", "units": D(day), "amount": D("0.01") * day,
         "provider_name": None}
        for day in range(1, 31)
    )  # fmt: skip
    return replace(case, lines=lines).and_truth("unit_charges", D("0.01") * sum(range(1, 31)))


def other_zone(zone: str) -> Fault:
    """Cut the bill's days in another zone."""

    def plant(case: Case, seed: int) -> Case:
        return replace(case, zone=zone).and_truth("time_zone", D(0))

    return plant


def expected(case: Case) -> dict[str, Decimal]:
    """Return what each fault adds. What another zone adds depends on the calls that are left in the logs."""
    zone = total(of_month(case.logs, case.zone)) - total(of_month(case.logs))
    return {**case.truth, **({"time_zone": zone} if "time_zone" in case.truth else {})}


def discount(share: str, *models: str) -> Fault:
    """Give a discount on some models, or on all."""

    def plant(case: Case, seed: int) -> Case:
        chosen = models or tuple(PER_MILLION)
        before = case.amounts()["cost"].sum()
        after = replace(case, discount={**case.discount, **dict.fromkeys(chosen, D(share))})
        return after.and_truth("discount", after.amounts()["cost"].sum() - before)

    return plant


def dearer(model: str, *classes: str, by: str = "1.2") -> Fault:
    """Raise some or all rates of a model."""

    def plant(case: Case, seed: int) -> Case:
        chosen = classes or CLASSES
        given = tuple(
            str(D(rate) * D(by)) if name in chosen else rate
            for name, rate in zip(CLASSES, case.rates[model], strict=True)
        )
        before = case.amounts()["cost"].sum()
        after = replace(case, rates={**case.rates, model: given})
        return after.and_truth("rate", after.amounts()["cost"].sum() - before)

    return plant


def rounded(case: Case, seed: int) -> Case:
    """Round every line to cents."""
    return replace(case, unit=D("0.01"))


def faults_of(model: str) -> dict[str, Fault]:
    """Return every fault, zones first; those on one model are on this one."""
    return {
        "shanghai": other_zone("Asia/Shanghai"),
        "los_angeles": other_zone("America/Los_Angeles"),
        "missing_hours": missing_hours,
        "missing_day": missing_day,
        "not_on_the_bill": not_on_the_bill,
        "cache_in_full": cache_in_full,
        "batch_in_full": batch_in_full,
        "search_fees": search_fees,
        "discount_15": discount("0.15"),
        "discount_8_on_one": discount("0.08", model),
        "dearer_output": dearer(model, "output"),
        "dearer_model": dearer(model),
    }
