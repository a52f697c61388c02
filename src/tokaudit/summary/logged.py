"""How do the costs that the logs state compare with ours, by model and cause?"""

from __future__ import annotations

from tokaudit.audits.contract import LoggedSpend
from tokaudit.frames.logged_cost import SEPARATOR
from tokaudit.stages import Partials
from tokaudit.summary.features import Row, money


def _spend(row: Row) -> LoggedSpend:
    causes = row["logged_causes"]
    return LoggedSpend(
        provider_name=row["provider_name"],
        model=row["model"],
        causes=None if causes is None else tuple(causes.split(SEPARATOR)),
        calls=row["calls"],
        logged_calls=row["logged_calls"],
        logged_cost=money([row["logged_cost"]]),
        list_cost=money([row["list_cost"]]),
        cost_as_stated=money([row["stated_cost"]]),
        difference=money([row["difference"]]),
        implied_calls=row["implied_calls"],
        implied_cached_tokens=row["implied_cached_tokens"],
        implied_in_blocks=row["implied_in_blocks"],
    )


def logged_of(partials: Partials) -> tuple[LoggedSpend, ...]:
    """Return one row for each model and set of causes, those without a logged cost included."""
    return tuple(_spend(row) for row in partials["logged"].iter_rows(named=True))
