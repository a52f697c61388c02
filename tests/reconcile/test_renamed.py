"""Is a model that the bill names otherwise found by its amounts, and by nothing less?"""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from reconcile.analysed import analysed
from reconcile.faults import other_zone
from reconcile.planted import Case, bill, by_day_and_model, plain
from tokaudit.reconcile.reconcile import Asked, reconcile
from tokaudit.reconcile.result import Reconciliation, SameModel
from tokaudit.reconcile.terminal import same_sentence

D = Decimal


def reconciled(case: Case, lines: pl.DataFrame) -> Reconciliation:
    return reconcile(analysed(case.logs), [bill(lines)], Asked())


def renamed(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.with_columns(model=pl.when(pl.col("model") == "gpt-4o").then(pl.lit("chat prod")).otherwise("model"))


def with_providers(lines: pl.DataFrame) -> pl.DataFrame:
    """Name the providers of the models whose names tell them, as the reader of tables does."""
    model = pl.col("model").str.to_lowercase()
    openai = pl.when(model.str.starts_with("gpt")).then(pl.lit("openai"))
    return lines.with_columns(provider_name=openai.when(model.str.starts_with("claude")).then(pl.lit("anthropic")))


@pytest.mark.parametrize("factor", ["1", "0.85"])
@pytest.mark.parametrize("provider", ["openai", None])
def test_a_model_under_another_name_is_known_by_its_amounts(provider: str | None, factor: str) -> None:
    case = plain(1, None)
    lines = renamed(by_day_and_model(case))
    lines = with_providers(lines) if provider else lines
    off = pl.when(pl.col("model") == "chat prod").then(pl.lit(D(factor))).otherwise(pl.lit(D(1)))
    lines = lines.with_columns((pl.col("amount") * off).cast(pl.Decimal(38, 24)))
    found = reconciled(case, lines)
    assert found.same_models == (SameModel("chat prod", "gpt-4o", found.same_models[0].days, provider),)
    assert {cause.cause for cause in found.causes} <= {"rounding", *(("discount",) if factor != "1" else ())}
    assert found.residual_share is not None
    assert found.residual_share < 0.001
    assert "chat prod is gpt-4o" in same_sentence(found.same_models[0])


def test_amounts_that_are_of_no_model_stay_calls_that_the_logs_lack() -> None:
    case = plain(1, None)
    lines = renamed(by_day_and_model(case))
    day = pl.col("start").rank("dense").over("model")
    own = pl.when(pl.col("model") == "chat prod").then(1 + day % 3).otherwise(1)
    found = reconciled(case, lines.with_columns((pl.col("amount") * own).cast(pl.Decimal(38, 24))))
    assert found.same_models == ()
    assert {"calls_missing_from_logs", "calls_not_on_the_bill"} <= {cause.cause for cause in found.causes}


def test_calls_are_those_of_the_list_cost_in_another_zone_too() -> None:
    case = other_zone("America/Los_Angeles")(plain(2, None), 2)
    found = reconciled(case, by_day_and_model(case))
    assert found.time_zone == "America/Los_Angeles"
    assert all(bool(cell.calls) == bool(cell.list_cost) for cell in found.cells)
