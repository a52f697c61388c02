"""Are all audits run, each on its own, the worthwhile first?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from audits.facts import a_change, a_chat, a_feature, a_waste, facts
from tokaudit.audits import registry, unpriced_usage
from tokaudit.audits.contract import Audit, Facts
from tokaudit.result import Finding

NO_AUDITS = {"__init__", "contract", "registry", "savings"}


def broken(_: Facts) -> Iterable[Finding]:
    raise KeyError("text from a log")


def broken_later(period: Facts) -> Iterable[Finding]:
    yield from unpriced_usage.AUDIT.run(period)
    raise ZeroDivisionError


def test_every_audit_file_is_registered_under_its_name() -> None:
    folder = Path(registry.__file__ or "").parent
    assert {audit.id for audit in registry.AUDITS} == {path.stem for path in folder.glob("*.py")} - NO_AUDITS


def test_every_audit_explains_itself() -> None:
    for audit in registry.AUDITS:
        assert audit.title
        assert audit.description.endswith(".")
        assert audit.why.endswith(".")


@pytest.mark.parametrize(("run", "kind"), [(broken, "KeyError"), (broken_later, "ZeroDivisionError")])
def test_a_broken_audit_becomes_one_error_finding_and_spares_the_others(
    monkeypatch: pytest.MonkeyPatch, run: Callable[[Facts], Iterable[Finding]], kind: str
) -> None:
    first, *others = registry.AUDITS
    whole = registry.run_audits(facts(a_feature()))
    monkeypatch.setattr(registry, "AUDITS", (replace(first, run=run), *others))
    found = registry.run_audits(facts(a_feature()))
    (error,) = [finding for finding in found if finding.id == first.id]
    assert (error.state, error.saving_usd_per_month, error.feature) == ("error", None, None)
    assert error.evidence == {"error": kind}
    assert [finding for finding in found if finding != error] == [
        finding for finding in whole if finding.id != first.id
    ]


def test_an_audit_with_nothing_to_look_at_is_not_applicable() -> None:
    found = {finding.id: finding.state for finding in registry.run_audits(facts(a_feature(tokens={"unexplained": 10})))}
    assert found["conversation_growth"] == found["prompt_overhead"] == found["duplicate_answers"] == "not_applicable"


def test_opportunities_come_first_by_what_they_save() -> None:
    chat = a_chat(a_change("keep_last_turns", 4, "1.5"))
    other = a_feature("other", waste=a_waste(retried=4, failed=4))
    found = registry.run_audits(facts(chat, other))
    states = [finding.state for finding in found]
    assert states == sorted(states, key=["opportunity", "informative", "error", "passed", "not_applicable"].index)
    savings = [f.saving_usd_per_month.expected for f in found if f.saving_usd_per_month is not None]
    assert len(savings) >= 2
    assert savings == sorted(savings, reverse=True)
    assert found == registry.run_audits(facts(chat, other))


def test_ids_are_file_names() -> None:
    assert all(
        isinstance(audit, Audit) and audit.run.__module__ == f"tokaudit.audits.{audit.id}" for audit in registry.AUDITS
    )
