"""Does a feature without a tag keep its id and its name from month to month?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from runs.logs import Record, audited, chat, said
from tokaudit.config import Settings
from tokaudit.result import AuditRun

DAY = 86_400
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
OLD = (
    "You sort the tickets of our customers. Read each ticket twice before you decide.\n\n"
    "Put tickets about money into billing. Put tickets about parcels into delivery. Put all others aside."
)
REWORDED = OLD.replace("Read each ticket twice before you decide.", "Look closely at every ticket.")
LONGER = f"{OLD}\n\nTickets that threaten with a lawyer go to the legal team at once."
OTHER = "You write short texts about the products in our shop. Never name a price or a rival."


def sent(system: str, first: int, last: int, each: float = 0.5) -> list[Record]:
    """Send a prompt with the day's date, from one day after September 1st to another."""
    days = [first + number * each for number in range(int((last - first) / each))]
    return [
        chat([said("system", f"Today is day {day:.0f}.\n\n{system}"), said("user", f"Ticket {day}: where is it?")], "billing",
             seconds=day * DAY)
        for day in days
    ]  # fmt: skip


def run_of(*logs: Sequence[Record], month: date, names: dict[str, str] | None = None) -> AuditRun:
    return audited(*logs, settings=Settings(month=month, feature_names=names or {}))


def calls_by_feature(run: AuditRun) -> dict[str, int]:
    return {feature.feature: feature.calls for feature in run.features}


FIRST_MONTH = [*sent(OLD, 0, 30), *sent(OTHER, 0.1, 30.1, 1.5)]


@pytest.mark.parametrize("changed", [REWORDED, LONGER])
def test_the_id_stays_when_the_next_month_brings_a_new_version(changed: str) -> None:
    before = calls_by_feature(run_of(FIRST_MONTH, month=SEPTEMBER))
    assert sorted(before.values()) == [20, 60]
    next_month = [*sent(OLD, 30, 45), *sent(changed, 45, 60), *sent(OTHER, 30.1, 60.1, 1.0)]
    run = run_of(FIRST_MONTH, next_month, month=OCTOBER)
    assert calls_by_feature(run).keys() == before.keys()
    assert sorted(calls_by_feature(run).values()) == [30, 60]
    tickets = max(run.features, key=lambda feature: feature.calls).template
    assert tickets is not None
    assert [(version.first_day, version.last_day, version.calls) for version in tickets.history] == [
        ("2026-10-01", "2026-10-15", 30), ("2026-10-16", "2026-10-30", 30),
    ]  # fmt: skip


def test_names_and_merges_hold_in_the_next_month() -> None:
    names = dict.fromkeys(calls_by_feature(run_of(FIRST_MONTH, month=SEPTEMBER)), "shop")
    assert calls_by_feature(run_of(FIRST_MONTH, month=SEPTEMBER, names=names)) == {"shop": 80}
    next_month = [*sent(OLD, 30, 45), *sent(REWORDED, 45, 60), *sent(OTHER, 30.1, 60.1, 1.0)]
    run = run_of(FIRST_MONTH, next_month, month=OCTOBER, names=names)
    assert calls_by_feature(run) == {"shop": 90}
