"""Do the audits of wasted calls name every feature with waste, and its cost?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from audits.facts import a_feature, a_waste, facts, only
from tokaudit.audits import duplicate_answers, failed_and_retried_calls
from tokaudit.audits.contract import Audit
from tokaudit.result import Waste

AUDITS = [duplicate_answers.AUDIT, failed_and_retried_calls.AUDIT]
EITHER = pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.id)
PAID = a_waste(failed=1, retried=3, duplicates=4)
FREE = a_waste(failed=1, retried=3, duplicates=4, usd=Decimal(0))


@EITHER
def test_paid_waste_is_an_opportunity_of_at_most_its_cost(audit: Audit) -> None:
    finding = only(audit, facts(a_feature(waste=PAID), month_factor=Decimal(2)))
    saving = finding.saving_usd_per_month
    assert (finding.state, finding.feature) == ("opportunity", "chat")
    assert saving is not None
    assert 0 < saving.low < saving.expected < saving.high == 8
    assert finding.evidence["cost_usd"] == 4
    assert finding.evidence["share_of_calls"] == 0.4


@EITHER
def test_waste_of_less_than_half_a_percent_of_the_spend_is_only_told(audit: Audit) -> None:
    large = a_feature("large", list_cost=Decimal(100_000))
    found = {f.feature: f for f in audit.run(facts(large, a_feature(waste=PAID)))}
    assert (found["chat"].state, found["chat"].action) == ("informative", "")
    assert found["chat"].evidence["cost_usd"] == 4


@EITHER
def test_waste_that_was_not_billed_is_informative(audit: Audit) -> None:
    finding = only(audit, facts(a_feature(waste=FREE)))
    assert (finding.state, finding.saving_usd_per_month, finding.action) == ("informative", None, "")


@EITHER
def test_a_period_without_waste_passes_once(audit: Audit) -> None:
    finding = only(audit, facts(a_feature("a"), a_feature("b")))
    assert (finding.state, finding.feature) == ("passed", None)


@EITHER
def test_each_feature_with_waste_is_named(audit: Audit) -> None:
    found = audit.run(facts(a_feature("a", waste=PAID), a_feature("b"), a_feature("c", waste=PAID)))
    assert [finding.feature for finding in found] == ["a", "c"]


def test_without_texts_repeats_cannot_be_seen() -> None:
    unlogged = facts(a_feature(tokens={"unexplained": 1000}))
    assert list(duplicate_answers.AUDIT.run(unlogged)) == []
    assert only(failed_and_retried_calls.AUDIT, unlogged).title == "No call failed"


def test_each_audit_looks_at_its_own_waste() -> None:
    def found(audit: Audit, waste: Waste) -> str:
        return only(audit, facts(a_feature(waste=waste))).state

    assert found(duplicate_answers.AUDIT, a_waste(failed=1, retried=1)) == "passed"
    assert found(failed_and_retried_calls.AUDIT, a_waste(duplicates=1)) == "passed"


def test_attempts_that_gateways_made_themselves_are_told_at_an_unknown_cost() -> None:
    audit = failed_and_retried_calls.AUDIT
    finding = only(audit, facts(a_feature(waste=a_waste(hidden=3))))
    assert (finding.state, finding.title) == ("informative", failed_and_retried_calls.HIDDEN)
    assert (finding.evidence["gateway_retries"], finding.evidence["gateway_retries_cost_usd"]) == (3, None)
    assert only(audit, facts(a_feature(waste=replace(PAID, gateway_retries=2)))).evidence["gateway_retries"] == 2


@pytest.mark.parametrize("hidden", [None, 0])
def test_without_such_attempts_nothing_is_said_of_them(hidden: int | None) -> None:
    audit = failed_and_retried_calls.AUDIT
    assert only(audit, facts(a_feature(waste=a_waste(hidden=hidden)))).state == "passed"
    assert "gateway_retries" not in only(audit, facts(a_feature(waste=a_waste(failed=1, hidden=hidden)))).evidence
